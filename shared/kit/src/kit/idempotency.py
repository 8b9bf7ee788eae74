"""Idempotency-Key: a POST repeated after a lost answer gets that answer, and does nothing twice.

The key is claimed and the answer stored in the transaction of the work itself, so either both exist or neither. Answers
are kept in the clear, so they hold ids and facts, and nothing personal or secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import asyncpg
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import driver
from kit.errors import Conflict, ServiceError
from kit.http import ActorDep, SessionDep

_CLAIM = """
INSERT INTO idempotency_keys (actor, key, request_sha256) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true
"""
_READ = "SELECT request_sha256, status, response FROM idempotency_keys WHERE actor = $1 AND key = $2"
_STORE = "UPDATE idempotency_keys SET status = $3, response = $4 WHERE actor = $1 AND key = $2"


class IdempotencyKeyRequired(ServiceError):
    """The request creates something, and has no Idempotency-Key (400)."""

    code = "idempotency_key_required"
    status = 400
    title = "Idempotency-Key が必要です。"


class IdempotencyKeyReused(ServiceError):
    """The key was used for another request (422)."""

    code = "idempotency_key_reused"
    status = 422
    title = "この Idempotency-Key は別の内容で使用済みです。"


class InProgress(Conflict):
    """The same request is being worked on right now (409)."""

    code = "request_in_progress"
    title = "同じ内容を処理中です。しばらくしてからもう一度お試しください。"


@dataclass(frozen=True)
class Once:
    """Does a piece of work once per key and actor."""

    session: AsyncSession
    actor: str
    key: str
    request_sha256: str

    async def __call__(self, work: Callable[[], Awaitable[BaseModel]], *, status: int = 201) -> Response:
        """The answer of `work`, or the stored one. Raises IdempotencyKeyReused, InProgress, and what `work` raises."""
        sql = driver(self.session)
        try:
            claimed = await sql.fetchval(_CLAIM, self.actor, self.key, self.request_sha256)
        except asyncpg.LockNotAvailableError:  # the first request is still running
            raise InProgress(retry_after_seconds=3) from None
        if claimed:
            body = (await work()).model_dump_json()
            await sql.execute(_STORE, self.actor, self.key, status, body)
            return Response(body, status, media_type="application/json")
        row = await sql.fetchrow(_READ, self.actor, self.key)
        if row is None:  # it was forgotten between the two statements
            raise InProgress(retry_after_seconds=3)
        if row["request_sha256"] != self.request_sha256:
            raise IdempotencyKeyReused
        return Response(row["response"], row["status"], {"Idempotent-Replay": "true"}, media_type="application/json")


async def _digest(request: Request) -> str:
    body = await request.body()
    # The same JSON written otherwise is the same request; of what is no JSON, or nested too deeply, the bytes count.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return hashlib.sha256(b"\n".join([request.method.encode(), request.scope["path"].encode(), body])).hexdigest()


def _key(value: str | None) -> str:
    if not value or len(value) > 200 or not value.isascii() or not value.isprintable():
        raise IdempotencyKeyRequired("1文字以上200文字以内の英数記号を指定してください。")
    return value


async def _once(
    request: Request,
    session: SessionDep,
    actor: ActorDep,
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", description="A new value for each new request")
    ] = None,
) -> Once:
    return Once(session, str(actor.account_id), _key(idempotency_key), await _digest(request))


OnceDep = Annotated[Once, Depends(_once, scope="function")]
