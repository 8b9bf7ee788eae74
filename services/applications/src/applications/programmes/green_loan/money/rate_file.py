"""The office's file of rates: one row per period with its eight rates, read and checked, nothing of it guessed.

The guide prints no rates (GL-253). Whoever mistypes one changes every loan of a month, so the file is looked at as a
careful colleague would: everything that is wrong is told at once, with its row, and what is only strange as a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from re import compile as pattern

from kit.errors import Finding
from kit.japan import JST, to_jst

from applications.csv_files import in_order, read_rows, row_finding
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.money.rates import KEYS, Period, RateKey, RateTable
from applications.programmes.green_loan.works.kinds import Menu

MENU_LABELS = {Menu.STANDARD: "通常", Menu.S: "S"}
DANSHIN_LABELS: dict[Choice, str] = {
    "NONE": "団信なし",
    "SHIN": "新機構団信",
    "DUET": "デュエット",
    "SANDAI": "3大疾病付",
}
COLUMNS: dict[RateKey, str] = {key: f"{MENU_LABELS[key[0]]}・{DANSHIN_LABELS[key[1]]}" for key in KEYS}
HEADER = ("適用開始日時", "適用終了日時", *COLUMNS.values())
LOWEST, HIGHEST = Decimal("0.1"), Decimal("10")  # percent; what lies outside is a slip of the point
DECIMALS = 3  # GL-272
LARGEST_JUMP = Decimal("0.5")  # percentage points from one period to the next; more is told, and may be right
_RULE = "GL-253"
_RATE = pattern(r"[0-9]{1,3}(\.[0-9]{1,12})?")
_TIME_FORMAT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Reading:
    """What a file says. `table` is None if there are findings; warnings hinder nothing."""

    table: RateTable | None
    findings: Sequence[Finding]
    warnings: Sequence[Finding]


@dataclass(frozen=True)
class _Row:
    """A row as far as it can be read. `line` is counted as a spreadsheet does: the header is 1."""

    line: int
    valid_from: datetime | None
    valid_until: datetime | None
    rates: dict[RateKey, Decimal]


def read(content: bytes) -> Reading:
    """The table of a file. Times are of Japan; the end is the moment from which the rates no longer apply.

    Raises csv_files.NotReadable.
    """
    findings: list[Finding] = []
    rows = [
        row
        for line, cells in read_rows(content, HEADER, rule=_RULE, of="金利")
        if (row := _row(line, cells, findings)) is not None
    ]
    findings += [one for earlier, later in pairwise(rows) for one in _joint(earlier, later)]
    if findings:
        return Reading(None, in_order(findings), ())
    periods = [Period(row.valid_from, row.valid_until, row.rates) for row in rows if row.valid_from and row.valid_until]
    warnings = [one for row in rows for one in _strange(row)]
    warnings += [one for earlier, later in pairwise(rows) for one in _jumps(earlier, later)]
    return Reading(RateTable(periods), (), in_order(warnings))


def finding(line: int, code: str, message: str, column: str = "") -> Finding:
    return row_finding(_RULE, line, code, message, column)


def _row(line: int, cells: list[str], findings: list[Finding]) -> _Row | None:
    """The row, with everything that is wrong in it added to the findings. None: it has not the columns."""
    if len(cells) != len(HEADER):
        findings.append(finding(line, "COLUMNS", f"列の数は{len(HEADER)}としてください。"))
        return None
    begins, ends = (_moment(line, column, cell, findings) for column, cell in zip(HEADER[:2], cells[:2], strict=True))
    if begins and ends and ends <= begins:
        findings.append(finding(line, "END", "適用終了日時は、適用開始日時より後としてください。"))
    rates = {
        key: rate
        for key, cell in zip(KEYS, cells[2:], strict=True)
        if (rate := _rate(line, COLUMNS[key], cell, findings)) is not None
    }
    return _Row(line, begins, ends, rates)


def _moment(line: int, column: str, cell: str, findings: list[Finding]) -> datetime | None:
    try:
        moment = datetime.strptime(cell, _TIME_FORMAT).replace(tzinfo=JST)
    except ValueError:
        moment = None
    # strptime also takes 2026-1-1 and full-width digits.
    if moment is None or moment.strftime(_TIME_FORMAT) != cell:
        findings.append(finding(line, "DATE", "2026-10-01 00:00の形の実在する日時としてください。", column))
        return None
    return moment.astimezone(UTC)


def _rate(line: int, column: str, cell: str, findings: list[Finding]) -> Decimal | None:
    if not cell:
        findings.append(finding(line, "MISSING", "金利を入力してください。", column))
        return None
    if not _RATE.fullmatch(cell):
        findings.append(finding(line, "NOT_A_RATE", "金利は、1.230のように半角数字(%)で入力してください。", column))
        return None
    decimals = len(cell.partition(".")[2])
    if decimals > DECIMALS:
        message = f"小数点以下は{DECIMALS}桁までとしてください。"
        findings.append(finding(line, "DECIMALS", message, column))
    rate = Decimal(cell)
    if not LOWEST <= rate <= HIGHEST:
        message = f"金利は{LOWEST}%以上{HIGHEST}%以下としてください。小数点の位置をご確認ください。"
        findings.append(finding(line, "ABSURD", message, column))
    return rate


def _joint(earlier: _Row, later: _Row) -> Iterator[Finding]:
    """How a row continues the one before it."""
    begins, ended = later.valid_from, earlier.valid_until
    if earlier.valid_from and begins and begins <= earlier.valid_from:
        yield finding(later.line, "ORDER", f"適用開始日時は、{earlier.line}行目より後としてください。")
    elif begins and ended and begins < ended:
        yield finding(later.line, "OVERLAP", f"{earlier.line}行目と期間が重なっています。日時を直してください。")
    elif begins and ended and begins > ended:
        since = to_jst(ended).strftime(_TIME_FORMAT)
        message = f"{earlier.line}行目の終了({since})との間が空いています。日時を直してください。"
        yield finding(later.line, "GAP", message)


def _strange(row: _Row) -> Iterator[Finding]:
    for menu in MENU_LABELS:
        for danshin in DANSHIN_LABELS:
            if row.rates[menu, danshin] < row.rates[menu, "NONE"]:
                message = "団信なしの金利を下回っています。誤りがないかご確認ください。"
                yield finding(row.line, "BELOW_NONE", message, COLUMNS[menu, danshin])
    for danshin in DANSHIN_LABELS:
        if row.rates[Menu.S, danshin] > row.rates[Menu.STANDARD, danshin]:
            message = "通常の金利を上回っています。誤りがないかご確認ください。"
            yield finding(row.line, "S_ABOVE_STANDARD", message, COLUMNS[Menu.S, danshin])


def _jumps(earlier: _Row, later: _Row) -> Iterator[Finding]:
    for key, column in COLUMNS.items():
        if abs(later.rates[key] - earlier.rates[key]) > LARGEST_JUMP:
            message = f"{earlier.line}行目から{LARGEST_JUMP}%を超えて変わっています。誤りがないかご確認ください。"
            yield finding(later.line, "JUMP", message, column)
