"""A small service made of nothing but the kit, for tests of the kit: in this process, or run by uvicorn.

Its one table is `effects` (see `support.kit_database`); its API fails in every way that an API can.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, FastAPI, Response
from joserfc.jwk import ECKey
from kit import telemetry
from kit.bus import Consumer, EventMeta
from kit.clock import system_clock
from kit.db import Database
from kit.errors import Conflict, Finding, NotFound, Refused, TooMany
from kit.eventlog import record
from kit.health import Health
from kit.http import ActorDep, AppContext, IfMatchDep, NowDep, SessionDep, build_app, found, require, set_etag
from kit.idempotency import OnceDep
from kit.process import build_worker_app
from kit.settings import ServiceSettings
from kit.tokens import Actor, TokenVerifier
from madoguchi_contracts import Role
from madoguchi_contracts.identity import OtpEnrolled
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from support.network import free_port

TESTS = Path(__file__).resolve().parents[1]
_EFFECT = text("INSERT INTO effects (key, what) VALUES (:key, :what)")

router = APIRouter(prefix="/v1")


class Note(BaseModel):
    """Something to keep."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=1000)
    number: int = 0


class Kept(BaseModel):
    """What was kept, for whom."""

    account_id: UUID
    text: str


@router.post("/notes", status_code=201)
async def keep_note(note: Note, session: SessionDep) -> Note:
    """Without login and without a key."""
    await session.execute(_EFFECT, {"key": UUID(int=0), "what": note.text})
    return note


@router.post("/people/{person}/notes", status_code=201)
async def keep_for(person: UUID, note: Note, session: SessionDep, actor: ActorDep, once: OnceDep) -> Kept:
    """Once, for somebody who is logged in; the note says what shall go wrong."""

    async def work() -> Kept:
        await session.execute(_EFFECT, {"key": actor.account_id, "what": note.text})
        if note.text.startswith("slow"):
            await asyncio.sleep(note.number / 1000)
        if note.text == "refused":
            raise Refused(findings=[Finding("AS-24", "FORMAT", "半角で入力してください。", "text")])
        if note.text == "broken":
            raise RuntimeError(note.text)
        return Kept(account_id=actor.account_id, text=note.text)

    return await once(work)  # type: ignore[return-value]


@router.post("/bare", status_code=201)
async def without_body(once: OnceDep) -> Kept:
    """A POST whose body, if any, FastAPI does not look at."""

    async def work() -> Kept:
        return Kept(account_id=UUID(int=0), text="")

    return await once(work)  # type: ignore[return-value]


@router.get("/me")
async def who(actor: ActorDep) -> dict[str, str]:
    """Who is logged in."""
    return {"account_id": str(actor.account_id), "role": actor.role.value}


@router.get("/office")
async def office(actor: Annotated[Actor, Depends(require(Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER))]) -> str:
    """For two roles only."""
    return actor.role.value


@router.put("/versions")
async def replace(version: IfMatchDep, response: Response) -> int:
    """Answers with the next version."""
    set_etag(response, version + 1)
    return version


@router.get("/cached")
async def cached(response: Response) -> str:
    """Says itself how long it may be kept."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return "keys"


@router.post("/events/{account_id}", status_code=201)
async def tell(account_id: UUID, session: SessionDep, now: NowDep) -> int:
    """Records an event."""
    return await record(session, OtpEnrolled(account_id=account_id), now=now)


@router.post("/fail/{way}")
async def fail(way: str, session: SessionDep, mail: str = "") -> None:
    """Fails as asked; `mail` is what must not be repeated anywhere."""
    if way == "refused":
        raise Refused(
            "二つの点をご確認ください。",
            findings=[
                Finding("AS-24", "FORMAT", "郵便番号は7桁の数字で入力してください。", "postal_code"),
                Finding("AS-30", "REQUIRED", "口座番号を入力してください。", "account"),
            ],
        )
    if way == "conflict":
        raise Conflict(status="submitted", code="42", event="E-1")
    if way == "too_many":
        raise TooMany(retry_after_seconds=60)
    if way == "missing_row":
        found(None)
    if way == "not_found":
        raise NotFound
    if way == "defect":
        raise RuntimeError(f"cannot send to {mail}")
    if way == "validation":
        Note.model_validate({"text": mail * 100})
    if way == "constraint":
        await session.execute(text("CREATE TEMP TABLE people (mail text PRIMARY KEY) ON COMMIT DROP"))
        await session.execute(text("INSERT INTO people VALUES (:mail), (:mail)"), {"mail": mail})
    if way == "commit":
        await session.execute(
            text("CREATE TEMP TABLE late (mail text UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP")
        )
        await session.execute(text("INSERT INTO late VALUES (:mail), (:mail)"), {"mail": mail})
    if way == "forgotten_task":
        asyncio.get_running_loop().create_task(_forgotten(mail))
        await asyncio.sleep(0.05)


async def _forgotten(mail: str) -> None:
    raise RuntimeError(f"nobody waits for {mail}")


def app_on(database: Database, verifier: TokenVerifier, clock: Any = system_clock) -> FastAPI:
    """The API on a database."""
    context = AppContext(service="sample", database=database, clock=clock, verifier=verifier, health=Health())
    return build_app(context, title="Sample", routers=[router])


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Requests to the app in this process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
        yield client


def build_api() -> FastAPI:
    """`uvicorn --factory support.kit_app:build_api`."""
    settings = ServiceSettings()
    telemetry.configure("sample", "api", log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    verifier = TokenVerifier(settings.identity_jwks_url, settings.token_issuer, system_clock)
    return app_on(Database(settings.database_url.get_secret_value(), pool_size=2), verifier)


def build_worker() -> Starlette:
    """`uvicorn --factory support.kit_app:build_worker`: keeps what it hears and what was due in `effects`."""
    settings = ServiceSettings()
    telemetry.configure("sample", "worker", log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    database = Database(settings.database_url.get_secret_value(), pool_size=3)
    name = str(database.engine.url.database)  # a consumer group of its own for each test

    async def on_otp_enrolled(session: AsyncSession, event: OtpEnrolled, meta: EventMeta) -> None:
        await session.execute(_EFFECT, {"key": event.account_id, "what": "heard"})

    async def on_reminder(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        await asyncio.sleep(float(os.environ.get("SAMPLE_REMINDER_SECONDS", "0")))
        await session.execute(_EFFECT, {"key": subject_id, "what": "reminded"})

    return build_worker_app(
        service=name,
        settings=settings,
        database=database,
        clock=system_clock,
        health=Health(),
        consumer=Consumer(name, {OtpEnrolled: on_otp_enrolled}, database=database, clock=system_clock),
        deadline_handlers={"reminder": on_reminder},
    )


def environment(database_url: str, **changes: str) -> dict[str, str]:
    """The environment of a process of the sample; `changes` without the prefix, as in `kafka_bootstrap="..."`."""
    key = ECKey.generate_key("P-256", {"kid": "sample"})
    settings = {
        "environment": "local",
        "database_url": database_url,
        "kafka_bootstrap": f"127.0.0.1:{free_port()}",
        "kafka_idempotence": "false",
        "kafka_session_timeout_ms": "4000",
        "kafka_fetch_max_wait_ms": "20",
        "identity_jwks_url": f"http://127.0.0.1:{free_port()}/jwks.json",
        "token_issuer": "https://identity.test",
        "seal_private_key": json.dumps(key.as_dict(private=True)),
        "seal_public_keys": "{}",
        **changes,
    }
    return {f"MADOGUCHI_{name.upper()}": value for name, value in settings.items()}


@dataclass
class Running:
    """A process of the sample: its address, and the lines it wrote."""

    url: str
    process: asyncio.subprocess.Process
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def stopped(self, seconds: float = 40) -> int:
        """The exit code, once the process has ended and everything it wrote is read."""
        return await asyncio.wait_for(self.process.wait(), seconds)


@asynccontextmanager
async def running(factory: str, variables: Mapping[str, str]) -> AsyncIterator[Running]:
    """`factory` ("build_api" or "build_worker") served by uvicorn in a process of its own, from when it answers."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--factory", f"support.kit_app:{factory}"),
        *("--host", "127.0.0.1", "--port", str(port)),
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": str(TESTS), **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    one = Running(f"http://127.0.0.1:{port}", process)
    readers = [
        asyncio.create_task(_read(process.stdout, one.output)),
        asyncio.create_task(_read(process.stderr, one.errors)),
    ]
    try:
        await _until_alive(one)
        yield one
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await asyncio.gather(*readers)


async def _read(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
    assert stream is not None
    async for line in stream:
        lines.append(line.decode().rstrip("\n"))


async def _until_alive(one: Running) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            assert one.process.returncode is None, "\n".join(one.errors)
            try:
                if (await client.get(f"{one.url}/livez")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
