"""From the record of a submission to the mail in the hands of SMTP, across all processes; and the memory of each."""

import asyncio
from email.message import EmailMessage
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import aiosmtplib
from bench import consumer, relay
from bench.harness import Table, stopwatch
from bench.memory import resident
from madoguchi_stack.servers import Servers
from support.stack import Stack, StackPerson, open_stack

SUBMISSIONS = 30
WHOLE = "the whole: recorded to SMTP's word"
RELAY, CONSUMER, SMTP = "relay alone", "consumer alone", "SMTP alone, a connection for each mail"
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


async def idle(servers: Servers, rounds: int) -> Table:
    """Milliseconds, one submission at a time; what each part takes alone; memory of every process before and after."""
    table = Table("End to end, idle: submission recorded until the office's mail is with SMTP", "ms")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with open_stack(Path(folder)) as stack:
            at_rest = resident(stack)
            for number in range(rounds):
                parts = {name: median(values) for name, values in (await _round(stack)).items()}
                parts[SMTP] = median(await _smtp_alone(stack))
                parts[RELAY] = (await relay.idle(servers, 1)).median(relay.P50)
                parts[CONSUMER] = (await consumer.idle(servers, 1)).median(consumer.OURS)
                for name, figure in parts.items():
                    table.figures.setdefault(name, []).append(figure)
                print(f"  end to end: round {number + 1}/{rounds}: {table.figures}")
            after = resident(stack)
    whole = table.median(WHOLE)
    parts = sum(table.median(name) for name in (RELAY, CONSUMER, SMTP))
    table.target("the whole / the sum of its parts alone, target <= 2", whole / parts, whole / parts <= 2)
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
        assert answer.status_code == 201, answer.text
        sql = "SELECT event_id, recorded_at FROM events WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'"
        (event,) = await stack.rows("applications", sql, id=application_id)
        while not (mail := await stack.rows("notifications", _MAIL, event=event.event_id)):
            await asyncio.sleep(0.02)
        (way,) = mail
        for name, start, end in (
            (WHOLE, event.recorded_at, way.finished_at),
            ("thereof until the mail is queued (relay, broker, consumer)", event.recorded_at, way.queued_at),
            ("thereof until the courier tries", way.queued_at, way.started_at),
            ("thereof the try: SMTP", way.started_at, way.finished_at),
        ):
            parts.setdefault(name, []).append((end - start).total_seconds() * 1000)
        await asyncio.sleep(0.05)
    return parts


async def _smtp_alone(stack: Stack) -> list[float]:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bench@example.jp", "bench@example.jp", "bench"
    mail.set_content("ベンチマーク\n" * 20)
    smtp, waits = stack.servers.smtp, []
    for _ in range(SUBMISSIONS):
        elapsed = stopwatch()
        await aiosmtplib.send(mail, hostname=smtp.host, port=smtp.port, start_tls=False)
        waits.append(elapsed() * 1000)
    return waits
