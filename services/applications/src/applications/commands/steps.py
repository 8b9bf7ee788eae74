"""Any step of a programme's table that hands in nothing: whoever the table admits takes it here.

On the main track of an application under review the office works by claims: a claim keeps two officers from doing the
same work; it is a lease, so that nobody's holiday stops a case. It grants nothing: whether a decision is possible is
said by the programme's table alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Refused
from kit.tokens import Actor, ProofRefused
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import worklist
from applications.access import OFFICE, Action, caller_of
from applications.cases import Application, Proof, digest_to_prove, open_locked
from applications.desk import Desk
from applications.domain import check_keepable
from applications.errors import NotYetOnWorklist, ReviewHeldByAnother
from applications.filing import dated_of, maintenance_of, with_filing
from applications.forms import read
from applications.moves import move
from applications.workflow import Effect, ReviewFacts, choose_plain
from applications.worklist import Review

RETRY_SECONDS = 5


@dataclass(frozen=True)
class Remark:
    """What is wrong with one field, in words."""

    field: str
    text: str


@dataclass(frozen=True)
class Wish:
    """A step that somebody wants to take. `track` None is the main one, `subject` None the application itself.

    `reason`, `remarks` and `facts` are kept encrypted with the step; `facts` are read by the form of the table's row.
    """

    command: str
    track: str | None = None
    subject: UUID | None = None
    reason: str = ""
    remarks: Sequence[Remark] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


async def take_step(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    wish: Wish,
    proof: Proof | None,
    now: datetime,
) -> Application:
    """Take the step. Raises Forbidden, NotFound, ImpossibleTransition, Refused, ProofRefused, NotYetOnWorklist,
    ReviewHeldByAnother.
    """
    application = await open_locked(session, desk, actor, Action.STEP, application_id, now=now)
    return await step_of(session, desk, actor, application, wish, proof, now=now)


async def step_of(
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application: Application,
    wish: Wish,
    proof: Proof | None,
    *,
    now: datetime,
) -> Application:
    """The same for an application that was opened under its lock."""
    workflow = application.programme.workflow
    review = None
    if wish.track in {None, workflow.main} and application.state in workflow.under_review:
        review = await worklist.current(session, application.id)
        if actor.role in OFFICE:
            if review is None:
                raise NotYetOnWorklist(retry_after_seconds=RETRY_SECONDS, application_id=str(application.id))
            check_claim(review, actor, now)
    looked_at = None if review is None else ReviewFacts(review.id, review.due_on)
    case = replace(application.case(now), review=looked_at, reason=wish.reason)
    row = choose_plain(workflow, case, wish.command, caller_of(actor), track=wish.track, subject=wish.subject)
    if row.facts is not None:
        check_keepable(wish.facts)
        facts, findings = read(row.facts, wish.facts)
        if findings:
            raise Refused(findings=findings, application_id=str(application.id), command=wish.command)
        case = replace(case, facts=facts)
    if row.dated:
        case = replace(case, dated=await dated_of(session, desk, application.programme))
    if row.counter:
        case = replace(case, maintenance=await maintenance_of(session, desk, application.programme, now))
    if Effect.READS in row.effects:
        case = await with_filing(session, desk, application, case)
    if row.otp and (proof is None or proof.digest != digest_to_prove(application, row, wish.subject)):
        raise ProofRefused(application_id=str(application.id), command=wish.command)
    note = None
    if wish.reason or wish.remarks:
        said = {"text": wish.reason, "remarks": [{"field": one.field, "text": one.text} for one in wish.remarks]}
        note = desk.lock_away(said, contexts.of_reason(application.id, application.submission))
    return await move(
        session,
        desk,
        application,
        case,
        wish.command,
        actor=actor,
        track=wish.track,
        subject=wish.subject,
        proof=proof,
        note=note,
    )


def check_claim(review: Review, actor: Actor, now: datetime) -> None:
    """Raise ReviewHeldByAnother when another officer's claim is in force."""
    if review.holder(now) not in {None, actor.account_id}:
        raise ReviewHeldByAnother(review_id=str(review.id))
