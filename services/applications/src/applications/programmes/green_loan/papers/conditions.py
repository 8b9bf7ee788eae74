"""What the applicant confirms of a paper before it is accepted: ticks, each with the rule that wants it.

A program cannot read a picture. So whoever uploads a paper confirms what must be seen in it, or must not, and the
office looks at it again in the review.
"""

from __future__ import annotations

from enum import StrEnum

from kit.errors import Finding

from applications.programmes.green_loan.papers.kinds import Paper
from applications.programmes.green_loan.papers.requirement import Code


class Condition(StrEnum):
    """One thing to confirm of a paper."""

    ADDRESS_WRITTEN = "address_written"
    DETAILS_WRITTEN = "details_written"
    FRONT_ONLY = "front_only"
    NUMBERS_BLACKED_OUT = "numbers_blacked_out"
    SHOWS_AMOUNT = "shows_amount"
    SHOWS_TAX = "shows_tax"
    SHOWS_PENSION = "shows_pension"
    NEW_EMPLOYER = "new_employer"
    WHOLE_PERIOD = "whole_period"
    BREAKDOWN_SHOWN = "breakdown_shown"
    ITEMS_CIRCLED = "items_circled"
    STATUS_READABLE = "status_readable"
    KINSHIP_READABLE = "kinship_readable"
    CERTIFICATE_VALID = "certificate_valid"
    DEED_STATES_BOTH = "deed_states_both"


# Rule, and what is confirmed.
_TEXTS: dict[Condition, tuple[str, str]] = {
    Condition.ADDRESS_WRITTEN: ("GL-368", "住所が記載されていること"),
    Condition.DETAILS_WRITTEN: ("GL-368", "氏名・住所・生年月日が記載されていること"),
    Condition.FRONT_ONLY: ("GL-371", "表面のみで、個人番号が記載された裏面を含まないこと"),
    Condition.NUMBERS_BLACKED_OUT: (
        "GL-372",
        "保険者番号、被保険者等記号・番号、二次元コードを黒く塗りつぶしてあること",
    ),
    Condition.SHOWS_AMOUNT: (
        "GL-387",
        "支払給与の総額(給与収入のみの方)または所得金額(それ以外の方)が記載されていること",
    ),
    Condition.SHOWS_TAX: ("GL-387", "住民税の納税額が記載されていること"),
    Condition.SHOWS_PENSION: ("GL-382", "年金の種類と受給額が記載されていること"),
    Condition.NEW_EMPLOYER: ("GL-404", "転・就職後の勤務先が発行したものであること"),
    Condition.WHOLE_PERIOD: ("GL-404", "割戻対象期間の全期間分であること"),
    Condition.BREAKDOWN_SHOWN: ("GL-395", "省エネルギー工事費の内訳が確認できること"),
    Condition.ITEMS_CIRCLED: ("GL-395", "省エネルギー工事に該当する項目と金額に○印が付けられていること"),
    Condition.STATUS_READABLE: ("GL-406", "在留資格が記載されていること"),
    Condition.KINSHIP_READABLE: ("GL-408", "申込本人と融資住宅に入居する親族との続柄が確認できること"),
    Condition.CERTIFICATE_VALID: (
        "GL-410",
        "お二人のいずれかの現住所または融資住宅の所在地の地方公共団体が発行し、紛失または無効として"
        "公表されていないこと",
    ),
    Condition.DEED_STATES_BOTH: (
        "GL-411",
        "愛情と信頼に基づく真摯な関係であること、および同居し、互いに責任を持って協力し、必要な費用を"
        "分担する義務を負うことが明記されていること",
    ),
}
_WORKS = (Condition.BREAKDOWN_SHOWN, Condition.ITEMS_CIRCLED)
_INCOME: dict[Paper, tuple[Condition, ...]] = {
    **dict.fromkeys(
        (
            Paper.TAX_ASSESSMENT,
            Paper.TAX_PAYMENT_NOTICE,
            Paper.SPECIAL_COLLECTION_NOTICE,
            Paper.OTHER_MUNICIPAL,
        ),
        (Condition.SHOWS_AMOUNT,),
    ),
    **dict.fromkeys((Paper.RESIDENCE_TAX_CERTIFICATE, Paper.OTHER_MUNICIPAL_TAX), (Condition.SHOWS_TAX,)),
}
# The same paper may serve for two purposes, with a condition for each.
_CONDITIONS: dict[Code, dict[Paper, tuple[Condition, ...]]] = {
    Code.IDENTITY: {
        Paper.PASSPORT: (Condition.ADDRESS_WRITTEN,),
        Paper.MY_NUMBER_CARD: (Condition.FRONT_ONLY,),
        Paper.RESIDENT_REGISTER_CARD: (Condition.DETAILS_WRITTEN,),
        Paper.HEALTH_INSURANCE_CARD: (Condition.NUMBERS_BLACKED_OUT,),
    },
    Code.INCOME_PROOF: _INCOME,
    Code.CODEBTOR_INCOME_PROOF: _INCOME,
    Code.INCOME_PROOF_LATER: _INCOME,
    Code.PENSION_PROOF: {Paper.PENSION_STATEMENT: (Condition.SHOWS_PENSION,)},
    Code.SALARY_CERTIFICATE_OR_PAYSLIPS: {
        Paper.SALARY_CERTIFICATE: (Condition.NEW_EMPLOYER,),
        Paper.PAY_SLIPS: (Condition.WHOLE_PERIOD,),
    },
    Code.WORKS_PAPER: dict.fromkeys(
        (Paper.WORKS_CONTRACT, Paper.WORKS_ORDER, Paper.PURCHASE_CONTRACT, Paper.QUOTATION), _WORKS
    ),
    Code.FOREIGNER_PAPER: dict.fromkeys(
        (
            Paper.RESIDENCE_CARD,
            Paper.SPECIAL_PERMANENT_RESIDENT,
            Paper.ALIEN_REGISTRATION,
            Paper.RESIDENT_RECORD,
        ),
        (Condition.STATUS_READABLE,),
    ),
    Code.KINSHIP_PROOF: dict.fromkeys((Paper.FAMILY_REGISTER, Paper.RESIDENT_RECORD), (Condition.KINSHIP_READABLE,)),
    Code.SAME_SEX_PARTNER_PAPER: {
        Paper.PARTNERSHIP_CERTIFICATE: (Condition.CERTIFICATE_VALID,),
        Paper.NOTARIAL_DEED: (Condition.DEED_STATES_BOTH,),
    },
}


def conditions_of(code: Code, paper: Paper) -> tuple[Condition, ...]:
    """What is to be confirmed of a paper that serves for this; most papers need nothing."""
    return _CONDITIONS.get(code, {}).get(paper, ())


def text_of(condition: Condition) -> str:
    """What the tick says."""
    return _TEXTS[condition][1]


def unconfirmed_finding(condition: Condition, name: str, field: str) -> Finding:
    """What to do where the tick is missing. `name`: the paper's."""
    rule, text = _TEXTS[condition]
    message = f"{name}について、次のことを確認のうえチェックを入れてください: {text}。"
    return Finding(rule, condition.upper(), message, field)
