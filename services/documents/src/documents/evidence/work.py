"""The durable step after a file was stored in a slot whose files are read (GL-425).

The row is written in the transaction that stores the file. Reading happens between two transactions, so a crash on any
line reads once more and tells once.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial

import structlog
from kit.health import Health
from kit.providers import jobs
from kit.providers.jobs import Due, Jobs
from madoguchi_contracts import IncomeEvidence, Sealed
from madoguchi_contracts.envelope import SealedContent
from pydantic import ValidationError

from documents import commands
from documents.completion import Intake
from documents.evidence.results import CERTIFICATES, Result
from documents.metrics import evidence_read
from documents.models import Document
from documents.storage import Storage

log = structlog.get_logger(__name__)

INCOME_SERVICE = "income_service"
"""What a slot's `read_as` says of such files; also the name of the loop."""

SIGNED = b"/ByteRange"
"""Stands in every PDF that is signed, in plain: what a signature covers cannot be packed."""

MOST_BYTES = 2_000_000
"""Of a signed file that is read: the service's have some ten thousand."""

SECONDS = 30
TRIES = 3

Seal = Callable[[SealedContent, str], Sealed]


class NotRead(Exception):
    """The process that reads a file ended without an answer."""


def loop(intake: Intake, certificates: str, seal: Seal, health: Health) -> Callable[[asyncio.Event], Awaitable[None]]:
    """The worker's loop over files that wait to be read. `certificates`: those of the service, as PEM."""
    health.expect(INCOME_SERVICE, 120)
    work = partial(read_file, intake, certificates, seal)
    run = partial(jobs.run, intake.database, Jobs(INCOME_SERVICE, "evidence_readings", work), intake.clock)
    beat = partial(health.beat, INCOME_SERVICE)

    async def serve(stop: asyncio.Event) -> None:
        await run(stop=stop, beat=beat)

    return serve


async def read_file(intake: Intake, certificates: str, seal: Seal, due: Due) -> None:
    """Read the file of one row and tell what it is. Raises NotRead, after which it is tried again a few times;
    StorageUnavailable, ObjectMissing.
    """
    async with intake.database.transaction() as session:
        document = await session.get_one(Document, due.id)
    result, evidence = None, None
    if document.object_key is not None:
        result, evidence = await _read(intake.storage, document.object_key, certificates, last=due.looks >= TRIES)
    sealed = seal(evidence, "applications") if evidence is not None else None
    async with intake.database.transaction() as session:
        told = await commands.settle_reading(
            session, document_id=due.id, result=result, evidence=sealed, now=intake.clock()
        )
    if told and result is not None:
        evidence_read.labels(result).inc()
        log.info("evidence_read", document_id=str(due.id), result=result)


async def _read(storage: Storage, key: str, certificates: str, *, last: bool) -> tuple[Result, IncomeEvidence | None]:
    content = await _signed_content(storage, key)
    if content is None:
        return Result.NOT_SIGNED, None
    if len(content) > MOST_BYTES:
        return Result.UNREADABLE, None
    try:
        return await examine(content, certificates)
    except NotRead:
        if last:
            return Result.UNREADABLE, None
        raise


async def _signed_content(storage: Storage, key: str) -> bytes | None:
    """The bytes of a file that may be signed, up to a little more than we read; None of one that is not signed."""
    content, tail, signed = bytearray(), b"", False
    async with aclosing(storage.read(key)) as chunks:
        async for chunk in chunks:
            signed = signed or SIGNED in tail + chunk
            tail = (tail + chunk)[-len(SIGNED) :]
            content += chunk[: MOST_BYTES + 1 - len(content)]
    return bytes(content) if signed else None


async def examine(content: bytes, certificates: str) -> tuple[Result, IncomeEvidence | None]:
    """What a file is, and what it says if it is VERIFIED. Raises NotRead."""
    # No environment of ours: whoever takes over the process finds no password there.
    environment = {CERTIFICATES: certificates, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "documents.evidence.reading"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote the file
        env=environment,
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate(content)
    except TimeoutError:
        raise NotRead("it took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NotRead(f"it ended with {process.returncode}")
    answer = json.loads(output)
    if answer["attachment"] is None:
        return Result(answer["result"]), None
    try:
        return Result.VERIFIED, IncomeEvidence.model_validate_json(base64.b64decode(answer["attachment"]))
    except ValidationError:
        return Result.UNREADABLE, None
