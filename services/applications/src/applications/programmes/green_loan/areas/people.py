"""What can be asked of the rules about people."""

from __future__ import annotations

import re
from typing import Annotated

from kit.areas import Answer, Area, Day, Question
from pydantic import AfterValidator, ConfigDict, Field

from applications.programmes.green_loan.people import age, combining, kinship, occupant, relay, residence
from applications.programmes.green_loan.people.kinship import Path, Relation
from applications.programmes.green_loan.works.house import HouseUse

Steps = Annotated[int, Field(ge=0)]
Years = Annotated[int, Field(ge=0)]

_WORDS = {
    "japanese": residence.JAPANESE,
    "japan": residence.JAPANESE,
    "japanese national": residence.JAPANESE,
    "japanese nationality": residence.JAPANESE,
    "日本": residence.JAPANESE,
    "日本人": residence.JAPANESE,
    "日本国籍": residence.JAPANESE,
    "日本国籍の方": residence.JAPANESE,
    "permanent resident": "永住者",
    "special permanent resident": "特別永住者",
}


def _status(text: str) -> str:
    """A nationality or status of residence as `residence` records it; what has no other name stays as it is.

    A name may stand beside the printed one, as in "permanent resident (永住者)"; every part has to be whole, so that
    a spouse of somebody permitted is not taken for that person.
    """
    parts = [" ".join(re.split(r"[\s_-]+", part)).strip() for part in re.split(r"[(),\uff08\uff09、]", text)]
    for part in parts:
        status = _WORDS.get(part.casefold(), part)
        if residence.may_take_part(status):
            return status
    return text.strip()


Status = Annotated[str, AfterValidator(_status)]


class ApplicantAge(Question):
    """A birth, the acceptance date, and whether the parent-child relay repayment is used."""

    birth: Day
    application_date: Day
    relay: bool = False


class ApplicantAgeAnswer(Answer):
    """The age in full years, and whether it allows an application."""

    age: int
    eligible: bool


def applicant_age(question: ApplicantAge) -> ApplicantAgeAnswer:
    """Judge the main applicant's age."""
    years = age.full_years(question.birth, question.application_date)
    return ApplicantAgeAnswer(age=years, eligible=age.may_apply_at(years, relay=question.relay))


class KinQuestion(Question):
    """Somebody seen from the main applicant, in steps: to the spouse, up, down, to the spouse of who that is."""

    start_spouse: bool = False
    up: Steps = 0
    down: Steps = 0
    end_spouse: bool = False

    @property
    def path(self) -> Path:
        """The same as the rules have it."""
        return Path(start_spouse=self.start_spouse, up=self.up, down=self.down, end_spouse=self.end_spouse)


class KinshipQuestion(KinQuestion):
    """A relationship. `who` is a name for people and plays no part."""

    who: str = ""


class KinshipAnswer(Answer):
    """What the steps make of somebody; `degree` is null for the spouse and for who is no kin."""

    model_config = ConfigDict(serialize_by_alias=True)

    kind: kinship.Kind = Field(serialization_alias="class")
    degree: int | None
    is_relative: bool
    lineal: bool


def kinship_degree(question: KinshipQuestion) -> KinshipAnswer:
    """Count the degree of kinship."""
    path = question.path
    return KinshipAnswer(
        kind=kinship.kind_of(path),
        degree=kinship.degree_of(path),
        is_relative=kinship.is_relative(path),
        lineal=kinship.is_lineal(path),
    )


class OccupantQuestion(KinshipQuestion):
    """Who is to live in the house. `any_lineal_relative_exists`: of the applicant or the legal spouse."""

    applicant_has_legal_spouse: bool = False
    any_lineal_relative_exists: bool = False
    nationality_or_status: Status


class OccupantAnswer(Answer):
    """Whether this person can be the occupying relative, and by which rule; an empty text: by none."""

    eligible: bool
    by: str


def occupant_eligibility(question: OccupantQuestion) -> OccupantAnswer:
    """Judge the occupying relative."""
    facts = {
        "has_legal_spouse": question.applicant_has_legal_spouse,
        "lineal_relative_exists": question.any_lineal_relative_exists,
    }
    refused = occupant.occupant_findings(
        question.path,
        **facts,
        status=question.nationality_or_status,
        path_field="who",
        status_field="nationality_or_status",
    )
    rule = occupant.occupant_rule(question.path, **facts)
    return OccupantAnswer(eligible=not refused, by="" if refused or rule is None else rule)


class CombinerQuestion(KinQuestion):
    """Whose income is to be combined; the steps count for RELATIVE."""

    house_use: HouseUse
    relation: Relation
    will_live_with_applicant: bool = False
    occupant_or_household_member: bool = False
    age: Years
    joint_debtor: bool = False
    status: Status


class CombinerAnswer(Answer):
    """Whether the income can be combined, and the first reason against it."""

    allowed: bool
    reason: str | None


def income_combiner(question: CombinerQuestion) -> CombinerAnswer:
    """Judge an income combiner."""
    refused = combining.combiner_findings(
        use=question.house_use,
        relation=question.relation,
        path=question.path if question.relation is Relation.RELATIVE else None,
        lives_with_applicant=question.will_live_with_applicant,
        in_occupants_household=question.occupant_or_household_member,
        age=question.age,
        joint_debtor=question.joint_debtor,
        status=question.status,
        field="",
    )
    return CombinerAnswer(allowed=not refused, reason=refused[0].code if refused else None)


NO_KIN = "OTHER"


def _known_kin(relation: str) -> str:
    if relation not in kinship.NAMED and relation != NO_KIN:
        raise ValueError(f"one of {', '.join([*kinship.NAMED, NO_KIN])} is needed")
    return relation


class SuccessorQuestion(Question):
    """Who is to succeed. `relation` is to the main applicant, OTHER for no kin."""

    relation: Annotated[str, AfterValidator(_known_kin)]
    regular_income: bool = False
    age: Years
    applicant_has_child_or_grandchild: bool = False


class SuccessorAnswer(Answer):
    """What becomes of the proposal."""

    result: relay.SuccessorResult


def relay_successor(question: SuccessorQuestion) -> SuccessorAnswer:
    """Judge a successor."""
    result = relay.successor_result(
        kinship.NAMED.get(question.relation),
        regular_income=question.regular_income,
        age=question.age,
        applicant_has_descendant=question.applicant_has_child_or_grandchild,
    )
    return SuccessorAnswer(result=result)


AREAS = [
    Area("green_loan/applicant_age", ("GL-110", "GL-111", "GL-116"), ApplicantAge, ApplicantAgeAnswer, applicant_age),
    Area(
        "green_loan/kinship_degree",
        ("GL-138", "GL-139", "GL-140", "GL-141", "GL-142", "GL-143", "GL-144"),
        KinshipQuestion,
        KinshipAnswer,
        kinship_degree,
    ),
    Area(
        "green_loan/occupant_eligibility",
        ("GL-146", "GL-147", "GL-148", "GL-149", "GL-150"),
        OccupantQuestion,
        OccupantAnswer,
        occupant_eligibility,
    ),
    Area(
        "green_loan/income_combiner",
        ("GL-314", "GL-315", "GL-316", "GL-317", "GL-318", "GL-319", "GL-320", "GL-323"),
        CombinerQuestion,
        CombinerAnswer,
        income_combiner,
    ),
    Area(
        "green_loan/relay_successor",
        ("GL-325", "GL-326", "GL-327", "GL-328"),
        SuccessorQuestion,
        SuccessorAnswer,
        relay_successor,
    ),
]
