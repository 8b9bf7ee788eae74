"""The office's file of rates: what is read of it, and everything that is told about a wrong one (GL-253, GL-272)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from applications.csv_files import NotReadable
from applications.programmes.green_loan.money.rate_file import COLUMNS, HEADER, read
from applications.programmes.green_loan.money.rates import KEYS, rate_at
from hypothesis import given
from hypothesis import strategies as st

STANDARD = ["1.200", "1.400", "1.580", "1.640"]
OF_S = ["0.900", "1.100", "1.280", "1.340"]
OCTOBER = ["2026-10-01 00:00", "2026-11-01 00:00", *STANDARD, *OF_S]
NOVEMBER = ["2026-11-01 00:00", "2026-12-01 00:00", *STANDARD, *OF_S]


def csv(*rows, header=HEADER, end="\r\n"):
    return (end.join(",".join(row) for row in (header, *rows)) + end).encode()


def told(content):
    return [(one.field, one.code) for one in read(content).findings]


def changed(row, **cells):
    """The row with other cells: c0 and c1 are the times, c2 to c9 the rates."""
    return [cells.get(f"c{number}", cell) for number, cell in enumerate(row)]


@pytest.mark.rule("GL-253", "GL-272")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_a_file_is_read_in_the_encodings_of_spreadsheets(encoding, end):
    reading = read(csv(OCTOBER, NOVEMBER, end=end).decode().encode(encoding))
    assert (reading.findings, list(reading.warnings)) == ((), [])
    first, second = reading.table.periods
    assert first.valid_from == datetime(2026, 9, 30, 15, tzinfo=UTC)
    assert second.valid_until == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert [first.rates[key] for key in KEYS] == [Decimal(cell) for cell in OCTOBER[2:]]
    assert rate_at(reading.table, datetime(2026, 10, 31, 15, tzinfo=UTC), "S", "SANDAI") == Decimal("1.340")


@pytest.mark.rule("GL-253")
def test_the_columns_name_menu_and_danshin():
    assert HEADER[:2] == ("適用開始日時", "適用終了日時")
    assert HEADER[2:] == (
        "通常・団信なし",
        "通常・新機構団信",
        "通常・デュエット",
        "通常・3大疾病付",
        "S・団信なし",
        "S・新機構団信",
        "S・デュエット",
        "S・3大疾病付",
    )
    assert tuple(COLUMNS) == KEYS


@pytest.mark.rule("GL-253")
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "HEADER"),
        (csv(OCTOBER, header=HEADER[:-1]), "HEADER"),
        (csv(OCTOBER, header=[HEADER[1], HEADER[0], *HEADER[2:]]), "HEADER"),
        (csv(), "EMPTY"),
        (csv(OCTOBER) + b"\xff\xff", "ENCODING"),
        (csv(OCTOBER) + b'"2026-', "CSV"),
    ],
)
def test_a_file_that_is_not_of_this_form_is_refused_as_a_whole(content, code):
    with pytest.raises(NotReadable, match=code) as refusal:
        read(content)
    assert refusal.value.finding.rule == "GL-253"


@pytest.mark.rule("GL-253", "GL-272")
@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"c2": ""}, "通常・団信なし", "MISSING"),
        ({"c9": " "}, "S・3大疾病付", "MISSING"),
        ({"c2": "1.2.0"}, "通常・団信なし", "NOT_A_RATE"),
        ({"c2": "-1.2"}, "通常・団信なし", "NOT_A_RATE"),
        ({"c2": "１.200"}, "通常・団信なし", "NOT_A_RATE"),
        ({"c2": "1.2%"}, "通常・団信なし", "NOT_A_RATE"),
        ({"c2": "1e0"}, "通常・団信なし", "NOT_A_RATE"),
        ({"c3": "1.4000"}, "通常・新機構団信", "DECIMALS"),
        ({"c3": "1.400001"}, "通常・新機構団信", "DECIMALS"),
        ({"c4": "25"}, "通常・デュエット", "ABSURD"),
        ({"c4": "10.001"}, "通常・デュエット", "ABSURD"),
        ({"c4": "0.099"}, "通常・デュエット", "ABSURD"),
        ({"c4": "0"}, "通常・デュエット", "ABSURD"),
        ({"c0": "2026-10-1 00:00"}, "適用開始日時", "DATE"),
        ({"c0": "2026/10/01 00:00"}, "適用開始日時", "DATE"),
        ({"c0": "2026-10-01"}, "適用開始日時", "DATE"),
        ({"c1": "2026-09-31 00:00"}, "適用終了日時", "DATE"),
        ({"c1": ""}, "適用終了日時", "DATE"),
    ],
)
def test_a_bad_cell_is_told_with_its_row_and_column(cells, column, code):
    content = csv(OCTOBER, changed(NOVEMBER, **cells))
    assert told(content) == [(f"rows.3.{column}", code)]
    assert read(content).table is None
    assert read(content).findings[0].message.startswith(f"3行目「{column}」：")


@pytest.mark.rule("GL-253")
@pytest.mark.parametrize("rate", ["0.1", "10", "10.000", "1"])
def test_the_limits_of_rates_are_inclusive(rate):
    assert told(csv(changed(OCTOBER, **{f"c{number}": rate for number in range(2, 10)}))) == []


@pytest.mark.rule("GL-253")
@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"c0": "2026-10-31 23:59"}, "OVERLAP"),
        ({"c0": "2026-11-01 00:01"}, "GAP"),
        ({"c0": "2026-10-01 00:00"}, "ORDER"),
        ({"c0": "2026-09-01 00:00"}, "ORDER"),
        ({"c1": "2026-11-01 00:00"}, "END"),
        ({"c1": "2026-10-15 00:00"}, "END"),
    ],
)
def test_periods_follow_one_another_without_gap_overlap_or_disorder(cells, code):
    assert told(csv(OCTOBER, changed(NOVEMBER, **cells))) == [("rows.3", code)]


@pytest.mark.rule("GL-253")
def test_all_findings_are_told_at_once_in_the_order_of_the_rows():
    rows = [changed(OCTOBER, c2="", c5="25.0001"), ["x"], changed(NOVEMBER, c0="2026-11-02 00:00", c9="a")]
    assert told(csv(*rows)) == [
        ("rows.2.通常・団信なし", "MISSING"),
        ("rows.2.通常・3大疾病付", "DECIMALS"),
        ("rows.2.通常・3大疾病付", "ABSURD"),
        ("rows.3", "COLUMNS"),
        ("rows.4.S・3大疾病付", "NOT_A_RATE"),
        ("rows.4", "GAP"),
    ]
    for one in read(csv(*rows)).findings:
        assert one.message.endswith("ください。"), one


@pytest.mark.rule("GL-250", "GL-251")
@pytest.mark.parametrize(
    ("cells", "warnings"),
    [
        ({"c3": "1.900"}, []),
        ({"c3": "1.901"}, [("rows.3.通常・新機構団信", "JUMP")]),
        ({"c2": "0.600", "c6": "0.600"}, [("rows.3.通常・団信なし", "JUMP")]),
        ({"c3": "1.199"}, [("rows.3.通常・新機構団信", "BELOW_NONE")]),
        ({"c6": "1.000", "c9": "1.700"}, [("rows.3.S・3大疾病付", "S_ABOVE_STANDARD")]),
    ],
)
def test_what_is_only_strange_is_a_warning_and_the_table_is_there(cells, warnings):
    reading = read(csv(OCTOBER, changed(NOVEMBER, **cells)))
    assert reading.table is not None
    assert [(one.field, one.code) for one in reading.warnings] == warnings


@given(st.binary(max_size=300), st.text(alphabet='0123456789.,-: \r\n"aあ', max_size=200))
def test_whatever_comes_is_read_or_refused(content, text):
    for file in (content, csv() + text.encode(), csv(OCTOBER) + content):
        try:
            reading = read(file)
        except NotReadable:
            continue
        assert (reading.table is None) == bool(reading.findings)
