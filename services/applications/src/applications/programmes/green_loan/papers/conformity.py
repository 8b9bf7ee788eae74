"""The dossier for the inspection body before the works start (GL-437 to GL-457).

The inspection body has a system of its own: here the dossier is a checklist, and its reports are recorded by name,
number and date (GL-457).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from kit.errors import Finding

from applications.forms import Form, asked
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, HandTo, Requirement
from applications.programmes.green_loan.works.kinds import Menu


class PlannedWorks(StrEnum):
    """The kinds of works that want papers of their own; the first five with STANDARD, the last two with S."""

    OPENINGS = "OPENINGS"
    INSULATION_STANDARD = "INSULATION_STANDARD"
    INSULATION_QUANTITY = "INSULATION_QUANTITY"
    WHOLE_HOUSE = "WHOLE_HOUSE"
    EQUIPMENT = "EQUIPMENT"
    COMPARTMENT_ZEH = "COMPARTMENT_ZEH"
    WHOLE_HOUSE_ZEH = "WHOLE_HOUSE_ZEH"


class InsulationData(Form):
    """What a paper says of insulation material: m2K/W, W/m2K, W/mK, millimetres, cubic metres; None: not said."""

    thermal_resistance: Decimal | None = asked("熱抵抗値", "GL-443", gt=0, le=1000)
    transmittance: Decimal | None = asked("熱貫流率", "GL-443", gt=0, le=1000)
    conductivity: Decimal | None = asked("熱伝導率", "GL-443", gt=0, le=1000)
    thickness_mm: Decimal | None = asked("厚さ", "GL-443", gt=0, le=10_000)
    volume_m3: Decimal | None = asked("使用量", "GL-444", gt=0, le=10_000)


@dataclass(frozen=True)
class InspectionRecord:
    """What is kept of a report of the inspection body: plan confirmed, or inspection passed (GL-451, GL-457)."""

    body_name: str
    reference_number: str
    reported_on: date | None


_ANNEX = {Menu.STANDARD: Paper.ANNEX_1, Menu.S: Paper.ANNEX_2}
_Ways = tuple[tuple[Paper, ...], ...]
# GL-442 to GL-446 for STANDARD, GL-447 and GL-448 for S: the papers of each kind of works, each with its ways.
_DATA: dict[PlannedWorks, tuple[str, tuple[_Ways, ...]]] = {
    PlannedWorks.OPENINGS: ("GL-442", (((Paper.OPENINGS_DATA,),),)),
    PlannedWorks.INSULATION_STANDARD: ("GL-443", (((Paper.INSULATION_DATA,),),)),
    PlannedWorks.INSULATION_QUANTITY: ("GL-444", (((Paper.INSULATION_QUANTITY_DATA,),),)),
    PlannedWorks.WHOLE_HOUSE: ("GL-445", (((Paper.DESIGN_DOCUMENTS,),),)),
    PlannedWorks.EQUIPMENT: ("GL-446", (((Paper.EQUIPMENT_DATA,),),)),
    PlannedWorks.COMPARTMENT_ZEH: (
        "GL-447",
        (((Paper.COMPARTMENT_PLAN,),), ((Paper.OPENINGS_DATA,),), ((Paper.INSULATION_DATA,),)),
    ),
    PlannedWorks.WHOLE_HOUSE_ZEH: (
        "GL-448",
        (((Paper.DESIGN_DOCUMENTS,),), ((Paper.OPENINGS_DATA,), (Paper.INSULATION_DATA,))),
    ),
}
_OF_S = frozenset({PlannedWorks.COMPARTMENT_ZEH, PlannedWorks.WHOLE_HOUSE_ZEH})


def dossier(menu: Menu, works: Collection[PlannedWorks]) -> list[Requirement]:
    """All papers for the inspection body before the works start, in the order of the guide (GL-440 to GL-449).

    Raises ValueError for works that the menu does not have.
    """
    if any((one in _OF_S) is not (menu is Menu.S) for one in works):
        raise ValueError(f"the menu {menu} does not have all of these works")
    found = [
        _paper(Code.CONFORMITY_APPLICATION, ((Paper.CONFORMITY_APPLICATION,),), ("GL-440",)),
        _paper(Code.CONFORMITY_REGISTER, ((Paper.BUILDING_REGISTER_COPY,),), ("GL-440",)),
        _paper(
            Code.CONFORMITY_ANNEX,
            ((_ANNEX[menu],), (Paper.SUBSIDY_APPLICATION,)),
            ("GL-441" if menu is Menu.STANDARD else "GL-447", "GL-449"),
        ),
    ]
    data = [(rule, ways) for one in PlannedWorks if one in works for rule, papers in [_DATA[one]] for ways in papers]
    found += [_paper(Code.WORKS_DATA, ways, (rule,), number) for number, (rule, ways) in enumerate(data, start=1)]
    return found


_WHY = {
    Code.CONFORMITY_APPLICATION: "工事着工前に、適合証明検査機関に適合証明を申請するために必要です。",
    Code.CONFORMITY_REGISTER: "適合証明検査機関が住宅を確認するために必要です。",
    Code.CONFORMITY_ANNEX: "ご希望の融資メニューの工事内容を申請するために必要です。"
    "国等の補助事業の申請書で性能値等がわかる場合は、その申請書を代わりに提出できます。",
    Code.WORKS_DATA: "工事の実施内容と性能を適合証明検査機関が確認するために必要です。",
}


def _paper(code: Code, ways: _Ways, rules: tuple[str, ...], number: int = 1) -> Requirement:
    return Requirement(
        code=code,
        who=APPLICATION,
        accepted=ways,
        due=Due.PLAN,
        why=_WHY[code],
        rules=rules,
        hand_to=HandTo.INSPECTION_BODY,
        number=number,
    )


ANNEXES = (*_ANNEX.values(), Paper.SUBSIDY_APPLICATION)
_INSULATED = frozenset({PlannedWorks.INSULATION_STANDARD, PlannedWorks.COMPARTMENT_ZEH})


def dossier_findings(
    menu: Menu,
    works: Collection[PlannedWorks],
    received: Collection[Paper],
    *,
    shows_performance: bool,
    insulation: InsulationData,
    field: str,
) -> list[Finding]:
    """GL-440 to GL-449: what the dossier lacks before a plan can be confirmed, of the papers that the body received.

    `insulation` is what its papers say of the material, where the works ask for it; of a whole house at ZEH level where
    the data that was received is of insulation (GL-448).
    """
    annexes = [one for one in ANNEXES if one in received]
    found = [
        Finding(one.rules[0], "PAPER_MISSING", f"{one.label}をご提出ください。", field)
        for one in dossier(menu, works)
        if not any(set(way) <= set(received) for way in one.accepted)
        and not (one.code is Code.CONFORMITY_ANNEX and annexes)
    ]
    for annex in annexes[:1]:
        found += annex_findings(menu, annex, shows_performance=shows_performance, field=field)
    whole_house = PlannedWorks.WHOLE_HOUSE_ZEH in works and Paper.INSULATION_DATA in received
    if whole_house or _INSULATED & set(works):
        found += insulation_data_findings(insulation, "insulation")
    if PlannedWorks.INSULATION_QUANTITY in works:
        found += insulation_quantity_findings(insulation, "insulation")
    return found


def annex_findings(menu: Menu, annex: Paper, *, shows_performance: bool, field: str) -> list[Finding]:
    """GL-441, GL-447, GL-449: annex 1 with STANDARD, annex 2 with S, or a subsidy's form that shows performance values.

    `shows_performance` is asked of the subsidy's form only.
    """
    right = _ANNEX[menu]
    if annex is Paper.SUBSIDY_APPLICATION:
        if shows_performance:
            return []
        message = "性能値等が記載された補助事業の申請書、または住宅改良工事適合証明申請書の別紙をご提出ください。"
        return [Finding("GL-449", "PERFORMANCE_NOT_SHOWN", message, field)]
    if annex is right:
        return []
    rule, number = ("GL-441", "1") if menu is Menu.STANDARD else ("GL-447", "2")
    message = f"ご希望の融資メニューでは、住宅改良工事適合証明申請書の別紙{number}をご提出ください。"
    return [Finding(rule, "WRONG_ANNEX", message, field)]


def insulation_data_findings(data: InsulationData, field: str) -> list[Finding]:
    """GL-443, GL-447, GL-448: resistance, transmittance, or conductivity with the thickness."""
    if data.thermal_resistance is not None or data.transmittance is not None:
        return []
    if data.conductivity is None:
        message = "断熱材の熱抵抗値、熱貫流率または熱伝導率がわかる資料をご用意ください。"
        return [Finding("GL-443", "PERFORMANCE_MISSING", message, field)]
    if data.thickness_mm is None:
        message = "熱伝導率による場合は、断熱材の厚さがわかる資料もご用意ください。"
        return [Finding("GL-443", "THICKNESS_MISSING", message, field)]
    return []


def insulation_quantity_findings(data: InsulationData, field: str) -> list[Finding]:
    """GL-444: conductivity and cubic metres, both. Whether they suffice is the inspection body's judgement."""
    found = []
    if data.conductivity is None:
        message = "断熱材の熱伝導率がわかる資料をご用意ください。"
        found.append(Finding("GL-444", "CONDUCTIVITY_MISSING", message, field))
    if data.volume_m3 is None:
        message = "断熱材の使用量(立方メートル)がわかる資料をご用意ください。"
        found.append(Finding("GL-444", "QUANTITY_MISSING", message, field))
    return found


def works_content_findings(in_loan: Collection[str], in_conformity: Collection[str], field: str) -> list[Finding]:
    """GL-454: the works in the conformity application are those in the loan application. Both as codes of works."""
    if set(in_loan) == set(in_conformity):
        return []
    message = "適合証明申請書の「改良工事の内容」は、借入申込みの工事内容と一致するようにご記入ください。"
    return [Finding("GL-454", "WORKS_DIFFER", message, field)]


def inspection_record_findings(record: InspectionRecord, prefix: str) -> list[Finding]:
    """GL-451, GL-457: a report is recorded with the body's name, its reference number and the date."""
    labels = {"body_name": "適合証明検査機関の名称", "reference_number": "受付番号等", "reported_on": "報告日"}
    return [
        Finding("GL-457", "REQUIRED", f"{label}を入力してください。", prefix + name)
        for name, label in labels.items()
        if getattr(record, name) in (None, "")
    ]
