"""What one required paper is (GL-359, GL-362, GL-366), where its file goes, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from applications.programmes.green_loan.papers.kinds import Paper, issuer_of, name_of


class Due(StrEnum):
    """By when a paper is needed (GL-366), in the order of the procedure."""

    APPLICATION = "application"
    DANSHIN = "danshin"
    PLAN = "plan"
    REPORT = "report"
    COMPLETION = "completion"
    CONTRACT = "contract"
    FUNDS = "funds"


class HandTo(StrEnum):
    """Where a paper is handed in. Only UPLOAD is a file of this service (GL-367); the others are shown as a list."""

    UPLOAD = "upload"
    DANSHIN_SERVICE = "danshin_service"
    INSPECTION_BODY = "inspection_body"
    INSTITUTION = "institution"


class Code(StrEnum):
    """What is asked for. Several requirements may have one code, each for another person or pension."""

    IDENTITY = "IDENTITY"
    BUILDING_REGISTER = "BUILDING_REGISTER"
    INCOME_PROOF = "INCOME_PROOF"
    CODEBTOR_INCOME_PROOF = "CODEBTOR_INCOME_PROOF"
    PENSION_PROOF = "PENSION_PROOF"
    INCOME_PROOF_LATER = "INCOME_PROOF_LATER"
    WORKS_PAPER = "WORKS_PAPER"
    SALARY_CERTIFICATE_OR_PAYSLIPS = "SALARY_CERTIFICATE_OR_PAYSLIPS"
    FOREIGNER_PAPER = "FOREIGNER_PAPER"
    RELATIVE_RESIDENCE_DECLARATION = "RELATIVE_RESIDENCE_DECLARATION"
    KINSHIP_PROOF = "KINSHIP_PROOF"
    SAME_SEX_PARTNER_PAPER = "SAME_SEX_PARTNER_PAPER"
    DANSHIN_HEALTH_CERTIFICATE = "DANSHIN_HEALTH_CERTIFICATE"
    CONFORMITY_APPLICATION = "CONFORMITY_APPLICATION"
    CONFORMITY_REGISTER = "CONFORMITY_REGISTER"
    CONFORMITY_ANNEX = "CONFORMITY_ANNEX"
    WORKS_DATA = "WORKS_DATA"
    COMPLETION_REPORT = "COMPLETION_REPORT"
    PHOTOGRAPHS = "PHOTOGRAPHS"
    INSPECTION_CERTIFICATE = "INSPECTION_CERTIFICATE"
    CONFORMITY_CERTIFICATE = "CONFORMITY_CERTIFICATE"
    WORKS_CONTRACT_OR_CONFIRMATION = "WORKS_CONTRACT_OR_CONFIRMATION"
    INVOICE = "INVOICE"
    FINAL_WORKS_PAPER = "FINAL_WORKS_PAPER"
    CHANGED_WORKS_PAPER = "CHANGED_WORKS_PAPER"


_TITLES = {
    Code.IDENTITY: "本人確認書類",
    Code.BUILDING_REGISTER: "建物の登記事項証明書",
    Code.INCOME_PROOF: "収入および納税に関する公的証明書",
    Code.CODEBTOR_INCOME_PROOF: "収入および納税に関する公的証明書",
    Code.PENSION_PROOF: "公的年金の種類と受給額が確認できる書類",
    Code.INCOME_PROOF_LATER: "前年分の収入証明書",
    Code.WORKS_PAPER: "工事内容・金額等が確認できる書類",
    Code.SALARY_CERTIFICATE_OR_PAYSLIPS: "給与証明書または給与明細書",
    Code.FOREIGNER_PAPER: "在留資格が確認できる書類",
    Code.RELATIVE_RESIDENCE_DECLARATION: "親族居住に関する申出書",
    Code.KINSHIP_PROOF: "続柄が確認できる書類",
    Code.SAME_SEX_PARTNER_PAPER: "同性パートナーの関係が確認できる書類",
    Code.DANSHIN_HEALTH_CERTIFICATE: "健康診断結果証明書",
    Code.CONFORMITY_APPLICATION: "住宅改良工事適合証明申請書",
    Code.CONFORMITY_REGISTER: "建物の登記事項証明書(写)",
    Code.CONFORMITY_ANNEX: "住宅改良工事適合証明申請書の別紙",
    Code.WORKS_DATA: "工事の実施内容がわかるもの",
    Code.COMPLETION_REPORT: "住宅改良工事完了報告書",
    Code.PHOTOGRAPHS: "工事箇所の写真",
    Code.INSPECTION_CERTIFICATE: "検査済証(写)",
    Code.CONFORMITY_CERTIFICATE: "住宅改良工事適合証明書",
    Code.WORKS_CONTRACT_OR_CONFIRMATION: "工事請負契約書(写)または住宅改良工事確認書",
    Code.INVOICE: "工事代金請求書(写)",
    Code.FINAL_WORKS_PAPER: "実施した工事の内容・金額等が確認できる書類(写)",
    Code.CHANGED_WORKS_PAPER: "変更後の工事請負契約書等(写)",
}


class State(StrEnum):
    """How far a required paper has come (GL-366)."""

    MISSING = "missing"
    UPLOADED = "uploaded"
    REJECTED = "rejected"
    CHECKED = "checked"
    ORIGINAL_SHOWN = "original_shown"


APPLICATION = "application"
"""Whose a paper is that belongs to no person: the house's or the works'."""


@dataclass(frozen=True)
class Requirement:
    """One required paper, with the reason why it is asked (GL-366).

    - `who`: the key of the person, or APPLICATION. `number` tells papers of one person and code apart, from 1.
    - `accepted`: each entry is one way to fulfil it: all papers of that entry together.
    - `original_shown`: marked ★: the original is shown at the institution later (GL-361, GL-362).
    - `age_limit`: how old it may be, in words; empty if the guide sets no limit.
    - `conditional`: asked of certain people only, not of everybody.
    - `why`: a sentence for the applicant; `rules`: the rules it comes from.
    """

    code: Code
    who: str
    accepted: tuple[tuple[Paper, ...], ...]
    due: Due
    why: str
    rules: tuple[str, ...]
    hand_to: HandTo = HandTo.UPLOAD
    original_shown: bool = False
    age_limit: str = ""
    conditional: bool = False
    number: int = 1
    copies: int = 1  # GL-359, GL-477: one copy each

    @property
    def key(self) -> str:
        """What tells it from all other papers of one application."""
        return f"{self.who}.{self.code}.{self.number}".lower()

    @property
    def title(self) -> str:
        """What is asked for in a word or two, as the applicant reads it."""
        return _TITLES[self.code]

    @property
    def label(self) -> str:
        """What is asked for, with all accepted ways, as the applicant reads it."""
        return "、または".join("+".join(name_of(paper) for paper in papers) for papers in self.accepted)

    @property
    def issuers(self) -> tuple[str, ...]:
        """Where the accepted papers are obtained, each place once."""
        return tuple(dict.fromkeys(issuer_of(paper) for papers in self.accepted for paper in papers))

    def slots(self) -> tuple[tuple[str, ...], ...]:
        """The slots of each accepted way: one fulfils the requirement when all of its slots are filled."""
        return tuple(tuple(slot_of(self.who, paper, self.number) for paper in papers) for papers in self.accepted)


def slot_of(who: str, paper: Paper, number: int = 1) -> str:
    """The slot for a person's paper, such as `applicant_tax_assessment`.

    One paper of one person has one slot, whatever it proves: the income evidence that also serves as identity paper
    (GL-373) is uploaded once. Only papers of a second or further pension carry a number.
    """
    several = paper in {Paper.PENSION_WITHHOLDING, Paper.PENSION_STATEMENT} and number > 1
    return f"{who}_{paper}_{number}" if several else f"{who}_{paper}"


def originals_to_show(requirements: Iterable[Requirement], *, due: Due) -> Sequence[Requirement]:
    """The papers due at an event whose originals the applicant brings to the institution later (GL-361, GL-362)."""
    return [one for one in requirements if one.original_shown and one.due is due]


def paper_state(*, uploaded: bool, checked: bool, rejected: bool, original_shown: bool) -> State:
    """How far a paper has come (GL-366). A rejected file counts until another one takes its place.

    An original that was shown at the counter settles the paper, and nothing else does without a file.
    """
    if original_shown and not rejected:
        return State.ORIGINAL_SHOWN
    if not uploaded:
        return State.MISSING
    if rejected:
        return State.REJECTED
    return State.CHECKED if checked else State.UPLOADED
