"""The floor of a submission: one endpoint on bare asyncpg that writes the rows of a submission and checks nothing."""

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import FastAPI, Header
from pydantic import BaseModel

_LOCK = "SELECT draft FROM applications WHERE id = $1 FOR UPDATE"
_WRITE = """
WITH idem AS (
  INSERT INTO idempotency_keys (actor, key, request_sha256, status, response) VALUES ($9, $2, $3, 201, '{}')
), burnt AS (
  INSERT INTO used_proofs (jti, used_at) VALUES ($4, now())
), version AS (
  INSERT INTO application_versions (application_id, submission, content, documents, content_sha256, consents,
                                    ekyc_status, proof_jti, submitted_by, submitted_at)
  VALUES ($1, 1, $5, '[]', $3, '{}', 'passed', $4, $4, now())
), step AS (
  INSERT INTO application_history
    (application_id, track, subject, source, target, command, actor_id, role, submission, reason, at)
  VALUES ($1, 'registration', $1, 'draft', 'applied', 'submit', $4, 'association', 1, NULL, now()) RETURNING id
), track AS (
  UPDATE tracks SET state = 'applied', entered_at = now(), entered_step = (SELECT id FROM step)
  WHERE application_id = $1
), event AS (
  INSERT INTO events (event_id, topic, aggregate_id, version, type, data, traceparent, bucket, recorded_at)
  VALUES ($6, 'applications.applications.v1', $1, 2, 'madoguchi.applications.ApplicationSubmitted.v1', $7, NULL, $8,
          now())
  RETURNING id, bucket
), pointer AS (
  INSERT INTO outbox (id, bucket) SELECT id, bucket FROM event
)
UPDATE applications SET submission = 1 WHERE id = $1
"""


class Submit(BaseModel):
    """The body of a submission."""

    content_sha256: str
    proof: str
    consents: list[str] = []


def build() -> FastAPI:
    """The app."""
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        dsn = os.environ["MADOGUCHI_DATABASE_URL"].replace("+asyncpg", "")
        state["pool"] = await asyncpg.create_pool(dsn, min_size=10, max_size=10)
        yield
        await state["pool"].close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/applications/{application_id}/submit", status_code=201)
    async def submit(
        application_id: uuid.UUID, body: Submit, idempotency_key: Annotated[str, Header()]
    ) -> dict[str, Any]:
        event = json.dumps(
            {
                "application_id": str(application_id),
                "programme": "bond",
                "account_id": str(uuid.uuid4()),
                "reference": "B-2026-000001",
                "submission": 1,
                "content_sha256": body.content_sha256,
                "documents": [],
            }
        )
        async with state["pool"].acquire() as connection, connection.transaction():
            draft = await connection.fetchval(_LOCK, application_id)
            await connection.execute(
                _WRITE,
                application_id,
                idempotency_key,
                body.content_sha256,
                uuid.uuid4(),
                draft,
                uuid.uuid4(),
                event,
                application_id.int % 64,
                str(application_id),
            )
        return {"application_id": application_id, "state": "applied", "submission": 1}

    return app
