"""What the office examines of an application before it approves: persons, papers, and what costs are proven.

Said with the step `examine`, and of originals with `show_originals`; kept encrypted with the steps, and told to nobody
else. What was not examined does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kit.errors import Finding

from applications.programme import Examined
from applications.programmes.green_loan import evidence, reading, steps
from applications.programmes.green_loan.form import papers as form_papers
from applications.programmes.green_loan.form import works
from applications.programmes.green_loan.money import limit
from applications.programmes.green_loan.papers import income
from applications.programmes.green_loan.papers.facts import WHO_LABELS
from applications.programmes.green_loan.papers.readings import READINGS, of_paper, reading_findings
from applications.programmes.green_loan.papers.requirement import Due, HandTo, Requirement, State, paper_state
from applications.programmes.green_loan.people import applicants
from applications.programmes.green_loan.people.applicants import AntiSocialCheck, Consequence, Stage
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.works.costs import LABELS
from applications.workflow import Case

_EXAMINE, _SHOW = "examine", "show_originals"
_HOW_FAR = (State.MISSING, State.REJECTED, State.UPLOADED, State.CHECKED, State.ORIGINAL_SHOWN)


def anti_social_checks(case: Case) -> list[AntiSocialCheck]:
    """GL-121: the last result for each debtor who was checked, with its day. For officers only."""
    found: dict[UUID, AntiSocialCheck] = {}
    for said in case.all_said(steps.Examination, LOAN, _EXAMINE):
        for one in said.persons or ():
            if one.person is not None and one.hit is not None and said.checked_on is not None:
                found[one.person] = AntiSocialCheck(str(one.person), one.hit, said.checked_on)
    return [found[person] for person in reading.debtors(case) if person in found]


def cost_verdicts(case: Case) -> Mapping[int, steps.CostVerdict]:
    """GL-235: what was said last of the evidence of each cost, counted from 0; of the content that was filed last."""
    filed = case.last(LOAN, "submit")
    found = {}
    for step in case.taken.get((LOAN, case.application_id, _EXAMINE), ()):
        if isinstance(step.facts, steps.Examination) and filed is not None and step.at >= filed.at:
            found.update({one.number: one for one in step.facts.costs or () if one.number is not None})
    return found


def proven_limit_yen(case: Case) -> int:
    """GL-196, GL-235: the limit in yen in which only costs with checked evidence count."""
    form = reading.form_of(case)
    proven = {number for number, one in cost_verdicts(case).items() if one.checked}
    sums = works.sums(form, proven, running_yen(case))
    return 0 if sums is None else sums.limit.limit_yen


def running_yen(case: Case) -> int | None:
    """GL-195, GL-199: what the debtors still owe of other loans, as the books that an officer looked into last have it;
    None: nobody has looked, and what the applicant said counts.
    """
    told = [
        one.running_loans or ()
        for one in case.all_said(steps.Examination, LOAN, _EXAMINE)
        if one.running_loans is not None or one.no_running_loans
    ]
    if not told:
        return None
    loans = [
        limit.RunningLoan(one.number or "", one.balance_yen or 0, frozenset(one.debtors or ())) for one in told[-1]
    ]
    return limit.running_balance(loans, reading.debtors(case))


def paper_states(case: Case) -> list[tuple[Requirement, State]]:
    """GL-366: how far each paper that is uploaded has come, by its best way: all papers of a way count."""
    shown = {slot for said in case.all_said(steps.Originals, LOAN, _SHOW) for slot in said.slots or ()}
    return _states(case, shown)


def later_proofs(case: Case) -> list[tuple[Requirement, State]]:
    """GL-390, GL-391: the proofs of income that keep the money back, and how far each has come: until an officer has
    checked its file. That the bank, which pays, has seen the original is not enough.
    """
    states = [(one, state) for one, state in _states(case, set()) if one.due is Due.FUNDS]
    checked = {(one.code, one.who) for one, state in states if state is State.CHECKED}
    blocking = income.funds_blocked_by([one for one, _ in states], checked)
    return [(one, state) for one, state in states if one in blocking]


def proofs_came(case: Case) -> list[datetime]:
    """GL-391: when each file came of the proofs in `later_proofs` that nobody has checked, as far as it is known."""
    form = reading.form_of(case)
    files = form_papers.files_by_slot(form, case.account_id, case.documents)
    open_ = [one for one, state in later_proofs(case) if state is State.UPLOADED]
    slots = {slot for one in open_ for way in one.slots() for slot in way}
    return [case.came[document] for slot in slots for document in files.get(slot, ()) if document in case.came]


def _states(case: Case, shown: Collection[str]) -> list[tuple[Requirement, State]]:
    form = reading.form_of(case)
    files = form_papers.files_by_slot(form, case.account_id, case.documents)
    verdicts = {document: one.result for document, one in _verdicts(case).items()}

    def of_slot(slot: str) -> State:
        results = [verdicts.get(document) for document in files.get(slot, ())]
        return paper_state(
            uploaded=bool(results),
            checked=all(result == "checked" for result in results),
            rejected="rejected" in results,
            original_shown=slot in shown,
        )

    return [
        (
            one,
            max((min(map(of_slot, way), key=_HOW_FAR.index) for way in one.slots()), key=_HOW_FAR.index),
        )
        for one in form_papers.requirements_of(reading.content(case), reading.accepted_on(case))
        if one.hand_to is HandTo.UPLOAD
    ]


def examined(case: Case) -> Sequence[Examined]:
    """Everything that the office examines, and how far that is; nothing before there is a submission."""
    if case.submitted is None:
        return ()
    found = []
    checks = {one.person: one for one in anti_social_checks(case)}
    for person in reading.debtors(case):
        one = checks.get(str(person))
        state = "unchecked" if one is None else "hit" if one.is_hit else "clear"
        label = WHO_LABELS.get(reading.key_of(case, person) or "", "")
        found.append(Examined("person", str(person), label, state, "GL-121", on=one.checked_on if one else None))
    verdicts = cost_verdicts(case)
    for number, cost in enumerate(reading.content(case).get("works", {}).get("costs", ())):
        verdict = verdicts.get(number)
        state = "unchecked" if verdict is None else "checked" if verdict.checked else "rejected"
        document = verdict.document if verdict else None
        label = LABELS.get(cost.get("code", ""), "")
        found.append(Examined("cost", str(number), label, state, "GL-235", document_id=document))
    for requirement, how_far in paper_states(case):
        label = f"{WHO_LABELS[requirement.who]} {requirement.title}"
        found.append(Examined("paper", requirement.key, label, how_far, "GL-366"))
    found += evidence.examined(case)
    for document, read_in in _read_last(case).items():
        for kind, facts in read_in.read():
            wrong, label = reading_findings([(kind, facts)], "readings"), READINGS[kind].title
            state = "wrong" if wrong else "right"
            rule = READINGS[kind].rules[0]
            found.append(Examined("reading", kind, label, state, rule, document_id=document, findings=wrong))
    return found


# What the steps must pass


def examination_fits(case: Case) -> Sequence[Finding]:
    """GL-121, GL-199, GL-235, GL-366: about the debtors, costs and files that there are, and dated."""
    said = case.said(steps.Examination)
    found = []
    if not any((said.persons, said.costs, said.papers, said.readings, said.running_loans, said.no_running_loans)):
        found.append(Finding("GL-366", "REQUIRED", "確認した事項を入力してください。", "persons"))
    if said.persons and (said.checked_on is None or said.checked_on > reading.today(case)):
        found.append(Finding("GL-121", "DAY", "確認日は、本日以前の日を入力してください。", "checked_on"))
    if any(one.person not in reading.debtors(case) or one.hit is None for one in said.persons or ()):
        found.append(
            Finding("GL-121", "UNKNOWN", "申込本人または連帯債務者と、その確認結果を指定してください。", "persons")
        )
    known = {one.document_id for one in case.documents}
    costs = range(len(reading.content(case).get("works", {}).get("costs", ())))
    for number, cost in enumerate(said.costs or ()):
        if cost.number not in costs or cost.checked is None:
            found.append(Finding("GL-235", "UNKNOWN", "諸費用の番号と確認結果を指定してください。", f"costs.{number}"))
        if (cost.checked or cost.document is not None) and cost.document not in known:
            message = "費用を確認した書類を、この申込みの書類から指定してください。"
            found.append(Finding("GL-235", "NO_EVIDENCE", message, f"costs.{number}.document"))
    if said.running_loans and said.no_running_loans:
        message = "返済中の融資がないことの確認と、返済中の融資は、どちらか一方を入力してください。"
        found.append(Finding("GL-199", "CONTRADICTS", message, "no_running_loans"))
    for number, loan in enumerate(said.running_loans or ()):
        if not loan.number or loan.balance_yen is None or not set(loan.debtors or ()) & set(reading.debtors(case)):
            message = "融資番号、残高、および今回の債務者を含む債務者を入力してください。"
            found.append(Finding("GL-199", "REQUIRED", message, f"running_loans.{number}"))
    for number, paper in enumerate(said.papers or ()):
        if paper.document not in known or paper.result is None:
            message = "確認した書類と結果を、この申込みの書類から指定してください。"
            found.append(Finding("GL-366", "UNKNOWN", message, f"papers.{number}.document"))
    return [*found, *_readings_fit(case, said)]


def _readings_fit(case: Case, said: steps.Examination) -> list[Finding]:
    """GL-366: what was read is of a file of that kind; a paper with something wrong is checked for a reason only."""
    slots = {one.document_id: one.replaces or one.slot for one in case.documents}
    found = []
    for number, one in enumerate(said.readings or ()):
        kinds = [kind for kind, _ in one.read()]
        if one.document not in slots or not kinds or not all(of_paper(kind, slots[one.document]) for kind in kinds):
            message = "記載内容を確認した書類と、その種類に応じた記載内容を入力してください。"
            found.append(Finding("GL-366", "UNKNOWN", message, f"readings.{number}"))
    readings, verdicts = _read_last(case, said), _verdicts(case, said)
    touched = {one.document for one in said.papers or ()} | {one.document for one in said.readings or ()}
    for document in touched & readings.keys() & verdicts.keys():
        verdict, wrong = verdicts[document], reading_findings(readings[document].read(), "readings")
        if wrong and verdict.result == "checked" and not verdict.reason:
            message = "記載内容に不備があります。それでも確認済みとする場合は、その理由を入力してください。"
            found += [Finding("GL-366", "CONTRADICTS", message, "papers"), *wrong]
    return found


def _read_last(case: Case, *more: steps.Examination) -> dict[UUID | None, steps.PaperReading]:
    """What was read last in each file."""
    told = (*case.all_said(steps.Examination, LOAN, _EXAMINE), *more)
    return {one.document: one for said in told for one in said.readings or ()}


def _verdicts(case: Case, *more: steps.Examination) -> dict[UUID | None, steps.PaperVerdict]:
    """What was made of each file last."""
    told = (*case.all_said(steps.Examination, LOAN, _EXAMINE), *more)
    return {one.document: one for said in told for one in said.papers or ()}


def originals_are_asked_for(case: Case) -> Sequence[Finding]:
    """GL-361, GL-362: papers marked with a star."""
    slots = case.said(steps.Originals).slots
    wanted = {
        slot
        for requirement, _ in paper_states(case)
        if requirement.original_shown
        for way in requirement.slots()
        for slot in way
    }
    if slots and wanted.issuperset(slots):
        return ()
    return [Finding("GL-362", "UNKNOWN", "原本の提示が必要な書類を指定してください。", "slots")]


def recommendation_has_seen_it(case: Case) -> Sequence[Finding]:
    """GL-074: two officers have seen what an approval rests on. What was examined after the recommendation was seen by
    the second one alone, so it is recommended once more. A refusal needs the recommendation too, and rests on what is
    missing or wrong, so `recommend` itself asks for nothing.
    """
    recommended = case.last(LOAN, "recommend")
    examined_last = (case.last(LOAN, command) for command in (_EXAMINE, _SHOW))
    if recommended is None or all(one is None or one.at <= recommended.at for one in examined_last):
        return ()
    message = "推薦の後に確認結果が記録されています。改めて推薦を受けてから承認してください。"
    return [Finding("GL-074", "EXAMINED_SINCE", message)]


def examined_enough(case: Case) -> Sequence[Finding]:
    """GL-118, GL-121, GL-235, GL-366: an approval rests on what was examined; all else counts for nothing."""
    found = []
    roles = dict.fromkeys(map(str, reading.debtors(case)), (applicants.Role.JOINT_DEBTOR,))
    roles[str(case.account_id)] = (applicants.Role.MAIN_APPLICANT,)
    checks = anti_social_checks(case)
    if applicants.unchecked(roles, checks):
        message = "反社会的勢力でないことの確認が済んでいない方がいます。"
        found.append(Finding("GL-121", "UNCHECKED", message, "persons"))
    if applicants.anti_social_consequence(checks, Stage.UNDER_REVIEW) is Consequence.REFUSE:
        found.append(Finding("GL-118", "HIT", "確認の結果、融資を承認できない方がいます。", "persons"))
    for requirement, state in paper_states(case):
        if requirement.due is Due.APPLICATION and state not in {State.CHECKED, State.ORIGINAL_SHOWN}:
            message = f"{WHO_LABELS[requirement.who]}の{requirement.title}の確認が済んでいません。"
            found.append(Finding("GL-366", "UNCHECKED", message, f"papers.{requirement.key}"))
    most, approved = proven_limit_yen(case), case.said(steps.Approval).amount_yen
    if approved is not None and approved > most:
        message = (
            f"確認が済んだ費用と残高による融資限度額は{most:,}円です。承認額は、これ以下の金額を入力してください。"
        )
        found.append(Finding("GL-196", "ABOVE_PROVEN_LIMIT", message, "amount_yen"))
    return found
