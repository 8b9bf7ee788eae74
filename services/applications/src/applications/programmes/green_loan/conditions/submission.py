"""What the draft, the agreement of each person and the application itself must pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kit.errors import Finding
from kit.japan import to_jst
from madoguchi_contracts import AwaitedDocument

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.form import papers as form_papers
from applications.programmes.green_loan.papers.requirement import Due
from applications.programmes.green_loan.people.applicants import MAX_JOINT_DEBTORS
from applications.programmes.green_loan.procedure import acceptance, channel, windows
from applications.programmes.green_loan.procedure.channel import Earlier, Outcome
from applications.programmes.green_loan.procedure.consents import TEXTS
from applications.programmes.green_loan.procedure.maintenance import Service, of_service
from applications.programmes.green_loan.reading import CONSENT, PAID_OUT, content, debtors, today
from applications.workflow import Case

ENDED = {
    "rejected": Outcome.REJECTED,
    "withdrawn": Outcome.WITHDRAWN,
    "cancelled": Outcome.CANCELLED,
    "stopped": Outcome.STOPPED,
    "draft": Outcome.DRAFT,
    **dict.fromkeys(PAID_OUT, Outcome.DISBURSED),
}


def counter_is_open(case: Case) -> Sequence[Finding]:
    """GL-061, GL-062: the hours, and what the office has announced until this moment.

    Of the steps of those who apply only: officers, banks, inspection bodies and the system are never shut out.
    """
    announced = of_service(Service.COUNTER, case.announced)
    if windows.is_available(windows.Act.PORTAL, case.now, announced):
        return ()
    opens = windows.opens_again(case.now, announced)
    going = next((one for one in announced if one.begins_at <= case.now < one.ends_at), None)
    message = (
        "Web申込サービスのご利用時間は、午前6時から翌日午前2時までです。"
        if going is None
        else "ただいまメンテナンスのため、Web申込サービスをご利用いただけません"
        f"({going.reason}、{_told(going.ends_at)}まで)。"
    )
    message += f"次は{_told(opens)}からご利用いただけます。これまでに保存された内容は、そのまま残っています。"
    return [Finding("GL-061", "CLOSED", message, until=opens)]


def _told(moment: datetime) -> str:
    here = to_jst(moment)
    return f"{here.month}月{here.day}日{here.hour}時{here.minute:02}分"


def form_is_right(case: Case) -> Sequence[Finding]:
    """GL-072, GL-258: the error check."""
    return case.filed.form.findings


def papers_are_there(case: Case) -> Sequence[Finding]:
    """GL-103, GL-348."""
    return form_papers.papers_wrong(
        content(case), case.account_id, case.filed.documents, today(case), prefix="documents."
    )


def papers_that_come_later(case: Case) -> Sequence[AwaitedDocument]:
    """GL-390, GL-391: where the proof of income is put that could not be issued yet: any of its ways."""
    papers = form_papers.needed(content(case), case.account_id, today(case))
    places = [(slot, one.subject) for one in papers if one.due == Due.FUNDS for way in one.slots for slot in way]
    return [AwaitedDocument(slot=slot, subject=one) for slot, one in dict.fromkeys(places) if one is not None]


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
