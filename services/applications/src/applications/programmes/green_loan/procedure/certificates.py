"""融資額残高証明書: for which years balance certificates are posted (GL-505 to GL-509)."""

from __future__ import annotations

from datetime import date

from kit.errors import Finding


def sendings_findings(sendings: int, field: str) -> list[Finding]:
    """GL-505: 税控除残高証明書の送付回数. interpretation (GL-509): an integer from 0; 0 is no certificate."""
    if sendings >= 0:
        return []
    message = "税控除残高証明書の送付回数は、0以上の整数で入力してください。不要の場合は0を入力してください。"
    return [Finding("GL-509", "NEGATIVE", message, field)]


def certificate_years(contract_date: date, sendings: int) -> tuple[int, ...]:
    """GL-506: the calendar years for which a certificate is posted. Raises ValueError for a negative number.

    interpretation (GL-509): one for each year, the first is the year of the contract.
    """
    if sendings < 0:
        raise ValueError("the number of sendings is 0 or more")
    return tuple(range(contract_date.year, contract_date.year + sendings))
