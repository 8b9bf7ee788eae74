"""Files of rows that the office hands in, as a spreadsheet in Japan writes them: all that is wrong is told at once.

A finding names the row by the number that the spreadsheet shows: the header is 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from kit.errors import Finding

MOST_FINDINGS = 200  # more than anybody mends before trying again


class NotReadable(ValueError):
    """The file as a whole cannot be read; the finding says why."""

    def __init__(self, rule: str, code: str, message: str) -> None:
        super().__init__(code)
        self.finding = Finding(rule, code, message)


def read_rows(content: bytes, header: Sequence[str], *, rule: str, of: str) -> list[tuple[int, list[str]]]:
    """The rows after the header, each with its number and its cells without blanks around them; `of` is what they say.

    UTF-8, with or without a mark, or cp932. Raises NotReadable, with the file's `rule`.
    """
    lines = list(_lines(_text(content, rule), rule))
    if not lines or tuple(cell.strip() for cell in lines[0]) != tuple(header):
        raise NotReadable(rule, "HEADER", f"1行目は「{','.join(header)}」としてください。")
    if len(lines) == 1:
        raise NotReadable(rule, "EMPTY", f"2行目以降に、{of}の行がありません。")
    return [(number, [cell.strip() for cell in cells]) for number, cells in enumerate(lines[1:], start=2)]


def row_finding(rule: str, line: int, code: str, message: str, column: str = "") -> Finding:
    """What is wrong with a row, or with one column of it."""
    place = f"{line}行目「{column}」" if column else f"{line}行目"
    return Finding(rule, code, f"{place}：{message}", f"rows.{line}.{column}" if column else f"rows.{line}")


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By row."""
    return sorted(findings, key=lambda one: int(one.field.split(".")[1]))


def _text(content: bytes, rule: str) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotReadable(rule, "ENCODING", "文字コードは、UTF-8またはShift_JIS(cp932)としてください。")


def _lines(text: str, rule: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error:
        raise NotReadable(rule, "CSV", "CSV形式のファイルとして読み取れませんでした。") from None
