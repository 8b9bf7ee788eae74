"""The life of an association's information: AS-82 as a table, and what a submission must pass (AS-73)."""

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
REVIEWER = Who(Role.OFFICE_REVIEWER)
APPROVER = Who(Role.OFFICE_APPROVER)


def form_is_right(case: Case) -> Sequence[Finding]:
    """AS-02, AS-71: every field."""
    return case.filing.form.findings if case.filing else ()


def identity_is_verified(case: Case) -> Sequence[Finding]:
    """ID-78, ID-79, ID-80: the eKYC gate."""
    filing = case.filing
    if filing is None:
        return ()
    return rules.ekyc_findings(filing.ekyc_status, bool(filing.form.content.get("cannot_ekyc")), "cannot_ekyc")


def documents_are_there(case: Case) -> Sequence[Finding]:
    """DO-02, DO-05."""
    return [] if case.filing is None else [_document_finding(code) for code in _uploads(case.filing).errors]


def mailing_notes_are_accepted(case: Case) -> Sequence[Finding]:
    """AS-62."""
    filing = case.filing
    if filing is None:
        return ()
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
    if case.filing is None:
        return []
    codes = _uploads(case.filing).warnings
    return [*case.filing.form.warnings, *(_document_finding(code) for code in codes)]


def parties(content: Mapping[str, Any]) -> list[Party]:
    """AS-56, I-42: what the management company may do by the content in force; with level 3 it takes no part."""
    company = content.get("company", {})
    level = company.get("level")
    grants = [VIEW] * rules.may_view(level) + [EDIT] * rules.may_enter(level)
    return [Party(party_id=UUID(company["id"]), kind=COMPANY, grants=tuple(grants))] if grants else []


# AS-82. A rejection is one officer's act: the applicant corrects and applies again, so nothing is lost by it. An
# approval lets the content come into force, and needs two.
WORKFLOW = Workflow(
    main=TRACK,
    editable={"draft": (OWNER,), "rejected": (OWNER,)},
    under_review=frozenset({"applied"}),
    rules=("AS-82",),
    transitions=(
        Transition(TRACK, "start", (NOTHING,), "draft", (OWNER,), "入力を開始", ("AS-01",)),
        Transition(
            TRACK,
            "submit",
            ("draft", "rejected"),
            "applied",
            (OWNER,),
            "申請",
            ("AS-73", "AS-82"),
            guards=(form_is_right, identity_is_verified, documents_are_there, mailing_notes_are_accepted),
            otp="submit",
            event=events.submitted,
            effects=frozenset({Effect.FILES}),
        ),
        Transition(
            TRACK,
            "recommend",
            ("applied",),
            "applied",
            (REVIEWER,),
            "承認を推薦",
            ("AS-80",),
            public=False,
            event=events.recommended,
        ),
        Transition(
            TRACK,
            "approve",
            ("applied",),
            "approved",
            (APPROVER,),
            "承認",
            ("AS-80", "AS-82"),
            second_of="recommend",
            event=events.approved,
            effects=frozenset({Effect.COMES_INTO_FORCE}),
        ),
        Transition(
            TRACK,
            "reject",
            ("applied",),
            "rejected",
            (REVIEWER, APPROVER),
            "否認",
            ("AS-81", "AS-82"),
            guards=(reason_is_given,),
            event=events.rejected,
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


def _uploads(filing: Filing) -> checklist.UploadCheck:
    person = filing.form.content.get("representative", {})
    return checklist.check_uploads(
        rules.RepresentativeType(person.get("type", rules.RepresentativeType.INDIVIDUAL)),
        bool(person.get("register_has_name")),
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
