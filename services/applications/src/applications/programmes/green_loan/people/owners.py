"""Who has to own the house (GL-125 to GL-132).

One owner or co-owner within the circle is enough; the others are recorded, whoever they are (interpretation, GL-129).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import Finding

from applications.programmes.green_loan.people import kinship
from applications.programmes.green_loan.people.kinship import SPOUSE_EQUIVALENT, Path, Relation
from applications.programmes.green_loan.works.house import HouseUse


@dataclass(frozen=True)
class Owner:
    """An owner or co-owner of the house.

    `path` leads from the main applicant, for a RELATIVE. `path_from_occupant` leads from the relative who moves in
    (kinship.SELF for that relative), and is None where the owner is no kin of theirs, or where nobody of the kind is.
    """

    relation: Relation
    path: Path | None = None
    path_from_occupant: Path | None = None


def _is_kin(path: Path | None, *, has_legal_spouse: bool) -> bool:
    """Whether a path leads to the person itself, to the spouse, or to a relative of one of the two."""
    if path is None:
        return False
    sides = kinship.seen_from_both(path, has_legal_spouse=has_legal_spouse)
    return any(side == kinship.SELF or kinship.is_relative(side) for side in sides)


def _qualifies_as_applicants(owner: Owner, *, has_legal_spouse: bool) -> bool:
    """GL-125 (a), (c), (d), GL-131 (c) and its (d): the applicant, the legal spouse, or a relative of one of them.

    interpretation (GL-130): only a legal spouse brings relatives along.
    """
    if owner.relation in (Relation.APPLICANT, Relation.LEGAL_SPOUSE):
        return True
    return owner.relation is Relation.RELATIVE and _is_kin(owner.path, has_legal_spouse=has_legal_spouse)


def qualifies_for_own_house(owner: Owner, *, has_legal_spouse: bool) -> bool:
    """GL-125, GL-126, GL-130: whether this owner makes an own residence or second house eligible.

    `has_legal_spouse`: the main applicant is married. A partner who is no legal spouse may own the house (b); that
    partner's relatives may not.
    """
    return owner.relation in SPOUSE_EQUIVALENT or _qualifies_as_applicants(owner, has_legal_spouse=has_legal_spouse)


def qualifies_for_relatives_house(owner: Owner, *, has_legal_spouse: bool, occupant_has_legal_spouse: bool) -> bool:
    """GL-131: whether this owner makes a house eligible in which a relative lives.

    interpretation (GL-132): "parent" and "child" stand for the relative who moves in, whoever that is.
    """
    if _is_kin(owner.path_from_occupant, has_legal_spouse=occupant_has_legal_spouse):
        return True
    return _qualifies_as_applicants(owner, has_legal_spouse=has_legal_spouse)


def owners_findings(
    owners: Sequence[Owner],
    *,
    use: HouseUse,
    has_legal_spouse: bool,
    occupant_has_legal_spouse: bool,
    field: str,
) -> list[Finding]:
    """GL-125, GL-128, GL-129, GL-131: all owners and co-owners of the house; one in the circle is enough."""
    if use is HouseUse.RELATIVE:
        rule = "GL-131"
        eligible = any(
            qualifies_for_relatives_house(
                one, has_legal_spouse=has_legal_spouse, occupant_has_legal_spouse=occupant_has_legal_spouse
            )
            for one in owners
        )
        who = "入居する親族もしくはその配偶者、申込本人もしくはその配偶者、またはこれらの方の親族"
    else:
        rule = "GL-128"
        eligible = any(qualifies_for_own_house(one, has_legal_spouse=has_legal_spouse) for one in owners)
        who = "申込本人、その配偶者等、またはこれらの方の親族(配偶者等の親族は、法律上の配偶者の親族に限ります。)"
    if eligible:
        return []
    message = f"この住宅は、{who}が所有または共有している場合に融資の対象になります。所有者をご確認ください。"
    return [Finding(rule, "OWNER", message, field)]
