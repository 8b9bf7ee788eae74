"""Organisations and their people, as the counter sees them, and what was done there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.keys import Keyring
from identity.models import Account, AuditEntry, Organisation


async def organisations(session: AsyncSession, after: UUID | None, limit: int = 100) -> Sequence[Organisation]:
    """Organisations by id, from the one after `after`."""
    page = select(Organisation).order_by(col(Organisation.id)).limit(limit)
    if after is not None:
        page = page.where(col(Organisation.id) > after)
    return (await session.scalars(page)).all()


async def organisation_of(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """One organisation. Raises NotFound."""
    found = await session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound(organisation_id=str(organisation_id))
    return found


async def staff_of(session: AsyncSession, keys: Keyring, organisation_id: UUID) -> list[dict[str, Any]]:
    """The accounts of an organisation's people, the oldest first."""
    members = select(Account).where(col(Account.organisation_id) == organisation_id)
    rows = (await session.scalars(members.order_by(col(Account.issued_at), col(Account.id)))).all()
    return [
        {
            "account_id": row.id,
            "name": keys.show(row.id, "name_kanji", row.name_kanji_hidden),
            "opened_at": row.issued_at,
            "last_login_at": row.last_login_at,
            "closed_at": row.closed_at,
        }
        for row in rows
    ]


async def audit_log(session: AsyncSession, subject_id: UUID | None, last: int) -> list[dict[str, Any]]:
    """The newest `last` deeds, or those to one account or organisation, the newest first."""
    newest = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(last)
    if subject_id is not None:
        newest = newest.where(col(AuditEntry.subject_id) == subject_id)
    rows = (await session.scalars(newest)).all()
    return [
        {name: getattr(row, name) for name in ("at", "who", "role", "deed", "subject_id", "reason")} for row in rows
    ]
