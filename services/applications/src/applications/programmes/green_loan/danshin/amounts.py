"""Limits over several loans: insured amount (GL-539, GL-540), health check certificate (GL-535 to GL-538)."""

from __future__ import annotations

from typing import Final

from kit.errors import Finding

from applications.programmes.green_loan.danshin.kinds import Product

INSURED_LIMIT_YEN: Final = 100_000_000
"""GL-539."""
CERTIFICATE_ABOVE_YEN: Final = 50_000_000
"""GL-535."""


def insured_total(this_loan: int, insured_balances: int, simultaneous: int) -> int:
    """GL-539: the sum in yen that the limit is compared with.

    (1) the planned amount of this loan, (2) balances insured with danshin of other loans in repayment, (3) amounts of
    other loans that are applied for at the same time and use danshin.
    """
    return this_loan + insured_balances + simultaneous


def insurable(total: int) -> bool:
    """Whether one may newly join with this sum in yen.

    interpretation (GL-540): exactly the limit is allowed; above it this loan is not insured at all, not even in part.
    """
    return total <= INSURED_LIMIT_YEN


def parts_findings(whole: tuple[int, int], sandai: tuple[int, int], field: str) -> list[Finding]:
    """GL-536: what is insured with SANDAI is a part of what is insured, and of what is applied for likewise; in yen."""
    if all(part <= all_of_it for part, all_of_it in zip(sandai, whole, strict=True)):
        return []
    message = "3大疾病付の団信の額は、団信の額の内数として入力してください。"
    return [Finding("GL-536", "MORE_THAN_THE_WHOLE", message, field)]


def insured_findings(total: int, field: str) -> list[Finding]:
    """GL-539: the sum of the insured amounts is at most 100,000,000 yen."""
    if insurable(total):
        return []
    message = (
        f"団信の保険金額は、返済中や同時にお申込みの融資と合わせて1億円までです(合計 {total:,}円)。"
        "今回の融資では団信に加入できません。加入せずにお申し込みいただけます。"
    )
    return [Finding("GL-539", "INSURED_LIMIT", message, field)]


def sandai_total(this_loan: int, sandai_balances: int, simultaneous_sandai: int) -> int:
    """GL-536: this loan with the balances insured in SANDAI (or the former 3大疾病付機構団信), and what is applied for
    at the same time with SANDAI; in yen."""
    return this_loan + sandai_balances + simultaneous_sandai


def certificate_required(product: Product, total: int) -> bool:
    """Whether the 健康診断結果証明書 is needed, whatever is declared (GL-535).

    interpretation (GL-538): `total` is that of `sandai_total`; exactly 50,000,000 yen needs none.
    """
    return product == "SANDAI" and total > CERTIFICATE_ABOVE_YEN
