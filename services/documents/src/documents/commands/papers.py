"""Papers at the counter: an officer records what came by post, and corrects a record."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from kit.errors import Finding, NotFound, PreconditionFailed
from kit.eventlog import record
from kit.japan import to_jst
from kit.tokens import Actor
from madoguchi_contracts.documents import PaperArrived
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.access import authorise
from documents.commands.parts import lock_set
from documents.domain import Action
from documents.errors import PaperNotRecordable
from documents.models import DocumentSet, PostedPaper
from documents.papers import DateNotRecorded, Paper
from documents.programmes import judge_of


async def record_paper(
    session: AsyncSession, *, actor: Actor, application_id: UUID, paper: Paper, now: datetime
) -> PostedPaper:
    """Record that a paper arrived, with the result of the programme's rule (DO-34).

    Raises PaperNotRecordable for an arrival in the future, an issue after the arrival, and a paper that cannot be
    judged yet, and what `authorise` raises.
    """
    documents = authorise(await lock_set(session, application_id), actor, Action.RECORD)
    return await _record(session, documents, uuid4(), 1, paper, actor, now)


async def correct_paper(
    session: AsyncSession,
    *,
    actor: Actor,
    application_id: UUID,
    paper_id: UUID,
    version: int,
    paper: Paper,
    now: datetime,
) -> PostedPaper:
    """Record a paper anew, because `version` of its record was wrong; it is judged once more. What was is kept.

    Raises PreconditionFailed when somebody has corrected it already, NotFound, and what `record_paper` raises.
    """
    documents = authorise(await lock_set(session, application_id), actor, Action.RECORD)
    versions = (
        select(PostedPaper.version)
        .where(PostedPaper.id == paper_id, PostedPaper.application_id == application_id)
        .order_by(col(PostedPaper.version).desc())
        .limit(1)
    )
    latest = (await session.execute(versions)).scalar_one_or_none()
    if latest is None:
        raise NotFound(application_id=str(application_id))
    if latest != version:
        raise PreconditionFailed(application_id=str(application_id))
    return await _record(session, documents, paper_id, version + 1, paper, actor, now)


async def _record(
    session: AsyncSession,
    documents: DocumentSet,
    paper_id: UUID,
    version: int,
    paper: Paper,
    actor: Actor,
    now: datetime,
) -> PostedPaper:
    posted = PostedPaper(
        id=paper_id,
        version=version,
        application_id=documents.application_id,
        kind=paper.kind,
        arrived_on=paper.arrived,
        facts=_facts(paper),
        result=_judged(documents, paper, now),
        recorded_by=actor.account_id,
        recorded_at=now,
    )
    session.add(posted)
    event = PaperArrived(
        application_id=documents.application_id,
        paper_id=paper_id,
        kind=paper.kind,
        result=posted.result,
        arrived_on=paper.arrived,
    )
    await session.flush()
    await record(session, event, now=now)
    return posted


def _judged(documents: DocumentSet, paper: Paper, now: datetime) -> str:
    """The result of the programme's rule. Raises PaperNotRecordable."""
    if paper.arrived > to_jst(now).date():
        message = "到着日には、今日以前の日付を入力してください。"
        raise PaperNotRecordable(findings=[Finding("DO-34", "NOT_YET", message, "arrived_on")])
    for name, day in (("issued_on", paper.issued), ("applied_on", paper.applied)):
        # A slip of the pen that would pass for a good age: the paper existed when it arrived.
        if day is not None and day > paper.arrived:
            message = "到着日以前の日付を入力してください。"
            raise PaperNotRecordable(findings=[Finding("DO-34", "AFTER_ARRIVAL", message, name)])
    try:
        return judge_of(documents.programme)(paper, frozenset(documents.slot_of))
    except DateNotRecorded as error:
        message = "この書類の判定に必要な日付を入力してください。"
        field = f"{error.date_field}_on"
        raise PaperNotRecordable(findings=[Finding("DO-34", "DATE_NEEDED", message, field)]) from error


def _facts(paper: Paper) -> dict[str, Any]:
    """What is kept beside kind and arrival, as JSON."""
    given = {name: value for name, value in asdict(paper).items() if name not in ("kind", "arrived") and value}
    if paper.has_address is False:
        given["has_address"] = False
    dates = {name: value.isoformat() for name in ("issued", "expires", "applied") if (value := given.get(name))}
    return {**given, **dates, **({"pages": sorted(paper.pages)} if paper.pages else {})}
