"""From the answer to a submission to the mail in the hands of SMTP, across all processes; and the memory of each."""

import asyncio
import resource
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.harness import Table
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.servers import Servers
from support.stack import Stack, StackPerson, open_stack

SUBMISSIONS = 30
PARTS = ("api", "worker")
_MAIL = """
SELECT m.queued_at, a.started_at, a.finished_at FROM messages m JOIN attempts a ON a.message_id = m.id AND a.number = 1
WHERE m.cause_event_id = :event AND a.finished_at IS NOT NULL
"""


async def _prepared(stack: Stack, person: StackPerson) -> tuple[str, str]:
    """An application that can be submitted: its id and the digest of its content."""
    started = (await person.ask("POST", "applications", "/v1/applications", {"programme": "bond"})).json()
    path = f"/v1/applications/{started['application_id']}"
    version = f'"{started["draft_version"]}"'
    await person.ask("PUT", "applications", f"{path}/draft", {"content": person.form()}, If_Match=version)
    await stack.hand_in(started["application_id"])
    check = (await person.ask("GET", "applications", f"{path}/check")).json()
    assert check["may_submit"], check["findings"]
    return started["application_id"], check["content_sha256"]


async def idle(_: Servers, rounds: int) -> Table:
    """Milliseconds, one submission at a time, with the parts of the way; memory of every process before and after."""
    table = Table("End to end, idle: answer to a submission until the office's mail is with SMTP", "ms")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_stack(Path(folder)) as stack:
            at_rest = _memory(stack)
            for number in range(rounds):
                parts = await _round(stack)
                for name, values in parts.items():
                    table.figures.setdefault(name, []).append(median(values))
                print(f"  end to end: round {number + 1}/{rounds}: {table.figures}")
            after = _memory(stack)
    total, *rest = (table.median(name) for name in table.figures)
    table.notes.append(f"Sum of the parts' medians: {sum(rest):.1f} ms; the whole: {total:.1f} ms.")
    table.notes.append("Limit: the broker from the wheel, which holds every fetch to its end (20 ms here).")
    table.notes += [f"Memory of {name}: {at_rest[name]} MB at rest, {after[name]} MB afterwards." for name in after]
    return table


async def _round(stack: Stack) -> dict[str, list[float]]:
    people = await stack.people(SUBMISSIONS)
    ready = [(person, *await _prepared(stack, person)) for person in people]
    parts: dict[str, list[float]] = {}
    for person, application_id, digest in ready:
        body = {"content_sha256": digest, "proof": person.proof("submit", digest)}
        answer = await person.ask("POST", "applications", f"/v1/applications/{application_id}/submit", body)
        answered = datetime.now(UTC)
        assert answer.status_code == 201, answer.text
        sql = "SELECT event_id, recorded_at FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'"
        (event,) = await stack.rows("applications", sql, id=application_id)
        while not (mail := await stack.rows("notifications", _MAIL, event=event.event_id)):
            await asyncio.sleep(0.02)
        (way,) = mail
        for name, start, end in (
            ("the whole: answer to SMTP's word", answered, way.finished_at),
            ("answer to queued mail (relay, broker, consumer)", answered, way.queued_at),
            ("queued mail to the courier's try", way.queued_at, way.started_at),
            ("the try: SMTP", way.started_at, way.finished_at),
        ):
            parts.setdefault(name, []).append((end - start).total_seconds() * 1000)
        await asyncio.sleep(0.05)
    return parts


def _memory(stack: Stack) -> dict[str, int]:
    """Resident megabytes of every service process, found by the port in its command line."""
    ports = {f"{service}-{part}": stack.servers.ports[f"{service}_{part}"] for service in SERVICES for part in PARTS}
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_text().split("\0")
            for name, port in ports.items():
                if "uvicorn" in words and str(port) in words:
                    pages = int((folder / "statm").read_text().split()[1])
                    found[name] = pages * resource.getpagesize() // 2**20
    return dict(sorted(found.items()))
