"""The loan contract, which is signed electronically (GL-079, GL-431): what was approved, at the amount that the
contract period announced.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from kit.japan.yen import format_yen

from applications.privacy import Given
from applications.programme import ElectronicContract
from applications.programmes.green_loan import reading, sharing, steps
from applications.programmes.green_loan.conditions import contract
from applications.programmes.green_loan.danshin.kinds import LABELS
from applications.programmes.green_loan.money.methods import METHOD_LABELS, Method
from applications.programmes.green_loan.servicing import rate_of
from applications.workflow import Case


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
    owner, *others = names(case).values()
    lines = [("受付番号", case.reference), ("借主(申込本人)", owner)]
    lines += [("借主(連帯債務者)", one) for one in others]
    lines += [
        ("借入金額", format_yen(amount)),
        ("うちボーナス払い分", format_yen(contract.contract_bonus_yen(case))),
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


def _last_day(case: Case) -> date | None:
    period = contract.period_of(case)
    return period.last if period else None


def _signed(at: datetime) -> steps.Signed:
    return steps.Signed(signed_at=at)


def _given(case: Case, person: UUID, provider: str) -> Given:
    return sharing.given(case, person, "electronic_contract", provider)


CONTRACT = ElectronicContract(
    title="金銭消費貸借契約書",
    preamble="独立行政法人住宅金融支援機構(以下「機構」といいます。)と、次の借主は、この契約書に記載の条件により、"
    "金銭消費貸借契約を電子契約により締結します。連帯債務者は、申込本人と連帯して債務を負います。",
    terms=terms,
    signers=names,
    last_day=_last_day,
    track=reading.SIGNATURE,
    command="sign",
    signed=_signed,
    may_sign=contract.may_sign,
    against=contract.stands_against,
    watched=contract.has_watched,
    given=_given,
    rule="GL-487",
    place_rule="GL-482",
)
"""GL-480 to GL-487."""
