"""Which event leads to which mail (NO-02 to NO-10), as a table.

Everything else about a mail (to whom, with which link, once per event) is the consumers' and the courier's work; a
mail that is not in this table is not sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Template(StrEnum):
    """The mails, by their rule; and the notice to the office, which no applicant gets."""

    REGISTRATION_LINK = "NO-02"
    USER_ID_ISSUED = "NO-03"
    PASSWORD_LINK = "NO-04"  # noqa: S105 - the name of a mail
    PASSWORD_SET = "NO-05"  # noqa: S105
    PASSWORD_RESET_LINK = "NO-06"  # noqa: S105
    USER_ID_REMINDER = "NO-07"
    EKYC_LINK = "NO-08"
    SERVICE_STARTED = "NO-09"
    CORRECTION_REQUESTED = "NO-10"
    NOTICE = "NO-11"
    OFFICE_NEW_CASE = "OFFICE-NEW-CASE"
    # Not in the manual: what else the counter has to tell people.
    DOCUMENT_REQUESTED = "DOCUMENT-REQUESTED"
    CONTRACT_OFFERED = "CONTRACT-OFFERED"
    INSURANCE_OFFERED = "INSURANCE-OFFERED"
    APPLICATION_CLOSED = "APPLICATION-CLOSED"
    MESSAGE_POSTED = "MESSAGE-POSTED"
    OFFICE_NEW_MESSAGE = "OFFICE-NEW-MESSAGE"
    CORRECTION_ASKED = "CORRECTION-ASKED"
    INVITATION = "INVITATION-LINK"
    SUCCESSION = "SUCCESSION-LINK"
    SUCCESSION_NOTICE = "SUCCESSION-NOTICE"
    SUCCESSION_DONE = "SUCCESSION-DONE"
    LAPSE_NOTICE = "LAPSE-NOTICE"
    DATA_REQUEST_CLOSED = "DATA-REQUEST-CLOSED"


# As printed, with their brackets and half-width parentheses. I-04: the last parenthesis of NO-02 is restored.
# I-56: NO-07 and NO-09 have no prefix. A programme's own are in `programmes` (I-55: that of NO-10 is ours).
# Of a notice (NO-11) whoever sends it says the subject.
SUBJECTS = {
    Template.REGISTRATION_LINK: ("【住宅金融支援機構】ユーザーID登録のお願い(「秘密の質問」の登録[お手続き(1)])"),
    Template.USER_ID_ISSUED: "【住宅金融支援機構】「秘密の質問」の登録手続き完了のお知らせ",
    Template.PASSWORD_LINK: ("【住宅金融支援機構】ユーザーID登録のお願い(「パスワード」の登録[お手続き(2)])"),
    Template.PASSWORD_SET: "【住宅金融支援機構】「パスワード」の登録・変更手続き完了のお知らせ",
    Template.PASSWORD_RESET_LINK: "【住宅金融支援機構】パスワード登録のお願い",
    Template.USER_ID_REMINDER: "ユーザーID再通知のお知らせ",
    Template.EKYC_LINK: "【住宅金融支援機構】eKYC手続のお知らせ",
    Template.SERVICE_STARTED: "Web申込サービス利用開始",
    Template.CORRECTION_REQUESTED: "【住宅金融支援機構】申請内容の修正・再申請のお願い",
    Template.NOTICE: "【住宅金融支援機構】お知らせ",
    Template.OFFICE_NEW_CASE: "【審査】新しい申請を受け付けました",
    Template.DOCUMENT_REQUESTED: "【住宅金融支援機構】書類の追加提出のお願い",
    Template.CONTRACT_OFFERED: "【住宅金融支援機構】ご契約手続のお知らせ",
    Template.INSURANCE_OFFERED: "【住宅金融支援機構】団体信用生命保険のお申込みのご案内",
    Template.APPLICATION_CLOSED: "【住宅金融支援機構】お手続き終了のお知らせ",
    Template.MESSAGE_POSTED: "【住宅金融支援機構】新しいメッセージのお知らせ",
    Template.OFFICE_NEW_MESSAGE: "【審査】新しいメッセージが届きました",
    Template.CORRECTION_ASKED: "【住宅金融支援機構】ご確認・修正のお願い",
    Template.INVITATION: "【住宅金融支援機構】お申込みへのご参加のお願い",
    Template.SUCCESSION: "【住宅金融支援機構】代表者変更手続のお願い",
    Template.SUCCESSION_NOTICE: "【住宅金融支援機構】代表者変更手続の受付のお知らせ",
    Template.SUCCESSION_DONE: "【住宅金融支援機構】代表者変更手続の完了のお知らせ",
    Template.LAPSE_NOTICE: "【住宅金融支援機構】ユーザーIDの有効期限のお知らせ",
    Template.DATA_REQUEST_CLOSED: "【住宅金融支援機構】ご請求への回答のお知らせ",
}


@dataclass(frozen=True)
class Fact:
    """An event as this table sees it: its name in the contract, and the one field that may decide.

    The purpose of a message is whom it is told to: `reader` or `office`.
    """

    event: str
    purpose: str = ""
    first_approval: bool = False


_BY_EVENT = {
    "RegistrationRequested": Template.REGISTRATION_LINK,
    "UserIdIssued": Template.USER_ID_ISSUED,
    "PasswordSet": Template.PASSWORD_SET,  # I-54: after the first password, a change and a reset alike
    "UserIdReminderRequested": Template.USER_ID_REMINDER,
    "EkycStarted": Template.EKYC_LINK,
    "ApplicationRejected": Template.CORRECTION_REQUESTED,
    "ApplicationSubmitted": Template.OFFICE_NEW_CASE,
    "DocumentRequested": Template.DOCUMENT_REQUESTED,
    "ContractOffered": Template.CONTRACT_OFFERED,
    "InsuranceOffered": Template.INSURANCE_OFFERED,
    "ApplicationClosed": Template.APPLICATION_CLOSED,
    "CorrectionRequested": Template.CORRECTION_ASKED,
    "InvitationSent": Template.INVITATION,
    "SuccessionStarted": Template.SUCCESSION,
    "AccountLapseAnnounced": Template.LAPSE_NOTICE,
    "DataRequestAnswered": Template.DATA_REQUEST_CLOSED,
    "DataRequestRefused": Template.DATA_REQUEST_CLOSED,
}
_BY_STAGE = {"started": Template.SUCCESSION_NOTICE, "completed": Template.SUCCESSION_DONE}
_BY_READER = {"reader": Template.MESSAGE_POSTED, "office": Template.OFFICE_NEW_MESSAGE}
_BY_LINK_PURPOSE = {"first": Template.PASSWORD_LINK, "reset": Template.PASSWORD_RESET_LINK}


def template_for(fact: Fact) -> Template | None:
    """The one mail that an event causes, or None.

    A password link is NO-04 or NO-06 by its purpose, a notice of a change of the representative goes by its stage (the
    purpose of its fact), and a stage that is not known here has no mail. An approval is told the first time
    only (NO-09, I-45).
    """
    if fact.event == "PasswordLinkIssued":
        return _BY_LINK_PURPOSE[fact.purpose]
    if fact.event == "SuccessionAnnounced":
        return _BY_STAGE.get(fact.purpose)
    if fact.event == "MessagePosted":
        return _BY_READER[fact.purpose]
    if fact.event == "ApplicationApproved":
        return Template.SERVICE_STARTED if fact.first_approval else None
    return _BY_EVENT.get(fact.event)


# What happens to one association, and the events it causes. Nothing is told to whom it does not concern: an unknown
# user ID or a wrong secret answer causes no event (ID-53, ID-62).
_HAPPENINGS: dict[str, tuple[Fact, ...]] = {
    "register": (Fact("RegistrationRequested"),),
    "click_link_1": (),
    "commit_identity": (Fact("UserIdIssued"), Fact("PasswordLinkIssued", purpose="first")),
    "click_link_2": (),
    "set_password": (Fact("PasswordSet"),),
    "change_password": (Fact("PasswordSet"),),
    "reset_request_known": (Fact("PasswordLinkIssued", purpose="reset"),),
    "reset_request_unknown": (),
    "remind_right": (Fact("UserIdReminderRequested"),),
    "remind_wrong_answer": (),
    "ekyc_accept": (Fact("EkycStarted"),),
    "ekyc_expire": (Fact("EkycStatusChanged"),),
    "ekyc_fail": (Fact("EkycStatusChanged"),),
    "reject": (Fact("ApplicationRejected"),),
    "reapply": (Fact("ApplicationSubmitted"),),
    "change_apply": (Fact("ApplicationSubmitted"),),
    "change_approve": (Fact("ApplicationApproved"),),
}
HAPPENINGS = frozenset(_HAPPENINGS) | {"approve"}


def applicant_mails(happenings: Iterable[str]) -> list[Template]:
    """The mails of the applicant, in order, for a list of HAPPENINGS to one association (NO-02 to NO-10).

    The first `approve` is the first approval; whatever is approved later sends no second NO-09.
    """
    mails = []
    approved = False
    for happening in happenings:
        if happening == "approve":
            facts: tuple[Fact, ...] = (Fact("ApplicationApproved", first_approval=not approved),)
        else:
            facts = _HAPPENINGS[happening]
        approved = approved or happening in {"approve", "change_approve"}
        mails += [template for fact in facts if (template := template_for(fact))]
    return [mail for mail in mails if mail is not Template.OFFICE_NEW_CASE]
