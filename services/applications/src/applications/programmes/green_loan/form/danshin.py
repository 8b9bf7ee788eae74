"""What is wrong with the danshin that is wanted, as far as it can be told before the declaration (group 32)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kit.errors import Finding

from applications.programmes.green_loan.danshin import amounts
from applications.programmes.green_loan.danshin.join import joiners_findings, joining_age_findings
from applications.programmes.green_loan.danshin.kinds import Product, product_of
from applications.programmes.green_loan.form import people
from applications.programmes.green_loan.form.findings import missing
from applications.programmes.green_loan.form.sections import GreenLoanForm, InsuredElsewhere, Loan

_AT = "loan.danshin_elsewhere"


def danshin_wrong(form: GreenLoanForm, today: date) -> list[Finding]:
    """GL-520 to GL-524, GL-531 to GL-533, GL-539: who joins what, at which age, and for how much."""
    loan = form.loan or Loan()
    if loan.danshin is None:
        return []
    joiners, named = loan.danshin_joiners or (), people.keys(form)
    found = joiners_findings(
        loan.danshin, joiners, [key for key, _, _ in named], loan.danshin_couple, "loan.danshin_joiners"
    )
    births = [one.birth for key, _, one in named if key in joiners and one.birth is not None and one.birth <= today]
    found += joining_age_findings(loan.danshin, births, today, "loan.danshin")
    for number, one in enumerate(loan.danshin_elsewhere or ()):
        found += missing(one, InsuredElsewhere, f"{_AT}.{number}.", ("who",))
        found += amounts.parts_findings(_sums(one), _sums_of_sandai(one), f"{_AT}.{number}.sandai_insured_yen")
    for who in dict.fromkeys(joiners):
        total = amounts.insured_total(loan.amount_yen or 0, *insured_elsewhere(form, who))
        found += amounts.insured_findings(total, _AT if loan.danshin_elsewhere else "loan.danshin")
    return found


def health_certificates(form: GreenLoanForm) -> tuple[str, ...]:
    """GL-401, GL-535 to GL-538: those who join and need the health check certificate, whatever they declare."""
    loan = form.loan or Loan()
    product = product_of(loan.danshin) if loan.danshin else None
    if product is None:
        return ()
    return tuple(who for who in loan.danshin_joiners or () if needs_health_check(form, who, product))


def needs_health_check(form: GreenLoanForm, who: str, product: Product) -> bool:
    """GL-535 to GL-538: of somebody who joins, by the key of the form."""
    loan = form.loan or Loan()
    insured, simultaneous = _added(_sums_of_sandai(one) for one in loan.danshin_elsewhere or () if one.who == who)
    return amounts.certificate_required(product, amounts.sandai_total(loan.amount_yen or 0, insured, simultaneous))


def insured_elsewhere(form: GreenLoanForm, who: str) -> tuple[int, int]:
    """GL-539: what somebody has insured with danshin of other loans, and applies for at the same time; in yen."""
    loan = form.loan or Loan()
    return _added(_sums(one) for one in loan.danshin_elsewhere or () if one.who == who)


def _added(sums: Iterable[tuple[int, int]]) -> tuple[int, int]:
    told = list(sums)
    return sum(insured for insured, _ in told), sum(simultaneous for _, simultaneous in told)


def _sums(one: InsuredElsewhere) -> tuple[int, int]:
    return one.insured_yen or 0, one.simultaneous_yen or 0


def _sums_of_sandai(one: InsuredElsewhere) -> tuple[int, int]:
    return one.sandai_insured_yen or 0, one.sandai_simultaneous_yen or 0
