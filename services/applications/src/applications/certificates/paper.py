"""The certificate as PDF, one page of A4.

Its letters are those that PDF itself names for Japanese (Adobe-Japan1), which every viewer has or finds a substitute
for, so no font is shipped. They hold all of JIS X 0208, to which the form keeps names (AS-17).
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from kit.japan.era import format_era
from kit.japan.yen import format_yen
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from applications.certificates.queries import Certificate

SERIF, SANS = "HeiseiMin-W3", "HeiseiKakuGo-W5"
MARGIN = 72.0
_WIDTH, _HEIGHT = A4
_ROW = 34.0
_LABEL_WIDTH = 150.0

for _font in (SERIF, SANS):
    pdfmetrics.registerFont(UnicodeCIDFont(_font))


def write(certificate: Certificate, balance_yen: int) -> bytes:
    """The page. The same certificate gives the same bytes."""
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, invariant=1)
    page.setTitle("残高証明書")
    page.setAuthor("独立行政法人 住宅金融支援機構")
    page.setFont(SERIF, 10.5)
    page.drawRightString(_WIDTH - MARGIN, _HEIGHT - MARGIN, format_era(certificate.shown_since))
    page.setFont(SANS, 22)
    page.drawCentredString(_WIDTH / 2, _HEIGHT - 150, "残 高 証 明 書")

    top = _HEIGHT - 215
    for line in _fitting(f"{certificate.association} 御中", SERIF, 14, _WIDTH - 2 * MARGIN):
        page.setFont(SERIF, 14)
        page.drawString(MARGIN, top, line)
        top -= 20
    page.setFont(SERIF, 10.5)
    page.drawString(MARGIN, top - 22, "マンションすまい・る債の残高は、次のとおりです。")

    top -= 52
    for label, value in _rows(certificate, balance_yen):
        page.setLineWidth(0.5)
        page.rect(MARGIN, top - _ROW, _WIDTH - 2 * MARGIN, _ROW)
        page.line(MARGIN + _LABEL_WIDTH, top, MARGIN + _LABEL_WIDTH, top - _ROW)
        page.setFont(SANS, 10.5)
        page.drawString(MARGIN + 10, top - 21, label)
        page.setFont(SERIF, 13)
        page.drawString(MARGIN + _LABEL_WIDTH + 12, top - 22, value)
        top -= _ROW

    page.setFont(SERIF, 10.5)
    page.drawString(MARGIN, top - 36, "上記のとおり相違ないことを証明します。")
    page.setFont(SANS, 13)
    page.drawRightString(_WIDTH - MARGIN, top - 84, "独立行政法人 住宅金融支援機構")
    page.showPage()
    page.save()
    return file.getvalue()


def _rows(certificate: Certificate, balance_yen: int) -> Iterator[tuple[str, str]]:
    yield "受付番号", certificate.reference
    if certificate.number is not None:
        yield "積立組合番号", certificate.number
    yield "基準日", f"{format_era(certificate.as_of)}現在"
    yield "残高", f"金 {format_yen(balance_yen)}"


def _fitting(text: str, font: str, size: float, width: float) -> Iterator[str]:
    """The text in lines that fit: Japanese may break after any letter."""
    line = ""
    for letter in text:
        if line and pdfmetrics.stringWidth(line + letter, font, size) > width:
            yield line
            line = ""
        line += letter
    yield line
