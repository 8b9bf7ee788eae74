"""What `madoguchi why` tells from this service: where the application stands, whom it waits on, and its timers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.why.witness import Answer, Question, Witness
from madoguchi_contracts import ApplicationSubmitted
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.errands import WITNESSES
from applications.programmes import PROGRAMMES
from applications.workflow import Relation, Transition, Who

_FIND = text(
    "SELECT id, account_id, reference FROM applications WHERE reference = :wanted OR id::text = lower(:wanted)"
)
_APPLICATION = text(
    "SELECT programme, submission, approved_submission, draft_saved_at FROM applications WHERE id = :id"
)
_TRACKS = text("""
SELECT t.id, t.track, t.subject, t.state, t.entered_at, h.command, h.role
FROM tracks t JOIN application_history h ON h.id = t.entered_step WHERE t.application_id = :id ORDER BY t.entered_at
""")
_REVIEW = text("""
SELECT id, submission, round, due_on, opened_at, claimed_by, claimed_until, recommended_by FROM reviews
WHERE application_id = :id AND closed_at IS NULL
""")
_TASKS = text("""
SELECT kind, subject, due_on, raised_at, claimed_by FROM office_tasks
WHERE application_id = :id AND state = 'open' ORDER BY raised_at, id
""")
_TOLD = text("""
SELECT (SELECT status FROM account_ekyc e WHERE e.account_id = a.account_id) AS ekyc_status,
       (SELECT set_version FROM document_sets d WHERE d.application_id = a.id) AS set_version,
       (SELECT jsonb_array_length(documents) FROM document_sets d WHERE d.application_id = a.id) AS files
FROM applications a WHERE a.id = :id
""")


async def find(session: AsyncSession, wanted: str) -> tuple[UUID, UUID, str] | None:
    """The application with this reference or id: id, owner's account, reference."""
    row = (await session.execute(_FIND, {"wanted": wanted})).one_or_none()
    return (row.id, row.account_id, row.reference) if row is not None else None


async def tell(session: AsyncSession, question: Question, answer: Answer) -> None:
    """The tracks in words, who can go on, the review, and what was heard of other services.

    What is for officers alone is told as to everybody outside the office (GL-121).
    """
    where = {"id": question.application_id}
    application = (await session.execute(_APPLICATION, where)).one_or_none()
    if application is None:
        return
    programme = PROGRAMMES[application.programme]
    workflow = programme.workflow
    review = (await session.execute(_REVIEW, where)).one_or_none()
    for row in await session.execute(_TRACKS, where):
        step = next(iter(workflow.rows(row.track, row.command)), None)
        about = None if row.subject == question.application_id else row.subject
        answer.states.append(
            {
                "track": f"{application.programme}.{row.track}: {workflow.told_state(row.track, row.state)}",
                "about": about,
                "since": row.entered_at,
                "by": f"{step.told_as or step.command} ({workflow.told(step, {})[0]})" if step else row.command,
                "submission": application.submission if row.track == workflow.main else None,
                "in_force": application.approved_submission if row.track == workflow.main else None,
            }
        )
        reviewed = review is not None and row.track == workflow.main and row.state in workflow.under_review
        if reviewed:
            _review(review, answer)
        else:
            rows = [one for one in workflow.transitions if one.track == row.track and row.state in one.sources]
            answer.waits += [{**wait, "since": row.entered_at} for wait in waits(rows)]
    for row in await session.execute(_TASKS, where):
        _task(row, question, answer)
    for tell_more in WITNESSES:
        await tell_more(session, question.application_id, answer)
    heard = (await session.execute(_TOLD, where)).one()
    answer.states.append(
        {
            "heard": f"eKYC {heard.ekyc_status or 'never'}",
            "files": heard.files or 0,
            "set_version": heard.set_version,
            "draft_saved_at": application.draft_saved_at,
        }
    )


def _review(review: Any, answer: Answer) -> None:
    """Whom of the office it waits on. Four eyes: another officer than the first."""
    if review.recommended_by is not None:
        on = f"office_approver, not {review.recommended_by}, who recommended"
    elif review.claimed_by is not None:
        on = f"officer {review.claimed_by}, who holds it"
    else:
        on = "the office: nobody holds the review"
    wait = {"on": on, "since": review.opened_at, "review": review.id, "held_until": review.claimed_until}
    answer.waits.append(wait)
    due = {"what": f"review of submission {review.submission}, round {review.round}", "due_at": review.due_on}
    answer.due.append({**due, "rules": ["review_business_days of the programme"]})


def _task(row: Any, question: Question, answer: Answer) -> None:
    """What the office has to look at. Not the rule: of some kinds it would tell what only officers know (GL-121)."""
    about = None if row.subject == question.application_id else row.subject
    on = "the office" if row.claimed_by is None else f"officer {row.claimed_by}, who holds it"
    answer.waits.append({"on": on, "task": row.kind, "about": about, "since": row.raised_at})
    if row.due_on is not None:
        answer.due.append({"what": f"task {row.kind}", "due_at": row.due_on})


def waits(rows: Sequence[Transition]) -> list[dict[str, Any]]:
    """Who can take a step from here, with the steps. Empty where nothing can follow."""
    steps: dict[str, list[str]] = {}
    for row in rows:
        for who in row.actors:
            steps.setdefault(in_words(who), []).append(row.command)
    return [{"on": on, "steps": list(dict.fromkeys(commands))} for on, commands in steps.items()]


def in_words(who: Who) -> str:
    """Somebody by what they are to the application."""
    if who.role is None:
        return "a timer or an event"
    if who.relation is Relation.OWNER:
        return f"the owner ({who.role})"
    if who.relation is Relation.SUBJECT:
        return f"the person it is about ({who.role})"
    if who.relation is Relation.PARTY:
        return f"{who.kind or 'a party'} ({who.role})"
    return who.role.value


async def subjects(session: AsyncSession, question: Question) -> Mapping[UUID, str]:
    """Timers are about tracks."""
    rows = await session.execute(_TRACKS, {"id": question.application_id})
    return {row.id: f"track {row.track}" for row in rows}


def rules_of(kind: str) -> Sequence[str]:
    """The rules of the step that a timer gives: its kind is `<programme>.<track>.<command>` (`moves.timer_of`)."""
    programme, _, rest = kind.partition(".")
    track, _, command = rest.partition(".")
    if programme not in PROGRAMMES:
        return ()
    rows = PROGRAMMES[programme].workflow.rows(track, command)
    return tuple(dict.fromkeys(rule for row in rows for rule in row.rules))


WITNESS = Witness(
    service="applications",
    tell=tell,
    find=find,
    subjects=subjects,
    hears=frozenset({ApplicationSubmitted.type_name}),
    rules=rules_of,
)
