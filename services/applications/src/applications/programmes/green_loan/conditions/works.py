"""What the works, their certificate and the papers at the institution must pass."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.papers import completion, conformity
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.reading import LOAN, TECHNICAL, content
from applications.workflow import Case

CERTIFIED = frozenset({"certified", "omitted"})
DECIDED = frozenset({"approved", "re_review", "cert_submitted", "contract_open", "contracted", "repaying", "overdue"})


def inspection_is_recorded(case: Case) -> Sequence[Finding]:
    """GL-451, GL-457."""
    said = case.said(steps.Inspection)
    record = conformity.InspectionRecord(said.body_name or "", said.reference_number or "", said.reported_on)
    return conformity.inspection_record_findings(record, "")


def works_start_in_time(case: Case) -> Sequence[Finding]:
    """GL-458, GL-459: not before the decision, nor before the plan was confirmed."""
    said = case.said(steps.Day)
    if said.on is None:
        return [Finding("GL-458", "REQUIRED", "着工日を入力してください。", "on")]
    approved = case.last(LOAN, "approve")
    plan = case.said_before(steps.Inspection, TECHNICAL, "confirm_plan")
    return completion.works_start_findings(
        to_jst(approved.at).date() if approved and case.state(LOAN) in DECIDED else None,
        plan.reported_on if plan else None,
        said.on,
        "on",
    )


def completion_has_a_day(case: Case) -> Sequence[Finding]:
    """GL-090: not before the works began."""
    said, started = case.said(steps.Completion), case.said_before(steps.Day, TECHNICAL, "start_works")
    if said.on is None:
        return [Finding("GL-090", "REQUIRED", "工事の完了日を入力してください。", "on")]
    if started is None or started.on is None or said.on < started.on:
        return [Finding("GL-090", "BEFORE_START", "工事の完了日は、着工日以後の日を入力してください。", "on")]
    return ()


def certificate_papers_are_there(case: Case) -> Sequence[Finding]:
    """GL-077, GL-105, GL-478: the works are certified, all papers are there, and the originals were seen."""
    found = []
    if case.state(TECHNICAL) not in CERTIFIED:
        message = "適合証明書(または工事内容確認の書類)の交付を受けてから、ご提出ください。"
        found.append(Finding("GL-472", "NOT_CERTIFIED", message))
    said, works = case.said(steps.Receipt), content(case).get("works", {})
    requirements = completion.institution_requirements(
        WorksContract(works.get("contract", WorksContract.OPEN)),
        breakdown_in_contract=bool(works.get("breakdown_in_contract")),
    )
    found += completion.certificate_submission_findings(requirements, said.received or (), said.shown or (), "received")
    return found
