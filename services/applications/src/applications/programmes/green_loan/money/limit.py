"""How much can be borrowed (GL-186 to GL-201)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from kit.errors import Finding
from kit.japan.yen import format_yen

from applications.programmes.green_loan.money.rounding import MAN_YEN, down_to_man_yen
from applications.programmes.green_loan.works.kinds import Category

CEILING_YEN = 5_000_000
MINIMUM_YEN = 100_000

Cap = Literal["CEILING", "ENERGY_SAVING", "WORKS"]


@dataclass(frozen=True)
class CostLine:
    """A line of the works, with its amount in the contract including consumption tax (GL-192)."""

    category: Category
    amount_yen: int
    residential: bool


@dataclass(frozen=True)
class WorksCost:
    """The cost of the works by category: A required, B other energy-saving, C other works."""

    a_yen: int
    b_yen: int
    c_yen: int

    @property
    def energy_saving_yen(self) -> int:
        """E, the energy-saving works: A and B (GL-189)."""
        return self.a_yen + self.b_yen


def works_cost(lines: Iterable[CostLine]) -> WorksCost:
    """The cost by category; works on parts that are no residence are left out (GL-193)."""
    totals = dict.fromkeys(Category, 0)
    for line in lines:
        if line.residential:
            totals[line.category] += line.amount_yen
    return WorksCost(totals[Category.A], totals[Category.B], totals[Category.C])


@dataclass(frozen=True)
class RunningLoan:
    """A Green Reform Loan that is being repaid: its balance on the acceptance date, and everybody who owes it."""

    number: str
    balance_yen: int
    debtors: frozenset[UUID]


def running_balance(loans: Iterable[RunningLoan], debtors: Collection[UUID]) -> int:
    """X, what the debtors of the new loan still owe of other Green Reform Loans (GL-195).

    interpretation (GL-199): a loan counts if any debtor of the new one is a debtor of it, and once, however many are.
    """
    balances = {one.number: one.balance_yen for one in loans if not one.debtors.isdisjoint(debtors)}
    return sum(balances.values())


@dataclass(frozen=True)
class Limit:
    """The three amounts, which of them bind, and the limit (GL-201). `limit_yen` says how far; `fundable` whether."""

    ceiling_yen: int
    energy_saving_yen: int
    works_yen: int
    binding: tuple[Cap, ...]
    limit_yen: int
    fundable: bool


def loan_limit(cost: WorksCost, *, d_yen: int, subsidies_yen: int, running_yen: int) -> Limit:
    """The lowest of three amounts (GL-186), cut to 10,000 yen; amounts include tax and are residential only.

    interpretation (GL-196): min(5,000,000 - X, 2E + D, E + C + D - S). `d_yen` are the D costs whose evidence is
    checked (GL-191), `subsidies_yen` those for the works (GL-194), `running_yen` is X. C never brings more than E does:
    that is what the second amount says (GL-156, GL-190). Nothing is lent without a required work (GL-152) or below
    100,000 yen (GL-187, GL-188).
    """
    amounts: dict[Cap, int] = {
        "CEILING": CEILING_YEN - running_yen,
        "ENERGY_SAVING": 2 * cost.energy_saving_yen + _d_beside_twice_the_energy_saving_works(d_yen),
        "WORKS": _works_amount(cost, d_yen, subsidies_yen),
    }
    lowest = min(amounts.values())
    limit = down_to_man_yen(lowest)
    return Limit(
        ceiling_yen=amounts["CEILING"],
        energy_saving_yen=amounts["ENERGY_SAVING"],
        works_yen=amounts["WORKS"],
        binding=tuple(cap for cap, yen in amounts.items() if yen == lowest),
        limit_yen=limit,
        fundable=cost.a_yen > 0 and limit >= MINIMUM_YEN,
    )


def _d_beside_twice_the_energy_saving_works(d_yen: int) -> int:
    """interpretation (GL-197): D is added to the second amount once, and not doubled."""
    return d_yen


def _works_amount(cost: WorksCost, d_yen: int, subsidies_yen: int) -> int:
    """interpretation (GL-198): subsidies reduce the whole cost of the works, and no other amount."""
    return cost.energy_saving_yen + cost.c_yen + d_yen - subsidies_yen


def requested_amount_findings(limit_yen: int, requested_yen: int, field: str) -> list[Finding]:
    """GL-187, GL-188: at least 100,000 yen, whole 10,000 yen, not above the limit; both ends are allowed."""
    findings = []
    if requested_yen < MINIMUM_YEN:
        message = f"借入希望額は{format_yen(MINIMUM_YEN)}以上を入力してください。"
        findings.append(Finding("GL-187", "below_minimum", message, field))
    if requested_yen % MAN_YEN:
        findings.append(Finding("GL-187", "not_in_man_yen", "借入希望額は1万円単位で入力してください。", field))
    if requested_yen > limit_yen:
        message = f"借入希望額は融資限度額({format_yen(limit_yen)})以下を入力してください。"
        findings.append(Finding("GL-188", "above_limit", message, field))
    return findings
