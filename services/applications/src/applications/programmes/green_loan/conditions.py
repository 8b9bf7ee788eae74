"""What a step of a green loan must pass (guards), and what makes one follow by itself (conditions of the system).

A guard finds; the functions whose names are statements answer yes or no. Days are those of Japan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.form import papers as form_papers
from applications.programmes.green_loan.money import arrears, methods
from applications.programmes.green_loan.papers import completion, conformity
from applications.programmes.green_loan.papers.facts import JOINT_DEBTORS, MAIN_APPLICANT, WorksContract
from applications.programmes.green_loan.people.applicants import MAX_JOINT_DEBTORS
from applications.programmes.green_loan.procedure import acceptance, channel, contract, decision, disbursement, windows
from applications.programmes.green_loan.procedure.channel import Earlier, Outcome
from applications.programmes.green_loan.procedure.consents import TEXTS
from applications.programmes.green_loan.procedure.contract import IdentityState
from applications.programmes.green_loan.procedure.counter_papers import Paper as BroughtPaper
from applications.programmes.green_loan.procedure.counter_papers import papers_findings
from applications.programmes.green_loan.procedure.dates import Period
from applications.workflow import Case

LOAN, TECHNICAL, CONSENT, IDENTITY, DANSHIN, SIGNATURE = (
    "loan",
    "technical",
    "consent",
    "identity",
    "danshin",
    "signature",
)
JOINT_DEBTOR = "joint_debtor"
"""The kind of a party who owes the loan too."""
VERIFIED = frozenset({"verified_online", "verified_in_person"})
CERTIFIED = frozenset({"certified", "omitted"})
DECIDED = frozenset({"approved", "re_review", "cert_submitted", "contract_open", "contracted", "repaying", "overdue"})
ENDED = {
    "rejected": Outcome.REJECTED,
    "withdrawn": Outcome.WITHDRAWN,
    "cancelled": Outcome.CANCELLED,
    "stopped": Outcome.STOPPED,
    "draft": Outcome.DRAFT,
    **dict.fromkeys(("repaying", "overdue", "accelerated", "closed"), Outcome.DISBURSED),
}


def today(case: Case) -> date:
    """The day of the step in Japan (GL-063)."""
    return to_jst(case.now).date()


def day_of(moment: datetime) -> date:
    """The day of a moment in Japan."""
    return to_jst(moment).date()


def debtors(case: Case) -> list[UUID]:
    """お申込人全員 (GL-016): the main applicant, and everybody who joined as joint debtor."""
    return [case.account_id, *(party.party_id for party in case.parties if party.kind == JOINT_DEBTOR)]


def content(case: Case) -> Mapping[str, Any]:
    """What is being filed; after that, what was submitted."""
    return case.filing.form.content if case.filing is not None else case.submitted or {}


def accepted_on(case: Case) -> date:
    """申込受理日 (GL-256): the day of the confirmation; before it, today."""
    confirmed = case.last(LOAN, "submit")
    return acceptance.acceptance(confirmed.at).on if confirmed else today(case)


# The application


def counter_is_open(case: Case) -> Sequence[Finding]:
    """GL-061, GL-062."""
    if windows.is_available(windows.Act.PORTAL, case.now, ()):
        return ()
    opens = to_jst(windows.opens_again(case.now, ()))
    message = (
        "Web申込サービスのご利用時間は、午前6時から翌日午前2時までです。"
        f"次は{opens.month}月{opens.day}日{opens.hour}時{opens.minute:02}分からご利用いただけます。"
        "これまでに保存された内容は、そのまま残っています。"
    )
    return [Finding("GL-061", "CLOSED", message)]


def form_is_right(case: Case) -> Sequence[Finding]:
    """GL-072, GL-258: the error check."""
    return case.filed.form.findings


def papers_are_there(case: Case) -> Sequence[Finding]:
    """GL-103, GL-348."""
    return form_papers.papers_wrong(
        content(case), case.account_id, case.filed.documents, today(case), prefix="documents."
    )


def debtors_are_those_of_the_form(case: Case) -> Sequence[Finding]:
    """GL-015, GL-044, GL-069: who joined is in the form, and who is in the form has joined."""
    named = {str(one.get("account")) for one in content(case).get("joint_debtors", [])}
    joined = {str(one) for one in debtors(case)[1:]}
    found = []
    if len(joined) > MAX_JOINT_DEBTORS:
        message = "連帯債務者が4名以上いる場合は、Web申込サービスをご利用いただけません。"
        found.append(Finding("GL-044", "TOO_MANY_JOINT_DEBTORS", message, "joint_debtors"))
    if joined - named:
        message = "招待に応じた連帯債務者の方の情報を入力するか、参加を取り消してください。"
        found.append(Finding("GL-015", "NOT_ENTERED", message, "joint_debtors"))
    if named - joined:
        message = "連帯債務者の方の本登録が済んでいません。招待のうえ、ご本人に登録のお手続きをお願いしてください。"
        found.append(Finding("GL-069", "NOT_JOINED", message, "joint_debtors"))
    return found


def everybody_agrees(case: Case) -> Sequence[Finding]:
    """GL-255, GL-257: each person has agreed to the content as it stands; changing it voids what was agreed."""
    people = []
    for number, person in enumerate(debtors(case)):
        said = case.said_before(steps.Agreement, CONSENT, "agree", person)
        step = case.last(CONSENT, "agree", person)
        at = step.at if step and said and said.draft_version == case.draft_version else None
        field = "applicant" if number == 0 else f"joint_debtors.{number - 1}"
        people.append(
            acceptance.Person(
                field,
                registered=True,
                consented_at=at if said and said.personal_data else None,
                outline_confirmed_at=at if said and said.outline else None,
            )
        )
    return acceptance.acceptance_findings(people, 0, case.now)


def agreement_is_whole(case: Case) -> Sequence[Finding]:
    """GL-255: both ticks, for the draft that the person was shown."""
    said = case.said(steps.Agreement)
    found = []
    if said.draft_version != case.draft_version:
        message = "ご確認のあとに申込内容が変わりました。もう一度内容をご確認のうえ、同意のお手続きをしてください。"
        found.append(Finding("GL-255", "CONTENT_CHANGED", message, "draft_version"))
    if not said.personal_data:
        message = "「個人情報の取扱いに関する同意」をご確認ください。"
        found.append(Finding("GL-255", "CONSENT_MISSING", message, "personal_data"))
    if not said.outline:
        message = "「商品概要説明書の確認」をご確認ください。"
        found.append(Finding("GL-255", "OUTLINE_MISSING", message, "outline"))
    if not said.text_version:
        found.append(Finding("GL-620", "REQUIRED", "同意文書の版を指定してください。", "text_version"))
    elif said.text_version not in TEXTS:
        found.append(Finding("GL-620", "UNKNOWN", "同意文書の版をご確認ください。", "text_version"))
    return found


def may_apply_again(case: Case) -> Sequence[Finding]:
    """GL-355 to GL-357. The person is the account: what GL-358 wants beyond it is said in the README."""
    person = str(case.account_id)
    earlier = [
        Earlier(person, None if one.submitted_at is None else to_jst(one.submitted_at).date(), _outcome(one.state))
        for one in case.others
    ]
    return channel.reapplication_findings(person, earlier, today(case), "applicant")


def _outcome(state: str) -> Outcome:
    return ENDED.get(state, Outcome.RUNNING)


# The decision


def reason_is_given(case: Case) -> Sequence[Finding]:
    """GL-104: why."""
    return () if case.reason.strip() else [Finding("GL-104", "REQUIRED", "理由を入力してください。", "reason")]


def refusal_has_a_ground(case: Case) -> Sequence[Finding]:
    """GL-349 to GL-353."""
    return _has_ground(case, channel.REFUSALS)


def cancellation_has_a_ground(case: Case) -> Sequence[Finding]:
    """GL-354."""
    return _has_ground(case, channel.CANCELLATIONS)


def _has_ground(case: Case, grounds: Sequence[channel.Reason]) -> Sequence[Finding]:
    if case.said(steps.Refusal).code in {one.code for one in grounds}:
        return ()
    return [Finding("GL-353", "REQUIRED", "理由を一覧から選択してください。", "code")]


def bureau_is_named(case: Case) -> Sequence[Finding]:
    """GL-122, GL-123, GL-623: which bureau, and about whom: people who owe the loan, each once."""
    said = case.said(steps.CreditContact)
    persons = said.persons or ()
    found = []
    if said.bureau is None:
        found.append(Finding("GL-623", "REQUIRED", "個人信用情報機関を選択してください。", "bureau"))
    if not persons or len(set(persons)) < len(persons) or not set(persons) <= set(debtors(case)):
        message = "対象の方を、申込本人と連帯債務者の中から選択してください。"
        found.append(Finding("GL-623", "PERSONS", message, "persons"))
    return found


def approval_fits(case: Case) -> Sequence[Finding]:
    """GL-248, GL-433, GL-479: at most what was applied for, and what final amounts allow; a bonus part that fits."""
    said = case.said(steps.Approval)
    loan = content(case)["loan"]
    if said.amount_yen is None:
        return [Finding("GL-433", "REQUIRED", "承認額を入力してください。", "amount_yen")]
    bonus = loan.get("bonus_part_yen", 0) if said.bonus_part_yen is None else said.bonus_part_yen
    receipt = case.said_before(steps.CheckedReceipt, LOAN, "receive")
    final = receipt.final_limit_yen if receipt else None
    return decision.approval_findings(
        loan["amount_yen"] if final is None else min(loan["amount_yen"], final),
        said.amount_yen,
        bonus,
        field="amount_yen",
        bonus_field="bonus_part_yen",
    )


def payment_rises(case: Case) -> bool:
    """GL-261, GL-262: the last change of danshin raised the payment, and nobody has decided since."""
    change, approved = case.last(LOAN, "change_danshin"), case.last(LOAN, "approve")
    said = case.said_before(steps.DanshinChange, LOAN, "change_danshin")
    if change is None or said is None or (approved is not None and change.at < approved.at):
        return False
    monthly = (said.payment_after_yen or 0) > (said.payment_before_yen or 0)
    return monthly or (said.bonus_after_yen or 0) > (said.bonus_before_yen or 0)


# What is found out later


def ground_is_named(case: Case) -> Sequence[Finding]:
    """GL-579: which, and since when it is known. Arrears are told by the bank as missed payments (GL-581)."""
    said = case.said(steps.AccelerationGround)
    if said.ground in {None, arrears.Ground.ARREARS}:
        return [Finding("GL-579", "REQUIRED", "一括繰上返済の事由を、延滞以外から選択してください。", "ground")]
    if said.found_on is None or said.found_on > today(case):
        return [Finding("GL-579", "DAY", "判明した日は、本日以前の日を入力してください。", "found_on")]
    return ()


def may_be_permitted(case: Case) -> Sequence[Finding]:
    """GL-582 to GL-584: these are the grounds that a permission takes away."""
    if case.said(steps.Permission).ground in arrears.PERMITTABLE:
        return ()
    return [Finding("GL-582", "NOT_PERMITTABLE", "承認の対象を選択してください。", "ground")]


# Works and certificate


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


# The contract


def conditions(case: Case) -> list[decision.Condition]:
    """The conditions of the last approval, each with whether it was fulfilled since (GL-435)."""
    approval, approved = case.said_before(steps.Approval, LOAN, "approve"), case.last(LOAN, "approve")
    fulfilled, seen = case.said_before(steps.Fulfilled, LOAN, "fulfil"), case.last(LOAN, "fulfil")
    counts = fulfilled is not None and approved is not None and seen is not None and seen.at >= approved.at
    done = set(fulfilled.conditions or ()) if fulfilled is not None and counts else set()
    told = approval.conditions or () if approval else ()
    return [decision.Condition(one.text or "", one.due or "contract", at in done) for at, one in enumerate(told)]


def fulfilled_are_conditions(case: Case) -> Sequence[Finding]:
    """GL-435: a condition that there is."""
    known = range(len(conditions(case)))
    if all(one in known for one in case.said(steps.Fulfilled).conditions or ()):
        return ()
    return [Finding("GL-435", "UNKNOWN", "融資承認条件の番号をご確認ください。", "conditions")]


def period_is_right(case: Case) -> Sequence[Finding]:
    """GL-248, GL-479, GL-483: a period ahead; an amount that approval and final limit allow, and its bonus."""
    said = case.said(steps.ContractPeriod)
    approval = case.said_before(steps.Approval, LOAN, "approve")
    receipt = case.said_before(steps.CheckedReceipt, LOAN, "receive")
    found = []
    if said.first is None or said.last is None or not today(case) <= said.first <= said.last:
        message = "契約手続可能期間は、本日以後の開始日と、それ以後の終了日を入力してください。"
        found.append(Finding("GL-483", "PERIOD", message, "first"))
    approved = approval.amount_yen or 0 if approval else 0
    ceiling = completion.contract_ceiling_yen(approved, receipt.final_limit_yen or 0 if receipt else 0)
    found += decision.contract_amount_findings(said.amount_yen or 0, ceiling, "amount_yen")
    bonus = approved_bonus_yen(case) if said.bonus_part_yen is None else said.bonus_part_yen
    return [*found, *methods.bonus_findings(said.amount_yen or 0, bonus, "bonus_part_yen")]


def approved_bonus_yen(case: Case) -> int:
    """The bonus part in yen that was approved: what was applied for, unless the approval says another (GL-248)."""
    approval = case.said_before(steps.Approval, LOAN, "approve")
    if approval is not None and approval.bonus_part_yen is not None:
        return approval.bonus_part_yen
    asked: int = content(case)["loan"].get("bonus_part_yen", 0)
    return asked


def contract_bonus_yen(case: Case) -> int:
    """The bonus part in yen that was contracted: a lower amount may allow less of it than was approved (GL-248)."""
    period = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    return approved_bonus_yen(case) if period is None or period.bonus_part_yen is None else period.bonus_part_yen


def period_of(case: Case) -> Period | None:
    """The period that was announced last (GL-483)."""
    said = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    return Period(said.first, said.last) if said and said.first and said.last else None


def signed_on(case: Case, person: UUID) -> date | None:
    """GL-487: the day of a person's signature in the period that was announced last, by the provider's word."""
    opened, signed = case.last(LOAN, "open_contract"), case.last(SIGNATURE, "sign", person)
    said = case.said_before(steps.Signed, SIGNATURE, "sign", person)
    if opened is None or signed is None or said is None or said.signed_at is None or signed.at < opened.at:
        return None
    return day_of(said.signed_at)


def has_watched(case: Case, person: UUID) -> bool:
    """GL-486: the video, and the content confirmed, since the period was announced."""
    opened, watched = case.last(LOAN, "open_contract"), case.last(SIGNATURE, "watch", person)
    return opened is not None and watched is not None and watched.at >= opened.at


def may_sign(case: Case) -> Sequence[Finding]:
    """GL-483, GL-486: in the period, after the video."""
    seen = has_watched(case, case.subject)
    return contract.signing_findings(
        video_watched=seen,
        content_confirmed=seen,
        period=period_of(case) if case.state(LOAN) == "contract_open" else None,
        today=today(case),
    )


def signature_may_be_heard(case: Case) -> bool:
    """GL-486, GL-487: the provider tells of a signature while the contract is open, of somebody who was let there."""
    return contract_is_open(case) and has_watched(case, case.subject)


def contract_is_open(case: Case) -> bool:
    """GL-078."""
    return case.state(LOAN) == "contract_open"


def contract_is_concluded(case: Case) -> bool:
    """GL-079, GL-495: nothing stands against it any more."""
    receipt = case.last(LOAN, "receive")
    said = case.said_before(steps.Receipt, LOAN, "receive")
    people, period = debtors(case), period_of(case)
    days = [signed_on(case, person) for person in people]
    concluded = contract.concluded_on(days, period) if period else None
    return not contract.contract_findings(
        period=period,
        today=concluded or today(case),  # the last signature may be heard of a little later
        identity=[identity_of(case, person) for person in people],
        conditions_done=decision.conditions_done(conditions(case)),
        works_contract_copy_received=bool(said and said.works_contract_copy),
        certificate_submitted=to_jst(receipt.at).date() if receipt else None,
        signed=[concluded is not None],
    )


def identity_of(case: Case, person: UUID) -> IdentityState:
    """GL-100: K0, K1 or K2."""
    return {"verified_online": "K1", "verified_in_person": "K2"}.get(case.state(IDENTITY, person), "K0")  # type: ignore[return-value]


def funds_may_be_paid(case: Case) -> Sequence[Finding]:
    """GL-496, GL-502, GL-503: in a delivery period, and nothing outstanding."""
    said = case.said(steps.Funds)
    if said.paid_on is None or said.period_first is None or said.period_last is None:
        return [Finding("GL-496", "REQUIRED", "資金の交付日と、交付期間を入力してください。", "paid_on")]
    if said.period_last < said.period_first:
        return [Finding("GL-496", "PERIOD", "交付期間の開始日と終了日をご確認ください。", "period_first")]
    blocking = [
        disbursement.BlockingItem(one.text, one.done) for one in conditions(case) if one.due == "funds" or not one.done
    ]
    if income_proof_outstanding(case):
        blocking.append(disbursement.BlockingItem("前年の収入を証明する書類の提出", bool(said.income_proof_checked)))
    period = Period(said.period_first, said.period_last)
    return disbursement.schedule_findings(said.paid_on, [period], blocking, "paid_on")


def income_proof_outstanding(case: Case) -> bool:
    """GL-390, GL-391: somebody's proof of the year before could not be issued when the loan was applied for."""
    kept = content(case)
    people = [kept.get("applicant", {}), *kept.get("joint_debtors", [])]
    return any(one.get("proof_not_yet_issued") for one in people)


# The persons


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


def key_of(case: Case, person: UUID) -> str | None:
    """What the form calls somebody: applicant, joint_debtor_1 and so on; None for who is not in it."""
    if person == case.account_id:
        return MAIN_APPLICANT
    named = content(case).get("joint_debtors", [])
    for number, one in enumerate(named[: len(JOINT_DEBTORS)]):
        if one.get("account") == str(person):
            return JOINT_DEBTORS[number]
    return None


def danshin_choice(case: Case) -> Choice:
    """GL-252, GL-260: the kind that was applied for, or changed to last."""
    change = case.said_before(steps.DanshinChange, LOAN, "change_danshin")
    choice: Choice = content(case)["loan"]["danshin"] if change is None or change.choice is None else change.choice
    return choice
