"""Envelopes as they stand in the database."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.desk import Desk
from applications.programme import ElectronicContract, Programme

PROVIDER, TABLE = "econtract", "envelopes"

_COLUMNS = """
e.id, e.application_id, e.opened_at, e.expires_at, e.terms, e.paper, e.paper_sha256, e.provider_id, e.offered_at,
e.sequence, e.ended_at, e.voided_at, e.completed_at, e.signed_paper, e.signed_sha256, e.trouble, e.look_at
"""
_READ = text(f"SELECT {_COLUMNS} FROM envelopes e WHERE e.id = :id")  # noqa: S608 - constants
_LOCK = text(f"SELECT {_COLUMNS} FROM envelopes e WHERE e.id = :id FOR UPDATE")  # noqa: S608
_LAST = text(f"""
SELECT {_COLUMNS} FROM envelopes e WHERE e.application_id = :id ORDER BY e.opened_step DESC LIMIT 1
""")  # noqa: S608
_SIGNERS = text("""
SELECT account_id, reference, place, signed_at FROM envelope_signers WHERE envelope_id = :id ORDER BY account_id
""")


@dataclass(frozen=True)
class Signer:
    """Somebody who signs; `place` is encrypted, and None before the provider has told where they sign."""

    account_id: UUID
    reference: UUID
    place: str | None
    signed_at: datetime | None


@dataclass(frozen=True)
class Envelope:
    """One envelope; see `models.econtract`."""

    id: UUID
    application_id: UUID
    opened_at: datetime
    expires_at: datetime
    terms: str
    paper: str | None
    paper_sha256: str | None
    provider_id: str | None
    offered_at: datetime | None
    sequence: int
    ended_at: datetime | None
    voided_at: datetime | None
    completed_at: datetime | None
    signed_paper: str | None
    signed_sha256: str | None
    trouble: str | None
    look_at: datetime | None
    signers: Mapping[UUID, Signer]


def contract_of(programme: Programme) -> ElectronicContract:
    """What a programme says of its contract. Raises ValueError where a table has the errand and no contract."""
    if programme.contract is None:
        raise ValueError(f"{programme.name} has no electronic contract")
    return programme.contract


async def read(session: AsyncSession, envelope_id: UUID, *, lock: bool = False) -> Envelope:
    """The envelope; with `lock`, nobody changes it until the transaction ends."""
    row = (await session.execute(_LOCK if lock else _READ, {"id": envelope_id})).one()
    return Envelope(**row._mapping, signers=await _signers(session, envelope_id))


async def last_of(session: AsyncSession, application_id: UUID) -> Envelope | None:
    """That of the contract period that was announced last; None if none was, since there are envelopes."""
    row = (await session.execute(_LAST, {"id": application_id})).one_or_none()
    return None if row is None else Envelope(**row._mapping, signers=await _signers(session, row.id))


async def _signers(session: AsyncSession, envelope_id: UUID) -> Mapping[UUID, Signer]:
    rows = await session.execute(_SIGNERS, {"id": envelope_id})
    return {row.account_id: Signer(**row._mapping) for row in rows}


# The contexts of what is encrypted.


def of_terms(envelope_id: UUID) -> str:
    """Context of `envelopes.terms`."""
    return f"envelopes.terms:{envelope_id}"


def of_paper(envelope_id: UUID) -> str:
    """Context of `envelopes.paper`."""
    return f"envelopes.paper:{envelope_id}"


def of_signed_paper(envelope_id: UUID) -> str:
    """Context of `envelopes.signed_paper`."""
    return f"envelopes.signed_paper:{envelope_id}"


def of_place(reference: UUID) -> str:
    """Context of `envelope_signers.place`."""
    return f"envelope_signers.place:{reference}"


def lock_file(desk: Desk, content: bytes, context: str) -> str:
    """A file as encrypted text."""
    return desk.lock_away(b64encode(content).decode(), context)


def unlock_file(desk: Desk, kept: str, context: str) -> bytes:
    """The file back. Raises CannotDecrypt."""
    return b64decode(desk.unlock(kept, context))
