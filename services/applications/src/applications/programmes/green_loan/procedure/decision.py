"""The agency's decision about a loan: an approval, its amount and its conditions (GL-431 to GL-436)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kit.errors import Finding

from applications.programmes.green_loan.money.limit import MINIMUM_YEN
from applications.programmes.green_loan.money.methods import bonus_findings
from applications.programmes.green_loan.money.rounding import MAN_YEN

DueEvent = Literal["contract", "certificate", "funds"]


@dataclass(frozen=True)
class Condition:
    """One approval condition (融資承認条件): its text, until which event it must be fulfilled, and whether it is.

    interpretation (GL-435): conditions are such a checklist.
    """

    text: str
    due: DueEvent
    done: bool


def approval_findings(most: int, approved: int, bonus_part: int, *, field: str, bonus_field: str) -> list[Finding]:
    """What stands against approving an amount, with the bonus part that was applied for; in yen.

    An approval may reduce the amount (GL-433), down to 100,000 yen and in units of 10,000 yen (GL-187), never raise it:
    `most` is what was applied for, or the limit where that is lower (GL-196).
    The bonus part is checked again for what is approved (GL-248).
    """
    found = []
    if not MINIMUM_YEN <= approved <= most or approved % MAN_YEN:
        message = (
            f"承認額は、{MINIMUM_YEN:,}円以上、申込額と融資限度額の低い方({most:,}円)以下の金額を1万円単位で入力してください。"
            "融資しない場合は、不承認としてください。"
        )
        found.append(Finding("GL-433", "APPROVED_AMOUNT", message, field))
    return [*found, *bonus_findings(approved, bonus_part, bonus_field)]


def contract_amount_findings(contract_amount: int, approved: int, field: str) -> list[Finding]:
    """GL-431, GL-433: the contract is about the approved amount (yen) at most."""
    if 0 < contract_amount <= approved:
        return []
    message = f"契約額は、承認額({approved:,}円)以下の金額を入力してください。"
    return [Finding("GL-433", "CONTRACT_AMOUNT", message, field)]


def conditions_done(conditions: Sequence[Condition]) -> bool:
    """Whether the contract (L8) may be concluded as far as conditions matter; an approval without conditions may.

    interpretation (GL-435): all of them must be done before, whatever event they name.
    """
    return all(condition.done for condition in conditions)


def conditions_findings(conditions: Sequence[tuple[str | None, str | None]], field: str) -> list[Finding]:
    """GL-434, GL-435: each approval condition, as text and due event, says what is to be done, and until which event.

    Without that nobody could tell a condition that was not fulfilled, and reduce or cancel for it.
    """
    message = "融資承認条件の内容と、いつまでに履行していただくかを入力してください。"
    return [
        Finding("GL-435", "REQUIRED", message, f"{field}.{at}")
        for at, (text, due) in enumerate(conditions)
        if not (text or "").strip() or due is None
    ]
