"""The floor of a submission: an endpoint on bare asyncpg that writes the rows of a submission in one statement. Once it
checks nothing; once it checks, by the service's own functions, what has to be checked before they may be written.
"""

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from applications import events
from applications.cases import documents_json, documents_of
from applications.desk import of_draft, of_mail, of_version
from applications.domain import digest_of
from applications.programme import Facts
from applications.programmes import PROGRAMMES
from applications.workflow import Caller, Case, Filing, Step, check, choose_filing
from bench.framework import desk_of_environment
from fastapi import FastAPI, Header
from kit.clock import system_clock
from kit.japan import to_jst
from kit.tokens import TokenVerifier
from pydantic import BaseModel

_LOCK = "SELECT draft FROM applications WHERE id = $1 FOR UPDATE"
_READ = """
SELECT a.account_id, a.reference, a.submission, a.draft, t.state, c.mail, e.status, d.documents::text
FROM applications a JOIN tracks t ON t.application_id = a.id LEFT JOIN account_contacts c USING (account_id)
LEFT JOIN account_ekyc e USING (account_id) LEFT JOIN document_sets d ON d.application_id = a.id WHERE a.id = $1
"""
_WRITE = """
WITH idem AS (
  INSERT INTO idempotency_keys (actor, key, request_sha256, status, response) VALUES ($9, $2, $3, 201, '{}')
), burnt AS (
  INSERT INTO used_proofs (jti, used_at) VALUES ($4, now())
), version AS (
  INSERT INTO application_versions (application_id, submission, content, documents, content_sha256, consents,
                                    ekyc_status, proof_jti, submitted_by, submitted_at)
  VALUES ($1, 1, $5, $10, $3, '{}', 'passed', $4, $4, now())
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


def _app() -> tuple[FastAPI, dict[str, Any]]:
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        dsn = os.environ["MADOGUCHI_DATABASE_URL"].replace("+asyncpg", "")
        state["pool"] = await asyncpg.create_pool(dsn, min_size=10, max_size=10)
        yield
        await state["pool"].close()

    return FastAPI(lifespan=lifespan), state


async def _write(connection: Any, application_id: uuid.UUID, key: str, digest: str, jti: uuid.UUID, *rest: str) -> None:
    """`rest` is the content, the event, and the documents."""
    content, told, files = rest
    bucket, actor = application_id.int % 64, str(application_id)
    values = (application_id, key, digest, jti, content, uuid.uuid4(), told, bucket, actor, files)
    await connection.execute(_WRITE, *values)


def build() -> FastAPI:
    """The app that checks nothing."""
    app, state = _app()

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
            digest = body.content_sha256
            await _write(connection, application_id, idempotency_key, digest, uuid.uuid4(), draft, event, "[]")
        return {"application_id": application_id, "state": "applied", "submission": 1}

    return app


def build_checked() -> FastAPI:
    """The app that checks: caller, proof, state, form, files, digest; what is kept is encrypted."""
    app, state = _app()
    desk, bond = desk_of_environment(), PROGRAMMES["bond"]
    verifier = TokenVerifier(
        os.environ["MADOGUCHI_IDENTITY_JWKS_URL"], os.environ["MADOGUCHI_TOKEN_ISSUER"], system_clock
    )

    @app.post("/v1/applications/{application_id}/submit", status_code=201)
    async def submit(
        application_id: uuid.UUID,
        body: Submit,
        idempotency_key: Annotated[str, Header()],
        authorization: Annotated[str, Header()],
    ) -> dict[str, Any]:
        now, digest = system_clock(), body.content_sha256
        actor = await verifier.verify(authorization.removeprefix("Bearer "))
        jti = await verifier.verify_proof(body.proof, account_id=actor.account_id, purpose="submit", digest=digest)
        async with state["pool"].acquire() as connection, connection.transaction():
            await connection.fetchval(_LOCK, application_id)
            row = await connection.fetchrow(_READ, application_id)
            assert row["account_id"] == actor.account_id
            files = documents_of(json.loads(row["documents"]))
            form = bond.validate(
                desk.unlock(row["draft"], of_draft(application_id)),
                Facts(
                    registered_mail=desk.unlock(row["mail"], of_mail(actor.account_id)),
                    now=now,
                    today=to_jst(now).date(),
                    institutions=desk.institutions,
                    organisations={},
                ),
            )
            assert digest_of(bond.name, form.content, files) == digest
            case = Case(
                application_id=application_id,
                programme=bond.name,
                account_id=actor.account_id,
                reference=row["reference"],
                submission=row["submission"],
                approved_submission=None,
                states={(bond.workflow.main, application_id): row["state"]},
                now=now,
                filing=Filing(form, files, row["status"], digest, 1),
            )
            step = choose_filing(bond.workflow, case, "submit", Caller(actor.role, actor.account_id))
            check(step, case, actor_id=actor.account_id, first_officer=None)
            told = events.submitted(Step(case, actor.account_id, desk.seal)).model_dump_json()
            kept = desk.lock_away(form.content, of_version(application_id, 1))
            await _write(connection, application_id, idempotency_key, digest, jti, kept, told, documents_json(files))
        return {"application_id": application_id, "state": "applied", "submission": 1}

    return app
