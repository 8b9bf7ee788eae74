"""融資額残高証明書 of one loan: for which years it is given, and what it states (GL-505 to GL-509).

interpretation: it states what is owed at the end of 31 December, so it is there from 1 January on; for a year at whose
end nothing is owed there is none. The book does not say to whom of several debtors it goes: one paper names everybody
who owes the loan, is posted to the main applicant, who entered the number, and can be printed by each debtor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import Finding

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.procedure.certificates import (
    certificate_years,
    sendings_change_findings,
    year_end,
)
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.servicing import standing
from applications.workflow import Case


@dataclass(frozen=True)
class YearEnd:
    """The certificate of a year: the so-many-th, and all principal in yen that was owed at its end."""

    year: int
    number: int
    as_of: date
    owed_yen: int


def sendings_of(case: Case) -> int:
    """How many certificates are wanted: as applied for, or as changed at the institution since (GL-505, GL-508)."""
    changed = case.said_before(steps.Sendings, LOAN, "change_sendings")
    if changed is not None and changed.sendings is not None:
        return changed.sendings
    entered: int = reading.content(case).get("loan", {}).get("certificate_sendings", 0)
    return entered


def contract_day(case: Case) -> date | None:
    """The day of the contract in Japan; None before it."""
    concluded = case.last(LOAN, "conclude")
    return reading.day_of(concluded.at) if concluded else None


def certificates(case: Case, today: date) -> list[YearEnd]:
    """Those of the years that are over on a day in Japan, first to last (GL-506, GL-509)."""
    contracted_on = contract_day(case)
    if contracted_on is None:
        return []
    found = []
    for number, year in enumerate(certificate_years(contracted_on, sendings_of(case)), start=1):
        there = standing(case, year_end(year)) if year_end(year) < today else None
        if there is not None and there.owed_yen:
            found.append(YearEnd(year, number, year_end(year), there.owed_yen))
    return found


def sendings_may_change(case: Case) -> Sequence[Finding]:
    """GL-508: another number, not below the years that are over."""
    said, contracted_on = case.said(steps.Sendings), contract_day(case)
    if said.sendings is None:
        return [Finding("GL-508", "REQUIRED", "税控除残高証明書の送付回数を入力してください。", "sendings")]
    known = certificate_years(contracted_on, sendings_of(case)) if contracted_on else ()
    over = sum(year_end(year) < reading.today(case) for year in known)
    return sendings_change_findings(said.sendings, over, "sendings")


def debtor_names(content: Mapping[str, Any]) -> list[str]:
    """Everybody who owes the loan, the main applicant first (GL-016)."""
    people = [content["applicant"], *content.get("joint_debtors", ())]
    return [f"{one['name_kanji']['family']} {one['name_kanji']['given']}" for one in people]
