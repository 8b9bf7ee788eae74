"""Replacing keys: the one that signs tokens, and the one under which personal data is encrypted at rest."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from joserfc.jwk import ECKey
from sqlalchemy import ColumnElement, delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.commands import audit
from identity.commands.audit import Deed, Responsible
from identity.domain.keys import KEPT_AFTER, PUBLISHED_BEFORE
from identity.errors import RotationUnderWay
from identity.keys import Field, Keyring
from identity.models import (
    Account,
    DataRequest,
    EkycAttempt,
    Invitation,
    OtpToken,
    PastRepresentative,
    Registration,
    SigningKey,
    Succession,
)
from identity.tools import Tools

_PERSON: tuple[Field, ...] = ("name_kanji", "name_kana", "mail")
Hiding = (
    Account
    | DataRequest
    | EkycAttempt
    | Invitation
    | OtpToken
    | PastRepresentative
    | Registration
    | SigningKey
    | Succession
)

HIDDEN: dict[type[Hiding], tuple[tuple[str, Field], ...]] = {
    Registration: tuple((f"{field}_hidden", field) for field in _PERSON),
    Invitation: tuple((f"{field}_hidden", field) for field in _PERSON),
    Succession: tuple((f"{field}_hidden", field) for field in _PERSON),
    PastRepresentative: (("user_id_hidden", "user_id"), *((f"{field}_hidden", field) for field in _PERSON)),
    Account: (("user_id_hidden", "user_id"), *((f"{field}_hidden", field) for field in _PERSON)),
    OtpToken: (("secret_hidden", "otp_secret"),),
    EkycAttempt: (("url_hidden", "ekyc_url"),),
    SigningKey: (("private_key_hidden", "signing_key"),),
    DataRequest: (("details_hidden", "request_text"), ("answer_hidden", "request_answer")),
}
"""Every encrypted column, with the word that its text is bound to beside the row."""


async def rotate(
    session: AsyncSession, tools: Tools, *, by: Responsible, alone: bool, now: datetime
) -> tuple[str, datetime]:
    """Make a new signing key; returns its id and when it signs. The present one signs until then, and is published for
    as long as its tokens live.

    `alone`: it signs at once and no older key is believed any more, because somebody else knows one. Who has a token
    then asks for a new one. Raises RotationUnderWay while a new key waits for its time, unless `alone`.
    """
    await session.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))
    coming = select(func.count()).select_from(SigningKey).where(col(SigningKey.signs_from) > now)
    if alone:
        await session.execute(delete(SigningKey).where(col(SigningKey.signs_from) > now))
    elif (await session.execute(coming)).scalar_one():
        raise RotationUnderWay
    kid = f"sign-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    key_id, signs_from = uuid.uuid4(), now if alone else now + PUBLISHED_BEFORE
    private = json.dumps(ECKey.generate_key("P-256", {"kid": kid}).as_dict(private=True))
    session.add(
        SigningKey(
            id=key_id,
            kid=kid,
            private_key_hidden=tools.keys.hide(key_id, "signing_key", private),
            made_at=now,
            signs_from=signs_from,
            alone=alone,
        )
    )
    await audit.note(session, Deed.ROTATE_KEYS, by=by, subject_id=key_id, now=now)
    await _remove_old(session, now)
    return kid, signs_from


async def _remove_old(session: AsyncSession, now: datetime) -> None:
    """Private keys that nobody believes any more need not lie about: all before the last that was in use long ago."""
    long_ago = now - KEPT_AFTER - timedelta(days=1)
    newest = select(func.max(col(SigningKey.signs_from))).where(col(SigningKey.signs_from) <= long_ago)
    await session.execute(delete(SigningKey).where(col(SigningKey.signs_from) < newest.scalar_subquery()))


async def reencrypt(session: AsyncSession, keys: Keyring, batch: int = 200) -> int:
    """Encrypt up to `batch` rows of one table with the present key of the vault; returns how many rows it were.

    Rows that somebody is busy with are left for the next call: ask `left_to_reencrypt` whether there are any. Cut off
    at any moment, it goes on where it was. Raises CannotDecrypt when the key of a row is not on the ring.
    """
    for model, columns in HIDDEN.items():
        stale = select(model).where(_is_stale(model, keys)).limit(batch).with_for_update(skip_locked=True)
        rows = cast(Sequence[Hiding], (await session.scalars(stale)).all())
        for row in rows:
            bound_to: UUID = row.account_id if isinstance(row, OtpToken) else row.id
            for column, field in columns:
                hidden = getattr(row, column)
                if hidden is not None and not keys.vault.is_current(hidden):
                    setattr(row, column, keys.hide(bound_to, field, keys.show(bound_to, field, hidden)))
        if rows:
            return len(rows)
    return 0


async def left_to_reencrypt(session: AsyncSession, keys: Keyring) -> int:
    """How many rows still need a key of the vault other than the present one."""
    counts = [
        (await session.execute(select(func.count()).select_from(model).where(_is_stale(model, keys)))).scalar_one()
        for model in HIDDEN
    ]
    return sum(counts)


def _is_stale(model: type, keys: Keyring) -> ColumnElement[bool]:
    current = f"{keys.vault.current}."
    # NULL, where there is nothing to hide, is not true and so not stale.
    return or_(*(~getattr(model, column).startswith(current, autoescape=True) for column, _ in HIDDEN[model]))
