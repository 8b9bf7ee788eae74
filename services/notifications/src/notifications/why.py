"""What `madoguchi why` tells from this service: the mails about an application, and those to its owner that wait."""

from __future__ import annotations

from kit.why.shared import LAST_STEPS, trace_of
from kit.why.witness import Answer, Question, Witness
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SHOWN = 50

# By the events that caused them; and whatever the owner has not got, which may be the cause of the silence.
_MAILS = text("""
SELECT m.id, m.template, m.state, m.attempts, m.last_code, m.queued_at, m.due_at, m.finished_at, m.traceparent,
       m.account_id, m.cause_type,
       (SELECT a.outcome FROM attempts a WHERE a.message_id = m.id ORDER BY a.number DESC LIMIT 1) AS last_outcome,
       (SELECT a.answer FROM attempts a WHERE a.message_id = m.id ORDER BY a.number DESC LIMIT 1) AS last_answer
FROM messages m
WHERE m.cause_event_id = ANY(:events) OR m.lane = :application_id
   OR (m.account_id = :account_id AND (m.state NOT IN ('accepted', 'expired')
       OR m.cause_type LIKE 'madoguchi.applications.%'))
ORDER BY m.seq DESC LIMIT :shown
""")
_CONTACT = text("SELECT updated_at FROM contacts WHERE account_id = :account_id")
_UNSENT = ("queued", "sending", "retry")


async def tell(session: AsyncSession, question: Question, answer: Answer) -> None:
    """Each mail with its state, tries and the relay's last word, which names no address."""
    where = {
        "events": [one.event_id for one in question.told],
        "application_id": question.application_id,
        "account_id": question.account_id,
        "shown": SHOWN,
    }
    rows = list(reversed((await session.execute(_MAILS, where)).all()))
    for row in rows:
        done = row.state == "accepted"
        answer.mails.append(
            {
                "mail": f"{row.template}: {row.state}",
                "to": "owner or party" if row.account_id else "office",
                "id": row.id,
                "queued_at": row.queued_at,
                "tries": row.attempts,
                "last_error": None if done else " ".join(filter(None, (row.last_code, row.last_answer))),
                "next_try_at": row.due_at if row.state in _UNSENT else None,
                "finished_at": row.finished_at,
            }
        )
        if row.state in ("failed", "unknown"):
            command = f'madoguchi mail redrive {row.id} --reason "…"'
            answer.actions.append(("every try of it", f"madoguchi mail show {row.id}"))
            answer.actions.append(("after the cause is mended; an unknown one may come twice", command))
        elif row.state == "waiting_contact":
            answer.waits.append({"on": "identity, which has not told the owner's address", "since": row.queued_at})
        elif row.state in _UNSENT and row.attempts:
            answer.waits.append({"on": "the mail server", "since": row.queued_at, "next_try_at": row.due_at})
    for row in rows[-LAST_STEPS:]:
        if row.traceparent:
            answer.traces.append({"mail": row.template, "at": row.queued_at, "trace": trace_of(row.traceparent)})
    if question.account_id is not None:
        known = (await session.execute(_CONTACT, {"account_id": question.account_id})).scalar_one_or_none()
        answer.states.append(
            {"contact": "the owner's address is known" if known else "no address of the owner is known"}
        )
    else:
        answer.states.append({"contact": "mails to the owner: ask applications first, and go on with its report"})


# Its own events are about mails, not about applications.
WITNESS = Witness(service="notifications", tell=tell, about=lambda _: None)
