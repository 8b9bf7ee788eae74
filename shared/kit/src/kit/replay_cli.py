"""`madoguchi replay`: tell the event log again, for a new consumer or after a broker forgot it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from kit.db import Database
from kit.eventlog import retell
from kit.kafka import client_arguments
from kit.settings import KafkaSettings

BROKER_SECONDS = 30

commands = typer.Typer()


@commands.command("replay")
def replay(
    database_url: Annotated[str, typer.Option(envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)],
    aggregate: Annotated[str | None, typer.Option(help="only this aggregate's events")] = None,
    if_topic_empty: Annotated[
        str | None, typer.Option(metavar="BOOTSTRAP", help="only if the broker at BOOTSTRAP has forgotten the topics")
    ] = None,
) -> None:
    """Queue the log to be told again, in order, marked as replay. Consumers stop what they know at their inbox.

    A secured broker is reached by the MADOGUCHI_KAFKA_... settings of a service.
    """
    typer.echo(asyncio.run(_replay(database_url, UUID(aggregate) if aggregate else None, if_topic_empty)))


async def _replay(url: str, aggregate_id: UUID | None, bootstrap: str | None) -> str:
    database = Database(url, pool_size=1)
    try:
        if bootstrap:
            async with database.transaction() as session:
                topics = set((await session.execute(text("SELECT DISTINCT topic FROM events"))).scalars())
            if not await _all_empty(bootstrap, topics):
                return "the broker remembers: nothing to tell again"
        async with database.transaction() as session:
            return f"{await retell(session, aggregate_id)} events will be told again"
    finally:
        await database.close()


async def _all_empty(bootstrap: str, topics: set[str]) -> bool:
    """Whether no topic holds a record; a topic that the broker does not know is empty.

    Reads instead of asking for end offsets, which not every broker tells rightly. Raises TimeoutError when the broker
    does not answer for every partition: a slow broker is not an empty one.
    """
    partitions = await _partitions(bootstrap, topics)
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


async def _partitions(bootstrap: str, topics: set[str]) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **client_arguments(KafkaSettings()))
    try:
        await admin.start()
        # Asked only for what exists: a broker may create a topic that is asked for.
        known = sorted(topics.intersection(await admin.list_topics()))
        described = await admin.describe_topics(known) if known else []
        return [TopicPartition(t["topic"], p["partition"]) for t in described for p in t["partitions"]]
    finally:
        await admin.close()
