"""Another kind of danshin after the application (GL-260 to GL-262, GL-529, GL-530)."""

from __future__ import annotations

from kit.errors import Finding

from applications.programmes.green_loan.danshin.kinds import LABELS, Choice


def switch_findings(before: Choice, after: Choice, *, has_joined: bool, field: str) -> list[Finding]:
    """GL-529: the kind cannot be changed after joining."""
    if before == after or not has_joined:
        return []
    message = f"団信に加入した後は、保障内容を変更できません。「{LABELS[before]}」のままになります。"
    return [Finding("GL-529", "JOINED", message, field)]


def offered_after_refusal(refused: Choice) -> tuple[Choice, ...]:
    """What remains when the insurer refuses: SHIN may be possible for SANDAI (GL-530), and a loan without (GL-513)."""
    return ("SHIN", "NONE") if refused == "SANDAI" else ("NONE",)


def needs_new_review(payment_before: int, payment_after: int) -> bool:
    """GL-261: whether a change that brings another rate (GL-260) needs a new review, by the monthly payments in yen.

    interpretation (GL-262): only a payment that rises needs one. The caller takes the new rate from the table of the
    original acceptance date-time; a change of the menu (STANDARD, S) is judged in the same way.
    """
    return payment_after > payment_before
