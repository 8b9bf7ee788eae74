"""Another kind of danshin after the application (GL-529, GL-530).

What it does to the rate, and whether it needs a new review, is told by `money.rates.rate_change` (GL-260 to GL-262).
"""

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
