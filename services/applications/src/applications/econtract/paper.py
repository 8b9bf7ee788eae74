"""The contract as PDF, written once for each period: the very bytes that everybody signs (GL-481, GL-484)."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from applications.printing import MARGIN, SANS, SERIF, fitting

_WIDTH, _HEIGHT = A4
_LABEL, _SIZE, _LINE = 150.0, 10.5, 18.0


def write(title: str, preamble: str, terms: Sequence[tuple[str, str]]) -> bytes:
    """The paper with these terms (label, value). The same words give the same bytes."""
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, invariant=1)
    page.setTitle(title)
    page.setAuthor("独立行政法人 住宅金融支援機構")
    page.setFont(SANS, 18)
    page.drawCentredString(_WIDTH / 2, _HEIGHT - MARGIN - 20, title)
    top = _HEIGHT - MARGIN - 70
    for line in fitting(preamble, SERIF, _SIZE, _WIDTH - 2 * MARGIN):
        page.setFont(SERIF, _SIZE)
        page.drawString(MARGIN, top, line)
        top -= _LINE
    top -= _LINE
    for label, value in terms:
        for number, line in enumerate(fitting(value, SERIF, _SIZE, _WIDTH - 2 * MARGIN - _LABEL)):
            if top < MARGIN:
                page.showPage()
                top = _HEIGHT - MARGIN
            if number == 0:
                page.setFont(SANS, _SIZE)
                page.drawString(MARGIN, top, label)
            page.setFont(SERIF, _SIZE)
            page.drawString(MARGIN + _LABEL, top, line)
            top -= _LINE
        top -= _LINE / 3
    page.showPage()
    page.save()
    return file.getvalue()
