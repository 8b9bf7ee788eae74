"""What is wrong with the works and the costs of an application, and what they add up to (groups 8 to 10)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kit.errors import Finding

from applications.programmes.green_loan.form.findings import missing
from applications.programmes.green_loan.form.sections import Compartment, Cost, GreenLoanForm, House, Line, Loan, Works
from applications.programmes.green_loan.money.limit import CostLine, Limit, WorksCost, loan_limit, works_cost
from applications.programmes.green_loan.papers.conformity import PlannedWorks
from applications.programmes.green_loan.works import costs as rules_of_costs
from applications.programmes.green_loan.works import lines as rules_of_lines
from applications.programmes.green_loan.works.kinds import INCIDENTAL, KINDS, OPENINGS, Category, Menu, Subject
from applications.programmes.green_loan.works.required import Compartment as CompartmentFacts
from applications.programmes.green_loan.works.required import House as HouseFacts
from applications.programmes.green_loan.works.required import Work


@dataclass(frozen=True)
class Sums:
    """What the works cost by category, the proven costs beside them, and the limit that follows (GL-201)."""

    works: WorksCost
    d_yen: int
    limit: Limit


def works_wrong(form: GreenLoanForm) -> list[Finding]:
    """Everything about the works; a cost that cannot be financed counts nothing, and is said."""
    found = missing(form, GreenLoanForm, "", ("menu",))
    found += missing(form.works, Works, "works.", ("contract", "lines", "subsidies_yen"))
    works = form.works or Works()
    for number, line in enumerate(works.lines or ()):
        field = f"works.lines.{number}"
        found += missing(line, Line, f"{field}.", ("kind", "amount_yen"))
        if line.kind is not None and line.kind not in KINDS:
            found.append(Finding("GL-151", "UNKNOWN", "工事の種類を一覧から選択してください。", f"{field}.kind"))
    for number, cost in enumerate(works.costs or ()):
        field = f"works.costs.{number}"
        lacking = missing(cost, Cost, f"{field}.", ("code", "amount_yen", "customer_share_yen", "payer"))
        found += lacking or rules_of_costs.cost_findings(_cost(cost), field)
    judgement = judged(form)
    if judgement is None:
        return found
    for one in judgement.lines:
        found += [
            Finding(said.rule, said.code, said.message, f"works.lines.{int(one.reference) - 1}")
            for said in one.findings
            if one.category is None
        ]
    return [*found, *(Finding(one.rule, one.code, one.message, "works.lines") for one in judgement.findings)]


def works_hints(form: GreenLoanForm) -> list[Finding]:
    """Lines that are financed in another category than they might be: to be said, and to be looked at."""
    judgement = judged(form)
    if judgement is None:
        return []
    return [
        Finding(said.rule, said.code, said.message, f"works.lines.{int(one.reference) - 1}")
        for one in judgement.lines
        for said in one.findings
        if one.category is not None
    ]


def judged(form: GreenLoanForm) -> rules_of_lines.Judgement | None:
    """The category of every line (GL-151 to GL-185); None as long as a line cannot be read. References count from 1."""
    works = form.works or Works()
    lines = works.lines or ()
    if form.menu is None or not lines or any(one.kind not in KINDS or one.amount_yen is None for one in lines):
        return None
    house = form.house or House()
    plan = rules_of_lines.Plan(
        menu=form.menu,
        lines=[_line(str(number), one) for number, one in enumerate(lines, start=1)],
        house=HouseFacts(bool(house.meets_energy_standard), bool(house.meets_zeh)),
        compartments={one.name: _compartment(one) for one in works.compartments or () if one.name is not None},
    )
    return rules_of_lines.judge(plan)


def planned(form: GreenLoanForm) -> frozenset[PlannedWorks]:
    """GL-440 to GL-448: for which required works the inspection body wants papers; none before they can be judged."""
    judgement, house, works = judged(form), form.house or House(), form.works or Works()
    required = [
        line
        for line, one in zip(works.lines or (), judgement.lines if judgement else (), strict=False)
        if one.category is Category.A
    ]
    return frozenset(_planned(form.menu, house, line) for line in required if line.kind != INCIDENTAL)


def _planned(menu: Menu | None, house: House, line: Line) -> PlannedWorks:
    if menu is Menu.S:
        return PlannedWorks.WHOLE_HOUSE_ZEH if house.meets_zeh else PlannedWorks.COMPARTMENT_ZEH
    if KINDS[line.kind or ""].subject is Subject.EQUIPMENT:
        return PlannedWorks.EQUIPMENT
    if line.set_quantity_met and not line.meets_energy_standard_at_place:
        return PlannedWorks.INSULATION_QUANTITY
    if not line.meets_energy_standard_at_place and house.meets_energy_standard:
        return PlannedWorks.WHOLE_HOUSE
    return PlannedWorks.OPENINGS if line.kind == OPENINGS else PlannedWorks.INSULATION_STANDARD


def energy_saving(form: GreenLoanForm) -> list[tuple[int, Category, Line]]:
    """The lines of energy-saving works, counted from 0, with their category: A and B, without what is incidental.

    interpretation (GL-454, GL-464): these are what conformity application and photographs are about.
    """
    judgement, lines = judged(form), (form.works or Works()).lines or ()
    return [
        (number, one.category, line)
        for number, (line, one) in enumerate(zip(lines, judgement.lines if judgement else (), strict=False))
        if one.category in {Category.A, Category.B} and line.kind != INCIDENTAL and one.category
    ]


def sums(form: GreenLoanForm, proven: Collection[int] | None = None, running_yen: int | None = None) -> Sums | None:
    """GL-186 to GL-201; None as long as the lines cannot be judged.

    `proven` are the costs, counted from 0, whose evidence an officer has checked: no others count (GL-235). None:
    nobody has looked yet, and all count as if it had been checked. `running_yen` is what is still owed of other
    loans by the agency's books (GL-199); None: what the applicant says.
    """
    judgement = judged(form)
    works = form.works or Works()
    if judgement is None:
        return None
    cost = works_cost(
        CostLine(result.category, line.amount_yen or 0, residential=line.residential is not False)
        for line, result in zip(works.lines or (), judgement.lines, strict=True)
        if result.category is not None
    )
    d_yen = rules_of_costs.d_yen(
        _cost(one, checked=proven is None or number in proven)
        for number, one in enumerate(works.costs or ())
        if one.code and one.payer
    )
    running = (form.loan or Loan()).running_balance_yen or 0 if running_yen is None else running_yen
    limit = loan_limit(cost, d_yen=d_yen, subsidies_yen=works.subsidies_yen or 0, running_yen=running)
    return Sums(cost, d_yen, limit)


def _line(reference: str, line: Line) -> rules_of_lines.Line:
    work = Work(
        kind=line.kind or "",
        places=1 if line.places is None else line.places,
        meets_energy_standard_at_place=bool(line.meets_energy_standard_at_place),
        set_quantity_met=bool(line.set_quantity_met),
        capacity_kw=line.capacity_kw,
        whole_output_sale=bool(line.whole_output_sale),
        proofs=frozenset(line.proofs or ()),
        linked_to_generation=bool(line.linked_to_generation),
        bears_weight_of_equipment=bool(line.bears_weight_of_equipment),
    )
    return rules_of_lines.Line(
        reference=reference,
        work=work,
        amount_yen=line.amount_yen or 0,
        document="",
        claimed=line.category,
        residential=line.residential is not False,
        circled=bool(line.circled),
        compartment=line.compartment or "",
        caused_by="" if line.caused_by is None else str(line.caused_by),
    )


def _compartment(one: Compartment) -> CompartmentFacts:
    return CompartmentFacts(
        all_openings_zeh=bool(one.all_openings_zeh), worked_element_whole_zeh=bool(one.worked_element_whole_zeh)
    )


def _cost(cost: Cost, *, checked: bool = True) -> rules_of_costs.Cost:
    bridging = None
    if cost.bridging is not None:
        one = cost.bridging
        bridging = rules_of_costs.Bridging(
            interest_fixed_before_contract=bool(one.interest_fixed_before_contract),
            fully_repaid_by_this_loan=bool(one.fully_repaid_by_this_loan),
            covers_only_earnest_money=bool(one.covers_only_earnest_money),
            earnest_money_applied_to_works=bool(one.earnest_money_applied_to_works),
        )
    return rules_of_costs.Cost(
        code=cost.code or "",
        kind=cost.kind or "",
        amount_yen=cost.amount_yen or 0,
        customer_share_yen=cost.customer_share_yen or 0,
        payer=cost.payer or "customer",
        evidence=cost.evidence,
        evidence_checked=checked,
        bridging=bridging,
    )
