"""Four healthy services to plant faults in: real servers, environments as the local stack makes them, and the command
`madoguchi doctor` as an operator types it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
from click.testing import Result
from joserfc.jwk import ECKey
from kit.db import Database, dsn_of
from kit.doctor.cli import commands
from kit.eventlog import record
from madoguchi_contracts import Event
from madoguchi_events.manifest import Topic
from madoguchi_stack import local
from madoguchi_stack.layout import HOST, SERVICES, free_ports
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from madoguchi_stack.supervisor import Supervisor
from madoguchi_stack.topics import create_topics
from typer.testing import CliRunner

PROVIDERS = {"identity": ("EKYC",), "applications": ("ECONTRACT", "DANSHIN")}


@dataclass
class Jwks:
    """Identity's published keys, and its clock, which a test may set wrong."""

    url: str
    keys: list[dict[str, Any]]
    ahead: timedelta = timedelta(0)
    providers_say: dict[str, int] = field(default_factory=dict)  # the status by path, of providers outside; else 404


@contextmanager
def published(signing_keys: Sequence[dict[str, Any]]) -> Iterator[Jwks]:
    """A server that answers the public parts of these keys, and stands for the providers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"keys": jwks.keys}).encode()
            path = self.path.rpartition("/")[0]
            self.send_response_only(jwks.providers_say.get(path, 404) if path.startswith("/v1/") else 200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + jwks.ahead, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((HOST, 0), Handler)
    public = [ECKey.import_key(key).as_dict(private=False) for key in signing_keys]
    jwks = Jwks(f"http://{HOST}:{server.server_port}/.well-known/jwks.json", public)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield jwks
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def broker(folder: Path, topics: list[Topic]) -> AsyncIterator[str]:
    """A broker with these topics and nothing in them; its bootstrap address."""
    ports = free_ports()
    async with Supervisor(folder / "logs") as supervisor:
        await supervisor.start(local.tansu(folder, ports))
        address = f"{HOST}:{ports['kafka']}"
        await create_topics(address, topics)
        yield address


@dataclass
class Ward:
    """What a test needs: `environment` of a service, with a database of its own, and the doctor's word on it."""

    servers: Servers
    fresh: Callable[[str], Awaitable[str]]
    jwks: Jwks
    kafka: str
    scanner: int
    urls: dict[str, str] = field(default_factory=dict)

    async def url(self, service: str) -> str:
        """The database of a service in this test."""
        if service not in self.urls:
            self.urls[service] = await self.fresh(service)
        return self.urls[service]

    async def environment(self, service: str, **changed: str | None) -> dict[str, str | None]:
        """What its processes would have; `changed` without MADOGUCHI_, None for what is not given."""
        given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("MADOGUCHI_")}
        given |= service_environment(service, self.servers)
        given |= {
            "MADOGUCHI_DATABASE_URL": await self.url(service),
            "MADOGUCHI_IDENTITY_JWKS_URL": self.jwks.url,
            "MADOGUCHI_KAFKA_BOOTSTRAP": self.kafka,
        }
        for provider in PROVIDERS.get(service, ()):
            given[f"MADOGUCHI_{provider}_URL"] = self.jwks.url.removesuffix("/.well-known/jwks.json")
        if service == "documents":
            scanner = {"SCANNER": "clamd", "CLAMD_HOST": HOST, "CLAMD_PORT": str(self.scanner)}
            given |= {f"MADOGUCHI_{name}": value for name, value in scanner.items()}
        return given | {f"MADOGUCHI_{name}": value for name, value in changed.items()}

    async def doctor(self, service: str, *arguments: str, **changed: str | None) -> Result:
        """`madoguchi doctor` in the environment of the service."""
        environment = await self.environment(service, **changed)
        return await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), env=environment)

    async def execute(self, service: str, statement: str, *values: object) -> None:
        """Something in the service's database, as whoever owns it."""
        connection = await asyncpg.connect(dsn_of(await self.url(service)))
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    async def administer(self, statement: str) -> None:
        """Something that only PostgreSQL's superuser may do."""
        connection = await asyncpg.connect(self.servers.admin_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def record(self, service: str, event: Event, *, ago: timedelta = timedelta(0)) -> None:
        """An event in the service's log, which nobody has told yet."""
        database = Database(await self.url(service), pool_size=1)
        try:
            async with database.transaction() as session:
                await record(session, event, now=datetime.now(UTC) - ago)
        finally:
            await database.close()


__all__ = ["SERVICES", "Jwks", "Ward", "broker", "published"]
