"""What the works, their certificate and the papers at the institution must pass."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.papers import completion, conformity
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, Requirement
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
    """GL-077, GL-105, GL-478: the works are certified, all papers are there, and the originals were seen.

    interpretation (GL-397): where a works contract was not handed in at the application, its copy may come until the
    contract (`works_paper_is_there`); what came of it already need not be told again.
    """
    found = []
    if case.state(TECHNICAL) not in CERTIFIED:
        message = "適合証明書(または工事内容確認の書類)の交付を受けてから、ご提出ください。"
        found.append(Finding("GL-472", "NOT_CERTIFIED", message))
    said = case.said(steps.Receipt)
    received, shown = _works_papers(case)
    received, shown = {*received, *(said.received or ())}, {*shown, *(said.shown or ())}
    due = [
        one
        for one in completion.institution_requirements(
            _works_contract(case),
            breakdown_in_contract=bool(content(case).get("works", {}).get("breakdown_in_contract")),
        )
        if one.due is not Due.CONTRACT or any(set(way) & received for way in one.accepted)
    ]
    found += completion.certificate_submission_findings(due, received, shown, "received")
    return found


def works_paper_comes(case: Case) -> Sequence[Finding]:
    """GL-397, GL-399: what came is this paper, and its original was seen."""
    said = case.said(steps.WorksPaper)
    return completion.certificate_submission_findings(
        [_works_paper(case)], said.received or (), said.shown or (), "received"
    )


def works_paper_is_there(case: Case) -> bool:
    """GL-397, GL-474, GL-495: the copy of the works contract; where none is made, the works confirmation paper."""
    received, shown = _works_papers(case)
    receipt = case.said_before(steps.Receipt, LOAN, "receive")
    if receipt is not None:
        received, shown = received | set(receipt.received or ()), shown | set(receipt.shown or ())
    return not completion.certificate_submission_findings([_works_paper(case)], received, shown, "")


def _works_papers(case: Case) -> tuple[set[Paper], set[Paper]]:
    """What came apart from the papers of the completion: received, and of what the original was seen."""
    every = case.all_said(steps.WorksPaper, LOAN, "receive_works_paper")
    return {one for said in every for one in said.received or ()}, {one for said in every for one in said.shown or ()}


def _works_paper(case: Case) -> Requirement:
    return next(
        one
        for one in completion.institution_requirements(_works_contract(case), breakdown_in_contract=False)
        if one.code == Code.WORKS_CONTRACT_OR_CONFIRMATION
    )


def _works_contract(case: Case) -> WorksContract:
    return WorksContract(content(case).get("works", {}).get("contract", WorksContract.OPEN))
