"""What can be asked about the total repayment ratio and the borrowings that count in it."""

from __future__ import annotations

from decimal import Decimal

from kit.areas import Answer, Area, Day, Question
from pydantic import ConfigDict, Field

from applications.programmes.green_loan.areas.money_limit import Yen
from applications.programmes.green_loan.areas.money_repayment import Percent, Years
from applications.programmes.green_loan.money import borrowings, ratio, repayment
from applications.programmes.green_loan.money.borrowings import Kind, Standing, annual_yen
from applications.programmes.green_loan.money.methods import Method


class JhfLoan(Question):
    """This loan; of 0 yen it costs nothing. `per_million` missing: derived from the rate."""

    method: Method
    amount: Yen
    per_million: Yen | None = None
    rate: Percent | None = None
    years: Years | None = None

    def annual_yen(self) -> int:
        """What it costs a year. Raises ValueError where rate or term are needed and missing."""
        by_leaflet = self.method is Method.LEVEL_PAYMENT and self.per_million is not None
        if not by_leaflet and (self.rate is None or self.years is None):
            raise ValueError("rate and years of the loan are needed")
        rate, years = self.rate or Decimal(0), self.years or 1
        per_million = self.per_million
        if per_million is None:
            per_million = repayment.per_million(rate, years, {}).yen
        return ratio.jhf_annual_yen(self.method, self.amount, per_million_yen=per_million, rate=rate, years=years)


class OtherLoan(Question):
    """A borrowing that counts."""

    kind: Kind
    monthly: Yen = 0
    bonus_each: Yen = 0


class RatioQuestion(Question):
    """Incomes and annual repayments."""

    applicant_income: Yen
    combiner_income: Yen | None = None
    combined_amount: Yen = 0
    pv_sale_income: Yen = 0
    jhf_loan: JhfLoan | None = None
    other_for_this_renovation_annual: Yen = 0
    others: tuple[OtherLoan, ...] = ()


class RatioAnswer(Answer):
    """Annual repayments of this loan and of the borrowings not for this renovation, the income, and the ratio."""

    model_config = ConfigDict(serialize_by_alias=True)

    jhf_annual: int
    other_annual: int
    income: int
    ratio: Decimal
    threshold: int
    passed: bool = Field(serialization_alias="pass")


def total_repayment_ratio(question: RatioQuestion) -> RatioAnswer:
    """Calculate the total repayment ratio."""
    jhf = question.jhf_loan.annual_yen() if question.jhf_loan else 0
    others = sum(annual_yen(one.kind, one.monthly, one.bonus_each) for one in question.others)
    combined = ratio.combined_income(question.combined_amount, question.combiner_income)
    income = ratio.counted_income(question.applicant_income, combined, question.pv_sale_income)
    found = ratio.ratio(jhf + question.other_for_this_renovation_annual + others, income)
    return RatioAnswer(
        jhf_annual=jhf,
        other_annual=others,
        income=income,
        ratio=found.percent,
        threshold=found.most_percent,
        passed=found.passed,
    )


class HouseSale(Question):
    """The sale of the house that a housing loan is for, and which papers were checked."""

    loan_balance: Yen
    sale_price: Yen
    balance_paper: bool = False
    sale_paper: bool = False
    shortfall_source_paper: bool = False

    def sale(self) -> borrowings.HouseSale:
        """The same in the words of the rules."""
        return borrowings.HouseSale(
            loan_balance_yen=self.loan_balance,
            sale_price_yen=self.sale_price,
            balance_paper_checked=self.balance_paper,
            sale_paper_checked=self.sale_paper,
            shortfall_source_checked=self.shortfall_source_paper,
        )


class BorrowingQuestion(Question):
    """A borrowing, and what is proven of its end."""

    kind: Kind
    business_use: bool = False
    monthly: Yen = 0
    bonus_each: Yen = 0
    in_repayment_on_application_date: bool = False
    final_date: Day | None = None
    contract_date: Day | None = None
    declared_full_repayment_by_contract: bool = False
    completion_certificate_checked: bool = False
    whole_apartment_building_by_register: bool = False
    continues_after_funds: bool = False
    house_sale: HouseSale | None = None

    def borrowing(self) -> borrowings.Borrowing:
        """The same in the words of the rules."""
        return borrowings.Borrowing(
            kind=self.kind,
            debtor="applicant",
            monthly_yen=self.monthly,
            bonus_each_yen=self.bonus_each,
            business_use=self.business_use,
            in_repayment=self.in_repayment_on_application_date,
            final_on=self.final_date,
            declared_repaid_by_contract=self.declared_full_repayment_by_contract,
            completion_checked=self.completion_certificate_checked,
            whole_apartment_building=self.whole_apartment_building_by_register,
            continues_after_funds=self.continues_after_funds,
            house_sale=self.house_sale.sale() if self.house_sale else None,
        )


class BorrowingAnswer(Answer):
    """Whether it counts, and with how much a year. What is promised and not proven counts."""

    counted: bool
    annual: int


def borrowing_counted(question: BorrowingQuestion) -> BorrowingAnswer:
    """Judge a borrowing by what is proven."""
    counted = borrowings.standing(question.borrowing(), question.contract_date) is not Standing.EXCLUDED
    annual = annual_yen(question.kind, question.monthly, question.bonus_each) if counted else 0
    return BorrowingAnswer(counted=counted, annual=annual)


AREAS = [
    Area(
        "green_loan/total_repayment_ratio",
        (*(f"GL-{number}" for number in (*range(274, 278), 279, 281, *range(285, 293))), "GL-321"),
        RatioQuestion,
        RatioAnswer,
        total_repayment_ratio,
    ),
    Area(
        "green_loan/borrowing_counted",
        tuple(f"GL-{number}" for number in (284, 289, 290, *range(294, 310), 311, 312)),
        BorrowingQuestion,
        BorrowingAnswer,
        borrowing_counted,
    ),
]
