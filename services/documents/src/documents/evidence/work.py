"""The durable step after a file was stored in a slot whose files are read (GL-425).

The row is written in the transaction that stores the file. Reading happens between two transactions, so a crash on any
line reads once more and tells once.
"""

from __future__ import annotations

import asyncio
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
from documents.evidence.results import ANSWER_BYTES, CERTIFICATES, Answer, Result
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
TRIES = 3  # of the process that reads. A store or a database that is down uses up none.
READER = (sys.executable, "-m", "documents.evidence.reading")

Seal = Callable[[SealedContent, str], Sealed]


class NotRead(Exception):
    """The process that reads a file ended without an answer that can be understood."""


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
        try:
            result, evidence = await _read(intake.storage, document.object_key, certificates)
        except NotRead:
            async with intake.database.transaction() as session:
                failures = await commands.count_failure(session, document_id=due.id)
            if failures < TRIES:
                raise
            result = Result.UNREADABLE
    sealed = seal(evidence, "applications") if evidence is not None else None
    async with intake.database.transaction() as session:
        told = await commands.settle_reading(
            session, document_id=due.id, result=result, evidence=sealed, now=intake.clock()
        )
    if told and result is not None:
        evidence_read.labels(result).inc()
        log.info("evidence_read", document_id=str(due.id), result=result)


async def _read(storage: Storage, key: str, certificates: str) -> tuple[Result, IncomeEvidence | None]:
    content = await _signed_content(storage, key)
    if content is None:
        return Result.NOT_SIGNED, None
    if len(content) > MOST_BYTES:
        return Result.UNREADABLE, None
    return await examine(content, certificates)


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
    answer = await _answer(content, certificates)
    if answer.attachment is None:
        return answer.result, None
    try:
        return Result.VERIFIED, IncomeEvidence.model_validate_json(answer.attachment)
    except ValidationError:
        return Result.UNREADABLE, None


async def _answer(content: bytes, certificates: str) -> Answer:
    """What the process that reads says of a file. Raises NotRead, also for what it may not say."""
    # No environment of ours: a secret that the process does not have it cannot print by mistake. Against code that a
    # file makes it run this is no wall: see `reading`.
    environment = {CERTIFICATES: certificates, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Both lie in memory, not in pipes: nobody has to read along, so neither a process that prints without end nor one
    # whose child outlives it and keeps the pipe open holds up the worker.
    with os.fdopen(os.memfd_create("file"), "w+b") as file, os.fdopen(os.memfd_create("answer"), "w+b") as printed:
        file.write(content)
        file.seek(0)
        process = await asyncio.create_subprocess_exec(
            *READER,
            stdin=file,
            stdout=printed,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote the file
            env=environment,
        )
        try:
            async with asyncio.timeout(SECONDS):
                await process.wait()
        except TimeoutError:
            raise NotRead("it took too long") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        printed.seek(0)
        output = printed.read(ANSWER_BYTES + 1)
    if process.returncode != 0:
        raise NotRead(f"it ended with {process.returncode}")
    if len(output) > ANSWER_BYTES:
        raise NotRead("it says too much")
    try:
        answer = Answer.model_validate_json(output)
    except ValidationError:
        raise NotRead("its answer has another form") from None  # the error would quote the answer
    if (answer.result is Result.VERIFIED) != (answer.attachment is not None):
        raise NotRead("its answer contradicts itself")
    return answer
