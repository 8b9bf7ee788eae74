"""How often somebody may try: fixed windows in PostgreSQL, shared by all replicas.

These limits stand beside the lock of ID-27, which counts wrong passwords only (ID-33, I-14). What is counted is a keyed
hash of an address, an account or what was typed: the table says nothing about anybody.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kit.db import Database
from kit.errors import TooMany
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from identity.keys import BlindIndex


class Limit(BaseModel, frozen=True):
    """So many times within so many seconds."""

    times: int = Field(ge=1)
    seconds: int = Field(ge=1)


LIMITS: dict[str, Limit] = {
    "login_address": Limit(times=60, seconds=60),
    "login_user_id": Limit(times=20, seconds=300),
    "registration_address": Limit(times=30, seconds=3600),
    # Over these two, the answer is the same and nothing is sent: a stranger who knows the address must not use up its
    # owner's requests. The window is as long as a link works (ID-10): while it lasts, there is one in the mailbox.
    "registration_mail": Limit(times=5, seconds=1800),  # from one network
    "registration_mail_anywhere": Limit(times=10, seconds=1800),
    "reset_address": Limit(times=30, seconds=3600),
    "reset_user_id": Limit(times=5, seconds=3600),  # over it, likewise: the last link works for 24 hours (ID-52)
    "reminder_address": Limit(times=30, seconds=3600),
    "reminder_person": Limit(times=5, seconds=3600),
    "invitation_account": Limit(times=20, seconds=86_400),
    "invitation_mail": Limit(times=5, seconds=86_400),
    "ekyc_account": Limit(times=10, seconds=86_400),
    "succession_account": Limit(times=5, seconds=86_400),
    # Guesses at one thing: counted before the look at the code or answer, forgotten after a right one.
    "otp_code": Limit(times=5, seconds=900),
    # Wrong ones of a day: else somebody with the password has 960 guesses a day at two codes of a million.
    "otp_code_day": Limit(times=20, seconds=86_400),
    "secret_answer": Limit(times=5, seconds=3600),
    "reminder_answer": Limit(times=5, seconds=3600),
    # By the account that is to be taken over, whichever link the answer comes with; a link takes five.
    "succession_answer": Limit(times=5, seconds=3600),
    # The same over a month, right ones included and never forgotten: a parent's birthplace has few answers.
    "secret_answer_month": Limit(times=20, seconds=2_592_000),
    "reminder_answer_month": Limit(times=20, seconds=2_592_000),
    "succession_answer_month": Limit(times=20, seconds=2_592_000),
    "current_password": Limit(times=5, seconds=900),
    # Everything that is only protected by a 256-bit token: not guessable, but each request costs work.
    "link_address": Limit(times=120, seconds=300),
}

_COUNT = text("""
INSERT INTO rate_limits AS r (name, subject, window_started_at, used) VALUES (:name, :subject, :now, 1)
ON CONFLICT (name, subject) DO UPDATE SET
  used = CASE WHEN r.window_started_at <= :older THEN 1 ELSE r.used + 1 END,
  window_started_at = CASE WHEN r.window_started_at <= :older THEN :now ELSE r.window_started_at END
RETURNING used, window_started_at
""")
_FORGIVE = text("""
WITH last AS (DELETE FROM rate_limits WHERE name = :name AND subject = :subject AND used = 1)
UPDATE rate_limits SET used = used - 1 WHERE name = :name AND subject = :subject AND used > 1
""")
_FORGET = text("DELETE FROM rate_limits WHERE name = :name AND subject = :subject")


@dataclass(frozen=True)
class Limiter:
    """Counts attempts against the configured limits."""

    limits: Mapping[str, Limit]
    index: BlindIndex

    async def count(self, session: AsyncSession, name: str, subject: str, now: datetime) -> None:
        """Count one attempt of `subject` in the caller's transaction. Raises TooMany with the rest of the window."""
        rest = await self._rest(session, name, subject, now)
        if rest is not None:
            raise TooMany(retry_after_seconds=max(1, math.ceil(rest.total_seconds())), limit=name)

    async def admits(self, session: AsyncSession, name: str, subject: str, now: datetime) -> bool:
        """Count one attempt, and say whether it is within the limit: for what is passed over without a word."""
        return await self._rest(session, name, subject, now) is None

    async def _rest(self, session: AsyncSession, name: str, subject: str, now: datetime) -> timedelta | None:
        """Count; the rest of the window when the limit is exceeded."""
        limit = self.limits[name]
        span = timedelta(seconds=limit.seconds)
        where = {"name": name, "subject": self.index.of(f"limit:{name}", subject), "now": now, "older": now - span}
        row = (await session.execute(_COUNT, where)).one()
        return row.window_started_at + span - now if row.used > limit.times else None

    async def count_first(self, database: Database, now: datetime, **subjects: str) -> None:
        """Count an attempt in a transaction of its own, before its code or password is looked at.

        If the count were part of the attempt's transaction, the refusal of a wrong code would roll it back, and
        guessing would be free. Raises TooMany; what was counted stays counted.
        """
        refused: TooMany | None = None
        async with database.transaction() as session:
            for name, subject in subjects.items():
                try:
                    await self.count(session, name, subject, now)
                except TooMany as error:
                    refused = error
        if refused:
            raise refused

    async def forgive(self, session: AsyncSession, name: str, subject: str) -> None:
        """The attempt just counted was right, and does not count; the wrong ones before it stay counted."""
        await session.execute(_FORGIVE, {"name": name, "subject": self.index.of(f"limit:{name}", subject)})

    async def forget(self, session: AsyncSession, name: str, subject: str) -> None:
        """A right code or answer: the wrong ones before it do not count any more."""
        await session.execute(_FORGET, {"name": name, "subject": self.index.of(f"limit:{name}", subject)})


def network_of(host: str | None) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64 (one customer owns a whole one)."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
