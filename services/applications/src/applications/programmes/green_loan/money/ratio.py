"""The total repayment ratio (GL-274 to GL-288)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kit.errors import Finding

from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.repayment import guide_payment, level_principal_first
from applications.programmes.green_loan.money.rounding import down_to_tenth_percent

THRESHOLD_INCOME_YEN = 4_000_000
PERCENT_BELOW, PERCENT_FROM = 30, 35


def annual_income(*, salary_only: bool, salary_yen: int, total_income_yen: int) -> int:
    """A person's income in yen: the salary of who has nothing else, or the total income amount (所得金額) (GL-278).

    Both are of the year before the application year, and judged for each person alone (interpretation, GL-279).
    """
    return salary_yen if salary_only else total_income_yen


def combined_income(combined_yen: int, combiner_yen: int | None) -> int:
    """What counts of an income that is added: never more than all of it (GL-321). None: it is not known."""
    return combined_yen if combiner_yen is None else min(combined_yen, combiner_yen)


def counted_income(applicant_yen: int, combined_yen: int, solar_sale_yen: int) -> int:
    """The denominator of the ratio in yen a year (GL-274, GL-281).

    What is actually combined counts, not the whole income of the combiner. interpretation (GL-282): an officer
    confirms the income from selling electricity. interpretation (GL-279): the threshold looks at this sum too.
    """
    return applicant_yen + combined_yen + solar_sale_yen


def jhf_annual_yen(method: Method, amount_yen: int, *, per_million_yen: int, rate: Decimal, years: int) -> int:
    """What this loan costs a year: the guide's monthly payment (GL-285), or the first payment (GL-286), times 12.

    Of a loan with a bonus part too: it is calculated as if there were none (GL-287).
    """
    if method is Method.LEVEL_PRINCIPAL:
        return level_principal_first(amount_yen, rate, years).total * 12
    return guide_payment(amount_yen, per_million_yen) * 12


@dataclass(frozen=True)
class Ratio:
    """The ratio in percent with one decimal, and the most it may be."""

    percent: Decimal
    most_percent: int

    @property
    def passed(self) -> bool:
        """GL-276. interpretation (GL-277): the cut value is compared, and the limit itself passes."""
        return self.percent <= self.most_percent


def ratio(annual_repayments_yen: int, income_yen: int) -> Ratio:
    """All annual repayments over the income, the second decimal and below cut off (GL-274, GL-275).

    interpretation (GL-292): nothing is rounded before that; a twelfth above and below makes no difference. 30 % below
    an income of 4,000,000 yen, 35 % from it on (GL-276). Raises ValueError without any income.
    """
    if income_yen <= 0:
        raise ValueError("there is no ratio without an income")
    most = PERCENT_BELOW if income_yen < THRESHOLD_INCOME_YEN else PERCENT_FROM
    return Ratio(down_to_tenth_percent(annual_repayments_yen, income_yen), most)


def ratio_findings(found: Ratio, field: str) -> Sequence[Finding]:
    """GL-276: what to do when the ratio is too high."""
    if found.passed:
        return ()
    message = (
        f"総返済負担率が{found.percent}%となり、基準の{found.most_percent}%を超えています。"
        "借入希望額や返済期間を見直すか、収入合算をご検討ください。"
    )
    return [Finding("GL-276", "ratio_too_high", message, field)]
