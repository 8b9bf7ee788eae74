"""Who may use the Web service, and who needs a check of identity at a branch first (group 2).

Asked before anybody registers (GL-038), of everybody who will be main applicant or joint debtor (GL-037).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from applications.programmes.green_loan.people.applicants import MAX_JOINT_DEBTORS


class Device(StrEnum):
    """What somebody has to go online with."""

    SMARTPHONE = "SMARTPHONE"
    CAMERA_TABLET = "CAMERA_TABLET"
    TABLET = "TABLET"
    PC = "PC"


class PhotoId(StrEnum):
    """An identity document. The first six have a photograph that eKYC reads (GL-042)."""

    MY_NUMBER_CARD = "MY_NUMBER_CARD"
    DRIVING_LICENCE = "DRIVING_LICENCE"
    DRIVING_CAREER_CERTIFICATE = "DRIVING_CAREER_CERTIFICATE"
    RESIDENT_REGISTER_CARD = "RESIDENT_REGISTER_CARD"
    RESIDENCE_CARD = "RESIDENCE_CARD"
    SPECIAL_PERMANENT_RESIDENT_CERTIFICATE = "SPECIAL_PERMANENT_RESIDENT_CERTIFICATE"
    PASSPORT = "PASSPORT"
    HEALTH_INSURANCE_CARD = "HEALTH_INSURANCE_CARD"


EKYC_DEVICES = frozenset({Device.SMARTPHONE, Device.CAMERA_TABLET})
"""GL-041."""
EKYC_DOCUMENTS = frozenset(
    {
        PhotoId.MY_NUMBER_CARD,
        PhotoId.DRIVING_LICENCE,
        PhotoId.DRIVING_CAREER_CERTIFICATE,
        PhotoId.RESIDENT_REGISTER_CARD,
        PhotoId.RESIDENCE_CARD,
        PhotoId.SPECIAL_PERMANENT_RESIDENT_CERTIFICATE,
    }
)
"""GL-042. interpretation (GL-043): a passport or health insurance card alone is none of them."""


class Route(StrEnum):
    """How somebody, or all of them together, can go on."""

    ALLOWED = "ALLOWED"
    IN_PERSON_CHECK_NEEDED = "IN_PERSON_CHECK_NEEDED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Person:
    """One of all applicants. `verified_at_institution`: the handling institution has checked the identity (GL-047)."""

    mail: str
    devices: frozenset[Device] = field(default_factory=frozenset)
    photo_id: PhotoId | None = None
    verified_at_institution: bool = False


@dataclass(frozen=True)
class WebUse:
    """The route, with the reason (None for ALLOWED) and the rule that wants it."""

    route: Route
    reason: str | None = None
    rule: str | None = None


def same_mail(one: str, other: str) -> bool:
    """GL-040: whether two addresses are one. interpretation: whatever their case."""
    return one.strip().casefold() == other.strip().casefold()


def has_own_mail(person: Person, people: Sequence[Person]) -> bool:
    """GL-039, GL-040, GL-050: an address, and nobody else's; there is no other way for those who have none."""
    return bool(person.mail.strip()) and Counter(same_mail(person.mail, one.mail) for one in people)[True] == 1


def route_of(person: Person) -> WebUse:
    """GL-041 to GL-043, GL-045, GL-047: how one person's identity is confirmed, apart from the mail address.

    Without a smartphone or camera tablet, or without one of the six documents, by the handling institution; without
    any device there is nothing to use the service with (GL-038).
    """
    if not person.devices:
        return WebUse(Route.REFUSED, "device", "GL-038")
    if person.verified_at_institution:
        return WebUse(Route.ALLOWED)
    if not person.devices & EKYC_DEVICES:
        return WebUse(Route.IN_PERSON_CHECK_NEEDED, "device", "GL-041")
    if person.photo_id not in EKYC_DOCUMENTS:
        return WebUse(Route.IN_PERSON_CHECK_NEEDED, "photo_id", "GL-042")
    return WebUse(Route.ALLOWED)


def web_use(people: Sequence[Person], *, joint_debtors: int, elderly_special: bool) -> WebUse:
    """GL-037, GL-039 to GL-044, GL-047, GL-049, GL-050: whether these people can apply by the Web service.

    `people` are the main applicant and the joint debtors as far as they are known; `joint_debtors` is how many there
    will be. `elderly_special`: 高齢者向け返済特例 is wanted, which has a paper form only. A refusal comes before
    a check at the branch. Raises ValueError for nobody, or for a number of joint debtors below zero.
    """
    if joint_debtors < 0:
        raise ValueError("joint debtors are counted from 0")
    if joint_debtors > MAX_JOINT_DEBTORS:
        return WebUse(Route.REFUSED, "four_or_more_joint_debtors", "GL-044")
    if elderly_special:
        return WebUse(Route.REFUSED, "elderly_special", "GL-049")
    if not people:
        raise ValueError("nobody is named who would apply")
    if not all(has_own_mail(person, people) for person in people):
        return WebUse(Route.REFUSED, "mail_not_own", "GL-039")
    routes = [route_of(person) for person in people]
    for route in (Route.REFUSED, Route.IN_PERSON_CHECK_NEEDED):
        for one in routes:
            if one.route is route:
                return one
    return WebUse(Route.ALLOWED)
