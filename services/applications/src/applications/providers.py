"""Providers outside of the agency: what all of them share here. How they are dealt with at all: `kit.providers`.

A provider has a package of its own beside this module, with its client, its rows and the work on them; `main` puts it
into the worker's loops and into the API's listeners, and its errands onto the desk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from kit.providers.callbacks import CallbackRefused, Hint, check_callback, first_time, read_hint
from sqlalchemy.ext.asyncio import AsyncSession

CALLBACKS = "provider_callbacks"


@dataclass(frozen=True)
class Listener:
    """What is done with the callbacks of one provider: `take` has the worker look soon at the row that is about the
    provider's id (its `look_at` becomes `now`), and does nothing where there is none.
    """

    secret: str
    take: Callable[[AsyncSession, str, datetime], Awaitable[None]]


async def take_callback(
    *,
    session: AsyncSession,
    provider: str,
    listener: Listener | None,
    timestamp: str,
    signature: str,
    body: bytes,
    now: datetime,
) -> None:
    """Take a hint that something changed, once. Raises CallbackRefused (also where there is no such provider), and
    RequestValidationError.
    """
    if listener is None:
        raise CallbackRefused
    check_callback(listener.secret, timestamp=timestamp, signature=signature, body=body, now=now)
    hint = read_hint(Hint, body)
    if await first_time(session, CALLBACKS, f"{provider}:{hint.event_id}", now):
        await listener.take(session, hint.id, now)
