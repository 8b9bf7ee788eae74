"""Which files the bond programme asks for: the upload slots (DO-01 to DO-26)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
