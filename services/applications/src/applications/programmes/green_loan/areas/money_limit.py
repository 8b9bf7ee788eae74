"""What can be asked about how much can be borrowed: the limit, the amount that is wished, and the D costs."""

from __future__ import annotations

from typing import Annotated

from kit.areas import Answer, Area, Question
from pydantic import AfterValidator, Field

from applications.programmes.green_loan.money import limit
from applications.programmes.green_loan.works import costs
from applications.programmes.green_loan.works.costs import Bridging, Cost, Evidence, Payer
from applications.programmes.green_loan.works.kinds import Category


def _known_code(code: str) -> str:
    if code not in costs.LABELS:
        raise ValueError(f"one of {', '.join(costs.LABELS)} is needed")
    return code


Yen = Annotated[int, Field(ge=0)]
Code = Annotated[str, AfterValidator(_known_code)]


class LoanLimit(Question):
    """The cost of the works by category, proven D costs, subsidies, and what is owed of running Green Reform Loans."""

    works_a: Yen = 0
    works_b: Yen = 0
    works_c: Yen = 0
    d_costs_proven: Yen = 0
    subsidies: Yen = 0
    existing_green_loan_balance: Yen = 0


class LoanLimitAnswer(Answer):
    """The three amounts, and the limit in whole 10,000 yen."""

    cap1: int
    cap2: int
    cap3: int
    limit: int
    fundable: bool


def loan_limit(question: LoanLimit) -> LoanLimitAnswer:
    """Calculate the limit."""
    found = limit.loan_limit(
        limit.WorksCost(question.works_a, question.works_b, question.works_c),
        d_yen=question.d_costs_proven,
        subsidies_yen=question.subsidies,
        running_yen=question.existing_green_loan_balance,
    )
    return LoanLimitAnswer(
        cap1=found.ceiling_yen,
        cap2=found.energy_saving_yen,
        cap3=found.works_yen,
        limit=found.limit_yen,
        fundable=found.fundable,
    )


class WorksLine(Question):
    """A line of the works."""

    category: Category
    amount: Yen
    residential: bool = False


class DItem(Question):
    """A D cost. `customer_share` missing: all of it, and the other way round; `eligible` missing: nobody found it
    not to be.
    """

    code: Code
    amount: Yen | None = None
    customer_share: Yen | None = None
    evidence_checked: bool = False
    savings_type: bool = False
    eligible: bool = True

    def countable_yen(self) -> int:
        """What it adds to D. Raises ValueError if it has neither amount nor share."""
        known = [yen for yen in (self.amount, self.customer_share) if yen is not None]
        if not known:
            raise ValueError("the amount of each D cost is needed")
        return costs.countable_yen(
            known[0],
            known[-1],
            eligible=self.eligible and not self.savings_type,
            evidence_checked=self.evidence_checked,
        )


class LimitLines(Question):
    """The lines of the works, the D costs, and the subsidies."""

    works_lines: tuple[WorksLine, ...]
    d_items: tuple[DItem, ...] = ()
    subsidies: Yen = 0


class LimitLinesAnswer(LoanLimitAnswer):
    """The limit, and the sums it is made of: energy-saving works E, other works C, costs D."""

    E: int
    C: int
    D: int


def loan_limit_lines(question: LimitLines) -> LimitLinesAnswer:
    """Calculate the limit from lines."""
    lines = [limit.CostLine(one.category, one.amount, one.residential) for one in question.works_lines]
    cost = limit.works_cost(lines)
    d_yen = sum(one.countable_yen() for one in question.d_items)
    found = limit.loan_limit(cost, d_yen=d_yen, subsidies_yen=question.subsidies, running_yen=0)
    return LimitLinesAnswer(
        E=cost.energy_saving_yen,
        C=cost.c_yen,
        D=d_yen,
        cap1=found.ceiling_yen,
        cap2=found.energy_saving_yen,
        cap3=found.works_yen,
        limit=found.limit_yen,
        fundable=found.fundable,
    )


class RequestedAmount(Question):
    """The limit, and the amount that is wished."""

    limit: int
    requested: int


class Verdict(Answer):
    """Whether it is accepted, and if not, why."""

    accepted: bool
    reason: str | None


def requested_amount(question: RequestedAmount) -> Verdict:
    """Judge the amount that is wished."""
    findings = limit.requested_amount_findings(question.limit, question.requested, "requested")
    return Verdict(accepted=not findings, reason=findings[0].code if findings else None)


class CostItem(Question):
    """A D cost, and what was confirmed of a bridging loan. `payer` missing: the customer."""

    code: Code
    kind: str
    customer_share: Yen
    evidence: Evidence | None = None
    payer: Payer = "customer"
    interest_fixed_before_contract: bool = False
    fully_repaid_by_this_loan: bool = False
    covers_only_earnest_money: bool = False
    earnest_money_applied_to_works: bool = False


class CostAnswer(Answer):
    """Whether it can be financed, and if not, why."""

    eligible: bool
    reason: str | None


def d_cost_item(question: CostItem) -> CostAnswer:
    """Judge a D cost."""
    bridging = Bridging(
        interest_fixed_before_contract=question.interest_fixed_before_contract,
        fully_repaid_by_this_loan=question.fully_repaid_by_this_loan,
        covers_only_earnest_money=question.covers_only_earnest_money,
        earnest_money_applied_to_works=question.earnest_money_applied_to_works,
    )
    share = question.customer_share
    cost = Cost(question.code, question.kind, share, share, question.payer, question.evidence, bridging=bridging)
    findings = costs.cost_findings(cost, "kind")
    return CostAnswer(eligible=not findings, reason=findings[0].code if findings else None)


_LIMIT = ("GL-152", "GL-186", "GL-187", "GL-188", "GL-190", "GL-191", *(f"GL-{number}" for number in range(194, 200)))

AREAS = [
    Area("green_loan/loan_limit", _LIMIT, LoanLimit, LoanLimitAnswer, loan_limit),
    Area(
        "green_loan/loan_limit_lines",
        ("GL-192", "GL-193", "GL-196", "GL-197", "GL-203", "GL-235"),
        LimitLines,
        LimitLinesAnswer,
        loan_limit_lines,
    ),
    Area("green_loan/requested_amount", ("GL-187", "GL-188"), RequestedAmount, Verdict, requested_amount),
    Area(
        "green_loan/d_cost_item",
        tuple(f"GL-{number}" for number in range(202, 235)),
        CostItem,
        CostAnswer,
        d_cost_item,
    ),
]
