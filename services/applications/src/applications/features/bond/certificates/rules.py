"""Which certificate is shown when (AS-32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from applications.programmes.bond.calculator import BalanceCertificate, balance_certificate


@dataclass(frozen=True)
class Shown:
    """The certificate of today, and the day on which the next one takes its place."""

    certificate: BalanceCertificate
    next_on: date


def shown_on(today: date, issue_month: int) -> Shown:
    """The certificate that is shown on a day in Japan, for the chosen month, 1 to 12.

    A new one appears on the 7th business day of that month, every year, and stays until the next (I-39, I-40).
    """
    this_year = balance_certificate(today.year, issue_month)
    if today < this_year.display_on:
        return Shown(balance_certificate(today.year - 1, issue_month), this_year.display_on)
    return Shown(this_year, balance_certificate(today.year + 1, issue_month).display_on)
