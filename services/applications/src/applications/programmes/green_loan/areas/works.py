"""What can be asked of the rules about the house and its works."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from kit.areas import Answer, Area, Question
from pydantic import AfterValidator, Field

from applications.programmes.green_loan.areas.people import KinQuestion
from applications.programmes.green_loan.people import owners
from applications.programmes.green_loan.people.kinship import Relation
from applications.programmes.green_loan.works import kinds, required
from applications.programmes.green_loan.works.kinds import Menu, Proof
from applications.programmes.green_loan.works.required import Compartment, House, Work


class OwnerQuestion(KinQuestion):
    """An owner of an own residence or second house. `owner` is a name for people; the steps count for RELATIVE."""

    owner: str = ""
    kind: Relation
    applicant_has_legal_spouse: bool = False


class OwnerAnswer(Answer):
    """Whether this owner makes the house eligible."""

    eligible: bool


def owner_own_house(question: OwnerQuestion) -> OwnerAnswer:
    """Judge an owner."""
    owner = owners.Owner(question.kind, question.path if question.kind is Relation.RELATIVE else None)
    eligible = owners.qualifies_for_own_house(owner, has_legal_spouse=question.applicant_has_legal_spouse)
    return OwnerAnswer(eligible=eligible)


def _known_kind(code: str) -> str:
    return kinds.kind(code).code


class RequiredWork(Question):
    """Works and the menu they are for.

    For S the flags of the compartment tell what is done in it; `kind`, if given, is done there as well.
    """

    menu: Menu
    kind: Annotated[str, AfterValidator(_known_kind)] | None = None
    capacity_kw: Annotated[Decimal, Field(ge=0)] | None = None
    whole_output_sale: bool = False
    places: Annotated[int, Field(ge=0)] = 1
    meets_energy_standard_at_place: bool = False
    whole_house_meets: bool = False
    set_quantity_met: bool = False
    proofs: list[Proof] = Field(default_factory=list)
    compartment_openings_work: bool = False
    compartment_insulation_work: bool = False
    all_openings_zeh: bool = False
    worked_element_whole_zeh: bool = False
    whole_house_zeh: bool = False


class RequiredWorkAnswer(Answer):
    """Whether these are the required works of the menu."""

    qualifies: bool


def required_work(question: RequiredWork) -> RequiredWorkAnswer:
    """Judge works against what a menu requires."""
    works = []
    if question.kind is not None:
        work = Work(
            kind=question.kind,
            places=question.places,
            meets_energy_standard_at_place=question.meets_energy_standard_at_place,
            set_quantity_met=question.set_quantity_met,
            capacity_kw=question.capacity_kw,
            whole_output_sale=question.whole_output_sale,
            proofs=frozenset(question.proofs),
        )
        works.append(work)
    if question.compartment_openings_work:
        works.append(Work(kind=kinds.OPENINGS, places=question.places))
    if question.compartment_insulation_work:
        works.append(Work(kind=kinds.INSULATION))
    compartment = Compartment(
        all_openings_zeh=question.all_openings_zeh, worked_element_whole_zeh=question.worked_element_whole_zeh
    )
    house = House(meets_energy_standard=question.whole_house_meets, meets_zeh=question.whole_house_zeh)
    return RequiredWorkAnswer(qualifies=required.meets_requirement(question.menu, works, compartment, house))


AREAS = [
    Area(
        "green_loan/owner_own_house",
        ("GL-125", "GL-126", "GL-127", "GL-128", "GL-130"),
        OwnerQuestion,
        OwnerAnswer,
        owner_own_house,
    ),
    Area(
        "green_loan/required_work",
        (
            "GL-152",
            "GL-154",
            "GL-158",
            "GL-159",
            "GL-160",
            "GL-164",
            "GL-167",
            "GL-168",
            "GL-173",
            "GL-174",
            "GL-175",
            "GL-177",
            "GL-180",
        ),
        RequiredWork,
        RequiredWorkAnswer,
        required_work,
    ),
]
