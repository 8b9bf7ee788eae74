"""What moves somebody's danshin, what the insurer's Web service is told of them, and what the contract waits for.

The service's word moves the track (`danshin.progress`); here is what follows from the loan: who joins and from when on,
when nobody needs the application at the service any more, and what stands against a contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from kit.errors import Finding
from kit.japan import JST, to_jst

from applications.programmes.green_loan import steps
from applications.programmes.green_loan.danshin.invitation import invitation_due
from applications.programmes.green_loan.danshin.join import JOINERS, switch_findings
from applications.programmes.green_loan.danshin.kinds import LABELS, Choice, Product, product_of
from applications.programmes.green_loan.form import danshin as form_danshin
from applications.programmes.green_loan.form import people
from applications.programmes.green_loan.form.sections import Loan, Name
from applications.programmes.green_loan.reading import (
    DANSHIN,
    LOAN,
    PAID_OUT,
    content,
    danshin_choice,
    debtors,
    form_of,
    key_of,
)
from applications.workflow import Case, Ground

BEGUN: Final = ("opening", "invited", "applied", "certificate_wanted")
"""Before the insurer's decision."""
JOINED: Final = ("joined", "switched")
ENDED_BEFORE_FUNDS: Final = frozenset({"rejected", "withdrawn", "cancelled", "stopped"})
CONTRACTED: Final = frozenset({"contracted", *PAID_OUT})
_RESULTS: Final = ("accept", "refuse", "switch", "decline", "give_up")
AGAIN: Final = ("approved", "re_review", "cert_submitted")
"""While the kind may still be changed (GL-260)."""


# Who joins, and who does not any more


def joins(case: Case) -> bool:
    """GL-102, GL-400, GL-523, GL-524: somebody who is to join, once the application is under review."""
    joiners = content(case).get("loan", {}).get("danshin_joiners", ())
    return case.state(LOAN) == "under_review" and key_of(case, case.subject) in joiners


def may_begin_again(case: Case) -> bool:
    """GL-260, GL-523, GL-530: the office opens one more application, of the kind that is chosen now, as long as fewer
    persons join than that kind takes. Who was refused, or did not want to, may be the one.
    """
    taken = sum(case.state(DANSHIN, one) in (*BEGUN, *JOINED) for one in debtors(case))
    wanted = case.state(LOAN) in AGAIN and taken < JOINERS[danshin_choice(case)]
    return wanted and key_of(case, case.subject) is not None


def is_given_up(case: Case) -> bool:
    """Nobody needs the application at the service any more: the loan ended before the funds (GL-544), joining was given
    up (GL-513), or another kind was chosen since: before the insurer decided (GL-260, GL-529), or after one half of a
    couple had joined by Duet (GL-533). Who was refused may still be offered SHIN (GL-530), until the contract.
    """
    if case.state(LOAN) in ENDED_BEFORE_FUNDS:
        return True
    if case.state(LOAN) == "draft":
        return False
    chosen, state = danshin_choice(case), case.state(DANSHIN, case.subject)
    if state == "refused" and case.state(LOAN) in CONTRACTED:
        return True
    # Of what was joined another kind can only have been chosen where `kind_may_change` saw half of a Duet.
    return chosen == "NONE" or (state in (*BEGUN, "joined") and chosen != _applied_for(case, case.subject))


def wanted(case: Case, person: UUID) -> Product | None:
    """The product that was applied for when the person's application was begun last; None: it was not."""
    choice = _applied_for(case, person)
    return product_of(choice) if choice else None


def _applied_for(case: Case, person: UUID) -> Choice | None:
    """The kind that was chosen when the person's application was begun last; None: it was not."""
    at = begun_at(case, person)
    return _choice_at(case, at) if at else None


def begun_at(case: Case, person: UUID) -> datetime | None:
    """When the person's application was begun last; None: it was not."""
    begun = [case.last(DANSHIN, command, person) for command in ("begin", "begin_again")]
    return max((one.at for one in begun if one), default=None)


def _choice_at(case: Case, moment: datetime) -> Choice:
    chosen: Choice = content(case)["loan"]["danshin"]
    changes = case.taken.get((LOAN, case.application_id, "change_danshin"), ())
    said = case.all_said(steps.DanshinChange, LOAN, "change_danshin")
    for step, change in zip(changes, said, strict=True):
        if step.at <= moment and change.choice is not None:
            chosen = change.choice
    return chosen


def cover_is_on(case: Case) -> bool:
    """GL-544: the funds are paid."""
    return case.state(LOAN) in ("repaying", "overdue")


def cover_is_over(case: Case) -> bool:
    """GL-548 to GL-550: the debt ended, or the whole of it was called."""
    return case.state(LOAN) in ("closed", "accelerated")


def kind_may_change(case: Case) -> Sequence[Finding]:
    """GL-529: who has joined keeps the kind. The rate may follow it (GL-260), and joining be given up (GL-513).

    interpretation (GL-533): half of a couple has no cover by Duet; another kind may be chosen and applied for anew.
    """
    after, joined = case.said(steps.DanshinWish).choice, _joined(case)
    if after is None or after == "NONE" or joined == ["DUET"]:
        return ()
    other = any(one != after for one in joined)
    return switch_findings(danshin_choice(case), after, has_joined=other, field="choice")


# What the office has to look at


def mail_overdue(case: Case) -> Ground | None:
    """GL-400, GL-402, GL-526: the insurer's service has not opened the application in time, so nobody was mailed."""
    begun = begun_at(case, case.subject)
    if case.state(DANSHIN, case.subject) != "opening" or begun is None:
        return None
    due = invitation_due(to_jst(begun).date())
    reason = "団信Web申込サービスのユーザーIDが期限までに案内されていません。サービスの状況を確認してください。"
    return Ground(datetime.combine(due + timedelta(days=1), time(), JST), "GL-400", reason, due)


def kind_differs(case: Case) -> Ground | None:
    """GL-260, GL-513, GL-530: what was really joined is another kind than the one that the rate is of.

    Also while the contract may be signed: it is not concluded then. After it the rate never changes (GL-263).
    """
    if case.state(LOAN) not in ("approved", "cert_submitted", "contract_open") or _open(case) or _fits(case):
        return None
    told = [case.last(DANSHIN, command, one) for one in debtors(case) for command in _RESULTS]
    changed = case.last(LOAN, "change_danshin")
    at = max((step.at for step in (*told, changed) if step), default=None)
    reason = (
        f"お申込みの団信の種類「{LABELS[danshin_choice(case)]}」と加入の結果が異なります。団信の種類の変更が必要です。"
    )
    if case.state(LOAN) == "contract_open":
        reason += "契約は締結されません。再審査とするか、契約手続可能期間の終了後に変更し、改めてご案内ください。"
    return Ground(at, "GL-260", reason) if at else None


# What the contract waits for


def danshin_is_settled(case: Case) -> Sequence[Finding]:
    """interpretation (GL-260, GL-263, GL-543): the rate is fixed by the contract for good, and it differs by the kind
    of danshin (GL-542). So the contract waits for the insurer, and for the kind that was really joined: the period is
    not announced before, and the contract not concluded when somebody withdraws within the period.
    """
    if _open(case):
        message = (
            "団信の加入手続きが終わっていない方がいます。加入の結果を待つか、団信の種類を変更してから、"
            "契約手続可能期間をご案内ください。"
        )
        return [Finding("GL-542", "DANSHIN_OPEN", message)]
    if _fits(case):
        return ()
    message = (
        f"お申込みの団信の種類「{LABELS[danshin_choice(case)]}」と、実際の加入の結果が異なります。"
        "団信の種類を変更してから、契約手続可能期間をご案内ください。"
    )
    return [Finding("GL-260", "DANSHIN_DIFFERS", message)]


def _open(case: Case) -> bool:
    return any(case.state(DANSHIN, one) in BEGUN for one in debtors(case))


def _fits(case: Case) -> bool:
    """Whether as many persons have joined as the chosen kind takes, and what it says."""
    choice, joined = danshin_choice(case), _joined(case)
    return len(joined) == JOINERS[choice] and set(joined) <= {choice}


def _joined(case: Case) -> list[Choice | None]:
    """What was joined, by everybody who did: SHIN after a switch, else the kind that was applied for; a SHIN for one is
    no half of a Duet, nor the other way round (GL-520).
    """
    states = {one: case.state(DANSHIN, one) for one in debtors(case)}
    return [
        "SHIN" if state == "switched" else _applied_for(case, one) for one, state in states.items() if state in JOINED
    ]


# What the service is told


@dataclass(frozen=True)
class Joiner:
    """What the danshin Web service needs to open somebody's application (GL-526, GL-535 to GL-540); money in yen.

    Nothing of health is among it: that is declared there, and stays there. `duet`: another one joins together (GL-520).
    """

    name: str
    kana: str
    birth: date
    product: Product
    duet: bool
    amount_yen: int
    years: int
    elsewhere_yen: int
    health_check: bool


def joiner(case: Case, person: UUID) -> Joiner:
    """What is told of somebody. Raises ValueError for who is not in the form, or where nobody joins anything."""
    form = form_of(case)
    loan, key = form.loan or Loan(), key_of(case, person)
    one = next((one for known, _, one in people.keys(form) if known == key), None)
    product = product_of(danshin_choice(case))
    if key is None or one is None or one.birth is None or product is None:
        raise ValueError("nobody who joins danshin")
    approval = case.said_before(steps.Approval, LOAN, "approve")
    return Joiner(
        name=_words(one.name_kanji),
        kana=_words(one.name_kana),
        birth=one.birth,
        product=product,
        duet=danshin_choice(case) == "DUET",
        amount_yen=(approval.amount_yen if approval else None) or loan.amount_yen or 0,
        years=loan.years or 0,
        elsewhere_yen=sum(form_danshin.insured_elsewhere(form, key)),
        health_check=form_danshin.needs_health_check(form, key, product),
    )


def _words(name: Name | None) -> str:
    return " ".join(part for part in (name.family, name.given) if part) if name else ""
