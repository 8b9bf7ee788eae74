"""`madoguchi replay`: tell the event log again, for a new consumer or after a broker forgot it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from kit.db import Database
from kit.eventlog import replays_waiting, retell
from kit.kafka import client_arguments
from kit.settings import KafkaSettings

BROKER_SECONDS = 30
BATCH = 500  # what the relay takes at once: so long at most does a new event wait behind a replay
LOOK_SECONDS = 0.2

commands = typer.Typer()


@commands.command("replay")
def replay(
    database_url: Annotated[str, typer.Option(envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)],
    aggregate: Annotated[str | None, typer.Option(help="only this aggregate's events")] = None,
    topic: Annotated[str | None, typer.Option(help="only this topic's events")] = None,
    rate: Annotated[int, typer.Option(min=1, help="events a second, at most")] = 200,
    after: Annotated[int, typer.Option(min=0, help="go on behind this event of the log")] = 0,
    if_topic_empty: Annotated[
        str | None, typer.Option(metavar="BOOTSTRAP", help="only if the broker at BOOTSTRAP has forgotten the topics")
    ] = None,
) -> None:
    """Tell the log again, in order, marked as replay. Consumers stop what they know at their inbox.

    A type that a service listens to only since a later release is new to it, and takes effect, however old: try one
    aggregate first.

    Goes slowly, and never ahead of the relay, so that new events hardly wait. Cut off, it goes on where it was with
    --after. After a broker forgot everything (--if-topic-empty) all is queued at once, before the workers start.

    A secured broker is reached by the MADOGUCHI_KAFKA_... settings of a service.
    """
    if aggregate and topic:
        raise typer.BadParameter("an aggregate or a topic, not both")
    which = _Which(UUID(aggregate) if aggregate else None, topic)
    database = Database(database_url, pool_size=1)
    typer.echo(asyncio.run(_replay(database, which, None if if_topic_empty else rate, after, if_topic_empty)))


@dataclass(frozen=True)
class _Which:
    aggregate_id: UUID | None
    topic: str | None


async def _replay(database: Database, which: _Which, rate: int | None, after: int, bootstrap: str | None) -> str:
    try:
        if bootstrap:
            async with database.transaction() as session:
                topics = set((await session.execute(text("SELECT DISTINCT topic FROM events"))).scalars())
            if not await _all_empty(bootstrap, topics):
                return "the broker remembers: nothing to tell again"
        return f"{await _retell_all(database, which, rate, after)} events will be told again"
    finally:
        await database.close()


async def _retell_all(database: Database, which: _Which, rate: int | None, after: int) -> int:
    """Queue batch by batch until the end of the log, also what is recorded meanwhile; returns how many events.

    That is why a new reader may pass over whatever does not follow on what it has: the replay brings it, in order.
    """
    clock = asyncio.get_running_loop().time
    limit = min(BATCH, rate or BATCH)
    queued = 0
    while True:
        began = clock()
        async with database.transaction() as session:
            batch = await retell(session, after=after, limit=limit, topic=which.topic, aggregate_id=which.aggregate_id)
        after, queued = batch.last, queued + batch.queued
        if batch.found < limit:  # the end; what is recorded from now on is told behind it
            return queued
        if rate is None:
            continue
        typer.echo(f"{queued} events queued; --after {after} goes on from here", err=True)
        await asyncio.sleep(max(limit / rate - (clock() - began), 0))
        await _until_told(database)


async def _until_told(database: Database) -> None:
    """Wait for the relay: a replay that ran ahead of it would keep new events waiting behind a long queue."""
    said = False
    while True:
        async with database.transaction() as session:
            waiting = await replays_waiting(session)
        if waiting == 0:
            return
        if not said:
            said = True
            typer.echo(f"waiting for the relay to tell {waiting} events", err=True)
        await asyncio.sleep(LOOK_SECONDS)


async def _all_empty(bootstrap: str, topics: set[str]) -> bool:
    """Whether no topic holds a record; a topic that the broker does not know is empty.

    Reads instead of asking for end offsets, which not every broker tells rightly. Raises TimeoutError when the broker
    does not answer for every partition: a slow broker is not an empty one.
    """
    partitions = await partitions_of(bootstrap, topics)
    if not partitions:
        return True
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **client_arguments(KafkaSettings()),
    )
    try:
        await consumer.start()
        consumer.assign(partitions)
        async with asyncio.timeout(BROKER_SECONDS):
            while True:
                # The first answer to a fetch brings the high-water mark, also that of an empty partition, and with it
                # the records that the next look finds.
                answered = all(consumer.highwater(partition) is not None for partition in partitions)
                if any((await consumer.getmany(timeout_ms=200)).values()):
                    return False
                if answered:
                    return True
    finally:
        await consumer.stop()


async def partitions_of(bootstrap: str, topics: set[str]) -> list[TopicPartition]:
    """All partitions of those topics that the broker knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **client_arguments(KafkaSettings()))
    try:
        await admin.start()
        # Asked only for what exists: a broker may create a topic that is asked for.
        known = sorted(topics.intersection(await admin.list_topics()))
        described = await admin.describe_topics(known) if known else []
        return [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
    finally:
        await admin.close()
