"""D, the costs that arise with the works and can be financed beside them (GL-202 to GL-235)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from kit.errors import Finding

LABELS: Mapping[str, str] = {
    "D-01": "水道管・下水道管を敷地に引くための費用(水道負担金等)",
    "D-02": "太陽光発電設備の工事費負担金",
    "D-03": "建築確認・中間検査・完了検査の申請費用",
    "D-04": "建築確認等に関連する各種申請費用",
    "D-05": "適合証明検査費用",
    "D-06": "住宅性能評価関係費用",
    "D-07": "長期優良住宅の認定費用(技術的審査を含む)",
    "D-08": "低炭素住宅の認定費用(技術的審査を含む)",
    "D-09": "建築物省エネ法に基づく評価・認定費用(BELS、性能向上計画認定、基準適合認定。技術的審査を含む)",
    "D-10": "リフォーム瑕疵保険の費用",
    "D-11": "ホームインスペクション(住宅診断)の費用",
    "D-12": "石綿の事前調査・除去(囲い込み・封じ込めを含む)の費用",
    "D-13": "申込人が保有する請負契約書・売買契約書の印紙代",
    "D-14": "火災保険料(積立型を除く)・地震保険料",
    "D-15": "登記に係る司法書士・土地家屋調査士の報酬",
    "D-16": "D-15の登記に係る登録免許税",
    "D-17": "つなぎローンの金利・融資手数料等",
}
"""The costs that are listed (GL-204 to GL-222). interpretation (GL-221): D-16 is of the registrations of D-15."""


class Evidence(StrEnum):
    """What shows that a cost arose (GL-227 to GL-232). Any title does if the content can be confirmed."""

    APPLICATION_FORM = "APPLICATION_FORM"
    INVOICE = "INVOICE"
    RECEIPT = "RECEIPT"
    WORKS_CONTRACT = "WORKS_CONTRACT"
    ORDER_AND_ACKNOWLEDGEMENT = "ORDER_AND_ACKNOWLEDGEMENT"
    INSURER_QUOTATION = "INSURER_QUOTATION"
    REGISTRATION_QUOTATION = "REGISTRATION_QUOTATION"
    LENDER_CALCULATION = "LENDER_CALCULATION"


Payer = Literal["customer", "contractor"]

_SHOWN_TO_THE_CUSTOMER = frozenset({Evidence.APPLICATION_FORM, Evidence.INVOICE, Evidence.RECEIPT})
_SHOWN_BY_THE_CONTRACTOR = frozenset({Evidence.WORKS_CONTRACT, Evidence.ORDER_AND_ACKNOWLEDGEMENT})
_OF_THE_REGISTRATION = _SHOWN_TO_THE_CUSTOMER | {Evidence.REGISTRATION_QUOTATION}

# The table of GL-233 by its numbers, with the words that a cost of it is called by.
APPLICATIONS: Mapping[int, tuple[str, ...]] = {
    1: ("浄化槽", "septic tank"),
    2: ("市街化調整区域", "urbanisation control area", "urbanization control area"),
    3: ("建築基準法第88条工作物", "工作物", "building standards act art 88 structure", "building standards act art 88"),
    4: ("中高層", "medium high rise", "medium high rise building"),
    5: ("文化財保護法第93条", "文化財保護法", "cultural properties act art 93", "cultural properties"),
    6: ("農地転用", "farmland conversion"),
    7: ("水路占用", "waterway occupation"),
    8: (
        "建築基準法第43条第1項但し書き道路",
        "但し書き道路",
        "building standards act art 43 1 proviso road",
        "building standards act art 43 proviso road",
        "building standards act art 43",
        "proviso road",
    ),
    9: ("河川占用", "river occupation"),
    10: ("構造計算適合性判定", "structural calculation review", "structural calculation"),
    11: ("土地区画整理法第76条", "土地区画整理法", "land readjustment act art 76", "land readjustment"),
    12: ("都市計画法第53条建築", "都市計画法第53条", "city planning act art 53"),
    13: ("風致地区", "scenic district"),
    14: ("狭あい道路", "narrow road"),
    15: (
        "都市計画法第29条開発",
        "都市計画法第29条",
        "city planning act art 29 development",
        "city planning act art 29",
    ),
    16: ("ホームエレベーター", "home elevator"),
    17: ("沿道掘削", "roadside excavation"),
    18: ("急傾斜崩壊危険区域", "急傾斜地崩壊危険区域", "steep slope failure area", "steep slope"),
    19: (
        "宅地造成及び特定盛土等規制法第12条",
        "宅地造成及び特定盛土等規制法",
        "residential land development and specified embankment art 12",
        "residential land development and specified embankment",
        "specified embankment",
    ),
}
_FILLING_WORDS = re.compile(r"申請|許可|手数料|費用|\b(fees?|application|permission|permit|act|art|article|law)\b")


def _words(text: str) -> str:
    """A kind of cost without the words that any of them may carry, so that 浄化槽申請手数料 is 浄化槽."""
    plain = re.sub(r"[\s_\-./・()]+", " ", unicodedata.normalize("NFKC", text).lower())
    return " ".join(_FILLING_WORDS.sub(" ", plain).split())


_NUMBER_OF = {_words(word): number for number, words in APPLICATIONS.items() for word in words}


def application_number(kind: str) -> int | None:
    """The number in the table of GL-233 of an application fee, by that number or by its name; None: it is not in it.

    interpretation (GL-234): D-04 is limited to the table.
    """
    words = _words(kind)
    if words.isascii() and words.isdigit():
        return int(words) if int(words) in APPLICATIONS else None
    return _NUMBER_OF.get(words)


@dataclass(frozen=True)
class Bridging:
    """What was confirmed of a bridging loan; the last two for one that was taken for earnest money (GL-225)."""

    interest_fixed_before_contract: bool
    fully_repaid_by_this_loan: bool
    covers_only_earnest_money: bool
    earnest_money_applied_to_works: bool


@dataclass(frozen=True)
class Cost:
    """A D cost (interpretation, GL-235). Yen; `code` is D-01 to D-17, `kind` what it is in that row.

    The kind matters for D-04 (an entry of the table), D-14 (savings-type or not) and D-17 (interest and fee, stamp
    duty, or what belongs to a registration). `evidence` None: there is none. `bridging` is given for D-17.
    """

    code: str
    kind: str
    amount_yen: int
    customer_share_yen: int
    payer: Payer
    evidence: Evidence | None
    evidence_id: UUID | None = None
    evidence_checked: bool = False
    bridging: Bridging | None = None


def is_savings_type(kind: str) -> bool:
    """GL-217, GL-218: an insurance that pays a sum at maturity, by whatever name; riders of others are included."""
    words = _words(kind)
    return any(word in words for word in ("積立", "満期", "saving", "maturity", "endowment"))


def is_earnest_money(kind: str) -> bool:
    """Whether a kind of D-17 is a loan for earnest money (手付金)."""
    return "手付" in kind or "earnest" in kind.lower()


def accepted_evidence(code: str, kind: str, payer: Payer) -> frozenset[Evidence]:
    """Which papers show a cost (GL-227 to GL-232).

    interpretation (GL-229): the evidence of D-01 spans D-01 to D-13. interpretation (GL-231, GL-232): D-16 shares that
    of D-15, and what belongs to a bridging loan besides interest and fee is shown as in D-13, D-15 and D-16. Of the
    contractor's payments the invoice shows them too, where it names the financed house (GL-228).
    """
    if code == "D-14":
        return frozenset({Evidence.INSURER_QUOTATION})
    if code in ("D-15", "D-16"):
        return _OF_THE_REGISTRATION
    if code == "D-17":
        return _evidence_of_bridging(_words(kind))
    return _SHOWN_TO_THE_CUSTOMER | (_SHOWN_BY_THE_CONTRACTOR if payer == "contractor" else frozenset())


def _evidence_of_bridging(words: str) -> frozenset[Evidence]:
    if any(word in words for word in ("stamp", "印紙")):
        return _SHOWN_TO_THE_CUSTOMER | _SHOWN_BY_THE_CONTRACTOR
    if any(
        word in words for word in ("registration", "scrivener", "investigator", "登記", "登録", "司法書士", "調査士")
    ):
        return _OF_THE_REGISTRATION
    return frozenset({Evidence.LENDER_CALCULATION})


_WANTED_OF_OTHERS = ("GL-227", "申請書、請求書、領収書など。事業者が支払いを代行した場合は請負契約書など")
_WANTED: Mapping[str, tuple[str, str]] = {
    "D-14": ("GL-230", "保険会社が発行した見積書"),
    "D-15": ("GL-231", "司法書士または土地家屋調査士が発行した見積書"),
    "D-16": ("GL-231", "司法書士または土地家屋調査士が発行した見積書"),
    "D-17": ("GL-232", "金利・融資手数料は金融機関で算出した書類"),
}


def cost_findings(cost: Cost, field: str) -> list[Finding]:
    """Why a cost cannot be financed (GL-202 to GL-232); an amount that is not the customer's own does not count."""
    if cost.code not in LABELS:
        message = "この費用は、融資の対象に含めることができる諸費用の一覧にありません。"
        return [Finding("GL-202", "unknown_code", message, field)]
    findings = []
    if cost.code == "D-04" and application_number(cost.kind) is None:
        message = "この申請費用は対象の一覧にないため、融資の対象に含めることができません。"
        findings.append(Finding("GL-234", "not_in_table", message, field))
    if cost.code == "D-14" and is_savings_type(cost.kind):
        message = "積立型(満期時に金銭を受け取る特約付きを含む)の火災保険料は、融資の対象に含めることができません。"
        findings.append(Finding("GL-217", "savings_type", message, field))
    if cost.code == "D-17":
        findings += _bridging_findings(cost, field)
    if cost.customer_share_yen <= 0:
        message = "お客さまの負担分がない費用は、融資の対象に含めることができません。"
        findings.append(Finding("GL-203", "no_customer_share", message, field))
    if cost.evidence not in accepted_evidence(cost.code, cost.kind, cost.payer):
        rule, papers = _WANTED.get(cost.code, _WANTED_OF_OTHERS)
        findings.append(Finding(rule, "no_evidence", f"費用を確認できる書類({papers})を提出してください。", field))
    return findings


def _bridging_findings(cost: Cost, field: str) -> list[Finding]:
    """GL-223 to GL-225. interpretation (GL-226): the conditions limit, although the print says that they do not.

    As long as the fixed amount cannot be confirmed, what would show the cost is missing: `no_evidence`.
    """
    known = cost.bridging or Bridging(False, False, False, False)
    findings = []
    conditions = (known.covers_only_earnest_money, known.earnest_money_applied_to_works)
    if (is_earnest_money(cost.kind) or any(conditions)) and not all(conditions):
        message = (
            "手付金のローンは、手付金以外を対象に含まず、その手付金がリフォーム費用に充当されることを、"
            "契約書で確認できる場合に限り対象になります。"
        )
        findings.append(Finding("GL-225", "earnest_money_conditions", message, field))
    if not known.interest_fixed_before_contract:
        message = "つなぎローンの費用は、契約前に資金交付予定日までの確定金額を確認できる場合に限り対象になります。"
        findings.append(Finding("GL-223", "no_evidence", message, field))
    if not known.fully_repaid_by_this_loan:
        message = "つなぎローンの費用は、今回の融資により完済されるものに限り対象になります。"
        findings.append(Finding("GL-224", "not_repaid_by_this_loan", message, field))
    return findings


def countable_yen(amount_yen: int, customer_share_yen: int, *, eligible: bool, evidence_checked: bool) -> int:
    """What a cost adds to D, in yen: the customer's own share (interpretation, GL-203), once its evidence is checked.

    interpretation (GL-235): an item that is not eligible, or without checked evidence, counts 0.
    """
    return min(amount_yen, customer_share_yen) if eligible and evidence_checked else 0


def d_yen(costs: Iterable[Cost]) -> int:
    """D of an application: the proven costs (GL-191, GL-202)."""
    return sum(
        countable_yen(
            cost.amount_yen,
            cost.customer_share_yen,
            eligible=not cost_findings(cost, ""),
            evidence_checked=cost.evidence_checked,
        )
        for cost in costs
    )
