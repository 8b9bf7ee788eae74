"""Dates of the bond programme (AS-32). Money is not calculated here: the bond itself is not part of the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kit.japan.business_days import nth_business_day
from kit.japan.months import end_of_previous_month

CERTIFICATE_BUSINESS_DAY = 7


@dataclass(frozen=True)
class BalanceCertificate:
    """When a balance certificate (残高証明書) is shown, and the day whose balance it states."""

    display_on: date
    as_of: date


def balance_certificate(year: int, issue_month: int) -> BalanceCertificate:
    """The certificate of a year for the chosen month, 1 to 12 (AS-32).

    Shown from the agency's 7th business day of the month on (頃 is read as "from that day", I-39), it states the
    balance at the end of the month before (I-40). Raises ValueError where holidays are not known.
    """
    display_on = nth_business_day(year, issue_month, CERTIFICATE_BUSINESS_DAY)
    return BalanceCertificate(display_on=display_on, as_of=end_of_previous_month(display_on))
