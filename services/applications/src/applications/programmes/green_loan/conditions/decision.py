"""What the steps of the review must pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.errors import Finding

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.money.methods import max_bonus_part
from applications.programmes.green_loan.procedure import channel, decision
from applications.programmes.green_loan.reading import LOAN, content, debtors
from applications.workflow import Case


def reason_is_given(case: Case) -> Sequence[Finding]:
    """GL-104: why."""
    return () if case.reason.strip() else [Finding("GL-104", "REQUIRED", "理由を入力してください。", "reason")]


def refusal_has_a_ground(case: Case) -> Sequence[Finding]:
    """GL-349 to GL-353."""
    return _has_ground(case, channel.REFUSALS)


def cancellation_has_a_ground(case: Case) -> Sequence[Finding]:
    """GL-354."""
    return _has_ground(case, channel.CANCELLATIONS)


def _has_ground(case: Case, grounds: Sequence[channel.Reason]) -> Sequence[Finding]:
    if case.said(steps.Refusal).code in {one.code for one in grounds}:
        return ()
    return [Finding("GL-353", "REQUIRED", "理由を一覧から選択してください。", "code")]


def reason_told(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """GL-121, GL-353, GL-354: why, in words; the code is for officers."""
    return {"reason": channel.reason_told(said.get("code"))}


def bureau_is_named(case: Case) -> Sequence[Finding]:
    """GL-122, GL-123, GL-623: which bureau, and about whom: people who owe the loan, each once."""
    said = case.said(steps.CreditContact)
    persons = said.persons or ()
    found = []
    if said.bureau is None:
        found.append(Finding("GL-623", "REQUIRED", "個人信用情報機関を選択してください。", "bureau"))
    if not persons or len(set(persons)) < len(persons) or not set(persons) <= set(debtors(case)):
        message = "対象の方を、申込本人と連帯債務者の中から選択してください。"
        found.append(Finding("GL-623", "PERSONS", message, "persons"))
    return found


def approval_fits(case: Case) -> Sequence[Finding]:
    """GL-248, GL-433, GL-435, GL-479: at most what was applied for, and what final amounts allow; conditions, and a
    bonus part that fits.
    """
    said = case.said(steps.Approval)
    loan = content(case)["loan"]
    if said.amount_yen is None:
        return [Finding("GL-433", "REQUIRED", "承認額を入力してください。", "amount_yen")]
    receipt = case.said_before(steps.CheckedReceipt, LOAN, "receive")
    final = receipt.final_limit_yen if receipt else None
    conditions = [(one.text, one.due) for one in said.conditions or ()]
    found = decision.approval_findings(
        loan["amount_yen"] if final is None else min(loan["amount_yen"], final),
        said.amount_yen,
        contract.bonus_of(case, said),
        field="amount_yen",
        bonus_field="bonus_part_yen",
    )
    return [*found, *decision.conditions_findings(conditions, "conditions")]


def most_to_contract(case: Case) -> tuple[int, int]:
    """GL-248, GL-433, GL-479: the most that the contract can be about, and its bonus part, in yen."""
    amount = contract.most_yen(case)
    return amount, min(contract.approved_bonus_yen(case), max_bonus_part(amount))


def payment_rises(case: Case) -> bool:
    """GL-261, GL-262: the last change of danshin raised the payment, and nobody has decided since."""
    change, approved = case.last(LOAN, "change_danshin"), case.last(LOAN, "approve")
    said = case.said_before(steps.DanshinChange, LOAN, "change_danshin")
    if change is None or said is None or (approved is not None and change.at < approved.at):
        return False
    return rises(said)


def rises(change: steps.DanshinChange) -> bool:
    """GL-261, GL-262: whether a change of danshin raises the monthly payment, or that of the bonus."""
    monthly = (change.payment_after_yen or 0) > (change.payment_before_yen or 0)
    return monthly or (change.bonus_after_yen or 0) > (change.bonus_before_yen or 0)
