"""The mail of the danshin Web service, with user ID and login page (GL-400, GL-526)."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Final

from applications.programmes.green_loan.procedure.dates import business_day_after

WITHIN_BUSINESS_DAYS: Final = 2


def invitation_due(application_date: date, holidays: Set[date] | None = None) -> date:
    """Until when the mail is due: 2 business days after the application (GL-400, GL-526).

    The application date is day 0 (GL-402). `holidays` is the calendar of national holidays in force;
    without it, that of `kit.japan`.
    """
    return business_day_after(application_date, WITHIN_BUSINESS_DAYS, holidays)
