"""What can be asked of the bond programme's rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from kit.areas import Answer, Area, Question
from kit.japan.filenames import is_placeholder, is_standard_type
from pydantic import AfterValidator, Field

from applications.programmes.bond import calculator, checklist, rules
from applications.programmes.bond.rules import Destination, RepresentativeType

HasNumber = Literal["有", "無"]
Level = Annotated[int, Field(ge=1, le=3)]


class Text(Question):
    """A text."""

    text: str


class Reasons(Answer):
    """Whether a value is valid, and all reasons against it."""

    valid: bool
    reasons: list[str]


class Errors(Answer):
    """Whether a value is valid, and all errors in it."""

    valid: bool
    errors: list[str]


class Valid(Answer):
    """Whether a value is valid."""

    valid: bool


class AccountKana(Answer):
    """The holder's name as it is stored, if it can be."""

    normalized: str | None
    errors: list[str]


def account_kana(question: Text) -> AccountKana:
    """Normalise the holder's name of an account."""
    errors = rules.account_kana_reasons(question.text)
    return AccountKana(normalized=None if errors else rules.normalize_account_kana(question.text), errors=errors)


class AssociationNumber(Question):
    """Whether there is an accumulation number, and which."""

    has_number: HasNumber
    number: str | None = None


def association_number(question: AssociationNumber) -> Errors:
    """Judge the accumulation number."""
    errors = rules.association_number_reasons(question.has_number == "有", question.number)
    return Errors(valid=not errors, errors=errors)


class CorporateNumber(Question):
    """A corporate number, if there is one."""

    number: str | None = None


def corporate_number(question: CorporateNumber) -> Errors:
    """Judge the corporate number."""
    errors = rules.corporate_number_reasons(question.number)
    return Errors(valid=not errors, errors=errors)


class PostalPhone(Question):
    """A postal code or a phone number."""

    kind: Literal["postal", "phone"]
    value: str


def postal_phone(question: PostalPhone) -> Valid:
    """Judge a postal code or a phone number."""
    is_valid = rules.is_postal_code if question.kind == "postal" else rules.is_phone_number
    return Valid(valid=is_valid(question.value))


class Name(Question):
    """A name in full width."""

    name: str


def name_kanji(question: Name) -> Reasons:
    """Judge a name in kanji."""
    reasons = rules.name_kanji_reasons(question.name)
    return Reasons(valid=not reasons, reasons=reasons)


def _known_slot(slot: str) -> str:
    if slot not in checklist.SLOT_KEYS:
        raise ValueError(f"one of {', '.join(sorted(checklist.SLOT_KEYS))} is needed")
    return slot


class Representative(Question):
    """The type of representative, and whether the register copy contains the name."""

    type: RepresentativeType
    register_has_name: bool = False


class File(Question):
    """A file in a slot."""

    slot: Annotated[str, AfterValidator(_known_slot)]
    name: str
    bytes: Annotated[int, Field(ge=0)]


class UploadSet(Question):
    """All files at submission. A slot holds one file: a later one replaces an earlier one (DO-03)."""

    representative: Representative
    files: list[File]


class UploadSetAnswer(Answer):
    """What blocks the submission, and what the staff are told."""

    submittable: bool
    total_bytes: int
    errors: list[str]
    warnings: list[str]


def upload_set(question: UploadSet) -> UploadSetAnswer:
    """Check a set of files."""
    by_slot = {
        file.slot: checklist.UploadedFile(
            slot=file.slot,
            size_bytes=file.bytes,
            standard_type=is_standard_type(file.name),
            placeholder=is_placeholder(file.name),
        )
        for file in question.files
    }
    who = question.representative
    check = checklist.check_uploads(who.type, who.register_has_name, list(by_slot.values()))
    return UploadSetAnswer(
        submittable=check.submittable,
        total_bytes=check.total_bytes,
        errors=check.errors,
        warnings=check.warnings,
    )


class CertificateQuestion(Question):
    """A year and the month chosen for the balance certificate."""

    year: int
    issue_month: Annotated[int, Field(ge=1, le=12)]


class CertificateAnswer(Answer):
    """From when the certificate is shown, and the day whose balance it states."""

    display_date: date
    as_of: date


def balance_certificate(question: CertificateQuestion) -> CertificateAnswer:
    """Date a balance certificate."""
    certificate = calculator.balance_certificate(question.year, question.issue_month)
    return CertificateAnswer(display_date=certificate.display_on, as_of=certificate.as_of)


_STATUS_BY_LABEL = {label: status for status, label in rules.EKYC_STATUS_LABELS.items()}


def _known_status(label: str) -> str:
    if label not in _STATUS_BY_LABEL:
        raise ValueError(f"one of {', '.join(_STATUS_BY_LABEL)} is needed")
    return label


class EkycGate(Question):
    """The status shown (none if never started), and whether eKYCの認証ができない is ticked."""

    status: Annotated[str, AfterValidator(_known_status)] | None = None
    cannot_ekyc_ticked: bool = False


class EkycGateAnswer(Answer):
    """Whether the application may be sent."""

    submission: Literal["allowed", "blocked"]


def ekyc_gate(question: EkycGate) -> EkycGateAnswer:
    """Ask the eKYC gate."""
    status = None if question.status is None else _STATUS_BY_LABEL[question.status]
    allowed = rules.ekyc_allows_submission(status, question.cannot_ekyc_ticked)
    return EkycGateAnswer(submission="allowed" if allowed else "blocked")


class Mailing(Question):
    """The choices that decide where papers go. The permission level is listed, and does not matter (AS-64)."""

    level: Level | None = None
    no_company_ticked: bool = False
    option: Literal["指定する", "指定しない"]
    ack_ticked: bool = False


class MailingAnswer(Answer):
    """Whether this can be registered, and if so, where papers go."""

    ok: bool
    to: Destination | None


def mailing(question: Mailing) -> MailingAnswer:
    """Judge the mailing destination."""
    to_company = question.option == "指定する"
    findings = [
        *rules.mailing_findings(to_company=to_company, no_company_ticked=question.no_company_ticked, field="option"),
        *rules.mailing_consent_findings(to_company=to_company, ack_ticked=question.ack_ticked, field="ack_ticked"),
    ]
    return MailingAnswer(ok=not findings, to=None if findings else rules.papers_go_to(to_company))


class Permission(Question):
    """The level of the approved data, and the one that waits for approval."""

    approved_level: Level | None = None
    level_in_pending_change: Level | None = None


class PermissionAnswer(Answer):
    """What the management company may do."""

    view: bool
    proxy_input: bool


def permission(question: Permission) -> PermissionAnswer:
    """Tell what the management company may do: only the approved level counts."""
    level = question.approved_level
    return PermissionAnswer(view=rules.may_view(level), proxy_input=rules.may_enter(level))


class WaivedFields(Question):
    """Whether there is an accumulation number, and which fields are empty."""

    has_number: HasNumber
    number: str | None = None
    missing: list[str]


class WaivedFieldsAnswer(Answer):
    """Which of the empty fields are errors."""

    missing_errors: list[str]


def waived_fields(question: WaivedFields) -> WaivedFieldsAnswer:
    """Tell which empty fields are errors."""
    errors = rules.missing_errors(question.has_number == "有", question.missing)
    return WaivedFieldsAnswer(missing_errors=errors)


def _rules(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}-{number:02}" for number in range(first, last + 1))


AREAS = [
    Area("bond/account_kana", ("AS-28", "AS-29"), Text, AccountKana, account_kana),
    Area("bond/association_number", ("AS-10", "AS-11"), AssociationNumber, Errors, association_number),
    Area("bond/corporate_number", ("AS-22", "AS-23"), CorporateNumber, Errors, corporate_number),
    Area("bond/postal_phone", ("AS-24", "AS-39"), PostalPhone, Valid, postal_phone),
    Area("bond/name_kanji", _rules("AS", 16, 18), Name, Reasons, name_kanji),
    Area(
        "bond/upload_set",
        (*_rules("DO", 1, 6), "DO-13", *_rules("DO", 20, 26)),
        UploadSet,
        UploadSetAnswer,
        upload_set,
    ),
    Area("bond/balance_certificate", ("AS-32",), CertificateQuestion, CertificateAnswer, balance_certificate),
    Area("bond/ekyc_gate", _rules("ID", 77, 80), EkycGate, EkycGateAnswer, ekyc_gate),
    Area("bond/mailing", _rules("AS", 60, 66), Mailing, MailingAnswer, mailing),
    Area("bond/permission", ("AS-53", "AS-56"), Permission, PermissionAnswer, permission),
    Area("bond/waived_fields", ("AS-12",), WaivedFields, WaivedFieldsAnswer, waived_fields),
]
