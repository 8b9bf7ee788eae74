"""A certificate as PDF, one page of A4.

Its letters are those that PDF itself names for Japanese (Adobe-Japan1), which every viewer has or finds a substitute
for, so no font is shipped. They hold all of JIS X 0208, to which the form keeps names (AS-17).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kit.japan.era import format_era
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

SERIF, SANS = "HeiseiMin-W3", "HeiseiKakuGo-W5"
MARGIN = 72.0
_WIDTH, _HEIGHT = A4
_ROW, _LINE = 34.0, 18.0
_LABEL_WIDTH = 150.0

for _font in (SERIF, SANS):
    pdfmetrics.registerFont(UnicodeCIDFont(_font))


@dataclass(frozen=True)
class Paper:
    """What is printed: the title, the day, whom it is for (line by line), what is said, and rows of label and value."""

    title: str
    dated: date
    to: Sequence[str]
    says: str
    rows: Sequence[tuple[str, str]]


def write(paper: Paper) -> bytes:
    """The page. The same paper gives the same bytes."""
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, invariant=1)
    page.setTitle(paper.title)
    page.setAuthor("独立行政法人 住宅金融支援機構")
    page.setFont(SERIF, 10.5)
    page.drawRightString(_WIDTH - MARGIN, _HEIGHT - MARGIN, format_era(paper.dated))
    page.setFont(SANS, 22)
    page.drawCentredString(_WIDTH / 2, _HEIGHT - 150, " ".join(paper.title))

    top = _HEIGHT - 215
    page.setFont(SERIF, 14)
    for line in paper.to:
        for part in fitting(line, SERIF, 14, _WIDTH - 2 * MARGIN):
            page.drawString(MARGIN, top, part)
            top -= 20
    page.setFont(SERIF, 10.5)
    page.drawString(MARGIN, top - 22, paper.says)

    top -= 52
    for label, value in paper.rows:
        lines = list(fitting(value, SERIF, 13, _WIDTH - 2 * MARGIN - _LABEL_WIDTH - 24))
        height = _ROW + _LINE * (len(lines) - 1)
        page.setLineWidth(0.5)
        page.rect(MARGIN, top - height, _WIDTH - 2 * MARGIN, height)
        page.line(MARGIN + _LABEL_WIDTH, top, MARGIN + _LABEL_WIDTH, top - height)
        page.setFont(SANS, 10.5)
        page.drawString(MARGIN + 10, top - 21, label)
        page.setFont(SERIF, 13)
        for number, line in enumerate(lines):
            page.drawString(MARGIN + _LABEL_WIDTH + 12, top - 22 - _LINE * number, line)
        top -= height

    page.setFont(SERIF, 10.5)
    page.drawString(MARGIN, top - 36, "上記のとおり相違ないことを証明します。")
    page.setFont(SANS, 13)
    page.drawRightString(_WIDTH - MARGIN, top - 84, "独立行政法人 住宅金融支援機構")
    page.showPage()
    page.save()
    return file.getvalue()


def fitting(text: str, font: str, size: float, width: float) -> Iterator[str]:
    """The text in lines that fit: Japanese may break after any letter."""
    line = ""
    for letter in text:
        if line and pdfmetrics.stringWidth(line + letter, font, size) > width:
            yield line
            line = ""
        line += letter
    yield line
