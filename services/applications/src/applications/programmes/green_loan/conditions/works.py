"""What the works, their certificate and the papers at the institution must pass."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.form import works as form_works
from applications.programmes.green_loan.papers import completion, conformity
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code, Due, Requirement
from applications.programmes.green_loan.reading import LOAN, TECHNICAL, content, form_of
from applications.programmes.green_loan.works.kinds import KINDS, Menu
from applications.workflow import Case

CERTIFIED = frozenset({"certified", "omitted"})
DECIDED = frozenset({"approved", "re_review", "cert_submitted", "contract_open", "contracted", "repaying", "overdue"})


def inspection_is_recorded(case: Case) -> Sequence[Finding]:
    """GL-451, GL-457."""
    said = case.said(steps.Inspection)
    record = conformity.InspectionRecord(said.body_name or "", said.reference_number or "", said.reported_on)
    return conformity.inspection_record_findings(record, "")


def plan_is_confirmed(case: Case) -> Sequence[Finding]:
    """GL-440 to GL-454, GL-457: the dossier is whole, its works are those of the loan, and the report is recorded."""
    said, form = case.said(steps.Plan), form_of(case)
    found = conformity.dossier_findings(
        form.menu or Menu.STANDARD,
        form_works.planned(form),
        said.received or (),
        shows_performance=bool(said.shows_performance),
        insulation=said.insulation or conformity.InsulationData(),
        field="received",
    )
    in_loan = [line.kind or "" for _, _, line in form_works.energy_saving(form)]
    return [
        *inspection_is_recorded(case),
        *found,
        *conformity.works_content_findings(in_loan, said.works or (), "works"),
    ]


def report_is_whole(case: Case) -> Sequence[Finding]:
    """GL-461 to GL-465: the papers of the report, and a photograph of each place in each phase.

    A certificate of the building confirmation may follow until the inspection is passed (GL-467).
    """
    said = case.said(steps.Report)
    required = completion.report_requirements(building_confirmation=False, same_body=False)
    found = [
        Finding(one.rules[0], "PAPER_MISSING", f"{one.label}をご提出ください。", "papers")
        for one in required
        if not any(set(way) <= set(said.papers or ()) for way in one.accepted)
    ]
    if said.building_confirmation is None:
        found.append(Finding("GL-467", "REQUIRED", "建築確認の要否を入力してください。", "building_confirmation"))
    places = [
        completion.WorksPlace(
            number, f"{number + 1}行目 {KINDS[line.kind or ''].name}", category, hidden=number in (said.hidden or ())
        )
        for number, category, line in form_works.energy_saving(form_of(case))
    ]
    return [*found, *completion.photograph_findings(places, said.photographs or (), "photographs")]


def inspection_is_passed(case: Case) -> Sequence[Finding]:
    """GL-457, GL-467, GL-469: recorded, with the certificate of the building confirmation, and all of it issued.

    Of a report from before its papers were asked for, nothing was said.
    """
    said, reported = case.said(steps.Certificate), case.last(TECHNICAL, "report")
    report = reported.facts if reported is not None and isinstance(reported.facts, steps.Report) else None
    required = completion.report_requirements(
        building_confirmation=bool(report and report.building_confirmation),
        same_body=bool(report and report.same_body),
    )
    asked = any(one.code is Code.INSPECTION_CERTIFICATE for one in required)
    brought = report is not None and Paper.INSPECTION_CERTIFICATE in (report.papers or ())
    found = []
    if asked and not brought and not said.inspection_certificate_seen:
        message = "検査の合格までに、検査済証の交付を受けてください。"
        found.append(Finding("GL-467", "PAPER_MISSING", message, "inspection_certificate_seen"))
    return [*inspection_is_recorded(case), *found, *completion.issued_findings(said.issued or (), "issued")]


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
