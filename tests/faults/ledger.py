"""The reckoning after a fault: what the databases, the topics and the mailbox hold, against what was accepted."""

from __future__ import annotations

import asyncio
import email
import email.policy
import imaplib
import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from kit.cloudevents import Envelope, decode
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import HOST, SERVICES
from madoguchi_stack.local import MAILBOX, MAILBOX_PASSWORD
from madoguchi_stack.topics import read_topics
from support.stack import Stack

# Which event causes which mail, by the names in the log; an approval does so only the first time.
CAUSES = {
    "identity": {"UserIdIssued": "NO-03"},
    "applications": {
        "ApplicationSubmitted": "OFFICE-NEW-CASE",
        "ApplicationRejected": "NO-10",
        "ApplicationApproved": "NO-09",
    },
}
SETTLE_SECONDS = 180
QUIET_SECONDS = 15


@dataclass(frozen=True)
class Reckoning:
    """Numbers that must be nought have no other excuse; `retold` and `resent` may be anything."""

    events: int
    versions_lost: int
    versions_doubled: int
    reviews_lost: int
    reviews_doubled: int
    mails_lost: int
    mails_doubled: int
    gaps: int
    untold: int
    out_of_order: int
    parked: int
    strange_mails: int
    undelivered: int
    retold: int
    resent: int
    unknown: int

    @property
    def wrong(self) -> dict[str, int]:
        """What must not be."""
        allowed = {"events", "retold", "resent", "unknown"}
        return {name: number for name, number in vars(self).items() if number and name not in allowed}


async def settle(stack: Stack) -> None:
    """Wait until every event is told and heard, and every mail was tried to its end.

    The pauses between tries and the leases of dead couriers last minutes: they are ended by hand, leases only while no
    courier runs.
    """
    await until(lambda: _told_and_heard(stack), "the end of all work", SETTLE_SECONDS)
    orphans = "state = 'sending' AND due_at < now() + interval '115 seconds'"  # 120 s are a lease, 5 a try

    async def tried() -> bool:
        living = f"state = 'sending' AND NOT ({orphans})"
        return await stack.count("notifications", f"SELECT count(*) FROM messages WHERE {living}") == 0  # noqa: S608

    await until(tried, "the end of all tries", SETTLE_SECONDS)
    if await stack.count("notifications", f"SELECT count(*) FROM messages WHERE {orphans}"):  # noqa: S608
        await stack.stop("notifications-worker")
        await stack.rows("notifications", f"UPDATE messages SET due_at = now() WHERE {orphans} RETURNING id")  # noqa: S608
        await stack.start_again("notifications-worker")

    async def delivered() -> bool:
        waiting = "state IN ('retry', 'unknown') AND due_at > now()"
        await stack.rows("notifications", f"UPDATE messages SET due_at = now() WHERE {waiting} RETURNING id")  # noqa: S608
        return await stack.count("notifications", "SELECT count(*) FROM messages WHERE due_at IS NOT NULL") == 0

    await until(delivered, "the end of all mails", SETTLE_SECONDS)
    await until(lambda: _told_and_heard(stack), "the end of all work", SETTLE_SECONDS)


async def _told_and_heard(stack: Stack) -> bool:
    for service in SERVICES:
        if await stack.count(service, "SELECT count(*) FROM outbox"):
            return False
    submitted = await stack.count("applications", "SELECT count(*) FROM application_versions")
    opened = await stack.count("applications", "SELECT count(*) FROM reviews")
    causes = await _causes(stack)
    queued = await stack.count("notifications", "SELECT count(*) FROM messages")
    parked = await _parked(stack)
    return bool(parked) or (submitted == opened and queued >= len(causes))


async def reckon(
    stack: Stack, accepted: Collection[tuple[UUID, int]], *, caught_before: Collection[UUID] = ()
) -> Reckoning:
    """Count. `accepted` are the submissions, (application, number), that clients were told are accepted;
    `caught_before` are mails that the catcher had before it was started again, and has forgotten.
    """
    versions = await _numbers(stack, "SELECT application_id, submission FROM application_versions")
    reviews = await _numbers(stack, "SELECT application_id, submission FROM reviews")
    causes = await _causes(stack)
    rows = await stack.rows("notifications", "SELECT id, cause_event_id, template, lane, state FROM messages")
    queued = Counter((row.cause_event_id, row.template) for row in rows)
    by_recipient = Counter((row.cause_event_id, row.template, row.lane) for row in rows)
    log: dict[UUID, int] = {}
    gaps = 0
    for service in SERVICES:
        events = await stack.rows(service, "SELECT event_id, aggregate_id, version FROM events ORDER BY id")
        log.update((event.event_id, event.version) for event in events)
        of_aggregate = defaultdict(list)
        for event in events:
            of_aggregate[event.aggregate_id].append(event.version)
        gaps += sum(numbers != list(range(1, len(numbers) + 1)) for numbers in of_aggregate.values())
    told = await read_topics_as_a_stranger(stack.servers.kafka_bootstrap, log)
    copies = Counter([*caught_before, *await caught(stack)])
    done = {row.id for row in rows if row.state == "accepted"}
    return Reckoning(
        events=len(log),
        versions_lost=len(set(accepted) - set(versions)),
        versions_doubled=_surplus(versions) + len(set(versions) - set(accepted)),
        reviews_lost=len(set(versions) - set(reviews)),
        reviews_doubled=_surplus(reviews),
        mails_lost=len(causes - set(queued)),
        mails_doubled=_surplus(by_recipient) + _surplus(queued) + len(set(queued) - causes),
        gaps=gaps,
        untold=len(set(log) - {one.event_id for one in told}),
        out_of_order=inversions(told),
        parked=await _parked(stack),
        strange_mails=len(set(copies) - {row.id for row in rows}),
        undelivered=len(done - set(copies)) + sum(row.state not in ("accepted", "unknown") for row in rows),
        retold=len(told) - len({one.event_id for one in told}),
        resent=_surplus(copies),
        unknown=sum(row.state == "unknown" for row in rows),
    )


def _surplus(counted: Counter[object]) -> int:
    return sum(number - 1 for number in counted.values())


async def _numbers(stack: Stack, sql: str) -> Counter[object]:
    return Counter((row.application_id, row.submission) for row in await stack.rows("applications", sql))


async def _causes(stack: Stack) -> set[tuple[UUID, str]]:
    """Every event that causes a mail, with the mail."""
    found = set()
    for service, templates in CAUSES.items():
        sql = """
            SELECT event_id, split_part(type, '.', 3) AS name FROM events
            WHERE split_part(type, '.', 3) = ANY(:names) AND coalesce(data->>'first_approval', 'true') = 'true'
        """
        for row in await stack.rows(service, sql, names=list(templates)):
            found.add((row.event_id, templates[row.name]))
    return found


async def _parked(stack: Stack) -> int:
    return sum([await stack.count(service, "SELECT count(*) FROM parked_events") for service in SERVICES])


async def read_topics_as_a_stranger(bootstrap: str, wanted: Collection[UUID]) -> list[Envelope]:
    """Everything on all topics, in the order of each partition, by a reader that belongs to no group.

    Reads until all events `wanted` were seen and nothing more comes, or in vain for `QUIET_SECONDS`: the end offsets
    that the broker from the wheel names are those of the last batch's first record.
    """
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in read_topics()),
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )
    missing = set(wanted)
    found: list[Envelope] = []
    await consumer.start()
    try:
        while records := await consumer.getmany(timeout_ms=(QUIET_SECONDS if missing else 1) * 1000):
            for batch in records.values():
                envelopes = [decode(record.headers) for record in batch]
                found += envelopes
                missing.difference_update(one.event_id for one in envelopes)
        return found
    finally:
        await consumer.stop()


def inversions(told: Collection[Envelope]) -> int:
    """How many events a reader that knows what it has seen meets too early or too late, aggregate by aggregate."""
    seen: set[UUID] = set()
    last: dict[tuple[str, UUID], int] = defaultdict(int)
    wrong = 0
    for one in told:
        if one.event_id not in seen:
            seen.add(one.event_id)
            key = (one.source, one.aggregate_id)
            wrong += one.sequence != last[key] + 1
            last[key] = one.sequence
    return wrong


async def caught(stack: Stack) -> list[UUID]:
    """The ids in the Message-IDs of all mails in the catcher's box."""
    return await asyncio.to_thread(_caught, stack.servers.ports["imap"])


def _caught(imap_port: int) -> list[UUID]:
    with imaplib.IMAP4(HOST, imap_port, timeout=60) as imap:
        imap.login(MAILBOX, MAILBOX_PASSWORD)
        imap.select("INBOX", readonly=True)
        _, (numbers,) = imap.search(None, "ALL")
        return [_message_id(_header(imap, number)) for number in numbers.decode().split()]


def _header(imap: imaplib.IMAP4, number: str) -> Message:
    _, parts = imap.fetch(number, "(BODY.PEEK[HEADER])")
    return email.message_from_bytes(next(part[1] for part in parts if isinstance(part, tuple)))


def _message_id(mail: Message) -> UUID:
    found = re.fullmatch(r"<([0-9a-f-]{36})@[^>]+>", str(mail["Message-ID"]).strip())
    assert found, f"a mail that is not of ours: {mail['Message-ID']}"
    return UUID(found[1])
