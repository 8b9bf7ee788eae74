"""`madoguchi replay`: tell the event log again, for a new consumer or after a broker forgot it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from kit.db import Database
from kit.eventlog import retell

commands = typer.Typer()


@commands.command("replay")
def replay(
    database_url: Annotated[str, typer.Option(envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)],
    aggregate: Annotated[str | None, typer.Option(help="only this aggregate's events")] = None,
    if_topic_empty: Annotated[
        str | None, typer.Option(metavar="BOOTSTRAP", help="only if the broker at BOOTSTRAP has forgotten the topics")
    ] = None,
) -> None:
    """Queue the log to be told again, in order, marked as replay. Consumers that know an event stop it at their inbox."""
    typer.echo(asyncio.run(_replay(database_url, UUID(aggregate) if aggregate else None, if_topic_empty)))


async def _replay(url: str, aggregate_id: UUID | None, bootstrap: str | None) -> str:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as session:
            topics = list((await session.execute(text("SELECT DISTINCT topic FROM events"))).scalars())
            if bootstrap and not await _all_empty(bootstrap, topics):
                return "the broker remembers: nothing to tell again"
            return f"{await retell(session, aggregate_id)} events will be told again"
    finally:
        await database.close()


async def _all_empty(bootstrap: str, topics: list[str]) -> bool:
    """Whether no topic holds a record. Reads instead of asking for end offsets, which not every broker tells rightly."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        for topic in topics:
            if not any(partition.topic == topic for partition in partitions):
                await consumer._client.add_topic(topic)
        partitions = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        if not partitions:
            return True
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        return not any((await consumer.getmany(timeout_ms=1500)).values())
    finally:
        await consumer.stop()
