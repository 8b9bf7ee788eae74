"""Submission over HTTP beside a raw endpoint that writes the same rows, with and without what is to be checked."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from threading import Thread

from applications.cases import lock
from applications.commands import applications as commands
from applications.commands import projections
from applications.desk import Desk
from applications.directories import ZenginInstitutions
from applications.filing import filing_of
from applications.programmes import PROGRAMMES
from bench.harness import Table, cpu_seconds, interleaved, stopwatch, uvicorn
from kit.clock import system_clock
from kit.db import Database
from kit.tokens import Actor
from kit.vault import Vault
from madoguchi_contracts import Role, Sealed
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from support.actors import ISSUER, Gate
from support.counter import entry, good_content
from support.servers import _create_database, _migrate

NUMBER = 800
CONNECTIONS = 16


@dataclass(frozen=True)
class Case:
    """One prepared application, ready to be submitted."""

    application_id: uuid.UUID
    actor: Actor
    sha256: str


async def prepare(servers: Servers, url: str, number: int) -> list[Case]:
    """Applications with a complete draft, a passed identity check and two files."""
    database = Database(url, pool_size=4)
    vault = Vault.from_json(servers.secrets.vault_keys["applications"].model_dump_json())
    desk = Desk(
        programmes=PROGRAMMES,
        vault=vault,
        seal=lambda content, service: Sealed("eyJh.b.c.d.e"),
        institutions=ZenginInstitutions(),
        claim_lease=timedelta(minutes=30),
        messages_per_day=50,
        message_length=2000,
    )
    turns = asyncio.Semaphore(4)

    async def one() -> Case:
        actor = Actor(uuid.uuid4(), Role.ASSOCIATION, uuid.uuid4())
        now = system_clock()
        async with turns, database.transaction() as session:
            started = await commands.start_application(
                session=session, desk=desk, actor=actor, programme="bond", now=now
            )
            content = good_content()
            await commands.save_draft(
                session=session,
                desk=desk,
                actor=actor,
                application_id=started.id,
                content=content,
                version=1,
                now=now,
            )
            await projections.keep_ekyc_status(
                session=session, account_id=actor.account_id, status="passed", sequence=1
            )
            mail = content["representative"]["mail"]
            await projections.keep_contact(
                session=session, desk=desk, account_id=actor.account_id, mail=mail, sequence=1
            )
            entries = [entry("kanri_kiyaku"), entry("sokai_gijiroku")]
            await projections.keep_document_set(
                session=session, application_id=started.id, set_version=2, entries=entries, at=now
            )
            filing = await filing_of(session, desk, await lock(session, desk, started.id), now=now)
        return Case(started.id, actor, filing.sha256)

    cases = await asyncio.gather(*(one() for _ in range(number)))
    await database.close()
    return list(cases)


@asynccontextmanager
async def jwks(gate: Gate) -> AsyncIterator[str]:
    """Identity's public keys, as the service fetches them."""
    body = json.dumps(gate.signer.jwks()).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks"
    finally:
        server.shutdown()


def request_of(case: Case, gate: Gate) -> bytes:
    """The submission of a prepared application, as it goes over the wire."""
    body = {"content_sha256": case.sha256, "proof": gate.proof(case.actor.account_id, case.sha256)}
    data = json.dumps(body).encode()
    token = gate.signer.access_token(case.actor, system_clock())
    head = (
        f"POST /v1/applications/{case.application_id}/submit HTTP/1.1\r\nHost: bench\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid.uuid4()}\r\n\r\n"
    )
    return head.encode() + data


async def fire(port: int, requests: Sequence[bytes]) -> float:
    """Requests a second over 16 kept connections; every answer must be 201."""
    left = iter(requests)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in left:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
            assert head.startswith(b"HTTP/1.1 201"), head + body
        writer.close()

    elapsed = stopwatch()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return len(requests) / elapsed()


async def http(servers: Servers, rounds: int) -> Table:
    """Submissions a second and CPU of the API process per submission."""
    table = Table(f"Submission over HTTP ({NUMBER} applications, {CONNECTIONS} connections)", "requests/s")
    cpu: dict[str, list[float]] = {}
    gate = Gate(system_clock)

    async def measure(name: str, app: str) -> float:
        url = await _create_database(servers, "applications", template="template0")
        await _migrate("applications", url)
        cases = await prepare(servers, url, NUMBER)
        async with jwks(gate) as jwks_url:
            environment = {
                **service_environment("applications", servers),
                "MADOGUCHI_DATABASE_URL": url,
                "MADOGUCHI_IDENTITY_JWKS_URL": jwks_url,
                "MADOGUCHI_TOKEN_ISSUER": ISSUER,
                "MADOGUCHI_LOG_LEVEL": "WARNING",
            }
            async with uvicorn(app, environment) as (port, pid):
                requests = [request_of(case, gate) for case in cases]
                await fire(port, requests[:50])
                before = cpu_seconds(pid)
                figure = await fire(port, requests[50:])
                cpu.setdefault(name, []).append((cpu_seconds(pid) - before) / (NUMBER - 50) * 1000)
                return figure

    ours, raw = "ours", "raw asyncpg endpoint, the same rows, nothing checked"
    checked = "raw asyncpg endpoint, the same rows, everything checked"
    apps = {
        ours: "applications.main:build_api",
        checked: "bench.raw_submission:build_checked",
        raw: "bench.raw_submission:build",
    }
    await interleaved(table, {name: partial(measure, name, app) for name, app in apps.items()}, rounds)
    milliseconds = {name: median(figures) for name, figures in cpu.items()}
    ratio, dearer = table.median(ours) / table.median(checked), milliseconds[ours] / milliseconds[checked]
    table.target("ours / raw that checks the same, target >= 0.6", ratio, ratio >= 0.6)
    table.target("CPU of the API per request, ours / raw that checks the same, target <= 2", dearer, dearer <= 2)
    ratio, dearer = table.median(ours) / table.median(raw), milliseconds[ours] / milliseconds[raw]
    table.target("ours / raw that checks nothing, the first target >= 0.6", ratio, ratio >= 0.6)
    table.target(
        "CPU of the API per request, ours / raw that checks nothing, the first target <= 2", dearer, dearer <= 2
    )
    table.notes.append("Why there are two: decisions/0008-what-a-submission-is-measured-by.md.")
    spent = ", ".join(f"{name} {figure:.2f} ms" for name, figure in milliseconds.items())
    table.notes.append(f"CPU of the API process per request: {spent}.")
    return table
