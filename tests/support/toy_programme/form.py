"""What is asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from applications.forms import Form, asked, read
from applications.programme import Facts
from applications.workflow import Validation

from support.toy_programme import calculator, rules


class PlotForm(Form):
    """区画の利用申込み."""

    square_metres: int | None = asked("区画の広さ", "TY-01")
    surveyor: UUID | None = asked("測量する会社", "TY-06")


def validate(draft: Mapping[str, Any], facts: Facts) -> Validation:
    """Everything that is wrong, and the content with the fee."""
    del facts
    form, findings = read(PlotForm, draft)
    if not findings:
        findings += rules.size_findings(form.square_metres)
    content = form.model_dump(mode="json", exclude_none=True)
    if form.square_metres is not None:
        content["yearly_fee_yen"] = calculator.yearly_fee_yen(form.square_metres)
    return Validation(tuple(findings), (), content)
