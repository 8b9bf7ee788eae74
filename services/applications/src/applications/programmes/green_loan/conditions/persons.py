"""What the identity check of a person must pass."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.procedure.counter_papers import Paper as BroughtPaper
from applications.programmes.green_loan.procedure.counter_papers import papers_findings
from applications.programmes.green_loan.reading import today
from applications.workflow import Case


def ekyc_passed(case: Case) -> bool:
    """GL-100: K1."""
    return case.ekyc.get(case.subject) == "passed"


def papers_suffice(case: Case) -> Sequence[Finding]:
    """GL-489 to GL-491."""
    said = case.said(steps.Seen)
    brought = [
        BroughtPaper(
            kind,
            issued_on=said.oldest_issued_on,
            valid_until=today(case),
            address_written=bool(said.address_written),
            complete=bool(said.complete),
        )
        for kind in said.papers or ()
    ]
    return papers_findings(brought, today(case), "papers")
