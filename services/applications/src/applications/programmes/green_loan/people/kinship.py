"""Kinship as data: how many steps lie between two persons, and what that makes them to each other.

A person Y is seen from a person X by a `Path` of four fields (GL-138): perhaps a step to X's spouse, then steps up to
parents, then steps down to children, then perhaps a step to the spouse of whoever that is. A brother is one up and one
down; a child's wife is one down and a spouse. An adoption is a step like a birth.

The printed diagram of the guide is not among the sources: this module counts steps, as the civil code does
(interpretation, GL-138 to GL-142, GL-144, GL-145).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

BLOOD_DEGREES = 6
AFFINE_DEGREES = 3
"""GL-127, GL-143: how far relatives reach."""


class Kind(StrEnum):
    """What two persons are to each other; NONE is also what somebody is to himself."""

    SPOUSE = "SPOUSE"
    BLOOD = "BLOOD"
    AFFINE = "AFFINE"
    NONE = "NONE"


@dataclass(frozen=True)
class Path:
    """GL-138: Y seen from X. `up` and `down` count steps to parents and then to children; negative: ValueError."""

    start_spouse: bool = False
    up: int = 0
    down: int = 0
    end_spouse: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a negative number of steps."""
        if self.up < 0 or self.down < 0:
            raise ValueError("steps of kinship are counted from 0")


SELF = Path()
SPOUSE = Path(start_spouse=True)


def kind_of(path: Path) -> Kind:
    """GL-139 to GL-142: by the steps alone, however many they are."""
    spouses = path.start_spouse + path.end_spouse
    if spouses == 2:
        return Kind.NONE
    if path.up + path.down == 0:
        return Kind.SPOUSE if spouses else Kind.NONE
    return Kind.AFFINE if spouses else Kind.BLOOD


def degree_of(path: Path) -> int | None:
    """GL-139, GL-141: 親等, the steps up and down; None for a spouse and for who is no kin."""
    return path.up + path.down if kind_of(path) in (Kind.BLOOD, Kind.AFFINE) else None


def is_relative(path: Path) -> bool:
    """GL-127, GL-143: 親族: the spouse, blood relatives within the 6th degree, affines within the 3rd."""
    match kind_of(path):
        case Kind.SPOUSE:
            return True
        case Kind.BLOOD:
            return path.up + path.down <= BLOOD_DEGREES
        case Kind.AFFINE:
            return path.up + path.down <= AFFINE_DEGREES
        case Kind.NONE:
            return False


def is_within(path: Path, degrees: int) -> bool:
    """GL-143, GL-147: a relative by blood or marriage of at most so many degrees; the spouse has none, and is not."""
    degree = degree_of(path)
    return degree is not None and degree <= degrees and is_relative(path)


def is_lineal(path: Path) -> bool:
    """GL-144, GL-323: 直系親族: a relative straight up or straight down, by blood or by marriage; no spouse.

    interpretation: parents-in-law and children's spouses are lineal relatives.
    """
    return degree_of(path) is not None and is_relative(path) and (path.up == 0 or path.down == 0)


def seen_from_spouse(path: Path) -> Path:
    """The same person seen from X's legal spouse: the way leads over X, or no longer over the spouse."""
    return replace(path, start_spouse=not path.start_spouse)


def seen_from_both(path: Path, *, has_legal_spouse: bool) -> tuple[Path, ...]:
    """The paths to one person from X, and from X's legal spouse if there is one.

    interpretation (GL-130): the way over a partner who is no legal spouse makes nobody kin.
    """
    if has_legal_spouse:
        return (path, seen_from_spouse(path))
    return () if path.start_spouse or path == Path(end_spouse=True) else (path,)


class Relation(StrEnum):
    """What somebody is to the main applicant. GL-126: the second to the fifth are 配偶者等."""

    APPLICANT = "APPLICANT"
    LEGAL_SPOUSE = "LEGAL_SPOUSE"
    DE_FACTO = "DE_FACTO"
    ENGAGED = "ENGAGED"
    SAME_SEX_PARTNER = "SAME_SEX_PARTNER"
    RELATIVE = "RELATIVE"
    OTHER = "OTHER"


SPOUSE_EQUIVALENT = frozenset(
    {Relation.LEGAL_SPOUSE, Relation.DE_FACTO, Relation.ENGAGED, Relation.SAME_SEX_PARTNER},
)
"""GL-126: 配偶者等."""

NAMED = {
    "PARENT": Path(up=1),
    "CHILD": Path(down=1),
    "GRANDPARENT": Path(up=2),
    "GRANDCHILD": Path(down=2),
    "SIBLING": Path(up=1, down=1),
    "BROTHER": Path(up=1, down=1),
    "SISTER": Path(up=1, down=1),
    "GREAT_GRANDPARENT": Path(up=3),
    "GREAT_GRANDCHILD": Path(down=3),
    "UNCLE": Path(up=2, down=1),
    "AUNT": Path(up=2, down=1),
    "NEPHEW": Path(up=1, down=2),
    "NIECE": Path(up=1, down=2),
    "COUSIN": Path(up=2, down=2),
    "SPOUSE": SPOUSE,
    "CHILD_SPOUSE": Path(down=1, end_spouse=True),
    "GRANDCHILD_SPOUSE": Path(down=2, end_spouse=True),
    "SIBLING_SPOUSE": Path(up=1, down=1, end_spouse=True),
    "SPOUSE_PARENT": Path(start_spouse=True, up=1),
    "SPOUSE_CHILD": Path(start_spouse=True, down=1),
    "SPOUSE_GRANDPARENT": Path(start_spouse=True, up=2),
    "SPOUSE_SIBLING": Path(start_spouse=True, up=1, down=1),
}
"""Kin that a question or a form may name instead of counting steps (GL-145)."""
