"""What happened, as a foreign reader of the topics sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer
from kit.cloudevents import decode

from madoguchi_stack.topics import read_topics


@dataclass(frozen=True)
class Line:
    """One event: when it was recorded, by which service, and how long until the broker had it."""

    at: datetime
    service: str
    event: str
    sequence: int
    told_after_ms: float
    data: dict[str, Any]


async def read(bootstrap: str, aggregates: Collection[str], quiet_seconds: float = 2) -> list[Line]:
    """Every event of the aggregates, and of the mails that these caused, in the order of recording."""
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in read_topics()),
        bootstrap_servers=bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    lines: dict[str, Line] = {}
    caused: dict[str, str] = {}
    wanted = set(aggregates)
    await consumer.start()
    try:
        while True:
            try:
                record = await asyncio.wait_for(consumer.getone(), quiet_seconds)
            except TimeoutError:
                break
            envelope = decode(record.headers)
            data = json.loads(record.value)
            told_after = record.timestamp - envelope.time.timestamp() * 1000
            event = envelope.type.split(".")[-2]
            line = Line(
                envelope.time.astimezone(UTC),
                envelope.source.rpartition("/")[2],
                f"{event} {data['template']}" if "template" in data else event,
                envelope.sequence,
                told_after,
                data,
            )
            lines[str(envelope.event_id)] = line
            if "cause_event_id" in data:
                caused[str(envelope.aggregate_id)] = data["cause_event_id"]
    finally:
        await consumer.stop()

    def belongs(line: Line) -> bool:
        ids = {value for name, value in line.data.items() if name in {"account_id", "application_id"}}
        cause = lines.get(caused.get(str(line.data.get("message_id")), ""))
        return bool(ids & wanted) or (cause is not None and belongs(cause))

    return sorted((line for line in lines.values() if belongs(line)), key=lambda line: line.at)


def printable(lines: list[Line]) -> str:
    """A table for the terminal."""
    if not lines:
        return "no events"
    start = lines[0].at
    rows = [f"{'after':>9}  {'service':<14} {'event':<34} {'on the bus after':>16}"]
    for line in lines:
        seconds = (line.at - start).total_seconds()
        rows.append(f"{seconds:8.2f}s  {line.service:<14} {line.event:<34} {line.told_after_ms:13.0f} ms")
    return "\n".join(rows)
