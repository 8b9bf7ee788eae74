"""Works papers at application: contract or quotation, breakdown and circles (GL-393 to GL-398, GL-418 to GL-424)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from kit.errors import Finding
from kit.japan.yen import format_yen

from applications.forms import Form, asked
from applications.programmes.green_loan.money.rounding import MOST_YEN
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, Requirement

OVERHEAD_EXAMPLES = ("運搬費", "発生材処分費", "整理清掃費", "諸経費")
"""GL-422: overheads that can be added to energy-saving works, for example."""


class LineKind(StrEnum):
    """What a line of a breakdown pays for."""

    ENERGY = "ENERGY"
    ENERGY_OVERHEAD = "ENERGY_OVERHEAD"
    PLANTING = "PLANTING"
    OTHER = "OTHER"


class Line(Form):
    """One line of a breakdown (工事内訳書), as an officer reads it; amounts are yen without tax.

    `lump_sum`: the quantity reads 一式. `quantity` and `unit_price_yen` are left out where the paper does not say them.
    """

    item: str | None = asked("項目", "GL-395", max_length=100)
    kind: LineKind | None = asked("工事の区分", "GL-395")
    amount_yen: int | None = asked("金額", "GL-395", ge=0, le=MOST_YEN)
    quantity: Decimal | None = asked("数量", "GL-423", ge=0, le=MOST_YEN)
    unit_price_yen: int | None = asked("単価", "GL-423", ge=0, le=MOST_YEN)
    lump_sum: bool | None = asked("一式の記載", "GL-419")
    item_circled: bool | None = asked("項目の○印", "GL-421")
    amount_circled: bool | None = asked("金額の○印", "GL-421")


class Breakdown(Form):
    """A breakdown with its sums: yen without tax, the tax, and both together. `planting`: the works include some."""

    lines: tuple[Line, ...] | None = asked("内訳の行", "GL-395", max_length=200)
    subtotal_yen: int | None = asked("小計", "GL-423", ge=0, le=MOST_YEN)
    tax_yen: int | None = asked("消費税", "GL-423", ge=0, le=MOST_YEN)
    total_yen: int | None = asked("税込合計", "GL-423", ge=0, le=MOST_YEN)
    planting: bool | None = asked("植樹・造園工事の有無", "GL-398")


def works_requirement(contract: WorksContract) -> Requirement:
    """GL-393: the works contract, original shown later; GL-394, GL-418: without one, a paper with works and amounts."""
    concluded = contract is WorksContract.CONCLUDED
    others = ((Paper.WORKS_ORDER,), (Paper.PURCHASE_CONTRACT,), (Paper.QUOTATION,))
    why = (
        "工事の内容と金額を確認するために必要です。"
        "省エネルギー工事費の内訳がわかり、該当する項目と金額に○印が付いたものに限ります。"
    )
    return Requirement(
        code=Code.WORKS_PAPER,
        who=APPLICATION,
        accepted=((Paper.WORKS_CONTRACT,),) if concluded else others,
        due=Due.APPLICATION,
        why=("工事請負契約を締結されているため、" if concluded else "工事請負契約を締結されていないため、") + why,
        rules=("GL-393" if concluded else "GL-394", "GL-395", "GL-418"),
        original_shown=concluded,
    )


def energy_works_undivided(lines: Sequence[Line]) -> bool:
    """Whether the energy-saving works are one undivided sum (一式), which GL-419 refuses.

    interpretation (GL-424): single lines of 一式 within an itemised breakdown are accepted.
    """
    energy = [line for line in lines if line.kind is LineKind.ENERGY]
    return len(energy) == 1 and bool(energy[0].lump_sum)


def breakdown_findings(breakdown: Breakdown, field: str) -> list[Finding]:
    """What is wrong with a breakdown: none or undivided (GL-395, GL-419, GL-424), circles (GL-421), sums (GL-423),
    planting among other works (GL-398).
    """
    lines = breakdown.lines or ()
    if not any(line.kind is LineKind.ENERGY for line in lines):
        message = "省エネルギー工事費の内訳が確認できる書類をアップロードしてください。"
        return [Finding("GL-395", "NO_ENERGY_WORKS", message, field)]
    if energy_works_undivided(lines):
        message = (
            "省エネルギー工事が「一式」とだけ記載された書類は使用できません。内訳の記載があるものをご用意ください。"
        )
        return [Finding("GL-419", "UNDIVIDED", message, field)]
    return [
        *_line_findings(lines, field),
        *_circle_findings(lines, field),
        *_sum_findings(breakdown, field),
        *planting_findings(lines, includes_planting=bool(breakdown.planting), field=field),
    ]


def _line_findings(lines: Sequence[Line], field: str) -> list[Finding]:
    """GL-395: each line tells what it is, of which kind, and what it costs."""
    return [
        Finding("GL-395", "REQUIRED", "項目、工事の区分、金額を入力してください。", f"{field}.lines.{number}")
        for number, line in enumerate(lines)
        if not line.item or line.kind is None or line.amount_yen is None
    ]


def _circle_findings(lines: Sequence[Line], field: str) -> list[Finding]:
    """GL-421: item and amount of energy-saving works and of their overheads are circled, nothing else is."""
    found = []
    for number, line in enumerate(lines):
        place = f"{field}.lines.{number}"
        saves_energy = line.kind in {LineKind.ENERGY, LineKind.ENERGY_OVERHEAD}
        if saves_energy and not (line.item_circled and line.amount_circled):
            message = f"「{line.item}」の項目と金額の両方に○印を付けてください(まとめて囲んでも構いません)。"
            found.append(Finding("GL-421", "CIRCLE_MISSING", message, place))
        if not saves_energy and (line.item_circled or line.amount_circled):
            message = f"「{line.item}」は省エネルギー工事ではないため、○印を付けないでください。"
            found.append(Finding("GL-421", "CIRCLE_TOO_MANY", message, place))
    return found


def _sum_findings(breakdown: Breakdown, field: str) -> list[Finding]:
    """GL-423: quantity times price, the subtotal and the total agree with what is written."""
    found = []
    for number, line in enumerate(breakdown.lines or ()):
        if line.quantity is None or line.unit_price_yen is None:
            continue
        if line.quantity * line.unit_price_yen != line.amount_yen:
            message = f"「{line.item}」の数量と単価の積が金額と合いません。書類をご確認ください。"
            found.append(Finding("GL-423", "AMOUNT_DIFFERS", message, f"{field}.lines.{number}"))
    subtotal = sum(line.amount_yen or 0 for line in breakdown.lines or ())
    if subtotal != breakdown.subtotal_yen:
        message = f"内訳の合計は{format_yen(subtotal)}です。小計をご確認ください。"
        found.append(Finding("GL-423", "SUBTOTAL_DIFFERS", message, f"{field}.subtotal_yen"))
    if (breakdown.subtotal_yen or 0) + (breakdown.tax_yen or 0) != breakdown.total_yen:
        message = "小計と消費税の合計が税込合計と合いません。書類をご確認ください。"
        found.append(Finding("GL-423", "TOTAL_DIFFERS", message, f"{field}.total_yen"))
    return found


def planting_findings(lines: Sequence[Line], *, includes_planting: bool, field: str) -> list[Finding]:
    """GL-398: planting and landscaping stand as items of their own in every works paper and invoice."""
    if not includes_planting or any(line.kind is LineKind.PLANTING for line in lines):
        return []
    message = "植樹・造園工事は、その工事内容と金額が明確に区分された書類をご提出ください。"
    return [Finding("GL-398", "PLANTING_NOT_SEPARATE", message, field)]
