"""A loan that is repaid: as it stands on a day, from what was contracted and from every step since (groups 34 and 35).

Nothing is kept beside the steps: the schedule, the balance and the arrears are calculated from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from kit.errors import Finding

from applications.programmes.green_loan import conditions, steps
from applications.programmes.green_loan.conditions import LOAN
from applications.programmes.green_loan.money import arrears, changes, prepayment
from applications.programmes.green_loan.money.changes import Changed, ChangeKind
from applications.programmes.green_loan.money.methods import Method
from applications.programmes.green_loan.money.prepayment import Channel, Effect, Partial
from applications.programmes.green_loan.money.schedule import (
    Instalment,
    Loan,
    after,
    new_loan,
    on_repayment_day,
    schedule,
)
from applications.workflow import Case, Taken


@dataclass(frozen=True)
class Paid:
    """Something that was repaid early, and the interest in yen that was due with it."""

    on: date
    amount_yen: int
    interest_yen: int


@dataclass(frozen=True)
class Late:
    """An instalment in arrears: what is overdue, and the late charge until the day that was asked about (GL-577)."""

    due_on: date
    overdue_yen: int
    days: int
    charge_yen: int


@dataclass(frozen=True)
class Standing:
    """A loan on a day: as it goes on (None: nothing is left), the instalments until then and from then on."""

    loan: Loan | None
    past: tuple[Instalment, ...]
    coming: tuple[Instalment, ...]
    prepaid: tuple[Paid, ...]
    late: tuple[Late, ...]
    acceleration_ground: bool

    @property
    def balance_yen(self) -> int:
        """The principal that is left."""
        return self.loan.balance_yen if self.loan else 0


def standing(case: Case, on: date) -> Standing | None:
    """The loan at the end of a day; None before the funds were paid, and where the first due date is not known."""
    loan = contracted(case)
    if loan is None:
        return None
    past: list[Instalment] = []
    prepaid: list[Paid] = []
    for day, event in _events(case):
        if day > on or loan is None:
            break
        loan, due = _advance(loan, day)
        past += due
        if loan is not None:
            loan, paid = _apply(loan, event, day)
            prepaid += paid
    if loan is not None:
        loan, due = _advance(loan, on)
        past += due
    late = _late(case, past, on)
    return Standing(
        loan=loan,
        past=tuple(past),
        coming=tuple(schedule(loan)) if loan else (),
        prepaid=tuple(prepaid),
        late=tuple(late),
        acceleration_ground=arrears.is_arrears_ground(len(late)),
    )


def contracted(case: Case) -> Loan | None:
    """The loan before its first instalment: the contract's amount, at the rate of the acceptance (GL-249, GL-263)."""
    period = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    approval = case.said_before(steps.Approval, LOAN, "approve")
    funds = case.said_before(steps.Funds, LOAN, "disburse")
    if period is None or funds is None or funds.first_due_on is None or not period.amount_yen:
        return None
    entered = conditions.content(case)["loan"]
    asked = approval.bonus_part_yen if approval and approval.bonus_part_yen is not None else entered["bonus_part_yen"]
    return new_loan(
        amount_yen=period.amount_yen,
        bonus_part_yen=asked,
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
    return Decimal(conditions.content(case)["figures"]["rate_percent"])


_Event = steps.Prepayment | steps.TermsChange


def _events(case: Case) -> list[tuple[date, _Event]]:
    """What changed the loan since, by day; of one day in the order in which it was recorded."""
    found: list[tuple[date, _Event]] = [
        (one.payment_on, one) for one in case.all_said(steps.Prepayment, LOAN, "prepay") if one.payment_on
    ]
    found += [
        (one.effective_on, one) for one in case.all_said(steps.TermsChange, LOAN, "change_terms") if one.effective_on
    ]
    return sorted(found, key=lambda one: one[0])


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
            return changes.change_repayment_day(loan, change.repayment_day or 0)
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


def _late(case: Case, past: Sequence[Instalment], on: date) -> list[Late]:
    """The instalments that were missed and not paid since (GL-577, GL-578)."""
    missed = case.taken.get((LOAN, case.application_id, "miss"), ())
    settled = case.last(LOAN, "settle")
    found = []
    for step in missed:
        said = step.facts
        if not isinstance(said, steps.Missed) or said.due_on is None or (settled and settled.at >= step.at):
            continue
        due = next((one for one in past if one.due_on == said.due_on), None)
        if due is not None:
            charge = arrears.late_charge(due.payment, due.due_on, on)
            found.append(Late(due.due_on, due.payment, charge.days, charge.yen))
    return found


# What a step of a loan that is repaid must pass


def repayment_begins(case: Case) -> Sequence[Finding]:
    """GL-576: the day of the first instalment, and of those after it."""
    said = case.said(steps.Funds)
    if said.first_due_on is None or said.repayment_day is None:
        return [Finding("GL-576", "REQUIRED", "初回の返済日と、毎月の返済日を入力してください。", "first_due_on")]
    if said.paid_on is not None and said.first_due_on <= said.paid_on:
        return [Finding("GL-576", "TOO_EARLY", "初回の返済日は、資金の交付日より後の日です。", "first_due_on")]
    if on_repayment_day(said.first_due_on.year, said.first_due_on.month, said.repayment_day) != said.first_due_on:
        return [Finding("GL-576", "OTHER_DAY", "初回の返済日は、毎月の返済日と同じ日です。", "first_due_on")]
    approval = case.said_before(steps.Approval, LOAN, "approve")
    entered = conditions.content(case)["loan"]["bonus_part_yen"]
    bonus = approval.bonus_part_yen if approval and approval.bonus_part_yen is not None else entered
    if bonus and said.bonus_month is None:
        return [Finding("GL-245", "REQUIRED", "ボーナス返済月を入力してください。", "bonus_month")]
    return ()


def prepayment_may_be_asked_for(case: Case) -> Sequence[Finding]:
    """GL-601, GL-603, GL-604: in My Note, from today on."""
    wish = case.said(steps.PrepaymentWish)
    return _prepayment_wrong(case, wish, conditions.today(case))


def prepayment_fits(case: Case) -> Sequence[Finding]:
    """GL-597 to GL-607: what the bank tells, asked for at the counter or in My Note before."""
    said, asked = case.said(steps.Prepayment), case.last(LOAN, "ask_prepayment")
    if said.channel is Channel.MY_NOTE and asked is not None:
        return _prepayment_wrong(case, said, conditions.day_of(asked.at))
    return _prepayment_wrong(case, said, said.noticed_on or conditions.today(case))


def _prepayment_wrong(case: Case, said: steps.PrepaymentWish, noticed_on: date) -> Sequence[Finding]:
    """Of the loan as it will stand on the day of the payment."""
    if said.payment_on is None or said.channel is None:
        return [Finding("GL-596", "REQUIRED", "繰上返済の日と、お申出の窓口を入力してください。", "payment_on")]
    found = standing(case, said.payment_on)
    if found is None or found.loan is None:
        return [Finding("GL-596", "NOTHING_LEFT", "その日には、返済中の残高がありません。", "payment_on")]
    findings = prepayment.notice_findings(
        said.channel, noticed_on=noticed_on, payment_on=said.payment_on, field="payment_on"
    )
    if said.amount_yen is None:
        return findings
    wish = Partial(
        amount_yen=said.amount_yen,
        remaining_yen=found.balance_yen,
        repayment_day=found.loan.repayment_day,
        effect=said.effect,
        bonus=found.loan.bonus is not None,
        units_yen=prepayment.shortening_amounts(found.loan),
    )
    if said.effect is None:
        message = "返済額の軽減または期間の短縮を選択してください。"
        findings.append(Finding("GL-602", "REQUIRED", message, "effect"))
    findings += prepayment.partial_findings(said.channel, wish, said.payment_on, "amount_yen")
    return findings if findings or _possible(case, said) else [_not_possible("amount_yen")]


def change_fits(case: Case) -> Sequence[Finding]:
    """GL-589 to GL-591: possible for the loan as it will stand on that day."""
    said = case.said(steps.TermsChange)
    if said.kind is None or said.effective_on is None:
        return [Finding("GL-589", "REQUIRED", "変更の内容と、変更の日を入力してください。", "kind")]
    found = standing(case, said.effective_on)
    if found is None or found.loan is None:
        return [Finding("GL-589", "NOTHING_LEFT", "その日には、返済中の残高がありません。", "effective_on")]
    if said.kind is ChangeKind.SPLIT and said.bonus_part_yen is not None:
        wrong = changes.split_findings(found.loan, said.bonus_part_yen, "bonus_part_yen")
        if wrong:
            return wrong
    return () if _possible(case, said) else [_not_possible("kind")]


def _possible(case: Case, said: steps.PrepaymentWish | steps.TermsChange) -> bool:
    """Whether the loan can be calculated to its end with this too: what was recorded for a later day included."""
    command = "change_terms" if isinstance(said, steps.TermsChange) else "prepay"
    facts = said if isinstance(said, steps.TermsChange) else steps.Prepayment(**dict(said))
    key = (LOAN, case.application_id, command)
    step = Taken(case.now, None, facts)
    try:
        standing(replace(case, taken={**case.taken, key: (*case.taken.get(key, ()), step)}), date.max)
    except ValueError:
        return False
    return True


def _not_possible(field: str) -> Finding:
    message = "このお申出は、現在の返済の内容ではできません。取扱金融機関にご相談ください。"
    return Finding("GL-590", "NOT_POSSIBLE", message, field)


def debit_is_an_instalment(case: Case) -> Sequence[Finding]:
    """GL-577: what was missed was due."""
    said = case.said(steps.Missed)
    found = None if said.due_on is None else standing(case, said.due_on)
    if found is not None and any(one.due_on == said.due_on for one in found.past):
        return ()
    return [Finding("GL-577", "NOT_DUE", "返済日をご確認ください。", "due_on")]


def arrears_have_a_day(case: Case) -> Sequence[Finding]:
    """GL-577: the day to which the late charge runs."""
    if case.said(steps.Settled).paid_on is not None:
        return ()
    return [Finding("GL-577", "REQUIRED", "入金日を入力してください。", "paid_on")]
