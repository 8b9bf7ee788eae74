"""What was given to whom: for the person, and for the office."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action, allow
from applications.cases import open_for
from applications.desk import Desk
from applications.queries.cursors import cursor_at, place_at

Entry = Mapping[str, Any]
"""A line of the log, by the columns of `_PAGE`. `ground` and `recorded_by` are told to the office alone."""

PAGE = 50
LAST = 2**63 - 1

# The newest first. The name of an organisation that is registered with the agency is nobody's personal data.
_PAGE = """
SELECT p.id, p.application_id, a.reference, p.person, p.recipient, p.which, o.name AS recipient_name,
       p.case_of AS "case", p.data_fields, p.purpose, p.ground, p.restricted, p.safety_asked, p.consent_version,
       p.provided_at, p.recorded_by
FROM provisions p JOIN applications a ON a.id = p.application_id LEFT JOIN organisations o ON o.id::text = p.which
WHERE {whose} AND p.id < :before ORDER BY p.id DESC LIMIT :limit
"""
_OF_PERSON = text(_PAGE.format(whose="p.person = :id"))
_OF_APPLICATION = text(_PAGE.format(whose="p.application_id = :id"))


async def about_me(*, session: AsyncSession, actor: Actor, cursor: str | None) -> tuple[list[Entry], str | None]:
    """A page of what was given to third parties about the actor, in whatever application; the newest first (GL-621).

    Raises Forbidden, BadCursor.
    """
    allow(actor, Action.LIST_OWN_PROVISIONS)
    rows = (await session.execute(_OF_PERSON, _place(actor.account_id, cursor))).all()
    return [_entry(row) for row in rows[:PAGE]], _following(rows)


async def of_application(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, cursor: str | None, now: datetime
) -> tuple[list[Entry], str | None]:
    """The same of an application, for the office, with grounds. Leaves a row in the access log.

    Raises Forbidden, NotFound, BadCursor.
    """
    place = _place(application_id, cursor)
    await open_for(session, desk, actor, Action.LIST_PROVISIONS, application_id, now=now)
    rows = (await session.execute(_OF_APPLICATION, place)).all()
    return [_entry(row, desk) for row in rows[:PAGE]], _following(rows)


def _place(of: UUID, cursor: str | None) -> dict[str, Any]:
    (before,) = (LAST,) if cursor is None else place_at(cursor, _number)
    return {"id": of, "before": before, "limit": PAGE + 1}


def _number(text: str) -> int:
    """A number of the log. Raises ValueError."""
    number = int(text)
    if not 0 < number <= LAST:
        raise ValueError("no number of the log")
    return number


def _following(rows: Any) -> str | None:
    return cursor_at(rows[PAGE - 1].id) if len(rows) > PAGE else None


def _entry(row: Any, office: Desk | None = None) -> Entry:
    entry = dict(row._mapping) | {"ground": None}
    if office is None:
        return entry | {"recorded_by": None}
    if row.ground is not None:
        entry["ground"] = office.unlock(row.ground, contexts.of_ground(row.application_id, row.person))
    return entry
