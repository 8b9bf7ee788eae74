"""The whole of Madoguchi for a test: all servers and services as real processes, which a test may kill, freeze and
start again, and people who are known everywhere without having registered.

    async with open_stack(folder) as stack:
        (person,) = await stack.people(1)
        await stack.kill("applications-worker")
        await stack.start_again("applications-worker")

The names of the processes are `identity-api`, `identity-worker` and so on for each service, `ekyc`, `econtract`, and
the servers `postgres`, `kafka`, `s3`, `mail`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from documents import commands as documents_commands
from documents.models import Document, DocumentSet
from identity.commands import organisations
from identity.commands.accounts import Consent, open_account
from identity.commands.audit import console
from identity.domain.people import Holder, OrganisationKind
from identity.main import build_tools
from identity.settings import Settings as IdentitySettings
from identity.terms import current_terms
from kit.clock import system_clock
from kit.db import Database
from kit.errors import Unavailable
from kit.eventlog import record
from kit.migrate import upgrade
from kit.tokens import Actor, Signer
from madoguchi_contracts import EkycStatusChanged, Role
from madoguchi_stack import readiness
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import HOST, SERVICES
from madoguchi_stack.servers import Kind, Servers, free_ports
from madoguchi_stack.services import service_environment, service_processes, simulators
from madoguchi_stack.topics import create_topics, read_topics
from sqlalchemy import text

from support.network import free_port

KIND = cast(Kind, os.environ.get("MADOGUCHI_TEST_SERVERS", "local"))
NAME = "青葉 花子"
_FAR_SECONDS = 120  # the machine may be slow; nothing waits for longer than this


@asynccontextmanager
async def open_stack(folder: Path, *, durable: bool = True) -> AsyncIterator[Stack]:
    """Everything, up and ready. `durable=False` is faster, but then PostgreSQL loses data when it is killed."""
    async with Servers(folder, ports=free_ports(), kind=KIND, durable=durable) as servers:
        for service in SERVICES:
            # Not by the command, which is a process more for each; one after the other, since Alembic has one context.
            await asyncio.to_thread(upgrade, service, servers.database_url(service))
        processes = [process for service in SERVICES for process in service_processes(service, servers)]
        await servers.supervisor.start(*simulators(servers), *processes)
        databases = {service: Database(servers.database_url(service), pool_size=5) for service in SERVICES}
        try:
            async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
                yield Stack(servers, databases, http)
        finally:
            for database in databases.values():
                await database.close()


@dataclass
class Stack:
    """The running processes. `databases` are the services' own, for looking in and for telling facts."""

    servers: Servers
    databases: Mapping[str, Database]
    http: httpx.AsyncClient
    _extra_ports: dict[str, int] = field(default_factory=dict)
    # Looks take turns: hundreds of waiting people would use up the pools.
    _looking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    # Processes

    async def kill(self, name: str) -> None:
        """kill -9."""
        await self.servers.supervisor.end(name, signal.SIGKILL)

    async def stop(self, name: str) -> None:
        """Ask a process to stop in its own way (a service: SIGTERM), and wait for its end."""
        await self.servers.supervisor.end(name)

    async def start_again(self, name: str) -> None:
        """Start what was killed or stopped, and wait until it is ready. A broker that forgets gets its topics again."""
        await self.servers.supervisor.start_again(name)
        if name == "kafka":
            await create_topics(self.servers.kafka_bootstrap, read_topics())
        if name == "postgres":
            for database in self.databases.values():
                await database.close()  # of connections to the server that was

    def freeze(self, name: str) -> None:
        """SIGSTOP: the process is there, holds what it holds, and does nothing."""
        self.servers.supervisor.send(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self.servers.supervisor.send(name, signal.SIGCONT)

    async def add_replica(self, name: str) -> str:
        """A second process of the same kind, ready; returns its name, `<name>-2` and so on."""
        service, part = name.split("-")
        first = service_processes(service, self.servers)[("api", "worker").index(part)]
        number = 2 + sum(known.startswith(name) for known in self._extra_ports)
        port, former = free_port(), str(first.ports[0])
        replica = replace(
            first,
            name=f"{name}-{number}",
            command=tuple(str(port) if word == former else word for word in first.command),
            ready=lambda: readiness.http_is_ok(f"http://{HOST}:{port}/readyz"),
            ports=(port,),
        )
        self._extra_ports[replica.name] = port
        await self.servers.supervisor.start(replica)
        return replica.name

    def url(self, name: str, path: str = "") -> str:
        """The address of a process: `stack.url("applications-api", "/v1/programmes")`."""
        port = self._extra_ports.get(name) or self.servers.ports[name.replace("-", "_")]
        return f"http://{HOST}:{port}{path}"

    async def readiness(self, name: str) -> tuple[int, dict[str, str]]:
        """What /readyz of a process says: the status, and the reasons by dependency."""
        answer = await self.http.get(self.url(name, "/readyz"))
        return answer.status_code, answer.json().get("reasons", {})

    async def metric(self, name: str, metric: str) -> float:
        """The sum of a metric of a process over all its labels. KeyError for a metric that it does not have."""
        answer = await self.http.get(self.url(name, "/metrics"))
        lines = [line for line in answer.text.splitlines() if line.startswith((f"{metric} ", f"{metric}{{"))]
        if not lines:
            raise KeyError(metric)
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    # Looking in

    async def rows(self, service: str, sql: str, **where: Any) -> list[Any]:
        """What a query finds in a service's database. Who looks in is patient: the machine may have more to do."""
        while True:
            with suppress(Unavailable):
                async with self._looking, self.databases[service].transaction() as session:
                    return list((await session.execute(text(sql), where)).all())

    async def count(self, service: str, sql: str, **where: Any) -> int:
        """The number that a query finds."""
        return int((await self.rows(service, sql, **where))[0][0])

    # People

    def person(
        self, role: Role, account_id: UUID | None = None, mail: str = "", organisation_id: UUID | None = None
    ) -> StackPerson:
        """Somebody who is logged in; only his tokens say so, and no service has heard of the account."""
        return StackPerson(self, role, account_id or uuid4(), mail, organisation_id)

    async def company(self) -> UUID:
        """A management company that the agency has registered, and of which applications has heard."""
        details = organisations.Details(
            "見本管理株式会社", "ミホンカンリ", "1128570", "東京都文京区後楽1-4-10", "0358009479"
        )
        async with self.databases["identity"].transaction() as session:
            kind = OrganisationKind.COMPANY
            by = console("operations", "a test")
            company_id = await organisations.register(session, by=by, kind=kind, details=details, now=system_clock())

        async def heard() -> bool:
            return (
                await self.count("applications", "SELECT count(*) FROM organisations WHERE id = :id", id=company_id)
                == 1
            )

        await until(heard, "the company in applications", _FAR_SECONDS)
        return company_id

    async def people(self, number: int, *, ekyc: str = "passed", role: Role = Role.ASSOCIATION) -> list[StackPerson]:
        """Representatives of associations, or others, with accounts in identity, known to every service by its events.

        Returns when applications and notifications have heard. Each is sent mail NO-03.
        """
        environment = service_environment("identity", self.servers)
        given = {name.removeprefix("MADOGUCHI_").lower(): value for name, value in environment.items()}
        tools = build_tools(IdentitySettings(**given))
        answer_hash = await tools.hasher.hash("さくら小学校")  # one for all: it is slow on purpose
        people = [self.person(role, mail=f"rijicho-{uuid4().hex[:12]}@example.jp") for _ in range(number)]
        async with self.databases["identity"].transaction() as session:
            for person in people:
                await open_account(
                    session,
                    tools,
                    account_id=person.account_id,
                    role=person.role,
                    holder=Holder(NAME, "アオバ ハナコ", person.mail),
                    consent=Consent("first_school", answer_hash, current_terms().version),
                    now=system_clock(),
                )
                await session.execute(
                    text("UPDATE accounts SET ekyc_status = :status WHERE id = :id"),
                    {"status": ekyc, "id": person.account_id},
                )
                verified = EkycStatusChanged(account_id=person.account_id, ekyc_id=uuid4(), status=cast(Any, ekyc))
                await record(session, verified, now=system_clock())
        ids = [person.account_id for person in people]

        async def heard() -> bool:
            known = {"applications": ("account_contacts", "account_ekyc"), "notifications": ("contacts",)}
            numbers = [
                await self.count(service, f"SELECT count(*) FROM {table} WHERE account_id = ANY(:ids)", ids=ids)  # noqa: S608
                for service, tables in known.items()
                for table in tables
            ]
            return min(numbers) == number

        await until(heard, f"{number} accounts in every service", _FAR_SECONDS)
        return people

    async def hand_in(self, application_id: UUID, slots: Sequence[str] = ("kanri_kiyaku", "sokai_gijiroku")) -> None:
        """Files in these slots, without any upload: rows and events as documents makes them, no object in the store.

        Waits until documents has heard of the application and applications of the files.
        """

        async def heard() -> bool:
            sql = "SELECT count(*) FROM document_sets WHERE application_id = :id"
            return await self.count("documents", sql, id=application_id) == 1

        await until(heard, "the application in documents", _FAR_SECONDS)
        async with self._looking, self.databases["documents"].transaction() as session:
            for slot in slots:
                document = _document(application_id, slot, system_clock())
                session.add(document)
                await session.flush()
                settled = await documents_commands.settle_upload(
                    session,
                    document_id=document.id,
                    refusal=None,
                    object_key=f"files/{document.id}",
                    scanned_by="",
                    now=system_clock(),
                )
                assert settled.status == "stored", settled.refusal
            version = (await session.get_one(DocumentSet, application_id)).version

        async def told() -> bool:
            sql = "SELECT count(*) FROM document_sets WHERE application_id = :id AND set_version >= :version"
            return await self.count("applications", sql, id=application_id, version=version) == 1

        await until(told, "the files in applications", _FAR_SECONDS)


def _document(application_id: UUID, slot: str, now: datetime) -> Document:
    return Document(
        id=uuid4(),
        application_id=application_id,
        slot=slot,
        file_name=f"{slot}.pdf",
        content_type="application/pdf",
        size_bytes=1000,
        sha256=hashlib.sha256(uuid4().bytes).hexdigest(),
        standard_type=True,
        placeholder=False,
        created_at=now,
        expires_at=now.astimezone(UTC),
    )


@dataclass(frozen=True)
class StackPerson:
    """Somebody who is logged in, with tokens signed by the stack's own key."""

    stack: Stack
    role: Role
    account_id: UUID
    mail: str
    organisation_id: UUID | None = None

    @property
    def _signer(self) -> Signer:
        secrets, identity = self.stack.servers.secrets, self.stack.url("identity-api")
        return Signer(secrets.signing_keys, identity)

    @property
    def headers(self) -> dict[str, str]:
        """A fresh access token, good for five minutes."""
        actor = Actor(self.account_id, self.role, uuid4(), self.organisation_id)
        token = self._signer.access_token(actor, system_clock())
        return {"Authorization": f"Bearer {token}"}

    def proof(self, purpose: str, digest: str) -> str:
        """A proof of a one-time password, as identity signs it."""
        return self._signer.proof(account_id=self.account_id, purpose=purpose, digest=digest, now=system_clock())

    async def ask(
        self, method: str, service: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """One request to a service's API, good or bad; a new Idempotency-Key unless one is given.

        Names of further headers are written with underscores: `If_Match='"3"'`.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {**self.headers, "Idempotency-Key": key or str(uuid4()), **named}
        url = self.stack.url(f"{service}-api", path)
        return await self.stack.http.request(method, url, json=body, headers=all_headers)

    def form(self) -> dict[str, Any]:
        """The content of an application for the bond programme that has no mistake."""
        return {
            "has_number": False,
            "name_kanji": "青葉台ハイツ管理組合",
            "name_kana": "アオバダイハイツカンリクミアイ",
            "incorporated": False,
            "location": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10"},
            "account": {
                "institution_code": "0001",
                "branch_code": "001",
                "deposit_kind": "普通",
                "number": "0123456",
                "holder_kana": "アオバダイハイツ",
                "holder_kanji": "青葉台ハイツ管理組合",
            },
            "certificate_month": 4,
            "meeting_month": 5,
            "representative": {
                "type": "individual",
                "name_kanji": {"family": "青葉", "given": "花子"},
                "name_kana": {"family": "アオバ", "given": "ハナコ"},
                "mail": self.mail,
                "birth_date": "1970-05-17",
                "address": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10-101"},
                "phone": "0358009479",
                "term": {"start": "2026-05", "end": "2028-04"},
            },
            "mailing": "representative",
        }
