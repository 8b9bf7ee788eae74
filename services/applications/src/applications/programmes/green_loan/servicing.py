"""A loan that is repaid: as it stands on a day, from what was contracted and from every step since (groups 34 and 35).

Nothing is kept beside the steps: the schedule, the balance and the arrears are calculated from them. A day in the past
is told as it was then, also when a step about it was recorded later. What a step must pass: `conditions.repayment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.money import arrears, changes, prepayment
from applications.programmes.green_loan.money.changes import Changed, ChangeKind
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.prepayment import Effect
from applications.programmes.green_loan.money.schedule import Instalment, Loan, after, new_loan, schedule
from applications.programmes.green_loan.reading import LOAN
from applications.workflow import Case, Taken

CANCELLING = ("cancel_prepayment", "strike_prepayment")
"""The steps that take a prepayment back: the bank's in time, and the office's afterwards."""


@dataclass(frozen=True)
class Paid:
    """Something that was repaid early, and the interest in yen that was due with it."""

    on: date
    amount_yen: int
    interest_yen: int


@dataclass(frozen=True)
class Told:
    """A prepayment as it was recorded: the so-many-th from 0, and when."""

    number: int
    at: datetime
    facts: steps.Prepayment


@dataclass(frozen=True)
class Late:
    """An instalment that was not paid in time: what of it was overdue, and the late charge until it was paid, or until
    the day that was asked about (GL-577). `paid_on` None: it is in arrears on that day.
    """

    instalment: Instalment
    days: int
    charge_yen: int
    paid_on: date | None

    @property
    def due_on(self) -> date:
        """When it was due."""
        return self.instalment.due_on

    @property
    def overdue_yen(self) -> int:
        """Principal and interest of the instalment."""
        return self.instalment.payment


@dataclass(frozen=True)
class Ended:
    """How the debt ended (GL-083), and the principal in yen that was paid by that."""

    on: date
    reason: str
    principal_yen: int


@dataclass(frozen=True)
class Standing:
    """A loan on a day: as it goes on (None: nothing is left), the instalments until then and from then on.

    `late` are the instalments in arrears, `settled` those that were in arrears before. `called_on` is when the whole
    balance was called (GL-579): from then on nothing is due by instalments. `ended` is how the debt ended, if it has.
    """

    loan: Loan | None
    past: tuple[Instalment, ...]
    coming: tuple[Instalment, ...]
    prepaid: tuple[Paid, ...]
    late: tuple[Late, ...]
    settled: tuple[Late, ...]
    called_on: date | None
    ended: Ended | None
    acceleration_ground: bool

    @property
    def balance_yen(self) -> int:
        """The principal that is not due yet, or that was called."""
        return self.loan.balance_yen if self.loan else 0

    @property
    def owed_yen(self) -> int:
        """All principal that is owed: the balance, and what the instalments in arrears should have repaid."""
        return self.balance_yen + sum(one.instalment.principal for one in self.late)


def standing(case: Case, on: date) -> Standing | None:
    """The loan at the end of a day; None before the funds were paid, and where the first due date is not known."""
    funds, loan = case.said_before(steps.Funds, LOAN, "disburse"), contracted(case)
    if loan is None or funds is None or (funds.paid_on is not None and on < funds.paid_on):
        return None
    called_on, closing = _day_of(case, "accelerate"), _closing(case)
    closed = closing is not None and closing[0] <= on
    called = called_on is not None and called_on <= on
    until = min(on, called_on) if called and called_on else on
    until = min(until, closing[0]) if closed and closing else until
    going, past, prepaid = _until(case, loan, until)
    late, settled = _arrears(case, past, min(on, closing[0]) if closed and closing else on)
    ended = None
    if closed and closing:
        left = (going.balance_yen if going else 0) + sum(one.instalment.principal for one in late)
        ended = Ended(closing[0], closing[1], left)
        going, late, settled = None, [], [*settled, *late]
    return Standing(
        loan=going,
        past=tuple(past),
        coming=tuple(schedule(going)) if going and not called else (),
        prepaid=tuple(prepaid),
        late=tuple(late),
        settled=tuple(settled),
        called_on=called_on if called else None,
        ended=ended,
        acceleration_ground=arrears.is_arrears_ground(_longest_run([one.instalment.number for one in late])),
    )


def contracted(case: Case) -> Loan | None:
    """The loan before its first instalment: the contract's amount, at the rate of the acceptance (GL-249, GL-263)."""
    period = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    funds = case.said_before(steps.Funds, LOAN, "disburse")
    if period is None or funds is None or funds.first_due_on is None or not period.amount_yen:
        return None
    entered = reading.content(case)["loan"]
    return new_loan(
        amount_yen=period.amount_yen,
        bonus_part_yen=contract.contract_bonus_yen(case),
        annual_rate_percent=rate_of(case),
        years=entered["years"],
        method=Method(entered["method"]),
        first_due_on=funds.first_due_on,
        repayment_day=funds.repayment_day or funds.first_due_on.day,
        bonus_month=funds.bonus_month,
    )


def rate_of(case: Case) -> Decimal:
    """In percent a year: that of the acceptance, or of a change of danshin before the contract (GL-260)."""
    change = case.said_before(steps.DanshinChange, LOAN, "change_danshin")
    if change is not None and change.rate_percent is not None:
        return change.rate_percent
    return Decimal(reading.content(case)["figures"]["rate_percent"])


def _until(case: Case, loan: Loan, day: date) -> tuple[Loan | None, list[Instalment], list[Paid]]:
    """The loan after everything until the end of a day: as it goes on, what was due, and what was repaid early."""
    going: Loan | None = loan
    past: list[Instalment] = []
    prepaid: list[Paid] = []
    for changed_on, _, event in events(case):
        if changed_on > day or going is None:
            break
        going, due = _advance(going, changed_on)
        past += due
        if going is not None:
            going, paid = _apply(going, event, changed_on)
            prepaid += paid
    if going is not None:
        going, due = _advance(going, day)
        past += due
    return going, past, prepaid


_Event = steps.Prepayment | steps.TermsChange


def events(case: Case) -> list[tuple[date, datetime, _Event]]:
    """What changed the loan since, by day; of one day in the order in which it was recorded."""
    found: list[tuple[date, datetime, _Event]] = []
    for one in prepayments(case):
        if one.facts.payment_on is not None:
            found.append((one.facts.payment_on, one.at, one.facts))
    for step in case.taken.get((LOAN, case.application_id, "change_terms"), ()):
        if isinstance(step.facts, steps.TermsChange) and step.facts.effective_on is not None:
            found.append((step.facts.effective_on, step.at, step.facts))
    return sorted(found, key=lambda one: one[:2])


def prepayments(case: Case) -> list[Told]:
    """The prepayments that stand, first to last: one that was taken back was never arranged (GL-596)."""
    gone = {one.number for by in CANCELLING for one in case.all_said(steps.PrepaymentTakenBack, LOAN, by)}
    every = case.taken.get((LOAN, case.application_id, "prepay"), ())
    return [
        Told(number, step.at, step.facts)
        for number, step in enumerate(every)
        if number not in gone and isinstance(step.facts, steps.Prepayment)
    ]


def taken_back(case: Case) -> steps.PrepaymentTakenBack:
    """What is kept of the step that takes a prepayment back: of those of its day that stand, the last is meant."""
    day = case.said(steps.PrepaymentCancelled).payment_on
    meant = [one.number for one in prepayments(case) if one.facts.payment_on == day]
    return steps.PrepaymentTakenBack(payment_on=day, number=meant[-1])


def without(case: Case, gone: steps.PrepaymentTakenBack) -> Case:
    """The case as if that prepayment had never been arranged."""
    key = (LOAN, case.application_id, CANCELLING[0])
    return replace(case, taken={**case.taken, key: (*case.taken.get(key, ()), Taken(case.now, None, gone))})


def _advance(loan: Loan, day: date) -> tuple[Loan | None, list[Instalment]]:
    """The loan after the instalments that are due until a day, and these; None when none is left."""
    due = []
    for instalment in schedule(loan):
        if instalment.due_on > day:
            break
        due.append(instalment)
    if due and due[-1].balance == 0:
        return None, due
    return after(loan, len(due)), due


def _apply(loan: Loan, event: _Event, day: date) -> tuple[Loan | None, list[Paid]]:
    if isinstance(event, steps.TermsChange):
        changed = changed_by(loan, event)
        return changed.loan, []
    if event.amount_yen is None:
        return None, [Paid(day, loan.balance_yen, loan.accrued_bonus_interest_yen)]
    repay = prepayment.shorten if event.effect is Effect.SHORTEN else prepayment.lower_payment
    changed = repay(loan, event.amount_yen)
    return changed.loan, [Paid(day, event.amount_yen, changed.interest_due_yen)]


def changed_by(loan: Loan, change: steps.TermsChange) -> Changed:
    """The loan as it goes on after a change (GL-589). Raises ValueError where the change is not possible."""
    match change.kind:
        case ChangeKind.REPAYMENT_DAY:
            moved = changes.change_repayment_day(loan, change.repayment_day or 0)
            if change.effective_on is not None and moved.loan.next_due_on <= change.effective_on:
                raise ValueError("the next instalment would have been due before the change")
            return moved
        case ChangeKind.BONUS_MONTHS:
            return changes.change_bonus_months(loan, change.bonus_month or 0)
        case ChangeKind.STOP_BONUS:
            return changes.stop_bonus(loan)
        case ChangeKind.SPLIT:
            return changes.change_split(loan, change.bonus_part_yen or 0, change.bonus_month or 0)
        case ChangeKind.METHOD if change.method is not None:
            return changes.change_method(loan, change.method)
        case _:
            raise ValueError("this change is agreed with the institution, and calculated there")


def _arrears(case: Case, past: Sequence[Instalment], on: date) -> tuple[list[Late], list[Late]]:
    """The instalments that are in arrears at the end of a day, and those that were and are paid by then (GL-577)."""
    by_day = {one.due_on: one for one in past}
    settlements = case.taken.get((LOAN, case.application_id, "settle"), ())
    late: list[Late] = []
    settled: list[Late] = []
    for step in case.taken.get((LOAN, case.application_id, "miss"), ()):
        due = by_day.get(step.facts.due_on) if isinstance(step.facts, steps.Missed) and step.facts.due_on else None
        if due is None:
            continue
        settlement = next((one for one in settlements if one.at >= step.at), None)
        told = settlement.facts if settlement else None
        paid_on = told.paid_on if isinstance(told, steps.Settled) else None
        is_paid = paid_on is not None and paid_on <= on
        charge = arrears.late_charge(due.payment, due.due_on, paid_on if is_paid and paid_on else on)
        one = Late(due, charge.days, charge.yen, paid_on if is_paid else None)
        (settled if is_paid else late).append(one)
    return late, settled


def _longest_run(numbers: Sequence[int]) -> int:
    """How many instalments in a row (GL-581)."""
    known, longest = set(numbers), 0
    for first in known - {number + 1 for number in known}:
        length = 1
        while first + length in known:
            length += 1
        longest = max(longest, length)
    return longest


def _day_of(case: Case, command: str) -> date | None:
    step = case.last(LOAN, command)
    return reading.day_of(step.at) if step else None


def _closing(case: Case) -> tuple[date, str] | None:
    """When the debt ended, and how: the day that was told with the step, else that of the step itself."""
    step = case.last(LOAN, "close") or case.last(LOAN, "close_with_balance")
    if step is None or not isinstance(step.facts, steps.Closing):
        return None
    return step.facts.closed_on or reading.day_of(step.at), step.facts.reason or "OTHER"
