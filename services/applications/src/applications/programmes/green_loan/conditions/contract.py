"""What the contract must pass, from the announcement of its period to the last signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan import insurance, steps
from applications.programmes.green_loan.conditions import works
from applications.programmes.green_loan.form import money as form_money
from applications.programmes.green_loan.money import borrowings, methods
from applications.programmes.green_loan.papers import completion
from applications.programmes.green_loan.procedure import contract, decision
from applications.programmes.green_loan.procedure.contract import IdentityState
from applications.programmes.green_loan.procedure.dates import Period
from applications.programmes.green_loan.reading import (
    IDENTITY,
    LOAN,
    SIGNATURE,
    content,
    day_of,
    debtors,
    form_of,
    today,
)
from applications.workflow import Case


def conditions_of(case: Case, approval: steps.Approval | None) -> list[tuple[str, decision.DueEvent]]:
    """The conditions of an approval, and by when: those that were said, and proofs that are outstanding (GL-310)."""
    told = [(one.text or "", one.due or "contract") for one in (approval.conditions if approval else None) or ()]
    form = form_of(case)
    return [*told, *((_proof_of(one), "contract") for one in form_money.others(form).proof_outstanding)]


def _proof_of(one: borrowings.Borrowing) -> str:
    """GL-305: that it is repaid. GL-306, GL-307: of a house that is sold papers suffice, the sale may come later."""
    if one.house_sale is not None and not one.declared_repaid_by_contract:
        return "売却する住宅のローンの残高と売却(予定)額(不足するときはその資金)を確認できる書類の提出"
    return f"{borrowings.KIND_LABELS[one.kind]}を契約までに完済したことの確認"


def conditions(case: Case) -> list[decision.Condition]:
    """The conditions of the last approval, each with whether it was fulfilled since (GL-310, GL-435)."""
    approval, approved = case.said_before(steps.Approval, LOAN, "approve"), case.last(LOAN, "approve")
    fulfilled, seen = case.said_before(steps.Fulfilled, LOAN, "fulfil"), case.last(LOAN, "fulfil")
    counts = fulfilled is not None and approved is not None and seen is not None and seen.at >= approved.at
    done = set(fulfilled.conditions or ()) if fulfilled is not None and counts else set()
    return [decision.Condition(text, due, at in done) for at, (text, due) in enumerate(conditions_of(case, approval))]


def fulfilled_are_conditions(case: Case) -> Sequence[Finding]:
    """GL-435: a condition that there is."""
    known = range(len(conditions(case)))
    if all(one in known for one in case.said(steps.Fulfilled).conditions or ()):
        return ()
    return [Finding("GL-435", "UNKNOWN", "融資承認条件の番号をご確認ください。", "conditions")]


def period_is_right(case: Case) -> Sequence[Finding]:
    """GL-248, GL-311, GL-479, GL-483: a period ahead; an amount that approval and final limit allow, and its bonus."""
    said = case.said(steps.ContractPeriod)
    found = []
    if said.first is None or said.last is None or not today(case) <= said.first <= said.last:
        message = "契約手続可能期間は、本日以後の開始日と、それ以後の終了日を入力してください。"
        found.append(Finding("GL-483", "PERIOD", message, "first"))
    end = form_money.last_end_relied_on(form_of(case))
    if said.first is not None and end is not None and said.first < end:
        message = f"総返済負担率に含めていない借入れが{end}まで残ります。開始日は、その日以後にしてください。"
        found.append(Finding("GL-311", "BORROWING_STILL_OPEN", message, "first"))
    found += decision.contract_amount_findings(said.amount_yen or 0, most_yen(case), "amount_yen")
    bonus = period_bonus_yen(case, said)
    return [*found, *methods.bonus_findings(said.amount_yen or 0, bonus, "bonus_part_yen")]


def most_yen(case: Case) -> int:
    """GL-433, GL-479: the most that the contract can be about, in yen: what was approved last, and no more than the
    final amounts allow, once they are known.
    """
    approval = case.said_before(steps.Approval, LOAN, "approve")
    receipt = case.said_before(steps.CheckedReceipt, LOAN, "receive")
    amount = approval.amount_yen or 0 if approval else 0
    return amount if receipt is None else completion.contract_ceiling_yen(amount, receipt.final_limit_yen or 0)


def approved_bonus_yen(case: Case) -> int:
    """The bonus part in yen that was approved last (GL-248)."""
    return bonus_of(case, case.said_before(steps.Approval, LOAN, "approve"))


def bonus_of(case: Case, approval: steps.Approval | None) -> int:
    """The bonus part in yen of an approval: what was applied for, unless the approval says another (GL-248)."""
    if approval is not None and approval.bonus_part_yen is not None:
        return approval.bonus_part_yen
    asked: int = content(case)["loan"].get("bonus_part_yen", 0)
    return asked


def contract_bonus_yen(case: Case) -> int:
    """The bonus part in yen that was contracted: a lower amount may allow less of it than was approved (GL-248)."""
    return period_bonus_yen(case, case.said_before(steps.ContractPeriod, LOAN, "open_contract"))


def period_bonus_yen(case: Case, period: steps.ContractPeriod | None) -> int:
    """The same of the contract of a period: what was approved, unless the period says another."""
    return approved_bonus_yen(case) if period is None or period.bonus_part_yen is None else period.bonus_part_yen


def period_of(case: Case) -> Period | None:
    """The period that was announced last (GL-483)."""
    said = case.said_before(steps.ContractPeriod, LOAN, "open_contract")
    return Period(said.first, said.last) if said and said.first and said.last else None


def signed_on(case: Case, person: UUID) -> date | None:
    """GL-487: the day of a person's signature in the period that was announced last, by the provider's word."""
    opened, signed = case.last(LOAN, "open_contract"), case.last(SIGNATURE, "sign", person)
    said = case.said_before(steps.Signed, SIGNATURE, "sign", person)
    if opened is None or signed is None or said is None or said.signed_at is None or signed.at < opened.at:
        return None
    return day_of(said.signed_at)


def has_watched(case: Case, person: UUID) -> bool:
    """GL-486: the video, and the content confirmed, since the period was announced."""
    opened, watched = case.last(LOAN, "open_contract"), case.last(SIGNATURE, "watch", person)
    return opened is not None and watched is not None and watched.at >= opened.at


def may_sign(case: Case) -> Sequence[Finding]:
    """GL-483, GL-486: in the period, after the video. GL-101, GL-435, GL-495: and nothing is signed that could not be
    concluded. Whether somebody else is identified keeps only them from signing.
    """
    seen = has_watched(case, case.subject)
    signing = contract.signing_findings(
        video_watched=seen,
        content_confirmed=seen,
        period=period_of(case) if case.state(LOAN) == "contract_open" else None,
        today=today(case),
    )
    return [*signing, *_blocking(case, [case.subject])]


def stands_against(case: Case) -> Sequence[Finding]:
    """GL-101, GL-260, GL-435, GL-495: what keeps the contract from being concluded, beside signatures and period."""
    return _blocking(case, debtors(case)) if contract_is_open(case) else ()


def _blocking(case: Case, people: Sequence[UUID]) -> list[Finding]:
    receipt = case.last(LOAN, "receive")
    found = contract.blocking_findings(
        identity=[identity_of(case, person) for person in people],
        conditions_done=decision.conditions_done(conditions(case)),
        works_contract_copy_received=works.works_paper_is_there(case),
        certificate_submitted=to_jst(receipt.at).date() if receipt else None,
        today=today(case),
    )
    if insurance.danshin_is_settled(case):
        # Everybody who signs reads it, and what the insurer said is for the insured alone.
        message = "団信のお手続きを確認しています。機構からのご連絡をお待ちください。"
        found.append(Finding("GL-260", "danshin_not_settled", message))
    return found


def held_up_since(case: Case) -> datetime | None:
    """When all had signed in the period (GL-487); None while somebody has not."""
    people, period = debtors(case), period_of(case)
    if period is None or contract.concluded_on([signed_on(case, one) for one in people], period) is None:
        return None
    return max(step.at for one in people if (step := case.last(SIGNATURE, "sign", one)) is not None)


def signature_may_be_heard(case: Case) -> bool:
    """GL-486, GL-487: the provider tells of a signature while the contract is open, of somebody who was let there."""
    return contract_is_open(case) and has_watched(case, case.subject)


def contract_is_open(case: Case) -> bool:
    """GL-078."""
    return case.state(LOAN) == "contract_open"


def contract_is_concluded(case: Case) -> bool:
    """GL-079, GL-495: nothing stands against it any more."""
    receipt = case.last(LOAN, "receive")
    people, period = debtors(case), period_of(case)
    days = [signed_on(case, person) for person in people]
    concluded = contract.concluded_on(days, period) if period else None
    return not contract.contract_findings(
        period=period,
        today=concluded or today(case),  # the last signature may be heard of a little later
        identity=[identity_of(case, person) for person in people],
        conditions_done=decision.conditions_done(conditions(case)),
        works_contract_copy_received=works.works_paper_is_there(case),
        certificate_submitted=to_jst(receipt.at).date() if receipt else None,
        signed=[concluded is not None],
    )


def not_identified(case: Case) -> list[UUID]:
    """GL-100, GL-101: who is K0."""
    return [person for person in debtors(case) if identity_of(case, person) == "K0"]


def identity_of(case: Case, person: UUID) -> IdentityState:
    """GL-100: K0, K1 or K2."""
    return {"verified_online": "K1", "verified_in_person": "K2"}.get(case.state(IDENTITY, person), "K0")  # type: ignore[return-value]
