"""The life of an association's information as a table (AS-82), with changes (AS-83) and proxy input (AS-57), and what a
submission must pass (AS-73).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import Party, Role

from applications import events
from applications.programmes.bond import checklist, rules
from applications.workflow import EDIT, NOTHING, VIEW, Case, Effect, Filing, Relation, Transition, Who, Workflow

TRACK = "registration"
MAILING_NOTES = "mailing_notes"
"""The tick 資料の確認及び承認 (AS-62)."""

COMPANY = "management_company"

OWNER = Who(Role.ASSOCIATION, Relation.OWNER)
PROXY = Who(Role.COMPANY, Relation.PARTY, kind=COMPANY, grant=EDIT)
REVIEWER = Who(Role.OFFICE_REVIEWER)
APPROVER = Who(Role.OFFICE_APPROVER)


def form_is_right(case: Case) -> Sequence[Finding]:
    """AS-02, AS-71: every field."""
    return case.filed.form.findings


def identity_is_verified(case: Case) -> Sequence[Finding]:
    """ID-78, ID-79, ID-80, DO-22, DO-25: the eKYC gate."""
    return rules.ekyc_findings(*_identity(case.filed), "cannot_ekyc")


def documents_are_there(case: Case) -> Sequence[Finding]:
    """DO-02, DO-05."""
    return [_document_finding(code) for code in _uploads(case.filed).errors]


def mailing_notes_are_accepted(case: Case) -> Sequence[Finding]:
    """AS-62."""
    filing = case.filed
    to_company = filing.form.content.get("mailing") == "company"
    return rules.mailing_consent_findings(
        to_company=to_company, ack_ticked=MAILING_NOTES in filing.consents, field=f"consents.{MAILING_NOTES}"
    )


def reason_is_given(case: Case) -> Sequence[Finding]:
    """AS-82: a rejection needs a reason text."""
    if case.reason.strip():
        return ()
    return [Finding("AS-82", "REQUIRED", "否認の理由を入力してください。", "reason")]


def warnings(case: Case) -> list[Finding]:
    """What blocks nothing: hints of the form (AS-65), and files to look at (DO-06, DO-13, DO-20 to DO-25)."""
    codes = _uploads(case.filed).warnings
    return [*case.filed.form.warnings, *(_document_finding(code) for code in codes)]


def notices(case: Case) -> list[Finding]:
    """AS-75: how the identity check stands, on the confirmation screen."""
    return [rules.ekyc_notice(*_identity(case.filed), "cannot_ekyc")]


def parties(content: Mapping[str, Any]) -> list[Party]:
    """AS-56, I-42: what the management company may do by the content in force; with level 3 it takes no part."""
    company = content.get("company", {})
    level = company.get("level")
    grants = [VIEW] * rules.may_view(level) + [EDIT] * rules.may_enter(level)
    return [Party(party_id=UUID(company["id"]), kind=COMPANY, grants=tuple(grants))] if grants else []


def certificate_month_stays(case: Case) -> Sequence[Finding]:
    """AS-83, I-45: the month of the balance certificate has a procedure of its own."""
    filing = case.filed
    if case.in_force is None:
        return ()
    month = case.in_force.get("certificate_month")
    return rules.certificate_month_findings(month, filing.form.content.get("certificate_month"), "certificate_month")


def something_is_in_force(case: Case) -> bool:
    """AS-83: there is an approved content to go back to."""
    return case.approved_submission is not None


FILING = (
    form_is_right,
    identity_is_verified,
    documents_are_there,
    mailing_notes_are_accepted,
    certificate_month_stays,
)
FILES, READS = frozenset({Effect.FILES}), frozenset({Effect.READS})
IN_FORCE, RESTORES = frozenset({Effect.COMES_INTO_FORCE}), frozenset({Effect.RESTORES})


def _row(
    command: str, sources: tuple[str, ...], target: str, who: Sequence[Who], label: str, *rules_: str, **more: Any
) -> Transition:
    return Transition(TRACK, command, sources, target, tuple(who), label, rules_, **more)


WORKFLOW = Workflow(
    main=TRACK,
    editable={"draft": (OWNER,), "rejected": (OWNER,), "changing": (OWNER,), "proxy_draft": (PROXY,)},
    shown={"proxy_waiting": (PROXY,)},
    under_review=frozenset({"applied"}),
    rules=("AS-82",),
    transitions=(
        _row("start", (NOTHING,), "draft", [OWNER], "入力を開始", "AS-01"),
        _row(
            "submit",
            ("draft", "rejected", "changing"),
            "applied",
            [OWNER],
            "申請",
            *("AS-73", "AS-82"),
            guards=FILING,
            otp=True,
            event=events.submitted,
            effects=FILES,
        ),
        # AS-82. A rejection is one officer's act: the applicant corrects and applies again, so nothing is lost by it.
        # An approval lets the content come into force, and needs two.
        _row(
            "recommend",
            ("applied",),
            "applied",
            [REVIEWER],
            "承認を推薦",
            "AS-80",
            public=False,
            event=events.recommended,
        ),
        _row(
            "approve",
            ("applied",),
            "approved",
            [APPROVER],
            "承認",
            *("AS-80", "AS-82"),
            second_of="recommend",
            event=events.approved,
            effects=IN_FORCE,
        ),
        _row(
            "reject",
            ("applied",),
            "rejected",
            [REVIEWER, APPROVER],
            "否認",
            *("AS-81", "AS-82"),
            guards=(reason_is_given,),
            event=events.rejected,
        ),
        # AS-83. A change begins from what is in force, which stays so until the change is approved. There is one draft
        # (I-24), so there is one change at a time, the association's own or the management company's.
        _row(
            "change",
            ("approved",),
            "changing",
            [OWNER],
            "登録内容の変更を開始",
            "AS-83",
            event=events.reopened_for_owner,
            effects=RESTORES,
        ),
        # AS-57, I-42. What the company enters becomes an application by the association's approval alone.
        _row(
            "change_by_proxy",
            ("approved",),
            "proxy_draft",
            [PROXY],
            "管理会社が代行入力を開始",
            *("AS-56", "AS-57"),
            event=events.reopened_for_editors,
            effects=RESTORES,
        ),
        _row(
            "hand_over",
            ("proxy_draft",),
            "proxy_waiting",
            [PROXY],
            "管理組合に承認を依頼",
            "AS-57",
            guards=(form_is_right, documents_are_there, certificate_month_stays),
            event=events.reopened_for_nobody,
            effects=READS,
        ),
        _row(
            "approve_proxy",
            ("proxy_waiting",),
            "applied",
            [OWNER],
            "代行入力を承認して申請",
            *("AS-57", "AS-73"),
            guards=FILING,
            otp=True,
            event=events.submitted,
            effects=FILES,
        ),
        _row(
            "decline_proxy",
            ("proxy_waiting",),
            "proxy_draft",
            [OWNER],
            "代行入力を承認しない",
            "AS-57",
            event=events.reopened_for_editors,
        ),
        # A change that nobody wants any more, whoever has it. A first application has nothing to go back to.
        _row(
            "withdraw",
            ("changing", "proxy_waiting", "applied", "rejected"),
            "approved",
            [OWNER],
            "登録内容の変更を取下げ",
            "AS-83",
            event=events.withdrawn,
            effects=RESTORES,
            when=something_is_in_force,
        ),
        _row(
            "withdraw",
            ("proxy_draft",),
            "approved",
            [OWNER, PROXY],
            "登録内容の変更を取下げ",
            *("AS-57", "AS-83"),
            event=events.withdrawn,
            effects=RESTORES,
        ),
    ),
)

_LABELS = {slot.key: slot.label for slot in checklist.SLOTS}
# Rule and message of each code of the checklist; {} is the slot's label.
_DOCUMENT_MESSAGES = {
    "REQUIRED_SLOT_EMPTY": ("DO-02", "「{}」のファイルを添付してください。"),
    "TOTAL_OVER_LIMIT": (
        "DO-05",
        f"添付ファイルの合計が{checklist.TOTAL_LIMIT_LABEL}を超えています。超える場合は書類を郵送してください。",
    ),
    "EXPECTED_SLOT_EMPTY": ("DO-20", "「{}」のファイルが添付されていません。必要な書類をご確認ください。"),
    "NONSTANDARD_TYPE": ("DO-06", "「{}」のファイルは標準の形式ではありません。"),
    "PAPER_FOLLOWS": ("DO-13", "「{}」は郵送で届く予定です。"),
}


def _representative(filing: Filing) -> tuple[rules.RepresentativeType, bool]:
    """Who represents, and whether the register copy names them."""
    person = filing.form.content.get("representative", {})
    kind = rules.RepresentativeType(person.get("type", rules.RepresentativeType.INDIVIDUAL))
    return kind, bool(person.get("register_has_name"))


def _identity(filing: Filing) -> tuple[str | None, bool, bool]:
    """The state of the check, whether it cannot be done, and whether the register copy takes its place."""
    in_register = checklist.register_replaces_ekyc(*_representative(filing))
    return filing.ekyc_status, bool(filing.form.content.get("cannot_ekyc")), in_register


def _uploads(filing: Filing) -> checklist.UploadCheck:
    return checklist.check_uploads(
        *_representative(filing),
        [
            checklist.UploadedFile(
                slot=document.slot,
                size_bytes=document.size_bytes,
                standard_type=document.standard_type,
                placeholder=document.placeholder,
            )
            for document in filing.documents
        ],
    )


def _document_finding(code: str) -> Finding:
    kind, _, slot = code.partition(":")
    rule, message = _DOCUMENT_MESSAGES[kind]
    return Finding(rule, kind, message.format(_LABELS.get(slot, "")), f"documents.{slot}" if slot else "documents")
