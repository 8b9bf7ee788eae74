"""What the loan contract says (GL-079, GL-431): what was approved, at the amount that the contract period announced."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kit.japan.yen import format_yen

from applications.programmes.green_loan import reading, steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.danshin.kinds import LABELS
from applications.programmes.green_loan.money.methods import METHOD_LABELS, Method
from applications.programmes.green_loan.servicing import rate_of
from applications.workflow import Case

TITLE = "金銭消費貸借契約書"


def names(case: Case) -> Mapping[UUID, str]:
    """Everybody who signs, as the form names them: the main applicant first (GL-487)."""
    content = reading.content(case)
    entered = [content["applicant"], *content.get("joint_debtors", ())]
    accounts = [str(case.account_id), *(str(one.get("account")) for one in entered[1:])]
    told = dict(zip(accounts, entered, strict=True))
    return {person: _name(told[str(person)]["name_kanji"]) for person in reading.debtors(case)}


def terms(case: Case) -> list[tuple[str, str]]:
    """The lines of the contract: label and value. Raises NotAtHand, or KeyError, before a period was announced."""
    said = case.said_before(steps.ContractPeriod, reading.LOAN, "open_contract")
    loan = reading.content(case)["loan"]
    amount = said.amount_yen or 0 if said else 0
    approval = case.said_before(steps.Approval, reading.LOAN, "approve")
    bonus = approval.bonus_part_yen if approval and approval.bonus_part_yen is not None else loan["bonus_part_yen"]
    owner, *others = names(case).values()
    lines = [("受付番号", case.reference), ("借主(申込本人)", owner)]
    lines += [("借主(連帯債務者)", one) for one in others]
    lines += [
        ("借入金額", format_yen(amount)),
        ("うちボーナス払い分", format_yen(bonus)),
        ("借入金利", f"年{rate_of(case)}%(全期間固定)"),
        ("返済期間", f"{loan['years']}年"),
        ("返済方法", METHOD_LABELS[Method(loan["method"])]),
        ("団体信用生命保険", LABELS[reading.danshin_choice(case)]),
    ]
    lines += [("融資承認条件", condition.text) for condition in contract.conditions(case)]
    if said is not None and said.first is not None and said.last is not None:
        lines.append(("契約手続可能期間", f"{said.first}から{said.last}まで"))
    return lines


def _name(name: Mapping[str, str]) -> str:
    return f"{name['family']} {name['given']}"
