"""A submission in the frameworks' own way: SQLModel's objects, faststream-outbox, FastStream with one message, one
transaction and one acknowledgement. It checks what ours checks, with the same functions, and writes the same rows.
"""

import json
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any

from applications import models
from applications.cases import documents_of
from applications.desk import Desk, of_draft, of_mail, of_version
from applications.directories import ZenginInstitutions
from applications.domain import digest_of
from applications.programme import Facts
from applications.programmes import PROGRAMMES
from fastapi import FastAPI, Header
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from faststream_outbox import OutboxBroker, make_outbox_table
from faststream_outbox.annotations import OutboxMessage
from kit.clock import system_clock
from kit.sealed import seal
from kit.tokens import TokenVerifier
from kit.vault import Vault
from madoguchi_contracts import ApplicationSubmitted, Sealed
from madoguchi_contracts.applications import SubmittedDocument
from notifications import models as mail_models
from pydantic import BaseModel
from sqlalchemy import MetaData, insert, literal_column
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

TOPIC = ApplicationSubmitted.topic
QUEUE = "submitted"
OUTBOX = make_outbox_table(MetaData(), table_name="fso")
_KIT = models.metadata.tables


async def create_outbox(url: str) -> None:
    """faststream-outbox's own table, in the database of applications."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(OUTBOX.metadata.create_all)
    await engine.dispose()


def _engine() -> AsyncEngine:
    return create_async_engine(os.environ["MADOGUCHI_DATABASE_URL"], pool_size=10, max_overflow=0)


def desk_of_environment() -> Desk:
    """The service's own desk, from the environment of its processes."""
    keys = json.loads(os.environ["MADOGUCHI_SEAL_PUBLIC_KEYS"])
    return Desk(
        programmes=PROGRAMMES,
        vault=Vault.from_json(os.environ["MADOGUCHI_VAULT_KEYS"]),
        seal=lambda content, service: Sealed(seal(content, keys[service])),
        institutions=ZenginInstitutions(),
        claim_lease=timedelta(minutes=30),
        messages_per_day=50,
        message_length=2000,
    )


class Submit(BaseModel):
    """The body of a submission."""

    content_sha256: str
    proof: str


def build_api() -> FastAPI:
    """The API: one session, one transaction, objects in and out."""
    engine, desk = _engine(), desk_of_environment()
    outbox = OutboxBroker(engine, outbox_table=OUTBOX, logger=None)
    verifier = TokenVerifier(
        os.environ["MADOGUCHI_IDENTITY_JWKS_URL"], os.environ["MADOGUCHI_TOKEN_ISSUER"], system_clock
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/applications/{application_id}/submit", status_code=201)
    async def submit(
        application_id: uuid.UUID,
        body: Submit,
        authorization: Annotated[str, Header()],
        idempotency_key: Annotated[str, Header()],
    ) -> dict[str, Any]:
        now = system_clock()
        actor = await verifier.verify(authorization.removeprefix("Bearer "))
        jti = await verifier.verify_proof(
            body.proof, account_id=actor.account_id, purpose="submit", digest=body.content_sha256
        )
        async with AsyncSession(engine, expire_on_commit=False) as session:
            answer = {"application_id": str(application_id), "state": "applied", "submission": 1}
            claim = {"actor": str(actor.account_id), "key": idempotency_key, "request_sha256": body.content_sha256}
            answered = {"status": 201, "response": json.dumps(answer)}
            await session.execute(insert(_KIT["idempotency_keys"]).values(**claim, **answered))
            await session.execute(insert(_KIT["used_proofs"]).values(jti=jti, used_at=now))
            application = await session.get_one(models.Application, application_id, with_for_update=True)
            assert application.account_id == actor.account_id
            programme = PROGRAMMES[application.programme]
            tracks = await session.exec(select(models.Track).where(col(models.Track.application_id) == application_id))
            (track,) = tracks
            assert track.state == "draft"
            ekyc = await session.get_one(models.AccountEkyc, actor.account_id)
            contact = await session.get_one(models.AccountContact, actor.account_id)
            files = await session.get_one(models.DocumentSet, application_id)
            documents = documents_of(files.documents)
            facts = Facts(
                registered_mail=desk.unlock(contact.mail, of_mail(actor.account_id)),
                now=now,
                today=now.date(),
                institutions=desk.institutions,
                organisations={},
            )
            form = programme.validate(desk.unlock(application.draft, of_draft(application_id)), facts)
            assert not form.findings
            assert digest_of(application.programme, form.content, documents) == body.content_sha256
            session.add(
                models.Version(
                    application_id=application_id,
                    submission=1,
                    content=desk.lock_away(form.content, of_version(application_id, 1)),
                    documents=files.documents,
                    content_sha256=body.content_sha256,
                    consents=[],
                    ekyc_status=ekyc.status,
                    proof_jti=jti,
                    submitted_by=actor.account_id,
                    submitted_at=now,
                )
            )
            step = models.HistoryStep(
                application_id=application_id,
                track=track.track,
                subject=application_id,
                source="draft",
                target="applied",
                command="submit",
                actor_id=actor.account_id,
                role=actor.role.value,
                submission=1,
                at=now,
            )
            session.add(step)
            await session.flush()
            track.state, track.entered_at, track.entered_step = "applied", now, step.id
            application.submission = 1
            event = ApplicationSubmitted(
                application_id=application_id,
                programme=application.programme,
                account_id=actor.account_id,
                reference=application.reference,
                submission=1,
                content_sha256=body.content_sha256,
                documents=tuple(
                    SubmittedDocument(document_id=one.document_id, slot=one.slot, sha256=one.sha256)
                    for one in documents
                ),
            )
            headers = {"ce_id": str(uuid.uuid4()), "ce_type": event.type_name}
            await outbox.publish(event.model_dump(mode="json"), queue=QUEUE, session=session, headers=headers)
            await session.commit()
        return answer

    return app


def _app(*brokers: Any, engine: AsyncEngine) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for broker in brokers:
            await broker.start()
        yield
        for broker in reversed(brokers):
            await broker.stop()
        await engine.dispose()

    return Starlette(lifespan=lifespan)


def _consumer(
    engine: AsyncEngine, group: str, effect: Callable[[AsyncSession, ApplicationSubmitted, uuid.UUID], Awaitable[None]]
) -> KafkaBroker:
    broker = KafkaBroker(os.environ["MADOGUCHI_KAFKA_BOOTSTRAP"], logger=None, ack_policy=AckPolicy.NACK_ON_ERROR)
    wait_ms = int(os.environ["MADOGUCHI_KAFKA_FETCH_MAX_WAIT_MS"])

    @broker.subscriber(TOPIC, group_id=group, auto_offset_reset="earliest", fetch_max_wait_ms=wait_ms)
    async def handle(event: ApplicationSubmitted, message: KafkaMessage) -> None:
        event_id = uuid.UUID(message.headers["ce_id"])
        async with AsyncSession(engine) as session:
            row = {"consumer": group, "event_id": event_id}
            fresh = postgresql.insert(_KIT["inbox"]).values(**row).on_conflict_do_nothing()
            statement = fresh.returning(literal_column("1"))
            if (await session.execute(statement)).first() is None:
                return
            await effect(session, event, event_id)
            await session.commit()

    return broker


def build_worker() -> Starlette:
    """The relay at its best documented settings, and the review of each submission."""
    engine = _engine()
    outbox = OutboxBroker(engine, outbox_table=OUTBOX, logger=None)
    kafka = KafkaBroker(os.environ["MADOGUCHI_KAFKA_BOOTSTRAP"], acks="all", logger=None)
    publisher = kafka.publisher(TOPIC)

    @outbox.subscriber(QUEUE, max_workers=8, fetch_batch_size=500, terminal_flush_batch_size=100)
    async def forward(event: dict[str, Any], message: OutboxMessage) -> None:
        headers = {name: str(message.headers[name]) for name in ("ce_id", "ce_type")}
        await publisher.publish(event, key=str(event["application_id"]).encode(), headers=headers)

    async def open_review(session: AsyncSession, event: ApplicationSubmitted, _: uuid.UUID) -> None:
        now = system_clock()
        session.add(
            models.Review(
                id=uuid.uuid4(),
                application_id=event.application_id,
                submission=event.submission,
                round=1,
                due_on=now.date(),
                opened_at=now,
            )
        )

    return _app(kafka, outbox, _consumer(engine, "applications", open_review), engine=engine)


def build_mailer() -> Starlette:
    """The office's mail for each submission, in the database of notifications."""
    engine, vault = _engine(), Vault.from_json(os.environ["MADOGUCHI_VAULT_KEYS"])

    async def queue_mail(session: AsyncSession, event: ApplicationSubmitted, event_id: uuid.UUID) -> None:
        now, message_id = system_clock(), uuid.uuid4()
        session.add(
            mail_models.Message(
                id=message_id,
                template="OFFICE-NEW-CASE",
                subject="",
                cause_event_id=event_id,
                cause_type=event.type_name,
                programme=event.programme,
                account_id=None,
                lane=message_id,
                state="queued",
                due_at=now + timedelta(days=1),
                round_started_at=now,
                content=vault.encrypt(json.dumps({"reference": event.reference}).encode(), f"content:{message_id}"),
                queued_at=now,
            )
        )

    return _app(_consumer(engine, "notifications", queue_mail), engine=engine)
