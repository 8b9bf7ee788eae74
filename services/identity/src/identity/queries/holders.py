"""The person behind a row, and those who held an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import NotFound
from madoguchi_contracts import Role
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.people import Holder
from identity.keys import Keyring
from identity.models import (
    Account,
    Invitation,
    PastRepresentative,
    Registration,
    Succession,
)


def holder_of(keys: Keyring, row: Registration | Invitation | Succession | PastRepresentative | Account) -> Holder:
    """The person of a row in clear. `name_kana` is None for staff."""
    kana = row.name_kana_hidden
    return Holder(
        keys.show(row.id, "name_kanji", row.name_kanji_hidden),
        keys.show(row.id, "name_kana", kana) if kana else None,
        keys.show(row.id, "mail", row.mail_hidden),
    )


async def representatives(session: AsyncSession, keys: Keyring, account_id: UUID) -> list[dict[str, Any]]:
    """Who has held an association's account, the present representative last. Raises NotFound."""
    account = await session.get(Account, account_id)
    if account is None or account.role != Role.ASSOCIATION:
        raise NotFound(account_id=str(account_id))
    past = select(PastRepresentative).where(col(PastRepresentative.account_id) == account_id)
    rows = (await session.scalars(past.order_by(col(PastRepresentative.held_until)))).all()
    held = [(holder_of(keys, row), row.held_from, row.held_until) for row in rows]
    since = rows[-1].held_until if rows else account.issued_at
    return [
        {
            "name_kanji": one.name_kanji,
            "name_kana": one.name_kana or "",
            "mail": one.mail,
            "held_from": held_from,
            "held_until": held_until,
        }
        for one, held_from, held_until in [*held, (holder_of(keys, account), since, None)]
    ]
