"""What a provider tells us by itself. It is a hint to ask it soon, and nothing that it says is believed.

The provider signs `<timestamp>.<body>` by HMAC-SHA256 with a secret of its own, and sends the signature in hex beside
the timestamp (seconds since 1970).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import ServiceError

LIFETIME_SECONDS = 300
H = TypeVar("H", bound=BaseModel)

KEPT = timedelta(days=30)  # longer than any provider goes on sending the same message
_ID = r"^[\x21-\x7e]+$"


class CallbackRefused(ServiceError):
    """The callback is not from the provider, or was recorded and sent again later."""

    code = "callback_refused"
    status = 401
    title = "署名を確認できません。"


class Hint(BaseModel):
    """The part of a callback that is used: which message it is, and the provider's id of what it is about."""

    event_id: str = Field(min_length=1, max_length=200, pattern=_ID, examples=["evt-7f3a-1"])
    id: str = Field(min_length=1, max_length=200, pattern=_ID, examples=["env-7f3a"])


def check_callback(secret: str, *, timestamp: str, signature: str, body: bytes, now: datetime) -> None:
    """Accept only what the provider signed within the last five minutes. Raises CallbackRefused."""
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise CallbackRefused
    sent = int(timestamp) if timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 else 0
    if abs(now.timestamp() - sent) > LIFETIME_SECONDS:
        raise CallbackRefused


def read_hint(model: type[H], body: bytes) -> H:
    """The hint in a callback that was checked. Raises RequestValidationError, which shows none of its values."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False, include_url=False)) from None


async def first_time(session: AsyncSession, table: str, event_id: str, now: datetime) -> bool:
    """Keep that a message came, in a table with `event_id` (its key) and `received_at` (indexed: what is old goes
    at each message); whether it came first."""
    await session.execute(
        text(f"""
DELETE FROM {table} WHERE event_id IN (
  SELECT event_id FROM {table} WHERE received_at < :before ORDER BY received_at LIMIT 100 FOR UPDATE SKIP LOCKED)
"""),  # noqa: S608 - the table is a constant of the caller
        {"before": now - KEPT},
    )
    taken = await session.execute(
        text(f"""
INSERT INTO {table} (event_id, received_at) VALUES (:event_id, :now) ON CONFLICT DO NOTHING RETURNING event_id
"""),  # noqa: S608
        {"event_id": event_id, "now": now},
    )
    return taken.one_or_none() is not None
