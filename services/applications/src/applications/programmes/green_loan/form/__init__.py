"""What the green loan asks, and all that is wrong with a draft.

sections   the fields, as the screens ask for them
people     persons, house and kinship
works      works, costs and the limit
money      amount, term, rate and the total repayment ratio
danshin    who joins what, at which age, for how much
papers     which papers this application needs, and what is wrong with the uploads

The files are not part of the form: they belong to the application and are checked beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.errors import Finding

from applications.forms import overlaps, read, without_blanks
from applications.programme import Facts
from applications.programmes.green_loan.form import danshin, money, papers, people, works
from applications.programmes.green_loan.form.findings import missing
from applications.programmes.green_loan.form.money import Figures
from applications.programmes.green_loan.form.sections import GreenLoanForm
from applications.programmes.green_loan.form.works import Sums
from applications.programmes.green_loan.money.rates import RateTable
from applications.programmes.green_loan.procedure import channel
from applications.workflow import Validation

__all__ = ["BANK", "BODY", "organisations", "papers", "validate"]

BANK, BODY = "bank", "inspection_body"
"""The kinds of organisations that an application names."""


def organisations(draft: Mapping[str, Any]) -> list[UUID]:
    """The institutions and the inspection body that a draft names, whatever else is in it."""
    found = []
    for field in ("institution", "repaying_at", "inspection_body"):
        try:
            found.append(UUID(draft[field]))
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # not given, or not an id: the form says so
    return found


def validate(draft: Mapping[str, Any], facts: Facts) -> Validation:
    """Everything that is wrong with a draft (GL-258), what is only to be said, and the content as it will be kept."""
    form, findings = read(GreenLoanForm, draft)
    wrong_kind = {finding.field for finding in findings}
    table = facts.dated if isinstance(facts.dated, RateTable) else None
    sums = works.sums(form)
    figures = money.figures_of(form, table, facts.now, facts.today)
    for found in (
        people.people_wrong(form, facts),
        people.house_wrong(form, facts.today),
        works.works_wrong(form),
        money.loan_wrong(form, sums, figures, facts.today),
        danshin.danshin_wrong(form, facts.today),
        _institutions(form, facts),
    ):
        # A value of the wrong kind was taken out; that it is missing now is not another fault.
        findings += [one for one in found if not overlaps(wrong_kind, one.field)]
    warnings = [
        *people.for_an_officer(form, facts.today),
        *papers.papers_hints(form, facts.today),
        *works.works_hints(form),
        *money.hints(form),
    ]
    return Validation(tuple(findings), tuple(warnings), _content(form, facts, sums, figures))


def _institutions(form: GreenLoanForm, facts: Facts) -> list[Finding]:
    """GL-342 to GL-345: the institution that all procedures at a counter go through."""
    found = missing(form, GreenLoanForm, "", ("institution",))
    handling = {str(one.id) for one in facts.organisations.values() if one.kind == BANK}
    if form.institution is not None:
        repaying_at = None if form.repaying_at is None else str(form.repaying_at)
        found += channel.institution_findings(
            str(form.institution), handling=handling, repaying_at=repaying_at, field="institution"
        )
    named = None if form.inspection_body is None else facts.organisations.get(form.inspection_body)
    if form.inspection_body is not None and (named is None or named.kind != BODY):
        message = "適合証明検査機関を一覧から選択してください。"
        found.append(Finding("GL-022", "UNKNOWN", message, "inspection_body"))
    return found


def _content(form: GreenLoanForm, facts: Facts, sums: Sums | None, figures: Figures) -> dict[str, Any]:
    """What will be kept and is shown on the confirmation screen: the answers, and what follows from them (GL-201)."""
    content: dict[str, Any] = without_blanks(form.model_dump(mode="json", exclude_none=True)) or {}
    for field in ("institution", "inspection_body"):
        named = facts.organisations.get(getattr(form, field)) if getattr(form, field) else None
        if named is not None:
            content[f"{field}_name"] = named.name
    shown: dict[str, Any] = {}
    if sums is not None:
        shown["limit"] = {
            "ceiling_yen": sums.limit.ceiling_yen,
            "energy_saving_yen": sums.limit.energy_saving_yen,
            "works_yen": sums.limit.works_yen,
            "binding": list(sums.limit.binding),
            "limit_yen": sums.limit.limit_yen,
        }
    if figures.rate is not None:
        shown["rate_percent"] = str(figures.rate)
    if figures.payments is not None:
        shown["monthly_yen"], shown["bonus_yen"] = figures.payments.monthly, figures.payments.bonus
    if figures.ratio is not None:
        shown["ratio_percent"], shown["ratio_most_percent"] = str(figures.ratio.percent), figures.ratio.most_percent
    if figures.longest is not None:
        shown["longest_years"] = figures.longest.years
    return {**content, "figures": shown} if shown else content
