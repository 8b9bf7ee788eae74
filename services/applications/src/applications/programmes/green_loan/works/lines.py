"""The cost lines of an application: which are A, B or C, which are not financed, and why (GL-151 to GL-185)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kit.errors import Finding

from applications.programmes.green_loan.works.kinds import (
    BATTERY,
    INCIDENTAL,
    PV,
    SEISMIC,
    SOLAR_HEAT,
    Category,
    Menu,
    kind,
)
from applications.programmes.green_loan.works.required import (
    Compartment,
    House,
    Work,
    is_excluded,
    is_insulation_work,
    standard_findings,
    zeh_findings,
)


@dataclass(frozen=True)
class Line:
    """GL-185: one line of the works contract or estimate (interpretation: these fields).

    - `reference`: its name within the application. `document`: the id of the paper that shows it.
    - `amount_yen`: with consumption tax. `residential`: on the residential part of the building (GL-193).
    - `circled`: the line is marked ○ in that paper. `claimed`: the category that the applicant entered.
    - `compartment`: the name of the compartment that the works are in, for menu S; "" for none.
    - `caused_by`: for incidental works, the reference of the line that causes them (GL-155).
    """

    reference: str
    work: Work
    amount_yen: int
    document: str
    claimed: Category | None = None
    residential: bool = True
    circled: bool = False
    compartment: str = ""
    caused_by: str = ""


@dataclass(frozen=True)
class LineResult:
    """Where a line counts (None: it is not financed), and why it is not what it might have been."""

    reference: str
    category: Category | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """The lines in their order, and what the set as a whole lacks; empty: it has its required works (GL-152)."""

    lines: tuple[LineResult, ...]
    findings: tuple[Finding, ...]

    @property
    def has_required_works(self) -> bool:
        """GL-152: without A neither B nor C is financed."""
        return not self.findings


@dataclass(frozen=True)
class Plan:
    """All that is to be done: the menu, the lines, and what house and compartments (by name) meet afterwards."""

    menu: Menu
    lines: Sequence[Line]
    house: House = field(default_factory=House)
    compartments: Mapping[str, Compartment] = field(default_factory=dict)


def judge(plan: Plan) -> Judgement:
    """GL-152 to GL-155, GL-179 to GL-183: the category of every line, and whether there are required works.

    The field of a line's findings is its reference. Works on a part that nobody lives in are no required works: they
    are not financed themselves (GL-193). What the applicant claims never decides; a difference is found, so that
    somebody looks. Raises ValueError when two lines have one reference.
    """
    if len({line.reference for line in plan.lines}) < len(plan.lines):
        raise ValueError("two lines have one reference")
    works = {line.reference: _line_result(line, plan) for line in plan.lines if line.work.kind != INCIDENTAL}
    lines = tuple(
        _with_claim(line, works[line.reference] if line.reference in works else _incidental_result(line, works))
        for line in plan.lines
    )
    required = any(
        result.category is Category.A and line.residential and line.work.kind != INCIDENTAL
        for line, result in zip(plan.lines, lines, strict=True)
    )
    return Judgement(lines, () if required else (_nothing_required(plan.menu),))


def _nothing_required(menu: Menu) -> Finding:
    if menu is Menu.S:
        message = "グリーンリフォームローンSには、住宅内の一つの区画をZEH水準とする断熱改修工事が必要です。"
        return Finding("GL-154", "NO_REQUIRED_WORKS", message)
    message = (
        "要件工事(断熱改修工事、または省エネ設備の設置・交換工事)が必要です。"
        "その他の工事だけでは融資の対象になりません。"
    )
    return Finding("GL-153", "NO_REQUIRED_WORKS", message)


def _line_result(line: Line, plan: Plan) -> LineResult:
    one = kind(line.work.kind)
    if is_excluded(line.work):
        return LineResult(line.reference, None, tuple(standard_findings(line.work, plan.house, line.reference)))
    if one.category is Category.A:
        findings = tuple(_required_findings(line, plan))
    elif one.category is Category.B:
        findings = tuple(_saving_findings(line, plan.lines))
    else:
        findings = ()
    return LineResult(line.reference, one.otherwise if findings else one.category, findings)


def _required_findings(line: Line, plan: Plan) -> list[Finding]:
    if plan.menu is Menu.STANDARD:
        return standard_findings(line.work, plan.house, line.reference)
    if not is_insulation_work(line.work):
        message = (
            "グリーンリフォームローンSの要件工事は断熱改修工事です。この工事は、その他の省エネ工事として扱います。"
        )
        return [Finding("GL-154", "NOT_INSULATION", message, line.reference)]
    # Works outside any compartment stand alone: only the whole house can make them required works (GL-177).
    together = [one.work for one in plan.lines if line.compartment and one.compartment == line.compartment]
    compartment = plan.compartments.get(line.compartment, Compartment())
    return zeh_findings(together or [line.work], compartment, plan.house, line.reference)


def _saving_findings(line: Line, lines: Sequence[Line]) -> list[Finding]:
    if line.work.kind == BATTERY and not line.work.linked_to_generation:
        message = "蓄電池は、発電設備と連携するものに限り、融資の対象になります。"
        return [Finding("GL-180", "NOT_LINKED", message, line.reference)]
    if line.work.kind == SEISMIC:
        # GL-182, interpretation: the wider of the two printed texts, with insulation works.
        beside = any(is_insulation_work(one.work) or one.work.kind in (PV, SOLAR_HEAT) for one in lines)
        if not (beside and line.work.bears_weight_of_equipment):
            message = (
                "断熱改修、太陽光発電設備または太陽熱利用設備の設置と併せて行い、"
                "その重量に建物が耐えることを目的とする耐震補強ではないため、その他の工事として扱います。"
            )
            return [Finding("GL-181", "OTHER_PURPOSE", message, line.reference)]
    return []


def _incidental_result(line: Line, works: Mapping[str, LineResult]) -> LineResult:
    """GL-155: the category of the works that cause these; incidental works cause none."""
    cause = works.get(line.caused_by)
    if cause is None:
        message = "付随工事・諸経費は、どの工事に伴うものかを選択してください。"
        return LineResult(line.reference, None, (Finding("GL-155", "NO_CAUSE", message, line.reference),))
    return LineResult(line.reference, cause.category)


def _with_claim(line: Line, result: LineResult) -> LineResult:
    if line.claimed is None or line.claimed is result.category:
        return result
    told = f"区分{result.category}" if result.category else "融資の対象外"
    message = f"この工事は{told}にあたります。入力した区分{line.claimed}をご確認ください。"
    finding = Finding("GL-151", "OTHER_CATEGORY", message, line.reference)
    return LineResult(result.reference, result.category, (*result.findings, finding))
