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


def sendings_change_findings(sendings: int, over: int, field: str) -> list[Finding]:
    """GL-508: another number. interpretation: certificates of years that are over (`over`) were posted, and stay."""
    found = sendings_findings(sendings, field)
    if not found and sendings < over:
        message = f"すでに{over}年分の残高証明書の対象の年が過ぎています。送付回数は{over}以上を入力してください。"
        found.append(Finding("GL-508", "YEARS_OVER", message, field))
    return found


def year_end(year: int) -> date:
    """The day whose balance the certificate of a year states (interpretation: the guide names none)."""
    return date(year, 12, 31)


def posting_findings(year: int, first: date, last: date, field: str) -> list[Finding]:
    """GL-507: when the certificates of a year are posted: after it is over, since no balance is known before."""
    if year_end(year) < first <= last:
        return []
    message = f"郵送の時期は、{year + 1}年1月1日以後の日とし、終わりの日は始めの日以後としてください。"
    return [Finding("GL-507", "PERIOD", message, field)]


def certificate_years(contract_date: date, sendings: int) -> tuple[int, ...]:
    """GL-506: the calendar years for which a certificate is posted. Raises ValueError for a negative number.

    interpretation (GL-509): one for each year, the first is the year of the contract.
    """
    if sendings < 0:
        raise ValueError("the number of sendings is 0 or more")
    return tuple(range(contract_date.year, contract_date.year + sendings))
