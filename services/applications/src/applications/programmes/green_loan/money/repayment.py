"""What the guide's formulas give for one loan (GL-264 to GL-273). Estimates: the repayment notice is what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from applications.programmes.green_loan.money.rounding import monthly_rate

MILLION_YEN = 1_000_000
Leaflet = Mapping[tuple[Decimal, int], int]
"""The rate leaflet: yen a month per 1,000,000 yen, by annual rate in percent and term in years (GL-265)."""

_DIGITS = Context(prec=40)
_TOO_CLOSE = Decimal("1e-15")


def level_payment(
    principal_yen: int, annual_rate_percent: Decimal, count: int, *, every_months: int, first_months: int
) -> int:
    """The level payment of `count` instalments, each `every_months` months after the one before, cut to whole yen.

    For monthly payments it is the annuity P x r x (1 + r)^n / ((1 + r)^n - 1) (GL-266, GL-267). The first instalment
    may carry the interest of fewer months: `first_months`. Exact: forty digits decide, and where they leave the yen
    open, whole numbers do.
    """
    month, q = monthly_rate(annual_rate_percent)
    if month == 0:
        return principal_yen // count
    p, first = month * every_months, month * first_months  # over q: the rates of a period, and of the first one
    upper, lower = principal_yen * (q + first) * p, (q + p) * q
    growth = _DIGITS.power(_DIGITS.divide(q + p, q), count)
    exact = _DIGITS.divide(_DIGITS.multiply(upper, growth), _DIGITS.multiply(lower, _DIGITS.subtract(growth, 1)))
    if _TOO_CLOSE < exact - int(exact) < 1 - _TOO_CLOSE:
        return int(exact)
    grown = (q + p) ** count
    yen: int = upper * grown // (lower * (grown - q**count))
    return yen


def monthly_payment(amount_yen: int, annual_rate_percent: Decimal, years: int) -> int:
    """The exact annuity of the loan itself, as its schedule has it (interpretation, GL-267)."""
    return level_payment(amount_yen, annual_rate_percent, years * 12, every_months=1, first_months=1)


@dataclass(frozen=True)
class PerMillion:
    """Yen a month per 1,000,000 yen. `derived`: calculated, because the leaflet is not loaded; it is marked so."""

    yen: int
    derived: bool


def per_million(annual_rate_percent: Decimal, years: int, leaflet: Leaflet) -> PerMillion:
    """The leaflet's value for rate and term (GL-265). interpretation (GL-266): without it, the annuity of a million."""
    printed = leaflet.get((annual_rate_percent, years))
    if printed is not None:
        return PerMillion(printed, derived=False)
    return PerMillion(monthly_payment(MILLION_YEN, annual_rate_percent, years), derived=True)


def guide_payment(amount_yen: int, per_million_yen: int) -> int:
    """The monthly level payment as the guide estimates it (GL-264): loan / 1,000,000 x the leaflet's value, cut."""
    return amount_yen * per_million_yen // MILLION_YEN


@dataclass(frozen=True)
class FirstPayment:
    """The first payment with level principal, in yen."""

    principal: int
    interest: int

    @property
    def total(self) -> int:
        """Both parts (GL-268)."""
        return self.principal + self.interest


def level_principal_first(amount_yen: int, annual_rate_percent: Decimal, years: int) -> FirstPayment:
    """Principal part (GL-269) and first interest part (GL-270), each cut to whole yen (interpretation, GL-271)."""
    return FirstPayment(amount_yen // (years * 12), monthly_rate(annual_rate_percent).interest_yen(amount_yen, 1))
