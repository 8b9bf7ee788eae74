"""The office's file of balances, one row per association and day: read and checked, nothing of it guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import Finding

from applications.csv_files import read_rows, row_finding

HEADER = ("受付番号", "基準日", "残高(円)")
LARGEST_YEN = 10**15
_RULE = "AS-32"
_LONGEST_CELL = 64


@dataclass(frozen=True)
class Balance:
    """One row: the number of its line as a spreadsheet counts them (the header is 1), and what it says."""

    line: int
    reference: str
    as_of: date
    yen: int


def read(content: bytes, today: date) -> tuple[list[Balance], list[Finding]]:
    """The good rows and what is wrong with the others, in the order of the file.

    `today` in Japan: no balance is known before its day is over. Raises csv_files.NotReadable.
    """
    good: list[Balance] = []
    findings: list[Finding] = []
    seen: dict[tuple[str, date], int] = {}
    for line, cells in read_rows(content, HEADER, rule=_RULE, of="残高"):
        balance = _balance(line, cells, today)
        if isinstance(balance, Finding):
            findings.append(balance)
            continue
        first = seen.setdefault((balance.reference, balance.as_of), line)
        if first != line:
            findings.append(finding(line, "DUPLICATE", f"{first}行目と同じ受付番号・基準日です。"))
        else:
            good.append(balance)
    return good, findings


def finding(line: int, code: str, message: str) -> Finding:
    """What is wrong with a row."""
    return row_finding(_RULE, line, code, message)


def not_ours(balances: Iterable[Balance], known: dict[str, bool]) -> list[Finding]:
    """What is wrong with rows whose association cannot have a balance; `known` says of references if it is approved."""
    return [
        finding(one.line, "UNKNOWN_REFERENCE", "この受付番号の管理組合はありません。")
        if one.reference not in known
        else finding(one.line, "NOT_APPROVED", "この管理組合の登録は、まだ承認されていません。")
        for one in balances
        if not known.get(one.reference, False)
    ]


def _balance(line: int, cells: list[str], today: date) -> Balance | Finding:
    if len(cells) != len(HEADER) or any(len(cell) > _LONGEST_CELL for cell in cells):
        return finding(line, "COLUMNS", f"列の数は{len(HEADER)}つとしてください。")
    reference, day, yen = cells
    as_of = _day(day)
    if as_of is None:
        return finding(line, "DATE", "基準日は、2026-03-31の形の実在する日付としてください。")
    if (as_of + timedelta(days=1)).day != 1:
        return finding(line, "NOT_MONTH_END", "基準日は、月の末日としてください。")
    if as_of >= today:
        return finding(line, "NOT_OVER", "基準日は、昨日以前の日付としてください。")
    # Only the ten digits: int() would also take full-width ones, signs, and digits parted by underscores.
    if not (yen.isascii() and yen.isdigit() and len(yen) <= len(str(LARGEST_YEN)) and int(yen) <= LARGEST_YEN):
        return finding(line, "AMOUNT", "残高は、円単位の整数を半角数字だけで入力してください。")
    return Balance(line, reference, as_of, int(yen))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # fromisoformat also takes 20260331 and weeks
