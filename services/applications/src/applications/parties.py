"""Who takes part in an application besides its owner: since when, until when, and what is granted to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import eventlog
from madoguchi_contracts import ApplicationPartiesChanged, Party
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import organisations
from applications.cases import Application, in_order

_ADD = text("""
INSERT INTO application_parties (application_id, party_id, kind, grants, since, invitation_id)
VALUES (:application_id, :party_id, :kind, cast(:grants AS text[]), :now, :invitation_id)
""")
_END = text("""
UPDATE application_parties SET until = :now
WHERE application_id = :application_id AND party_id = :party_id AND kind = :kind AND until IS NULL
""")
_INVITED = text("""
SELECT party_id, kind FROM application_parties
WHERE application_id = :application_id AND until IS NULL AND invitation_id IS NOT NULL
""")


async def follow(
    session: AsyncSession, application: Application, content: Mapping[str, Any] | None, now: datetime
) -> Application:
    """Let those take part whom the content names, with what it grants them, and end the rights of others.

    An organisation that was closed since it was named takes no part. Who joined by an invitation stays. The caller
    holds the application's lock.
    """
    named = application.programme.parties(content or {})
    closed = await organisations.closed_among(session, {party.party_id for party in named})
    rows = await session.execute(_INVITED, {"application_id": application.id})
    invited = {(row.party_id, row.kind) for row in rows}
    staying = [party for party in application.parties if (party.party_id, party.kind) in invited]
    return await _replace(
        session, application, [*staying, *(party for party in named if party.party_id not in closed)], now=now
    )


async def join(
    session: AsyncSession, application: Application, party: Party, *, invitation_id: UUID, now: datetime
) -> Application:
    """Let somebody take part who accepted an invitation. The caller holds the application's lock."""
    if party in application.parties:
        return application
    return await _replace(session, application, [*application.parties, party], now=now, invitation_id=invitation_id)


async def leave(session: AsyncSession, application: Application, party_id: UUID, *, now: datetime) -> Application:
    """End all rights of a party. The caller holds the application's lock."""
    staying = [party for party in application.parties if party.party_id != party_id]
    return await _replace(session, application, staying, now=now)


async def _replace(
    session: AsyncSession,
    application: Application,
    wanted: Sequence[Party],
    *,
    now: datetime,
    invitation_id: UUID | None = None,
) -> Application:
    """Make the list what is wanted, and tell of it if it was another one."""
    parties = in_order(wanted)
    if parties == application.parties:
        return application
    for party in application.parties:
        if party not in parties:
            key = {"application_id": application.id, "party_id": party.party_id, "kind": party.kind}
            await session.execute(_END, {**key, "now": now})
    for party in parties:
        if party not in application.parties:
            row = {**party.model_dump(), "grants": list(party.grants), "application_id": application.id}
            await session.execute(_ADD, {**row, "now": now, "invitation_id": invitation_id})
    await eventlog.record(session, ApplicationPartiesChanged(application_id=application.id, parties=parties), now=now)
    return replace(application, parties=parties)
