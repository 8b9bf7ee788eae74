"""`madoguchi snapshot`: a topic's whole history in a file, and the positions from which to go on reading the topic.

For a new team, or one that was away for longer than the topic keeps its events: unlike a replay, nobody else gets
anything again. A line of positions, then one event a line in CloudEvents' JSON format, in order per aggregate:

    {"snapshot": {"topic": ..., "taken_at": ..., "events": 2, "positions": {"0": 17, "1": 4}}}
    {"specversion": "1.0", "id": ..., "type": ..., "subject": ..., "sequence": "1", ..., "data": {...}}

The positions are taken before the log is read. What was told before them had been committed, so it is in the file; what
is in the file and was told after them comes again, as a repeat, which every reader must stop anyway. So nothing is
missing between the file and the topic.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaConsumer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import system_clock
from kit.db import Database
from kit.kafka import client_arguments
from kit.replay_cli import BROKER_SECONDS, partitions_of
from kit.settings import KafkaSettings

BATCH = 1000

_COUNT = text("SELECT count(*) FROM events WHERE topic = :topic")
_READ = text("""
SELECT id, event_id, aggregate_id, version, type, data::text AS data, traceparent, recorded_at FROM events
WHERE topic = :topic AND id > :after ORDER BY id LIMIT :limit
""")

commands = typer.Typer()


class UnknownTopic(Exception):
    """The broker does not have the topic, so there is no position to go on from."""


@commands.command("snapshot")
def snapshot(
    topic: Annotated[str, typer.Argument(help="such as applications.applications.v1")],
    output: Annotated[Path, typer.Argument(help="the file to write; it appears when it is whole")],
    database_url: Annotated[str, typer.Option(envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)],
    bootstrap: Annotated[str, typer.Option(envvar="MADOGUCHI_KAFKA_BOOTSTRAP", show_envvar=True)],
) -> None:
    """Write a topic's whole history to a file, with the positions to go on from.

    A secured broker is reached by the MADOGUCHI_KAFKA_... settings of a service.
    """
    number = asyncio.run(_snapshot(Database(database_url, pool_size=1), bootstrap, topic, output))
    typer.echo(f"{number} events of {topic} in {output}")


async def _snapshot(database: Database, bootstrap: str, topic: str, output: Path) -> int:
    beside = output.with_name(f"{output.name}.new")
    try:
        positions = await _positions(bootstrap, topic)
        async with database.transaction() as session:
            # One view for all batches: else a late commit could leave a hole in an aggregate's history.
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            number = int((await session.execute(_COUNT, {"topic": topic})).scalar_one())
            head = {"topic": topic, "taken_at": _utc(system_clock()), "events": number, "positions": positions}
            with beside.open("w", encoding="utf-8") as file:
                file.write(json.dumps({"snapshot": head}) + "\n")
                async for row in _rows(session, topic):
                    file.write(_line(row) + "\n")
    finally:
        await database.close()
    beside.rename(output)
    return number


async def _positions(bootstrap: str, topic: str) -> dict[str, int]:
    """The offset after the last record of every partition.

    Raises UnknownTopic, TimeoutError when the broker does not answer for every partition.
    """
    partitions = await partitions_of(bootstrap, {topic})
    if not partitions:
        raise UnknownTopic(topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, **client_arguments(KafkaSettings()))
    try:
        await consumer.start()
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        async with asyncio.timeout(BROKER_SECONDS):
            # The high-water mark of a fetch, since not every broker tells end offsets rightly.
            while any(consumer.highwater(place) is None for place in partitions):
                await consumer.getmany(timeout_ms=200)
        numbers = {place.partition: consumer.highwater(place) for place in partitions}
    finally:
        await consumer.stop()
    return {str(number): numbers[number] for number in sorted(numbers)}


async def _rows(session: AsyncSession, topic: str) -> AsyncIterator[Any]:
    after = 0
    while rows := (await session.execute(_READ, {"topic": topic, "after": after, "limit": BATCH})).all():
        for row in rows:
            yield row
        after = rows[-1].id


def _line(row: Any) -> str:
    """An event in CloudEvents' JSON format, with the very text of its data that is told on the topic."""
    key = str(row.aggregate_id)
    attributes = {
        "specversion": "1.0",
        "id": str(row.event_id),
        "source": "/madoguchi/" + row.type.split(".")[1],
        "type": row.type,
        "time": _utc(row.recorded_at),
        "subject": key,
        "partitionkey": key,
        "sequence": str(row.version),
        "dataschema": "urn:" + row.type.replace(".", ":"),
        "datacontenttype": "application/json",
        **({"traceparent": row.traceparent} if row.traceparent else {}),
    }
    return f'{json.dumps(attributes)[:-1]}, "data": {row.data}}}'


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
