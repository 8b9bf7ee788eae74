"""Which works are required energy-saving works (category A) of a menu (GL-152 to GL-177).

One of the works is judged by itself for STANDARD. For S the works of a compartment are judged together, because
openings and insulation are both needed there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from kit.errors import Finding

from applications.programmes.green_loan.works.kinds import INSULATION, OPENINGS, PROOFS, PV, Menu, Proof, Subject, kind

MINIMUM_PV_KW = Decimal(1)
"""GL-167: the system capacity of the array by JIS or the like; GL-173 lifts it for nobody (interpretation)."""


@dataclass(frozen=True)
class Work:
    """One of the works and what its papers show. `kind` is a code of `kinds.KINDS`.

    - `places`: how many openings are worked on.
    - `meets_energy_standard_at_place`: the worked place meets 省エネ基準(仕様基準) afterwards.
    - `set_quantity_met`: at least the set quantity of insulation is used there; the booklet says how much (GL-161).
    - `capacity_kw`: system capacity of the photovoltaic array. `whole_output_sale`: 全量売電.
    - `proofs`: what shows that the product meets the criteria.
    - `linked_to_generation`: a battery works with generation equipment, new or existing (GL-180).
    - `bears_weight_of_equipment`: the purpose of a seismic reinforcement is that the building carries what is
      installed with it (GL-181).
    """

    kind: str
    places: int = 1
    meets_energy_standard_at_place: bool = False
    set_quantity_met: bool = False
    capacity_kw: Decimal | None = None
    whole_output_sale: bool = False
    proofs: frozenset[Proof] = frozenset()
    linked_to_generation: bool = False
    bears_weight_of_equipment: bool = False


@dataclass(frozen=True)
class House:
    """What the envelope of the whole house meets after the works: 省エネ基準 (GL-160), ZEH水準 (GL-177)."""

    meets_energy_standard: bool = False
    meets_zeh: bool = False


def is_insulation_work(work: Work) -> bool:
    """Whether this is insulation renovation at all: openings, at one place at least, or insulation of an element."""
    if work.kind == OPENINGS:
        return work.places >= 1
    return work.kind == INSULATION


def standard_findings(work: Work, house: House, field: str) -> list[Finding]:
    """GL-153, GL-158 to GL-173: why this is no required work of menu STANDARD; empty: it is."""
    one = kind(work.kind)
    match one.subject:
        case Subject.INSULATION:
            return _insulation_findings(work, house, field)
        case Subject.EQUIPMENT:
            return _equipment_findings(work, field)
        case _:
            message = f"「{one.name}」は、要件工事ではありません。断熱改修工事または省エネ設備の設置・交換が必要です。"
            return [Finding("GL-153", "NOT_REQUIRED_KIND", message, field)]


def _insulation_findings(work: Work, house: House, field: str) -> list[Finding]:
    if not is_insulation_work(work):
        return [Finding("GL-158", "NO_PLACE", "開口部の工事は、一箇所以上で行う必要があります。", field)]
    if work.meets_energy_standard_at_place or house.meets_energy_standard:
        return []
    if work.kind == OPENINGS:
        message = (
            "工事後の工事箇所、または住宅全体の外皮性能が、省エネ基準を満たす必要があります。"
            "製品の仕様を工事請負業者にご確認ください。"
        )
        return [Finding("GL-158", "BELOW_STANDARD", message, field)]
    if work.set_quantity_met:
        return []
    message = (
        "工事後の工事箇所もしくは住宅全体の外皮性能が省エネ基準を満たすか、"
        "一定量以上の断熱材を使用する必要があります。断熱材の仕様と使用量を工事請負業者にご確認ください。"
    )
    return [Finding("GL-159", "BELOW_STANDARD", message, field)]


def is_excluded(work: Work) -> bool:
    """GL-168: photovoltaic equipment that sells its whole output is financed in no category.

    interpretation: GL-179 makes other energy-saving works of what misses a figure; this is excluded by its use.
    """
    return work.kind == PV and work.whole_output_sale


def _equipment_findings(work: Work, field: str) -> list[Finding]:
    findings = []
    one = kind(work.kind)
    if is_excluded(work):
        message = "発電した電気の全量を売電する太陽光発電設備は、融資の対象になりません。"
        findings.append(Finding("GL-168", "WHOLE_OUTPUT_SALE", message, field))
    if work.kind == PV and (work.capacity_kw is None or work.capacity_kw < MINIMUM_PV_KW):
        message = "太陽電池アレイのシステム容量(JIS等に基づくもの)が1kW以上である必要があります。"
        findings.append(Finding("GL-167", "CAPACITY", message, field))
    if one.proofs and not one.proofs & work.proofs:
        offered = "、".join(PROOFS[proof] for proof in Proof if proof in one.proofs)
        message = f"{one.name}は、次のいずれかに当てはまる必要があります: {offered}。"
        findings.append(Finding(one.rule, "NO_PROOF", message, field))
    return findings


@dataclass(frozen=True)
class Compartment:
    """GL-176: a part of the house bounded by walls, floor, ceiling, windows and doors; after the works (GL-175).

    - `habitable_rooms`: it contains one at least.
    - `all_openings_zeh`: all its openings that face outside air meet ZEH水準(仕様基準).
    - `worked_element_whole_zeh`: so does the whole of the worked wall, ceiling, roof or floor in it.
    """

    habitable_rooms: int = 1
    all_openings_zeh: bool = False
    worked_element_whole_zeh: bool = False


def zeh_findings(works: Collection[Work], compartment: Compartment, house: House, field: str) -> list[Finding]:
    """GL-154, GL-174 to GL-177: why the works in one compartment are no required works of menu S; empty: they are.

    One of openings and insulation is enough if the whole house meets the ZEH level afterwards (GL-177).
    """
    insulation = [work for work in works if is_insulation_work(work)]
    if insulation and house.meets_zeh:
        return []
    findings = []
    if {work.kind for work in insulation} != {OPENINGS, INSULATION}:
        message = (
            "グリーンリフォームローンSでは、一つの区画で、開口部の工事(一箇所以上)と、"
            "壁・天井・屋根・床のいずれかの断熱材の工事の両方を行う必要があります。"
        )
        findings.append(Finding("GL-174", "BOTH_NEEDED", message, field))
    if not (compartment.all_openings_zeh and compartment.worked_element_whole_zeh):
        message = (
            "工事後に、区画の外気に接する全ての開口部と、工事をした部位の全体が、"
            "ZEH水準(仕様基準)を満たす必要があります。"
        )
        findings.append(Finding("GL-175", "BELOW_ZEH", message, field))
    if compartment.habitable_rooms < 1:
        message = "区画には、居室が一つ以上必要です。区画の取り方をご確認ください。"
        findings.append(Finding("GL-176", "NO_HABITABLE_ROOM", message, field))
    return findings


def meets_requirement(menu: Menu, works: Collection[Work], compartment: Compartment, house: House) -> bool:
    """GL-152 to GL-154: whether works, for S those in one compartment, are what a menu requires."""
    if menu is Menu.S:
        return not zeh_findings(works, compartment, house, "")
    return any(not standard_findings(work, house, "") for work in works)
