"""The keys that sign tokens: the first ones from the settings, later ones from the database, where every replica finds
them. A replica looks again every few seconds, and never signs with what it knew long ago."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey, KeySet
from kit.clock import Clock
from kit.db import Database
from kit.errors import Unauthenticated
from kit.tokens import Signer, TokenVerifier
from sqlalchemy import select

from identity.domain.keys import Scheduled, in_use
from identity.keys import Keyring
from identity.models import SigningKey

RELOAD = timedelta(seconds=20)
STALE = timedelta(minutes=2)  # far below PUBLISHED_BEFORE: a key that signs is known everywhere by then

_FROM_THE_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class SigningKeys:
    """What signs now. One instance a process."""

    def __init__(self, first: Sequence[Mapping[str, Any]], issuer: str, keys: Keyring) -> None:
        """`first` are the JWKs of the settings: the first signs until `madoguchi keys rotate`, the others are only
        published. Raises ValueError, which names a kid at most."""
        Signer(first, issuer)  # says what is wrong with them now, and not when somebody logs in
        self._first = [dict(key) for key in first]
        self._issuer = issuer
        self._keys = keys
        self._known: list[Scheduled] = []
        self._jwks: dict[str, dict[str, Any]] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()
        self._made: tuple[tuple[str, ...], Signer] | None = None

    async def signer(self, database: Database, now: datetime) -> Signer:
        """The keys of this moment. Raises Unavailable when they cannot be read and what is known is too old."""
        if self._is_older_than(RELOAD, now) and (not self._reading.locked() or self._is_older_than(STALE, now)):
            async with self._reading:
                if self._is_older_than(RELOAD, now):
                    await self._read(database, now)
        order = in_use(self._known, now)
        if self._first[0]["kid"] in order:
            order += [key["kid"] for key in self._first[1:]]
        kids = tuple(order)
        if self._made is None or self._made[0] != kids:
            self._made = (kids, Signer([self._jwks[kid] for kid in kids], self._issuer))
        return self._made[1]

    def _is_older_than(self, age: timedelta, now: datetime) -> bool:
        return self._read_at is None or abs(now - self._read_at) >= age

    async def _read(self, database: Database, now: datetime) -> None:
        async with database.transaction() as session:
            rows = (await session.scalars(select(SigningKey))).all()
        made = {row.kid: json.loads(self._keys.show(row.id, "signing_key", row.private_key_hidden)) for row in rows}
        self._jwks = {**{str(key["kid"]): key for key in self._first}, **made}
        first = Scheduled(str(self._first[0]["kid"]), _FROM_THE_BEGINNING)
        self._known = [first, *(Scheduled(row.kid, row.signs_from, row.alone) for row in rows)]
        self._read_at = now


class OwnVerifier(TokenVerifier):
    """Identity knows its own keys: verifying a token of its own must not depend on a request to itself."""

    def __init__(self, signing: SigningKeys, database: Database, issuer: str, clock: Clock) -> None:
        super().__init__("", issuer, clock)
        self._signing, self._database, self._now = signing, database, clock
        self._own: tuple[Signer, dict[str, ECKey]] | None = None

    async def _fetch(self, kid: str) -> ECKey:
        signer = await self._signing.signer(self._database, self._now())
        if self._own is None or self._own[0] is not signer:
            keys = KeySet.import_key_set(signer.jwks()).keys  # type: ignore[arg-type]
            self._own = (signer, {str(key.kid): key for key in keys if isinstance(key, ECKey)})
        if kid not in self._own[1]:
            raise Unauthenticated
        return self._own[1][kid]
