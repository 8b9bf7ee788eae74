"""Start and completion of the works, and the papers that follow (GL-396, GL-397, GL-399, GL-458 to GL-479)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kit.errors import Finding
from kit.japan.months import add_months

from applications.forms import Form, asked
from applications.programmes.green_loan.papers.facts import WorksContract
from applications.programmes.green_loan.papers.kinds import Paper, name_of
from applications.programmes.green_loan.papers.requirement import APPLICATION, Code, Due, HandTo, Requirement
from applications.programmes.green_loan.works.kinds import Category

REGISTRATION_MONTHS = 1

CERTIFICATES = {
    "applicant": "住宅改良工事適合証明書(申請者用)",
    "annex_table": "住宅改良工事適合証明書付表",
    "institution": name_of(Paper.CONFORMITY_CERTIFICATE),
}
"""GL-469: what the inspection body issues once the inspection is passed; all of it must be received."""


def issued_findings(issued: Collection[str], field: str) -> list[Finding]:
    """GL-469: what of the certificate was not issued yet."""
    return [
        Finding("GL-469", "CERTIFICATE_MISSING", f"{name}を交付してください。", field)
        for code, name in CERTIFICATES.items()
        if code not in issued
    ]


def works_may_start(approval_date: date | None, plan_confirmation_date: date | None, start_date: date) -> bool:
    """Whether works may start that day: after the decision and after the plan's confirmation (GL-458); None: not yet.

    interpretation (GL-459): the day itself of either is accepted.
    """
    if approval_date is None or plan_confirmation_date is None:
        return False
    return max(approval_date, plan_confirmation_date) <= start_date


def works_start_findings(
    approval_date: date | None, plan_confirmation_date: date | None, start_date: date, field: str
) -> list[Finding]:
    """GL-458, GL-459 with what to do."""
    if works_may_start(approval_date, plan_confirmation_date, start_date):
        return []
    message = "工事は、融資の決定および工事計画内容の確認の後に着工してください。着工日をご確認ください。"
    return [Finding("GL-458", "TOO_EARLY", message, field)]


def area_change_registration_due(completion_date: date) -> date:
    """The last day to apply for the registration of a changed floor area: within one month (GL-470).

    interpretation (GL-471): one calendar month after the completion, clipped to the month's end.
    """
    return add_months(completion_date, REGISTRATION_MONTHS)


def report_requirements(*, building_confirmation: bool, same_body: bool, object_name: str = "") -> list[Requirement]:
    """What the inspection body gets with the report of completion (GL-461, GL-462, GL-467).

    `building_confirmation`: the works need one (建築確認). `same_body`: conformity and completion inspection are done
    by the same body, which then needs no copy of its own certificate. `object_name`: what the photographs' boards say.
    """
    board = f"黒板等には、撮影日と物件名({object_name})を記載してください。" if object_name else ""
    found = [
        _report(
            Code.COMPLETION_REPORT,
            Paper.COMPLETION_REPORT,
            "工事が完了したことを適合証明検査機関に報告するために必要です。",
            "GL-461",
        ),
        _report(
            Code.PHOTOGRAPHS,
            Paper.PHOTOGRAPHS,
            "融資対象となる全ての省エネルギー工事を確認するため、工事前、工事中(完了後に確認できない工事に限ります)、"
            f"工事後の写真が必要です。{board}",
            "GL-462",
        ),
    ]
    if building_confirmation and not same_body:
        found.append(
            _report(
                Code.INSPECTION_CERTIFICATE,
                Paper.INSPECTION_CERTIFICATE,
                "建築確認が必要な工事のため必要です。まだ交付されていない場合は、検査の合格までに交付を受けてください。",
                "GL-467",
                conditional=True,
            )
        )
    return found


def _report(code: Code, paper: Paper, why: str, rule: str, *, conditional: bool = False) -> Requirement:
    return Requirement(
        code=code,
        who=APPLICATION,
        accepted=((paper,),),
        due=Due.REPORT,
        why=why,
        rules=(rule,),
        hand_to=HandTo.INSPECTION_BODY,
        conditional=conditional,
    )


class Phase(StrEnum):
    """When a photograph is taken."""

    BEFORE = "BEFORE"
    DURING = "DURING"
    AFTER = "AFTER"


PHASE_LABELS = {Phase.BEFORE: "工事前", Phase.DURING: "工事中", Phase.AFTER: "工事後"}


@dataclass(frozen=True)
class WorksPlace:
    """Works at a place that the loan pays for, as a line of the application, counted from 0; `hidden`: invisible once
    finished.
    """

    line: int
    name: str
    category: Category
    hidden: bool = False


class Photograph(Form):
    """A photograph of works; `shows_date`, `shows_object_name`: what the board in the picture says (撮影日, 物件名)."""

    line: int | None = asked("工事の行の番号", "GL-464", ge=0, le=99)
    phase: Phase | None = asked("撮影の時期", "GL-462")
    shows_date: bool | None = asked("撮影日の記載", "GL-465")
    shows_object_name: bool | None = asked("物件名の記載", "GL-465")


def photograph_phases(place: WorksPlace) -> tuple[Phase, ...]:
    """When the works at a place are photographed (GL-462, GL-463): during them only if they are hidden afterwards.

    interpretation (GL-464): the energy-saving works A and B are photographed, C works are not.
    """
    if place.category is Category.C:
        return ()
    return (Phase.BEFORE, Phase.DURING, Phase.AFTER) if place.hidden else (Phase.BEFORE, Phase.AFTER)


def photograph_findings(places: Sequence[WorksPlace], photographs: Sequence[Photograph], field: str) -> list[Finding]:
    """GL-462 to GL-465: a photograph of each place in each phase, each with date and object name in the picture."""
    found = []
    for place in places:
        for phase in photograph_phases(place):
            taken = [one for one in photographs if (one.line, one.phase) == (place.line, phase)]
            if not taken:
                message = f"「{place.name}」の{PHASE_LABELS[phase]}の写真をご提出ください。"
                found.append(Finding("GL-462", "PHOTOGRAPH_MISSING", message, field))
            elif not any(one.shows_date and one.shows_object_name for one in taken):
                message = (
                    f"「{place.name}」の{PHASE_LABELS[phase]}の写真は、「撮影日」および「物件名」を記載した"
                    "黒板、画用紙等が一緒に写っているものをご提出ください。"
                )
                found.append(Finding("GL-465", "BOARD_MISSING", message, field))
    return found


class HouseForm(StrEnum):
    """The form of the house."""

    DETACHED = "DETACHED"
    ROW = "ROW"
    STACKED = "STACKED"
    MULTI_DWELLING = "MULTI_DWELLING"


def object_name(form: HouseForm | None, *, place: str, building_name: str, unit_number: str) -> str:
    """What is written as object name (物件名) on the board (GL-466); empty where its form is not told.

    A detached house: where it stands (lot number or residence indication); otherwise building name and unit number.
    """
    if form is None:
        return ""
    return place if form is HouseForm.DETACHED else f"{building_name} {unit_number}".strip()


def institution_requirements(contract: WorksContract, *, breakdown_in_contract: bool) -> list[Requirement]:
    """What the institution gets after the completion, one copy each (GL-397, GL-399, GL-472 to GL-477).

    While it is open whether a works contract will be made, its copy or the works confirmation paper fulfils ②.
    """
    copy, confirmation = (Paper.WORKS_CONTRACT_COPY,), (Paper.WORKS_CONFIRMATION,)
    order_copies = ((Paper.WORKS_ORDER_COPY,), (Paper.PURCHASE_CONTRACT_COPY,), (Paper.QUOTATION_COPY,))
    attached = contract is WorksContract.CONCLUDED and breakdown_in_contract
    return [
        Requirement(
            code=Code.CONFORMITY_CERTIFICATE,
            who=APPLICATION,
            accepted=((Paper.CONFORMITY_CERTIFICATE,),),
            due=Due.COMPLETION,
            why="工事が機構の定める技術基準に適合していることを確認するために必要です。",
            rules=("GL-472",),
            hand_to=HandTo.INSTITUTION,
        ),
        {
            WorksContract.CONCLUDED: _second((copy,), Due.COMPLETION, ("GL-473",)),
            WorksContract.OPEN: _second((copy, confirmation), Due.CONTRACT, ("GL-397", "GL-399", "GL-473", "GL-474")),
            WorksContract.NONE: _second((confirmation,), Due.COMPLETION, ("GL-399", "GL-474")),
        }[contract],
        Requirement(
            code=Code.INVOICE,
            who=APPLICATION,
            accepted=((Paper.INVOICE_COPY,),),
            due=Due.COMPLETION,
            why="実際にかかった工事費を確認するために必要です。原本もお持ちください。",
            rules=("GL-475",),
            hand_to=HandTo.INSTITUTION,
            original_shown=True,
        ),
        Requirement(
            code=Code.FINAL_WORKS_PAPER,
            who=APPLICATION,
            accepted=((Paper.CONTRACT_BREAKDOWN,),) if attached else order_copies,
            due=Due.COMPLETION,
            why="実施した工事の内容と金額を確認するために必要です。原本もお持ちください。",
            rules=("GL-420", "GL-476"),
            hand_to=HandTo.INSTITUTION,
            original_shown=True,
        ),
    ]


_SECOND_WHY = {
    ("GL-473",): "工事請負契約を締結されているため必要です。原本もお持ちください。",
    ("GL-397", "GL-399", "GL-473", "GL-474"): (
        "お申込時に工事請負契約書の提出がなかったため、契約書(写)を原本とともに、融資の契約までに、ご用意でき次第、"
        "なるべくお早めにご提出ください。工事請負契約書を作成しない場合は、住宅改良工事確認書が必要です。"
    ),
    ("GL-399", "GL-474"): (
        "工事請負契約書を作成しないため必要です。取扱金融機関から用紙を受け取り、必要事項を記入し、署名・押印のうえ、"
        "工事請負業者の確認を受けてください。"
    ),
}


def _second(ways: tuple[tuple[Paper, ...], ...], due: Due, rules: tuple[str, ...]) -> Requirement:
    return Requirement(
        code=Code.WORKS_CONTRACT_OR_CONFIRMATION,
        who=APPLICATION,
        accepted=ways,
        due=due,
        why=_SECOND_WHY[rules],
        rules=rules,
        hand_to=HandTo.INSTITUTION,
        original_shown=(Paper.WORKS_CONTRACT_COPY,) in ways,
    )


def changed_works_requirement() -> Requirement:
    """GL-396: after a change of works or amounts, a copy of the changed contract or the like, with circles."""
    return Requirement(
        code=Code.CHANGED_WORKS_PAPER,
        who=APPLICATION,
        accepted=(
            (Paper.WORKS_CONTRACT_COPY,),
            (Paper.WORKS_ORDER_COPY,),
            (Paper.PURCHASE_CONTRACT_COPY,),
            (Paper.QUOTATION_COPY,),
        ),
        due=Due.COMPLETION,
        why="融資承認後に工事内容または金額が変わったため、変更後の契約書等(写)に○印を付けたものが必要です。",
        rules=("GL-396",),
        hand_to=HandTo.INSTITUTION,
        conditional=True,
    )


_ORIGINAL_ITSELF = frozenset({Paper.CONFORMITY_CERTIFICATE, Paper.WORKS_CONFIRMATION})
"""What is handed in as original, so that there is none to show beside."""


def certificate_submission_findings(
    requirements: Sequence[Requirement], received: Collection[Paper], shown: Collection[Paper], field: str
) -> list[Finding]:
    """What still keeps the application from "certificate submitted" (L6); `requirements` as the institution gets them.

    interpretation (GL-478): all four papers are received, and the originals of those handed in as copies were shown.
    """
    found = []
    for requirement in requirements:
        whole = [ways for ways in requirement.accepted if set(ways) <= set(received)]
        if not whole:
            message = f"{requirement.label}を取扱金融機関にご提出ください。"
            found.append(Finding("GL-478", "PAPER_MISSING", message, f"{field}.{requirement.code}"))
        elif requirement.original_shown and not any(set(ways) <= {*shown, *_ORIGINAL_ITSELF} for ways in whole):
            message = f"{requirement.label}の原本を取扱金融機関でご提示ください。"
            found.append(Finding("GL-478", "ORIGINAL_NOT_SHOWN", message, f"{field}.{requirement.code}"))
    return found


def contract_ceiling_yen(approved_yen: int, final_limit_yen: int) -> int:
    """The highest amount that may be contracted.

    interpretation (GL-479): the limit is computed again with the final amounts, and a lower one reduces the loan.
    """
    return min(approved_yen, final_limit_yen)
