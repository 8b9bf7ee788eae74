"""Papers for certain people: foreigners, relatives who live in the house, same-sex partners (GL-406 to GL-411)."""

from __future__ import annotations

from collections.abc import Sequence

from kit.errors import Finding

from applications.forms import Form, asked
from applications.programmes.green_loan.papers.facts import OCCUPANT, Person, Position
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, Requirement
from applications.programmes.green_loan.works.house import HouseUse

FOREIGNER_PAPERS = (
    Paper.RESIDENCE_CARD,
    Paper.SPECIAL_PERMANENT_RESIDENT,
    Paper.ALIEN_REGISTRATION,
    Paper.RESIDENT_RECORD,  # interpretation (GL-407): a fourth alternative, if the status can be read from it
)

# GL-409: main applicant with joint debtor or co-owner, joint debtor with co-owner.
_PAIRS = (
    frozenset({Position.MAIN_APPLICANT, Position.JOINT_DEBTOR}),
    frozenset({Position.MAIN_APPLICANT, Position.CO_OWNER}),
    frozenset({Position.JOINT_DEBTOR, Position.CO_OWNER}),
)


def foreigner_requirements(persons: Sequence[Person]) -> list[Requirement]:
    """GL-406, GL-407: a paper that shows the residence status of each foreigner, the occupying relative included."""
    return [
        Requirement(
            code=Code.FOREIGNER_PAPER,
            who=person.key,
            accepted=tuple((paper,) for paper in FOREIGNER_PAPERS),
            due=Due.APPLICATION,
            why="外国籍の方は、永住者または特別永住者であることを確認するため、在留資格がわかる書類が必要です。",
            rules=("GL-406", "GL-407"),
            conditional=True,
        )
        for person in persons
        if person.foreigner
    ]


def relative_requirements(house_use: HouseUse) -> list[Requirement]:
    """GL-408: for a house where a relative lives, the declaration No. 13 and proof of the relationship."""
    if house_use is not HouseUse.RELATIVE:
        return []
    declaration = Requirement(
        code=Code.RELATIVE_RESIDENCE_DECLARATION,
        who=APPLICATION,
        accepted=((Paper.RESIDENCE_DECLARATION,),),
        due=Due.APPLICATION,
        why="親族が居住する住宅について融資を受けるため、入居する方についての申出が必要です。",
        rules=("GL-408", "GL-413"),
        conditional=True,
    )
    kinship = Requirement(
        code=Code.KINSHIP_PROOF,
        who=OCCUPANT,
        accepted=((Paper.FAMILY_REGISTER,), (Paper.RESIDENT_RECORD,)),
        due=Due.APPLICATION,
        why="申込本人と融資住宅に入居する親族との続柄を確認するために必要です。",
        rules=("GL-408",),
        conditional=True,
    )
    return [declaration, kinship]


def partners_need_paper(first: Position, second: Position) -> bool:
    """Whether same-sex partners with these roles prove their partnership (GL-409)."""
    return frozenset({first, second}) in _PAIRS


def same_sex_partner_requirements(partners: Sequence[tuple[Position, Position]]) -> list[Requirement]:
    """GL-409 to GL-411: one paper, if the application rests on a partnership of people of the same sex."""
    if not any(partners_need_paper(*pair) for pair in partners):
        return []
    paper = Requirement(
        code=Code.SAME_SEX_PARTNER_PAPER,
        who=APPLICATION,
        accepted=((Paper.PARTNERSHIP_CERTIFICATE,), (Paper.NOTARIAL_DEED,)),
        due=Due.APPLICATION,
        why="申込本人、連帯債務者、住宅または土地を共有する方のうちに同性パートナーの関係にある方がいるため、"
        "その関係を確認できる書類が必要です。",
        rules=("GL-409", "GL-410", "GL-411"),
        original_shown=True,
        conditional=True,
    )
    return [paper]


class PartnershipCertificate(Form):
    """What an officer reads and compares (GL-410).

    `municipality_fits`: it is that of the present address of either partner, or of the property. `published_as_void`:
    the number is among those of lost or void certificates that the municipality publishes, if it does.
    """

    issued_by: str | None = asked("発行した地方公共団体", "GL-410", max_length=100)
    number: str | None = asked("証明書の番号", "GL-410", max_length=50)
    municipality_fits: bool | None = asked("現住所または融資住宅の所在地の地方公共団体", "GL-410")
    published_as_void: bool | None = asked("紛失・無効の公表の有無", "GL-410")


class NotarialDeed(Form):
    """What stands in the deed in substance (GL-411)."""

    states_love_and_trust: bool | None = asked("愛情と信頼に基づく真摯な関係", "GL-411")
    states_shared_life: bool | None = asked("同居、協力および費用の分担の義務", "GL-411")


def partnership_certificate_findings(certificate: PartnershipCertificate, field: str) -> list[Finding]:
    """GL-410: of the right place, and not void."""
    found = []
    if not certificate.issued_by or not certificate.municipality_fits:
        message = "パートナーのいずれかの現住所、または融資住宅の所在地の地方公共団体が発行した証明書をご提出ください。"
        found.append(Finding("GL-410", "WRONG_ISSUER", message, field))
    if certificate.published_as_void is None:
        message = "紛失または無効として公表されている番号でないことを確認してください(公表がない場合は、なし)。"
        found.append(Finding("GL-410", "REQUIRED", message, f"{field}.published_as_void"))
    elif certificate.published_as_void:
        message = "この証明書の番号は、紛失または無効として公表されています。有効な証明書をご提出ください。"
        found.append(Finding("GL-410", "VOID", message, field))
    return found


def notarial_deed_findings(deed: NotarialDeed, field: str) -> list[Finding]:
    """GL-411: both statements stand in the deed, in substance."""
    found = []
    if not deed.states_love_and_trust:
        message = "二人が愛情と信頼に基づく真摯な関係であることが明記された公正証書をご提出ください。"
        found.append(Finding("GL-411", "RELATIONSHIP_NOT_STATED", message, field))
    if not deed.states_shared_life:
        message = (
            "二人が同居し、共同生活において互いに責任を持って協力し、必要な費用を分担する義務を負うことが"
            "明記された公正証書をご提出ください。"
        )
        found.append(Finding("GL-411", "SHARED_LIFE_NOT_STATED", message, field))
    return found
