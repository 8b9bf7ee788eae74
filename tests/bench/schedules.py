"""Ten thousand loan schedules beside a plain Decimal loop."""

import random
from decimal import ROUND_DOWN, Decimal, localcontext

from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.parts import Part, part_of, payments
from bench.harness import Table, interleaved, stopwatch
from bench.portfolio import payments_of_all
from madoguchi_stack.servers import Servers

LOANS = 10_000
MONTHS = 420
ONE_BY_ONE = 500  # loans a round of the slow variants; they do each loan for itself
YEN = Decimal(1)


def _loans() -> list[tuple[int, Decimal]]:
    """Amounts of 100,000 to 100,000,000 yen at 0.3 % to 4 %, nearly all of them different."""
    chance = random.Random(420)
    return [(chance.randint(10, 10_000) * 10_000, Decimal(chance.randint(300, 4_000)).scaleb(-3)) for _ in range(LOANS)]


def _part(amount: int, rate: Decimal) -> Part:
    return part_of(amount, rate, Method.LEVEL_PAYMENT, count=MONTHS, every=1, next_in=1, next_interest_months=1)


def _plain(amount: int, rate: Decimal) -> list[tuple[Decimal, Decimal, Decimal]]:
    """How it is written at first: Decimal yen, the annuity formula, a row for each month."""
    with localcontext(prec=28):
        month = rate / 1200
        growth = (1 + month) ** MONTHS
        payment = (amount * month * growth / (growth - 1)).quantize(YEN, ROUND_DOWN)
        balance, rows = Decimal(amount), []
        for number in range(1, MONTHS + 1):
            # balance x rate first: rate / 1200 is no finite decimal, and its rounding could cost a yen.
            interest = (balance * rate / 1200).quantize(YEN, ROUND_DOWN)
            principal = balance if number == MONTHS else payment - interest
            balance -= principal
            rows.append((principal, interest, balance))
    return rows


async def portfolio(_: Servers, rounds: int) -> Table:
    """Schedules a second: all loans at once, one by one, and by a plain Decimal loop; identical to the yen."""
    table = Table(f"Loan schedules of {MONTHS} months, exact yen", "schedules/s")
    loans = _loans()
    rates = [rate for _, rate in loans]

    async def at_once() -> float:
        elapsed = stopwatch()
        payments_of_all([_part(*loan) for loan in loans], rates, Method.LEVEL_PAYMENT)
        return LOANS / elapsed()

    async def one_by_one() -> float:
        elapsed = stopwatch()
        for amount, rate in loans[:ONE_BY_ONE]:
            list(payments(_part(amount, rate), rate, Method.LEVEL_PAYMENT))
        return ONE_BY_ONE / elapsed()

    async def plain() -> float:
        elapsed = stopwatch()
        for loan in loans[:ONE_BY_ONE]:
            _plain(*loan)
        return ONE_BY_ONE / elapsed()

    ours, baseline = f"{LOANS:,} loans at once", "plain Decimal loop"
    await interleaved(table, {ours: at_once, "ours, one loan at a time": one_by_one, baseline: plain}, rounds)
    ratio = table.median(ours) / table.median(baseline)
    table.target("at once / plain Decimal loop, target >= 15", ratio, ratio >= 15)
    different = _different(loans)
    table.target(f"loans of {LOANS:,} that differ by a yen anywhere, target 0", different, different == 0)
    table.notes.append("the level payment is calculated within what is timed")
    table.notes.append("all at once is a measurement alone: the product calculates one loan at a time")
    return table


def _different(loans: list[tuple[int, Decimal]]) -> int:
    found = payments_of_all([_part(*loan) for loan in loans], [rate for _, rate in loans], Method.LEVEL_PAYMENT)
    columns = zip(found.principal.T.tolist(), found.interest.T.tolist(), found.balance.T.tolist(), strict=True)
    return sum(
        list(zip(*column, strict=True)) != [tuple(map(int, row)) for row in _plain(*loan)]
        for loan, column in zip(loans, columns, strict=True)
    )
