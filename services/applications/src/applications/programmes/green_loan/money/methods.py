"""How a loan is repaid: level payment or level principal, with a bonus part or without (GL-244 to GL-248)."""

from __future__ import annotations

from enum import StrEnum

from kit.errors import Finding
from kit.japan.yen import format_yen

from applications.programmes.green_loan.money.rounding import MAN_YEN, down_to_man_yen

BONUS_TENTHS = 4
BONUS_EVERY_MONTHS = 6


class Method(StrEnum):
    """GL-244: every month, chosen by the applicant; a bonus part every six months goes with either (GL-245)."""

    LEVEL_PAYMENT = "level_payment"
    LEVEL_PRINCIPAL = "level_principal"


METHOD_LABELS = {Method.LEVEL_PAYMENT: "元利均等毎月払い", Method.LEVEL_PRINCIPAL: "元金均等毎月払い"}


def max_bonus_part(amount_yen: int) -> int:
    """The largest bonus part in yen (GL-246). interpretation (GL-247): 4/10 of the loan, cut to 10,000 yen."""
    return down_to_man_yen(amount_yen * BONUS_TENTHS // 10)


def bonus_findings(amount_yen: int, bonus_part_yen: int, field: str) -> list[Finding]:
    """GL-246, GL-247: 0 for no bonus payment, or a multiple of 10,000 yen up to 4/10 of the loan, 4/10 included.

    Asked again whenever the amount is reduced (interpretation, GL-248), and of a new split with what is left of the
    loan (GL-591).
    """
    findings = []
    if bonus_part_yen < 0 or bonus_part_yen % MAN_YEN:
        message = "ボーナス払い分は1万円単位で入力してください。ご利用にならない場合は0としてください。"
        findings.append(Finding("GL-246", "not_in_man_yen", message, field))
    most = max_bonus_part(amount_yen)
    if bonus_part_yen > most:
        message = f"ボーナス払い分は、融資額の10分の4以内({format_yen(most)}まで)で入力してください。"
        findings.append(Finding("GL-246", "above_maximum", message, field))
    return findings
