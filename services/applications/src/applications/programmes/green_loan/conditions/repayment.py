"""What the payment of the funds, and every step of a loan that is repaid, must pass (groups 31, 34 and 35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kit.errors import Finding

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.money import arrears, changes, prepayment
from applications.programmes.green_loan.money.changes import ChangeKind
from applications.programmes.green_loan.money.prepayment import Channel, Partial
from applications.programmes.green_loan.money.schedule import on_repayment_day
from applications.programmes.green_loan.reading import LOAN
from applications.programmes.green_loan.servicing import events, prepayments, standing, taken_back, without
from applications.programmes.green_loan.works.house import HouseUse
from applications.workflow import Case, Taken

_ENDS_WITH_A_BALANCE = frozenset({"INSURANCE", "AFTER_ACCELERATION", "OTHER"})


def repayment_begins(case: Case) -> Sequence[Finding]:
    """GL-080, GL-576: the day of the funds, which has come, of the first instalment, and of those after it."""
    said = case.said(steps.Funds)
    if said.paid_on is not None and said.paid_on > reading.today(case):
        return [_ahead("GL-080", "資金の交付日", "paid_on")]
    if said.first_due_on is None or said.repayment_day is None:
        return [Finding("GL-576", "REQUIRED", "初回の返済日と、毎月の返済日を入力してください。", "first_due_on")]
    if said.paid_on is not None and said.first_due_on <= said.paid_on:
        return [Finding("GL-576", "TOO_EARLY", "初回の返済日は、資金の交付日より後の日です。", "first_due_on")]
    if on_repayment_day(said.first_due_on.year, said.first_due_on.month, said.repayment_day) != said.first_due_on:
        return [Finding("GL-576", "OTHER_DAY", "初回の返済日は、毎月の返済日と同じ日です。", "first_due_on")]
    if contract.contract_bonus_yen(case) and said.bonus_month is None:
        return [Finding("GL-245", "REQUIRED", "ボーナス返済月を入力してください。", "bonus_month")]
    return ()


def prepayment_may_be_asked_for(case: Case) -> Sequence[Finding]:
    """GL-601, GL-603, GL-604: in My Note, from today on."""
    wish = case.said(steps.PrepaymentWish)
    return _prepayment_wrong(case, wish, reading.today(case))


def prepayment_fits(case: Case) -> Sequence[Finding]:
    """GL-596 to GL-607: what the bank has arranged, asked for at the counter or in My Note before.

    The payment may be still to come: it is arranged a month ahead, and the instalments after it are told at once.
    """
    said = case.said(steps.Prepayment)
    if said.noticed_on is not None and said.noticed_on > reading.today(case):
        return [_ahead("GL-604", "お申出の日", "noticed_on")]
    noticed_on = _asked_in_my_note(case, said) if said.channel is Channel.MY_NOTE else None
    return _prepayment_wrong(case, said, noticed_on or said.noticed_on or reading.today(case))


def prepayment_may_be_cancelled(case: Case) -> Sequence[Finding]:
    """GL-596: the bank takes back what does not come, before the next instalment is debited as if it had come."""
    if wrong := prepayment_may_be_struck(case):
        return wrong
    gone = taken_back(case)
    found = standing(without(case, gone), gone.payment_on) if gone.payment_on else None
    if found is None or not found.coming:
        return ()
    last = prepayment.cancel_until(found.coming[0].due_on)
    if reading.today(case) <= last:
        return ()
    message = f"取りやめの登録は、{last}までです。その後は、機構の承認者が理由とともに記録します。"
    return [Finding("GL-596", "TOO_LATE", message, "payment_on")]


def prepayment_may_be_struck(case: Case) -> Sequence[Finding]:
    """GL-596: a prepayment that stands, and without which everything recorded since is possible all the same.

    A full prepayment that has come was paid as what was left then, so nothing before it can be otherwise any more.
    """
    day, today = case.said(steps.PrepaymentCancelled).payment_on, reading.today(case)
    if day is None:
        return [Finding("GL-596", "REQUIRED", "取りやめる繰上返済の日を入力してください。", "payment_on")]
    same = [(day, one.at) for one in prepayments(case) if one.facts.payment_on == day]
    if not same:
        return [Finding("GL-596", "UNKNOWN", "その日の繰上返済は登録されていません。", "payment_on")]
    later = [one for on, at, one in events(case) if (on, at) > same[-1] and on <= today]
    repaid = any(isinstance(one, steps.Prepayment) and one.amount_yen is None for one in later)
    if repaid or not _goes_on(without(case, taken_back(case))):
        message = "その後に登録された繰上返済または返済方法の変更があるため、取りやめることができません。"
        return [Finding("GL-596", "BUILT_ON", message, "payment_on")]
    return ()


def _ahead(rule: str, what: str, field: str) -> Finding:
    """What is told as done must have happened."""
    return Finding(rule, "AHEAD", f"{what}は、本日以前の日を入力してください。", field)


def _asked_in_my_note(case: Case, said: steps.Prepayment) -> date | None:
    """When a prepayment of that day was asked for first: another one, asked for since, does not make it late."""
    asked = case.taken.get((LOAN, case.application_id, "ask_prepayment"), ())
    for step in asked:
        if isinstance(step.facts, steps.PrepaymentWish) and step.facts.payment_on == said.payment_on:
            return reading.day_of(step.at)
    return None


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


def funds_told(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What all who take part read of the payment: the days. Accounts and agent are one person's, and the office's."""
    return {key: said[key] for key in ("paid_on", "first_due_on", "repayment_day", "bonus_month") if key in said}


def change_was_asked(case: Case) -> Sequence[Finding]:
    """GL-591: there is something to decline, and everybody who owes the loan is told so once."""
    if change_to_answer(case) is not None:
        return ()
    return [Finding("GL-591", "NOTHING_ASKED", "回答を待っている返済方法の変更のお申出がありません。", "reason")]


def change_to_answer(case: Case) -> Taken | None:
    """The last wish for another way of repayment that the office has neither approved nor declined since (GL-591)."""
    asked = case.last(LOAN, "ask_change")
    answers = (case.last(LOAN, "change_terms"), case.last(LOAN, "decline_change"))
    return None if asked is None or any(one and one.at >= asked.at for one in answers) else asked


def change_fits(case: Case) -> Sequence[Finding]:
    """GL-589 to GL-591: possible for the loan as it will stand on that day."""
    said = case.said(steps.TermsChange)
    if said.kind is None or said.effective_on is None:
        return [Finding("GL-589", "REQUIRED", "変更の内容と、変更の日を入力してください。", "kind")]
    if said.effective_on < reading.today(case):
        # It takes effect after the approval only: a day in the past would rewrite instalments that were paid.
        return [Finding("GL-591", "IN_THE_PAST", "変更の日は、本日以後の日を入力してください。", "effective_on")]
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
    return _goes_on(replace(case, taken={**case.taken, key: (*case.taken.get(key, ()), step)}))


def _goes_on(case: Case) -> bool:
    """Whether the loan can be calculated to its end."""
    try:
        standing(case, date.max)
    except ValueError:
        return False
    return True


def _not_possible(field: str) -> Finding:
    message = "このお申出は、現在の返済の内容ではできません。取扱金融機関にご相談ください。"
    return Finding("GL-590", "NOT_POSSIBLE", message, field)


def debit_is_an_instalment(case: Case) -> Sequence[Finding]:
    """GL-577: what was missed was due by today, and was not told as missed before."""
    said = case.said(steps.Missed)
    found = None if said.due_on is None or said.due_on > reading.today(case) else standing(case, said.due_on)
    if found is None or all(one.due_on != said.due_on for one in found.past):
        return [Finding("GL-577", "NOT_DUE", "返済日をご確認ください。", "due_on")]
    if any(one.due_on == said.due_on for one in case.all_said(steps.Missed, LOAN, "miss")):
        return [Finding("GL-577", "KNOWN", "この返済日の延滞は登録済みです。", "due_on")]
    return ()


def arrears_have_a_day(case: Case) -> Sequence[Finding]:
    """GL-577: the day to which the late charge runs: not before the last instalment in arrears was due, nor ahead."""
    paid_on, today = case.said(steps.Settled).paid_on, reading.today(case)
    if paid_on is None:
        return [Finding("GL-577", "REQUIRED", "入金日を入力してください。", "paid_on")]
    found = standing(case, today)
    if paid_on > today or (found is not None and any(paid_on < one.due_on for one in found.late)):
        message = "入金日は、延滞している返済日から本日までの日を入力してください。"
        return [Finding("GL-577", "OTHER_DAY", message, "paid_on")]
    return ()


def closing_is_true(case: Case) -> Sequence[Finding]:
    """GL-083: how the debt ended, and when: nothing is left of what the book knows of."""
    return _closing_wrong(case, frozenset())


def closing_with_a_balance_is_true(case: Case) -> Sequence[Finding]:
    """GL-083: the same, where what was left is paid by an insurance, after it was called, or the debt ends otherwise:
    no figure of the book shows it, so two officers look at it and say why.
    """
    return _closing_wrong(case, _ENDS_WITH_A_BALANCE)


def _closing_wrong(case: Case, ends_with_a_balance: frozenset[str]) -> Sequence[Finding]:
    said, today = case.said(steps.Closing), reading.today(case)
    if said.reason is None:
        return [Finding("GL-083", "REQUIRED", "完済の理由を選択してください。", "reason")]
    if said.reason == "AFTER_ACCELERATION" and case.state(LOAN) != "accelerated":
        return [Finding("GL-083", "NOT_CALLED", "一括繰上返済を請求していない融資です。", "reason")]
    day = said.closed_on or today
    found = standing(case, day) if day <= today else None
    if found is None:
        message = "完済の日は、資金の交付日から本日までの日を入力してください。"
        return [Finding("GL-083", "OTHER_DAY", message, "closed_on")]
    if found.owed_yen and said.reason not in ends_with_a_balance:
        message = f"その日の残高が{found.owed_yen:,}円あります。完済の理由と日をご確認ください。"
        if said.reason in _ENDS_WITH_A_BALANCE:
            message += "残高がある融資の完済は、提案を受けて、機構の承認者が理由とともに記録します。"
        return [Finding("GL-083", "BALANCE_LEFT", message, "reason")]
    return ()


def ground_is_named(case: Case) -> Sequence[Finding]:
    """GL-579: which, and since when it is known. Arrears are told by the bank as missed payments (GL-581); who lives in
    the house is held against its declared use (GL-582, GL-588).
    """
    said = case.said(steps.AccelerationGround)
    if said.ground in {None, arrears.Ground.ARREARS}:
        return [Finding("GL-579", "REQUIRED", "一括繰上返済の事由を、延滞以外から選択してください。", "ground")]
    if said.found_on is None or said.found_on > reading.today(case):
        return [Finding("GL-579", "DAY", "判明した日は、本日以前の日を入力してください。", "found_on")]
    if said.ground == arrears.Ground.NOT_LIVED_IN:
        if said.resident is None:
            return [Finding("GL-588", "REQUIRED", "融資住宅を実際に利用している方を選択してください。", "resident")]
        if arrears.is_used_as_declared(HouseUse(reading.content(case)["house"]["use"]), said.resident):
            message = "申込時に申告された用途のとおりに利用されています。一括繰上返済の事由にはなりません。"
            return [Finding("GL-588", "AS_DECLARED", message, "resident")]
    return ()


def may_be_permitted(case: Case) -> Sequence[Finding]:
    """GL-582 to GL-584: these are the grounds that a permission takes away."""
    if case.said(steps.Permission).ground in arrears.PERMITTABLE:
        return ()
    return [Finding("GL-582", "NOT_PERMITTABLE", "承認の対象を選択してください。", "ground")]
