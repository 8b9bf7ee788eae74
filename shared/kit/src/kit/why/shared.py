"""What every service's database says of an application, from the tables that the kit brings into each."""

from __future__ import annotations

from uuid import UUID

from madoguchi_contracts import EVENTS
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.why.witness import Answer, Question, Told, Witness

LAST_STEPS = 5

_EVENTS = text("""
SELECT e.event_id, e.version, e.type, e.topic, e.recorded_at, e.traceparent, o.id IS NOT NULL AND NOT o.replay AS untold
FROM events e LEFT JOIN outbox o ON o.id = e.id WHERE e.aggregate_id = :id ORDER BY e.version
""")
_DONE = text("SELECT event_id FROM inbox WHERE consumer = :consumer AND event_id = ANY(:ids)")
_KEPT = text("""
SELECT event_id FROM parked_events WHERE consumer = :consumer AND event_id = ANY(:ids) AND resolution IS NULL
""")
_PARKED = text("""
SELECT k.topic, k.key, k.parked_at, k.error_class, k.retry_requested_at,
       (SELECT count(*) FROM parked_events e WHERE (e.consumer, e.topic, e.key) = (k.consumer, k.topic, k.key)
        AND e.resolution IS NULL) AS events
FROM parked_keys k WHERE k.consumer = :consumer AND k.key = ANY(:keys) ORDER BY k.parked_at
""")
READ_ONLY = text("SET TRANSACTION READ ONLY")
_DEADLINES = text("""
SELECT kind, subject_id, due_at, not_before, attempts, last_error FROM deadlines
WHERE subject_id = ANY(:subjects) ORDER BY due_at
""")


async def told_by(session: AsyncSession, about: UUID) -> list[Told]:
    """Every event that this service recorded about the application, oldest first."""
    rows = await session.execute(_EVENTS, {"id": about})
    return [Told(row.event_id, row.type, row.recorded_at) for row in rows]


async def tell(session: AsyncSession, witness: Witness, question: Question, answer: Answer) -> None:
    """Timers, events not told, effects not done, parked events, traces."""
    about = witness.about(question)
    if about is not None:
        await _events(session, about, answer)
    await _inbox(session, witness, question, answer)
    await _parked(session, witness, question, answer)
    word = "application" if about == question.application_id else "the owner's account"
    subjects = {**({about: word} if about else {}), **await witness.subjects(session, question)}
    for row in await session.execute(_DEADLINES, {"subjects": list(subjects)}):
        due = {
            "what": row.kind,
            "about": subjects[row.subject_id],
            "due_at": row.due_at,
            "rules": list(witness.rules(row.kind)),
            "tries": row.attempts or None,
            "last_error": row.last_error,
            "again_at": row.not_before if row.attempts else None,
            "late": True if row.due_at < question.now else None,
        }
        answer.due.append(due)


async def _events(session: AsyncSession, about: UUID, answer: Answer) -> None:
    rows = (await session.execute(_EVENTS, {"id": about})).all()
    for row in rows:
        if row.untold:
            event = {
                "event": short(row.type),
                "id": row.event_id,
                "why": "recorded, not told",
                "since": row.recorded_at,
            }
            answer.pending.append(event)
    if any(row.untold for row in rows):
        answer.actions.append(("why the relay does not tell them", "madoguchi doctor"))
    for row in rows[-LAST_STEPS:]:
        if row.traceparent:
            answer.traces.append({"step": short(row.type), "at": row.recorded_at, "trace": trace_of(row.traceparent)})


async def _inbox(session: AsyncSession, witness: Witness, question: Question, answer: Answer) -> None:
    """Events that this service listens to and has neither done nor parked."""
    expected = [one for one in question.told if _is_heard(witness, one.type)]
    where = {"consumer": witness.service, "ids": [one.event_id for one in expected]}
    seen = {row.event_id for row in await session.execute(_DONE, where)}
    kept = {row.event_id for row in await session.execute(_KEPT, where)}
    gaps = [one for one in expected if one.event_id not in seen | kept]
    for one in gaps:
        why = f"not yet done by {witness.service}"
        answer.pending.append({"event": short(one.type), "id": one.event_id, "why": why, "since": one.recorded_at})
    if gaps:
        answer.actions.append((f"why {witness.service} does not consume", "madoguchi doctor"))


def _is_heard(witness: Witness, type_name: str) -> bool:
    event = EVENTS.get(type_name)
    return type_name in witness.hears or (event is not None and witness.service in event.readers)


async def _parked(session: AsyncSession, witness: Witness, question: Question, answer: Answer) -> None:
    keys = [str(one) for one in (question.application_id, question.account_id) if one is not None]
    for row in await session.execute(_PARKED, {"consumer": witness.service, "keys": keys}):
        answer.parked.append(
            {
                "topic": row.topic,
                "key": row.key,
                "since": row.parked_at,
                "why": row.error_class,
                "events": row.events,
                "behind_it": row.events - 1,
                "retry_asked_at": row.retry_requested_at,
            }
        )
        where = f"{witness.service} {row.topic} {row.key}"
        answer.actions.append(("see why it was parked", f"madoguchi parked explain {where}"))
        answer.actions.append(("after the cause is mended", f"madoguchi parked retry {where}"))


def trace_of(traceparent: str) -> str:
    """The trace id of a `traceparent` header: what traces and logs are found by."""
    return traceparent.split("-")[1] if traceparent.count("-") == 3 else traceparent


def short(type_name: str) -> str:
    """`madoguchi.<service>.<Class>.v1` as `<Class>`."""
    return type_name.split(".")[2] if type_name.count(".") >= 3 else type_name
