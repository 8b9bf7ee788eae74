"""The agency's decision about a loan: an approval, its amount and its conditions (GL-431 to GL-436)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kit.errors import Finding

READ_ONLY_FROM: Final = "L3"
"""GL-436: from the approval on, the content is shown read-only; changes go through the institution (GL-056)."""

DueEvent = Literal["contract", "certificate", "funds"]


@dataclass(frozen=True)
class Condition:
    """One approval condition (融資承認条件): its text, until which event it must be fulfilled, and whether it is.

    interpretation (GL-435): conditions are such a checklist.
    """

    text: str
    due: DueEvent
    done: bool


def approval_findings(requested: int, approved: int, field: str) -> list[Finding]:
    """GL-433: an approval may reduce the amount (yen), never raise it or leave nothing."""
    if 0 < approved <= requested:
        return []
    message = f"承認額は、申込額({requested:,}円)以下の金額を入力してください。融資しない場合は、不承認としてください。"
    return [Finding("GL-433", "APPROVED_AMOUNT", message, field)]


def bonus_findings(bonus_part: int, maximum: int, field: str) -> list[Finding]:
    """GL-248: after a reduction the bonus part (yen) is checked again against its maximum for the new amount."""
    if bonus_part <= maximum:
        return []
    message = (
        f"ボーナス払い分は{maximum:,}円以下です(現在 {bonus_part:,}円)。減額後の融資額に合わせて変更してください。"
    )
    return [Finding("GL-248", "BONUS_PART", message, field)]


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


def conditions_findings(conditions: Sequence[Condition], field: str) -> list[Finding]:
    """GL-434, GL-435: the approval conditions that are still open, each by its text."""
    return [
        Finding(
            "GL-435", "CONDITION_OPEN", f"融資承認条件が未了です。お手続きをお願いします: {one.text}", f"{field}.{at}"
        )
        for at, one in enumerate(conditions)
        if not one.done
    ]
