"""What a program read in the file of the income information retrieval service, beside what was declared (GL-425).

For the officer's eye and the applicant's: it decides nothing, and no file is refused for it. A paper that is not signed
is a paper like any other.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from kit.errors import Finding
from madoguchi_contracts import IncomeEvidence

from applications.programmes.green_loan.papers.income import income_year_findings

VERIFIED, NOT_SIGNED = "VERIFIED", "NOT_SIGNED"

_FETCH_ANEW = (
    "お手数ですが、収入情報取得サービスから改めて取得し、ダウンロードしたPDFを編集・印刷せず、"
    "そのままアップロードしてください。"
)
_NOT_THE_SERVICES = {
    "CHANGED": "収入証明書(PDF)が、発行後に変更されています。",
    "UNKNOWN_SIGNER": "収入証明書(PDF)の電子署名が、収入情報取得サービスのものではありません。",
}
_UNREADABLE = "収入証明書(PDF)の電子署名を確認できませんでした。"


@dataclass(frozen=True)
class Declared:
    """What the application says of the person; None: not entered. `income_yen` is the salary of who has nothing else
    (`salary_only`), the total income amount of others (GL-278).
    """

    name: str | None
    birth: date | None
    salary_only: bool
    income_yen: int | None


def evidence_findings(
    result: str, evidence: IncomeEvidence | None, declared: Declared, acceptance_date: date, field: str
) -> list[Finding]:
    """What is to be looked at: it is not as it was issued, of somebody else (GL-425), of another year (GL-376, also in
    January to May: what stands in for the proof then is another paper, GL-391), or of another amount (GL-278).

    Amounts are compared where person and year are right. An unknown `result` counts as unreadable: nothing is known.
    """
    if result == NOT_SIGNED:
        return []
    if result != VERIFIED or evidence is None:
        message = _NOT_THE_SERVICES.get(result, _UNREADABLE) + _FETCH_ANEW
        return [Finding("GL-425", f"EVIDENCE_{result}", message, field)]
    found = []
    if not same_person(evidence, declared):
        message = "収入証明書のお名前または生年月日が、お申込みの内容と異なります。ご本人の収入証明書かご確認ください。"
        found.append(Finding("GL-425", "EVIDENCE_OF_SOMEBODY_ELSE", message, field))
    found += income_year_findings(acceptance_date, evidence.year, field)
    return found or _amount_findings(evidence, declared, field)


def same_person(evidence: IncomeEvidence, declared: Declared) -> bool:
    """Whether name and day of birth are those declared, as far as they are; width and spaces say nothing."""
    name = declared.name
    return (name is None or _plain(name) == _plain(evidence.name)) and declared.birth in (None, evidence.birth)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _amount_findings(evidence: IncomeEvidence, declared: Declared, field: str) -> list[Finding]:
    label, shown = (
        ("支払給与の総額", evidence.salary_yen or 0)
        if declared.salary_only
        else ("所得金額", evidence.total_income_yen)
    )
    if declared.income_yen in (None, shown):
        return []
    said = declared.income_yen or 0
    message = (
        f"収入証明書の{label}は{shown:,}円、お申込みの内容は{said:,}円で、{abs(said - shown):,}円の差があります。"
        "入力内容をご確認ください。"
    )
    return [Finding("GL-278", "INCOME_DIFFERS", message, field)]
