"""Nationality and permission of residence (GL-114, group 19)."""

from __future__ import annotations

from kit.errors import Finding

JAPANESE = "JAPANESE"
"""What is recorded of a Japanese national in place of a status of residence."""
PERMANENT = {
    "永住者": "GL-334",
    "特別永住者": "GL-335",
}
"""GL-337: 永住許可等, as the field 在留資格 of the residence card or of the certificate has to read, with its rule."""

ASKED_OF = {
    "applicant": ("GL-114", "申込本人"),
    "joint_debtor": ("GL-115", "連帯債務者"),
    "income_combiner": ("GL-320", "収入合算者"),
    "successor": ("GL-333", "親子リレー返済の後継者"),
    "occupying_relative": ("GL-148", "融資住宅に入居する親族"),
}
"""Who has to fulfil it: the rule that asks, and the name of the part for the message."""


def may_take_part(status: str) -> bool:
    """GL-114, GL-334, GL-335, GL-337: JAPANESE, or a status of residence that reads 永住者 or 特別永住者.

    Anything else, such as 定住者 or 日本人の配偶者等, is not enough.
    """
    return status == JAPANESE or status in PERMANENT


def residence_findings(part: str, status: str, field: str) -> list[Finding]:
    """GL-114, GL-115, GL-148, GL-320, GL-333, GL-336, GL-338: what a person's status hinders in a part of ASKED_OF."""
    if may_take_part(status):
        return []
    rule, name = ASKED_OF[part]
    message = (
        f"{name}は、日本国籍の方、または在留資格が「永住者」「特別永住者」の方に限ります。"
        "在留カードまたは特別永住者証明書の記載をご確認ください。"
    )
    return [Finding(rule, "STATUS", message, field)]
