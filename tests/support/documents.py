"""The documents service at work in a test: its API, its consumer and its store, and a person's way through them."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from documents import api
from documents.completion import Intake
from documents.consumers import handlers
from documents.scanner import NoScanner, Scanner
from documents.storage import Storage
from joserfc.jwk import ECKey
from kit.bus import Consumer
from kit.db import Database
from kit.eventlog import history
from kit.health import Health
from kit.http import build_app
from kit.sealed import seal
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.applications import (
    ApplicationApproved,
    ApplicationClosed,
    ApplicationPartiesChanged,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationStarted,
    ApplicationSubmitted,
    AwaitedDocument,
    ChangeWithdrawn,
    DocumentPolicy,
    DocumentSlot,
    Party,
    SubmittedDocument,
)
from madoguchi_contracts.envelope import Sealed, SealedContent
from madoguchi_stack.s3 import S3
from minio import Minio
from sqlalchemy import text

from support.actors import Gate
from support.clock import FakeClock
from support.records import record_of

LIMIT = 6 * 1024 * 1024
SLOTS = ("kanri_kiyaku", "sokai_gijiroku", "gian_sho", "shogyo_toki", "other1", "other2")
LABELS = ("管理規約", "総会議事録", "議会議案書", "商業登記簿謄本", "その他1", "その他2")
PDF = b"%PDF-1.7\n"
SEALED = Sealed("eyJhbGciOiJFQ0RILUVTIn0.a.b.c.d")


OPENED_BY = ECKey.generate_key("P-256", {"kid": "recipient"})


def sealed(content: SealedContent, recipient: str) -> Sealed:
    """Sealed to a service, with one key for all of them."""
    assert recipient == "notifications"
    return Sealed(seal(content, OPENED_BY.as_dict(private=False)))


def pdf(size: int, filler: bytes = b"x") -> bytes:
    """A file of exactly `size` bytes that begins as a PDF does."""
    return (PDF + filler * size)[:size]


PER_PERSON = DocumentPolicy(
    slots=(
        DocumentSlot(key="identity", label="本人確認書類", required=True, per_person=True),
        DocumentSlot(key="income", label="収入証明書", required=False, per_person=True, seen_by=("bank",)),
        DocumentSlot(key="works", label="工事見積書", required=True, seen_by=("bank", "inspection_body")),
        DocumentSlot(key="certificate", label="適合証明書", required=False, filled_by=("inspection_body",)),
        DocumentSlot(key="other", label="その他", required=False),
    ),
    total_limit_bytes=LIMIT,
)
"""What a loan asks for: papers of each person, papers for parties to see, and one that a party brings."""


def policy(limit: int = LIMIT, *, keeps_unsubmitted: bool = False) -> DocumentPolicy:
    """Two required slots and three others."""
    slots = tuple(
        DocumentSlot(key=key, label=label, required=number < 2)
        for number, (key, label) in enumerate(zip(SLOTS, LABELS, strict=True))
    )
    return DocumentPolicy(slots=slots, total_limit_bytes=limit, keeps_unsubmitted=keeps_unsubmitted)


@dataclass
class Desk:
    """The service, and somebody at it. Answers are returned unchecked unless the method says otherwise."""

    database: Database
    intake: Intake
    clock: FakeClock
    gate: Gate
    http: httpx.AsyncClient
    outside: httpx.AsyncClient
    consumer: Consumer
    store: Minio
    bucket: str
    sequences: dict[UUID, int] = field(default_factory=dict)
    sessions: dict[UUID, UUID] = field(default_factory=dict)

    # Applications

    async def started(
        self,
        account_id: UUID,
        *,
        limit: int = LIMIT,
        keeps_unsubmitted: bool = False,
        programme: str = "bond",
        documents: DocumentPolicy | None = None,
    ) -> UUID:
        """A new application of the account, heard of by its event."""
        application_id = uuid4()
        event = ApplicationStarted(
            application_id=application_id,
            programme=programme,
            account_id=account_id,
            reference="B-2026-000001",
            documents=documents or policy(limit, keeps_unsubmitted=keeps_unsubmitted),
        )
        await self.hears(event)
        return application_id

    async def hears(self, event: Any) -> Any:
        """The event, which happens now, arrives over Kafka; returns the record, to be sent again."""
        application_id = event.aggregate_id
        self.sequences[application_id] = self.sequences.get(application_id, 0) + 1
        record = record_of(event, sequence=self.sequences[application_id], at=self.clock())
        await self.consumer.process([record])
        return record

    async def submitted(
        self,
        application_id: UUID,
        account_id: UUID,
        submission: int = 1,
        awaited: tuple[AwaitedDocument, ...] = (),
    ) -> Any:
        """The application is submitted with the documents that are in the set now; others are awaited."""
        event = await self.submission_event(application_id, account_id, submission)
        return await self.hears(event.model_copy(update={"awaited": awaited}))

    async def submission_event(
        self, application_id: UUID, account_id: UUID, submission: int = 1
    ) -> ApplicationSubmitted:
        """What applications tells of a submission at this moment."""
        documents = tuple(
            SubmittedDocument(
                document_id=one["document_id"], slot=one["slot"], sha256=one["sha256"], subject=one["subject"]
            )
            for one in await self.set_of(application_id, account_id)
        )
        return ApplicationSubmitted(
            application_id=application_id,
            programme="bond",
            account_id=account_id,
            reference="B-2026-000001",
            submission=submission,
            content_sha256="0" * 64,
            documents=documents,
        )

    async def rejected(self, application_id: UUID, account_id: UUID, submission: int = 1) -> Any:
        """The office rejects the submission."""
        event = ApplicationRejected(
            application_id=application_id,
            account_id=account_id,
            submission=submission,
            reason=SEALED,
            officer_id=uuid4(),
        )
        return await self.hears(event)

    async def approved(self, application_id: UUID, account_id: UUID, submission: int = 1) -> Any:
        """The office approves the submission."""
        event = ApplicationApproved(
            application_id=application_id,
            account_id=account_id,
            programme="bond",
            submission=submission,
            first_approval=submission == 1,
            officer_id=uuid4(),
        )
        return await self.hears(event)

    async def reopened(self, application_id: UUID, *editors: UUID, submission: int = 2) -> Any:
        """The content may be changed again, by `editors`."""
        return await self.hears(
            ApplicationReopened(application_id=application_id, submission=submission, editors=editors)
        )

    async def withdrawn(self, application_id: UUID, account_id: UUID, approved_submission: int = 1) -> Any:
        """The change under way is given up; `approved_submission` is in force."""
        event = ChangeWithdrawn(
            application_id=application_id,
            account_id=account_id,
            programme="bond",
            approved_submission=approved_submission,
        )
        return await self.hears(event)

    async def closed(
        self, application_id: UUID, account_id: UUID, outcome: str = "refused", submission: int = 1
    ) -> Any:
        """The application comes to an end that nothing follows."""
        event = ApplicationClosed(
            application_id=application_id,
            account_id=account_id,
            programme="green_loan",
            submission=submission,
            outcome=outcome,
            notify=(),
        )
        return await self.hears(event)

    async def granted(
        self, application_id: UUID, parties: dict[UUID, tuple[str, ...]], kind: str = "management_company"
    ) -> Any:
        """These parties, and no others, may do this besides the owner."""
        return await self.joined(application_id, *((one, kind, grants) for one, grants in parties.items()))

    async def joined(self, application_id: UUID, *parties: tuple[UUID, str, tuple[str, ...]]) -> Any:
        """These parties take part besides the owner, and no others: id, kind, grants of each."""
        named = tuple(Party(party_id=one, kind=kind, grants=grants) for one, kind, grants in parties)
        return await self.hears(ApplicationPartiesChanged(application_id=application_id, parties=named))

    # What people do

    def as_(self, account_id: UUID, role: Role = Role.ASSOCIATION) -> dict[str, Any]:
        """The headers of somebody's request."""
        if account_id not in self.sessions:
            return self.gate.headers(role, account_id)
        actor = Actor(account_id, role, self.sessions[account_id])
        token = self.gate.signer.access_token(actor, self.clock())
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}

    def log_in(self, account_id: UUID) -> UUID:
        """A session of the account, which its requests from now on belong to."""
        self.sessions[account_id] = uuid4()
        return self.sessions[account_id]

    async def start(
        self, application_id: UUID, account_id: UUID, data: bytes, *, role: Role = Role.ASSOCIATION, **changes: Any
    ) -> httpx.Response:
        """Ask for a place for a file; `changes` replace what is said of it."""
        body = {
            "slot": "kanri_kiyaku",
            "file_name": "管理規約.pdf",
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "content_type": "application/pdf",
            **changes,
        }
        return await self.http.post(
            f"/v1/applications/{application_id}/documents", json=body, headers=self.as_(account_id, role)
        )

    async def post(self, upload: dict[str, Any], data: bytes, **fields: str) -> httpx.Response:
        """What the browser does: post the form with the file to the store."""
        form = {**upload["fields"], **fields}
        return await self.outside.post(upload["url"], data=form, files={"file": ("管理規約.pdf", data)})

    async def uploaded(self, application_id: UUID, account_id: UUID, data: bytes, **changes: Any) -> UUID:
        """A file in quarantine, not completed yet. Fails unless both steps work."""
        started = await self.start(application_id, account_id, data, **changes)
        assert started.status_code == 201, started.text
        posted = await self.post(started.json()["upload"], data)
        assert posted.status_code == 204, posted.text
        return UUID(started.json()["document_id"])

    async def complete(self, document_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION) -> httpx.Response:
        """Say that the file is there."""
        return await self.http.post(f"/v1/documents/{document_id}/complete", headers=self.as_(account_id, role))

    async def stored(
        self, application_id: UUID, account_id: UUID, data: bytes, *, role: Role = Role.ASSOCIATION, **changes: Any
    ) -> UUID:
        """A document in the set. Fails unless every step works."""
        document_id = await self.uploaded(application_id, account_id, data, role=role, **changes)
        completed = await self.complete(document_id, account_id, role)
        assert completed.status_code == 200, completed.text
        return document_id

    async def list_(self, application_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION) -> httpx.Response:
        """Look at the set."""
        return await self.http.get(f"/v1/applications/{application_id}/documents", headers=self.as_(account_id, role))

    async def set_of(
        self, application_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION
    ) -> list[dict[str, Any]]:
        """The documents of the set as somebody sees them, in the order of the slots."""
        answer = await self.list_(application_id, account_id, role)
        assert answer.status_code == 200, answer.text
        return [slot["document"] for slot in answer.json()["slots"] if slot["document"]]

    async def ids_of(self, application_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION) -> list[UUID]:
        """The ids of these documents."""
        return [UUID(one["document_id"]) for one in await self.set_of(application_id, account_id, role)]

    async def delete(self, document_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION) -> httpx.Response:
        """Take a document out."""
        return await self.http.delete(f"/v1/documents/{document_id}", headers=self.as_(account_id, role))

    async def download(self, document_id: UUID, account_id: UUID, role: Role = Role.ASSOCIATION) -> httpx.Response:
        """Ask for a link to the file."""
        return await self.http.get(f"/v1/documents/{document_id}/download", headers=self.as_(account_id, role))

    # What is left behind

    async def events(self, application_id: UUID) -> list[tuple[str, dict[str, Any]]]:
        """What was told of the application's documents: [(event class, data)], oldest first."""
        async with self.database.transaction() as session:
            return [(event.type.split(".")[2], event.data) for event in await history(session, application_id)]

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """The rows of a query."""
        async with self.database.transaction() as session:
            return list((await session.execute(text(sql), values)).all())

    async def status_of(self, document_id: UUID) -> str:
        """The status of a document."""
        rows = await self.rows("SELECT status FROM documents WHERE id = :id", id=document_id)
        return cast(str, rows[0].status)

    def objects(self, application_id: UUID, area: str = "") -> list[str]:
        """The keys of the application's objects in the store, in `quarantine`, `files` or both."""
        found: list[str] = []
        for prefix in [area] if area else ["quarantine", "files"]:
            listing = self.store.list_objects(
                bucket_name=self.bucket, prefix=f"{prefix}/{application_id}/", recursive=True
            )
            found += [one.object_name for one in listing if one.object_name]
        return found


@asynccontextmanager
async def desk(url: str, s3: S3, *, scanner: Scanner | None = None, object_lock: bool = False) -> AsyncIterator[Desk]:
    """The service on the database at `url` and the store `s3`.

    The clock starts at the real time, because the store reads the permits that the service signs with its own clock.
    """
    clock = FakeClock(datetime.now(UTC))
    database = Database(url, pool_size=5)
    storage = Storage(
        internal_url=s3.url,
        public_url=s3.url,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        bucket=s3.bucket,
        region="us-east-1",
        object_lock=object_lock,
    )
    intake = Intake(database, storage, scanner or NoScanner(), clock)
    gate = Gate(clock)
    context = api.Context("documents", database, clock, gate.verifier, Health(), intake, sealed)
    app = build_app(context, title="documents", routers=api.routers)
    consumer = Consumer("documents", handlers(clock), database=database, clock=clock)
    transport = httpx.ASGITransport(app=app)
    try:
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://documents") as http,
            httpx.AsyncClient(trust_env=False) as outside,
        ):
            yield Desk(database, intake, clock, gate, http, outside, consumer, s3.client, s3.bucket)
    finally:
        await database.close()
