"""Links that were mailed, as long as they work, and what came of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from madoguchi_contracts import Role
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.people import invitation_state, succession_state
from identity.errors import FAQ, LinkNotValid
from identity.keys import Keyring, token_hash
from identity.models import (
    Invitation,
    PasswordLink,
    Registration,
    Succession,
)
from identity.queries.holders import holder_of


def open_registration_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The registration whose link this is, as long as the link works (ID-10)."""
    return (
        col(Registration.token_sha256) == token_hash(token),
        col(Registration.used_at).is_(None),
        col(Registration.superseded_at).is_(None),
        col(Registration.link_expires_at) > now,
    )


async def open_registration(session: AsyncSession, token: str, now: datetime) -> Registration:
    """The registration of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Registration).where(*open_registration_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"もう一度、新規ご利用登録からお手続きください。{FAQ}")
    return found


def open_invitation_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The invitation whose link this is, as long as the link works."""
    return (
        col(Invitation.token_sha256) == token_hash(token),
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
        col(Invitation.expires_at) > now,
    )


async def open_invitation(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """The invitation of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Invitation).where(*open_invitation_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"招待した方に、もう一度お手続きをご依頼ください。{FAQ}")
    return found


async def successions(session: AsyncSession, keys: Keyring, account_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The changes of an account's representative, the newest twenty first, and what became of them."""
    all_of_them = select(Succession).where(col(Succession.account_id) == account_id)
    newest = all_of_them.order_by(col(Succession.started_at).desc(), col(Succession.id)).limit(20)
    rows = (await session.scalars(newest)).all()
    return [
        {
            "succession_id": row.id,
            "state": succession_state(
                mailed=row.token_sha256 is not None,
                completed=row.completed_at is not None,
                withdrawn=row.withdrawn_at is not None,
                expires_at=row.expires_at,
                now=now,
            ),
            "begun_by": "representative" if row.started_by_role == Role.ASSOCIATION else "office",
            "name_kanji": holder.name_kanji,
            "name_kana": holder.name_kana,
            "mail": holder.mail,
            "started_at": row.started_at,
            "expires_at": row.expires_at,
            "ended_because": row.withdrawn_because,
        }
        for row in rows
        for holder in [holder_of(keys, row)]
    ]


async def succession_to_object(session: AsyncSession, token: str, now: datetime) -> dict[str, Any]:
    """The open change of the representative that a mailed link objects to; looking ends nothing (I-05). Raises
    LinkNotValid."""
    which = (col(Succession.objection_sha256) == token_hash(token), *OPEN_SUCCESSION, col(Succession.expires_at) > now)
    found = (await session.scalars(select(Succession).where(*which))).one_or_none()
    if found is None:
        raise LinkNotValid(f"手続きはすでに取り消されたか、完了しています。{FAQ}", rules=["ID-12", "ID-19"])
    begun_by = "representative" if found.started_by_role == Role.ASSOCIATION else "office"
    return {"begun_by": begun_by, "started_at": found.started_at}


async def own_invitations(
    session: AsyncSession, keys: Keyring, account_id: UUID, now: datetime
) -> list[dict[str, Any]]:
    """Whom somebody invited, the newest first, and what became of it."""
    newest = select(Invitation).where(col(Invitation.invited_by) == account_id)
    rows = (
        await session.scalars(newest.order_by(col(Invitation.invited_at).desc(), col(Invitation.id)).limit(100))
    ).all()
    return [
        {
            "invitation_id": row.id,
            "application_id": row.application_id,
            "role": row.role,
            "name_kanji": holder.name_kanji,
            "mail": holder.mail,
            "state": invitation_state(
                accepted=row.accepted_at is not None,
                withdrawn=row.withdrawn_at is not None,
                expires_at=row.expires_at,
                now=now,
            ),
            "invited_at": row.invited_at,
            "expires_at": row.expires_at,
        }
        for row in rows
        for holder in [holder_of(keys, row)]
    ]


OPEN_SUCCESSION = (col(Succession.completed_at).is_(None), col(Succession.withdrawn_at).is_(None))


def open_succession_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The change of the representative whose link this is, as long as the link works."""
    return (
        col(Succession.token_sha256) == token_hash(token),
        *OPEN_SUCCESSION,
        col(Succession.expires_at) > now,
    )


async def open_succession(session: AsyncSession, token: str, now: datetime) -> Succession:
    """The succession of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Succession).where(*open_succession_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(
            f"前の代表者の方または機構住宅債券事務センターへご連絡ください。{FAQ}", rules=["ID-12", "ID-19"]
        )
    return found


def open_password_link_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The password link of this token, as long as it works (ID-16, ID-52)."""
    return (
        col(PasswordLink.token_sha256) == token_hash(token),
        col(PasswordLink.used_at).is_(None),
        col(PasswordLink.superseded_at).is_(None),
        col(PasswordLink.expires_at) > now,
    )


async def open_password_link(session: AsyncSession, token: str, now: datetime) -> PasswordLink:
    """A password link that works; looking does not use it up (ID-16). Raises LinkNotValid."""
    found = (await session.scalars(select(PasswordLink).where(*open_password_link_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"「パスワードをお忘れですか?」からもう一度お手続きください。{FAQ}")
    return found
