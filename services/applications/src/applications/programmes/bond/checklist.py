"""Which papers the bond programme asks for: the upload slots (DO-01 to DO-26) and, by post in place of eKYC, one
identity paper (DO-30 to DO-34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kit.japan.months import add_months

from applications.programmes.bond.rules import RepresentativeType

TOTAL_LIMIT_MEGABYTES = 6
TOTAL_LIMIT_LABEL = f"{TOTAL_LIMIT_MEGABYTES}MB"
TOTAL_LIMIT_BYTES = TOTAL_LIMIT_MEGABYTES * 1024 * 1024  # DO-05, I-46: inclusive


@dataclass(frozen=True)
class Slot:
    """One place for one file (I-48)."""

    key: str
    label: str
    required: bool = False


# DO-01 in the order of the screen; DO-02 for what is required. I-50: 議会議案書 is kept as printed.
SLOTS = (
    Slot("kanri_kiyaku", "管理規約", required=True),
    Slot("sokai_gijiroku", "総会議事録", required=True),
    Slot("gian_sho", "議会議案書"),
    Slot("rijikai_gijiroku", "理事会議事録等"),
    Slot("shogyo_toki", "商業登記簿謄本(外部管理者方式の場合)"),
    Slot("shain_sho", "社員証等(外部管理者方式の場合)"),
    Slot("other1", "その他1"),
    Slot("other2", "その他2"),
    Slot("other3", "その他3"),
)
SLOT_KEYS = frozenset(slot.key for slot in SLOTS)


@dataclass(frozen=True)
class UploadedFile:
    """What the checklist must know of a file in a slot."""

    slot: str
    size_bytes: int
    standard_type: bool
    placeholder: bool


@dataclass(frozen=True)
class UploadCheck:
    """What is to be said about a set of uploads: errors block a submission, warnings are for the staff."""

    total_bytes: int
    errors: list[str]
    warnings: list[str]

    @property
    def submittable(self) -> bool:
        """Whether the set blocks nothing."""
        return not self.errors


def expected_slots(representative: RepresentativeType, register_has_name: bool) -> frozenset[str]:
    """The slots that an external manager or a corporation fills besides the required ones (DO-20 to DO-25).

    `register_has_name`: the register copy contains the representative's name, so that no employee card is needed.
    A qualification certificate goes to the slot of the employee card (I-52).
    """
    if representative is RepresentativeType.MANAGEMENT_COMPANY:
        return frozenset({"shogyo_toki"} if register_has_name else {"shogyo_toki", "shain_sho"})
    if representative is RepresentativeType.OTHER_EXTERNAL:
        return frozenset({"shain_sho"})
    if representative is RepresentativeType.CORPORATE_OWNER:
        return frozenset({"shogyo_toki"})
    return frozenset()


def register_replaces_ekyc(representative: RepresentativeType, register_has_name: bool) -> bool:
    """Whether the register copy alone proves who the representative is, so that eKYC is not needed (DO-22, DO-25)."""
    companies = {RepresentativeType.MANAGEMENT_COMPANY, RepresentativeType.CORPORATE_OWNER}
    return register_has_name and representative in companies


def check_uploads(
    representative: RepresentativeType, register_has_name: bool, files: Sequence[UploadedFile]
) -> UploadCheck:
    """Check the whole set at submission (DO-01 to DO-26). `files` holds at most one file a slot.

    Only an empty required slot and the limit block (I-51): papers that do not fit come by post, announced by a
    placeholder, which fills its slot (DO-13).
    """
    filled = {file.slot for file in files}
    total = sum(file.size_bytes for file in files)
    errors = [f"REQUIRED_SLOT_EMPTY:{slot.key}" for slot in SLOTS if slot.required and slot.key not in filled]
    if total > TOTAL_LIMIT_BYTES:
        errors.append("TOTAL_OVER_LIMIT")
    warnings = [
        *(f"EXPECTED_SLOT_EMPTY:{key}" for key in expected_slots(representative, register_has_name) - filled),
        *(f"NONSTANDARD_TYPE:{file.slot}" for file in files if not file.standard_type),
        *(f"PAPER_FOLLOWS:{file.slot}" for file in files if file.placeholder),
    ]
    return UploadCheck(total_bytes=total, errors=sorted(errors), warnings=sorted(warnings))


def issued_within_three_months(issued_on: date, counted_on: date) -> bool:
    """DO-26, I-53: calendar months from the issue, inclusive; counted to the submission, or to a paper's arrival."""
    return counted_on <= add_months(issued_on, 3)


# DO-32
_HEALTH_CARD_UNTIL = date(2025, 12, 1)
_DRIVING_HISTORY_FROM = date(2012, 4, 1)
_PASSPORT_APPLIED_UNTIL = date(2020, 2, 3)

_BOTH_SIDES = frozenset({"licence", "driving_history", "resident_card"})
_FRONT_ONLY = "my_number_card"
_ORIGINALS = frozenset({"seal_cert", "residence_cert"})
_WITH_ADDRESS = frozenset({"eligibility_cert", "health_card"})
_PASSPORT_PAGES = frozenset({"photo", "holder"})
PAPER_KINDS = _BOTH_SIDES | {_FRONT_ONLY} | _ORIGINALS | _WITH_ADDRESS | {"passport"}


@dataclass(frozen=True)
class IdentityPaper:
    """What the staff record of a paper that came by post (DO-34).

    `sides` is "both" or "front", `pages` the pages of a passport copy ("photo", "holder"). `has_address` may stay
    None for a passport only, where the holder's page counts as filled in unless the staff say otherwise.
    """

    kind: str
    arrived: date
    sides: str | None = None
    issued: date | None = None
    has_address: bool | None = None
    expires: date | None = None
    original: bool = False
    applied: date | None = None
    pages: frozenset[str] = frozenset()


class DateNotRecorded(ValueError):
    """The paper cannot be judged before its issue or application date is recorded."""


def identity_paper_result(paper: IdentityPaper) -> str:
    """`OK`, or the first fault of an identity paper (DO-30 to DO-34).

    Dates come first: a paper that is too old, or whose kind is not taken any more, no better copy will cure. Raises
    DateNotRecorded where a date decides that was not recorded.
    """
    if paper.kind not in PAPER_KINDS:
        return "NOT_ON_LIST"
    fault = _date_fault(paper) or _form_fault(paper)
    if fault:
        return fault
    needed = _needed_date(paper)
    if needed:
        raise DateNotRecorded(f"the date '{needed}' of the paper is needed")
    return "OK"


def _date_fault(paper: IdentityPaper) -> str | None:
    if paper.kind == "health_card":
        last = min(_HEALTH_CARD_UNTIL, paper.expires or _HEALTH_CARD_UNTIL)
        return "ARRIVED_TOO_LATE" if paper.arrived > last else None
    if paper.kind == "passport":
        return "APPLIED_TOO_LATE" if paper.applied and paper.applied > _PASSPORT_APPLIED_UNTIL else None
    if paper.issued is None:
        return None
    if paper.kind == "driving_history":
        return "ISSUED_TOO_EARLY" if paper.issued < _DRIVING_HISTORY_FROM else None
    if paper.kind in _ORIGINALS:
        return None if issued_within_three_months(paper.issued, paper.arrived) else "TOO_OLD"
    return None


def _form_fault(paper: IdentityPaper) -> str | None:
    if paper.kind in _BOTH_SIDES and paper.sides != "both":
        return "BOTH_SIDES_NEEDED"
    if paper.kind == _FRONT_ONLY and paper.sides == "both":  # DO-33: the back shows the number itself
        return "FRONT_ONLY"
    if paper.kind in _ORIGINALS and not paper.original:
        return "ORIGINAL_NEEDED"
    if paper.kind in _WITH_ADDRESS and not paper.has_address:
        return "ADDRESS_MISSING"
    if paper.kind == "passport" and not paper.pages >= _PASSPORT_PAGES:
        return "PAGES_MISSING"
    if paper.kind == "passport" and paper.has_address is False:
        return "ADDRESS_MISSING"
    return None


def _needed_date(paper: IdentityPaper) -> str | None:
    if paper.kind == "passport" and paper.applied is None:
        return "applied"
    if paper.kind in _ORIGINALS | {"driving_history"} and paper.issued is None:
        return "issued"
    return None
