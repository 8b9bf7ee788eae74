"""What is wrong with the loan that is applied for, and what it will cost (groups 9, 11 to 17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from kit.errors import Finding

from applications.programmes.green_loan.form import people
from applications.programmes.green_loan.form.findings import missing
from applications.programmes.green_loan.form.sections import Applicant, Borrowing, GreenLoanForm, Loan
from applications.programmes.green_loan.form.works import Sums
from applications.programmes.green_loan.money import borrowings, limit, methods, rates, ratio, term
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.rates import RateTable, RateUnknown
from applications.programmes.green_loan.money.repayment import per_million
from applications.programmes.green_loan.money.term import Combined, LongestTerm
from applications.programmes.green_loan.papers.facts import MAIN_APPLICANT
from applications.programmes.green_loan.procedure.certificates import sendings_findings
from applications.programmes.green_loan.procedure.contract import contract_deadline


@dataclass(frozen=True)
class Figures:
    """What the loan comes to, as far as the form tells: rate in percent, yen a month, the ratio, the longest term."""

    rate: Decimal | None
    payments: rates.Payments | None
    ratio: ratio.Ratio | None
    longest: LongestTerm | None


def loan_wrong(form: GreenLoanForm, sums: Sums | None, figures: Figures, today: date) -> list[Finding]:
    """Everything about amount, term, method and ratio; danshin is looked at in `form.danshin`."""
    asked = ("amount_yen", "years", "method", "bonus_part_yen", "danshin", "running_balance_yen")
    found = missing(form.loan, Loan, "loan.", (*asked, "certificate_sendings"))
    loan = form.loan or Loan()
    if sums is not None and not sums.limit.fundable:
        message = "工事費等から計算した融資限度額が10万円に満たないため、お申込みいただけません。"
        found.append(Finding("GL-188", "NOT_FUNDABLE", message, "works"))
    elif sums is not None and loan.amount_yen is not None:
        found += limit.requested_amount_findings(sums.limit.limit_yen, loan.amount_yen, "loan.amount_yen")
    if loan.amount_yen is not None and loan.bonus_part_yen is not None:
        found += methods.bonus_findings(loan.amount_yen, loan.bonus_part_yen, "loan.bonus_part_yen")
    if figures.longest is not None and loan.years is not None:
        found += term.term_findings(loan.years, figures.longest, "loan.years")
    if loan.certificate_sendings is not None:
        found += sendings_findings(loan.certificate_sendings, "loan.certificate_sendings")
    if figures.rate is None and loan.danshin is not None and form.menu is not None:
        message = "適用する金利の準備ができていません。しばらくしてからもう一度お試しください。"
        found.append(Finding("GL-254", "RATE_UNKNOWN", message, "loan"))
    if loan.planned_contract_on is not None and not today <= loan.planned_contract_on <= contract_deadline(today):
        # Whatever ends before the contract does not count (GL-304): a day that cannot be would leave everything out.
        message = f"契約の予定日は、本日から{contract_deadline(today)}までの日を入力してください。"
        found.append(Finding("GL-493", "OUT_OF_RANGE", message, "loan.planned_contract_on"))
    for number, one in enumerate(form.borrowings or ()):
        found += missing(one, Borrowing, f"borrowings.{number}.", ("kind", "debtor", "monthly_yen"))
    found += _income_missing(form)
    return [*found, *(ratio.ratio_findings(figures.ratio, "loan.amount_yen") if figures.ratio else ())]


def _income_missing(form: GreenLoanForm) -> list[Finding]:
    found = []
    for key, place, one in people.keys(form):
        asked = key == MAIN_APPLICANT or getattr(one, "combined_yen", None) or getattr(one, "successor", None)
        if asked and one.incomes and people.income_of(one) == 0:
            field = "salary_yen" if set(one.incomes) <= {"SALARY"} else "total_income_yen"
            found.append(Finding("GL-278", "REQUIRED", "前年の収入を入力してください。", f"{place}.{field}"))
    return found


def figures_of(form: GreenLoanForm, table: RateTable | None, now: datetime, today: date) -> Figures:
    """What the loan comes to on this day, at the rate of this moment."""
    loan = form.loan or Loan()
    rate = _rate(form, loan, table, now)
    payments, found = None, None
    complete = None not in (loan.amount_yen, loan.years, loan.method, rate)
    if complete and loan.amount_yen and loan.years and loan.method and rate is not None:
        payments = rates.first_payments(loan.amount_yen, loan.bonus_part_yen or 0, rate, loan.years, loan.method)
        found = _ratio(form, loan.amount_yen, loan.years, loan.method, rate)
    return Figures(rate=rate, payments=payments, ratio=found, longest=_longest(form, today))


def _rate(form: GreenLoanForm, loan: Loan, table: RateTable | None, now: datetime) -> Decimal | None:
    """GL-249 to GL-254; None where none is known: then nobody can apply."""
    if table is None or form.menu is None or loan.danshin is None:
        return None
    try:
        return rates.rate_at(table, now, form.menu, loan.danshin)
    except RateUnknown:
        return None


def _ratio(form: GreenLoanForm, amount_yen: int, years: int, method: Method, rate: Decimal) -> ratio.Ratio | None:
    main, combiner = form.applicant or Applicant(), people.combiner(form)
    combined = 0
    if combiner is not None and combiner.combined_yen:
        combined = ratio.combined_income(combiner.combined_yen, people.income_of(combiner))
    income = ratio.counted_income(people.income_of(main), combined, main.solar_sale_yen or 0)
    if income <= 0:
        return None
    own = ratio.jhf_annual_yen(
        method, amount_yen, per_million_yen=per_million(rate, years, {}).yen, rate=rate, years=years
    )
    return ratio.ratio(own + others(form).annual_yen, income)


def others(form: GreenLoanForm) -> borrowings.OtherBorrowings:
    """GL-283 to GL-313: what the other borrowings cost a year as the review counts them, and what is to be proved."""
    loan = form.loan or Loan()
    return borrowings.at_review(_told(form), loan.planned_contract_on)


def _told(form: GreenLoanForm) -> list[borrowings.Borrowing]:
    return [_borrowing(one) for one in form.borrowings or () if one.kind is not None and one.debtor is not None]


def last_end_relied_on(form: GreenLoanForm) -> date | None:
    """GL-304, GL-311: the last final day of the borrowings that are left out since they end by the planned contract."""
    planned = (form.loan or Loan()).planned_contract_on
    left_out = (one for one in _told(form) if borrowings.ends_in_time_only(one, planned))
    return max((one.final_on for one in left_out if one.final_on is not None), default=None)


def _borrowing(one: Borrowing) -> borrowings.Borrowing:
    if one.kind is None or one.debtor is None:
        raise ValueError("a borrowing has a kind and a debtor")
    sale = None
    if one.house_sale is not None:
        sale = borrowings.HouseSale(
            loan_balance_yen=one.house_sale.loan_balance_yen or 0,
            sale_price_yen=one.house_sale.sale_price_yen or 0,
            balance_paper_checked=False,
            sale_paper_checked=False,
            shortfall_source_checked=False,
        )
    return borrowings.Borrowing(
        kind=one.kind,
        debtor=one.debtor,
        monthly_yen=one.monthly_yen or 0,
        bonus_each_yen=one.bonus_each_yen or 0,
        business_use=bool(one.business_use),
        in_repayment=one.in_repayment is not False,
        final_on=one.final_on,
        declared_repaid_by_contract=bool(one.declared_repaid_by_contract),
        whole_apartment_building=bool(one.whole_apartment_building),
        continues_after_funds=one.continues_after_funds is not False,
        house_sale=sale,
    )


def _longest(form: GreenLoanForm, today: date) -> LongestTerm | None:
    main, combiner, successor = form.applicant or Applicant(), people.combiner(form), people.successor(form)
    births = [one.birth for one in (main, combiner, successor) if one is not None and one.birth is not None]
    if main.birth is None or any(birth > today for birth in births):
        return None
    combined = None
    if combiner is not None and combiner.birth is not None and combiner.combined_yen:
        combined = Combined(combiner.birth, people.income_of(combiner), combiner.combined_yen)
    return term.longest_term(main.birth, today, combined, successor.birth if successor else None)


def hints(form: GreenLoanForm) -> list[Finding]:
    """What is left out of the ratio on a promise, and becomes a condition of the approval (GL-310)."""
    message = "契約までに完済する借入れは、完済を確認できる書類のご提出が融資の条件になります。"
    outstanding = others(form).proof_outstanding
    return [Finding("GL-310", "PROOF_OUTSTANDING", message, "borrowings")] if outstanding else []
