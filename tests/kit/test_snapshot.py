"""A topic's history in a file, and the positions from which it goes on without a hole."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cloudevents.v1.http import from_json
from kit import snapshot_cli
from kit.cloudevents import decode
from kit.db import Database
from support.examples import event_of
from support.history import happens, take_snapshot, tell
from support.kit_database import kit_database
from support.servers import FreshDatabase

pytestmark = pytest.mark.real


@pytest_asyncio.fixture
async def database(empty_postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    database = await kit_database(empty_postgres_url)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def topic(kafka_bootstrap: str) -> str:
    """A new empty topic of four partitions."""
    name = f"test.snapshot.{uuid4().hex[:8]}.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, 4, 1)])
    await admin.close()
    return name


def read(file: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The head of a snapshot, and its events."""
    head, *events = map(json.loads, file.read_text("utf-8").splitlines())
    return head["snapshot"], events


async def from_positions(bootstrap: str, topic: str, positions: dict[str, int], number: int) -> list[Any]:
    """The next records of the topic behind the positions."""
    records: list[Any] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        consumer.assign([TopicPartition(topic, int(partition)) for partition in positions])
        for partition, offset in positions.items():
            consumer.seek(TopicPartition(topic, int(partition)), offset)
        async with asyncio.timeout(30):
            while len(records) < number:
                records += [one for part in (await consumer.getmany(timeout_ms=200)).values() for one in part]
    return records


async def test_the_file_and_the_topic_from_its_positions_together_are_the_whole_history(
    database: Database, topic: str, kafka_bootstrap: str, kafka_idempotence: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(snapshot_cli, "BATCH", 3)
    aggregates = [uuid4() for _ in range(8)]
    await happens(database, topic, [event_of(one) for one in aggregates])
    await tell(database, kafka_bootstrap, kafka_idempotence)
    await happens(
        database, topic, [event_of(one) for one in aggregates[:4]]
    )  # committed, and not told when the snapshot is taken
    result = await take_snapshot(database, kafka_bootstrap, topic, tmp_path / "topic.jsonl")
    assert result.output == f"12 events of {topic} in {tmp_path / 'topic.jsonl'}\n"
    await happens(database, topic, [event_of(one) for one in aggregates])
    await tell(database, kafka_bootstrap, kafka_idempotence)

    head, events = read(tmp_path / "topic.jsonl")
    assert (head["topic"], head["events"], len(events)) == (topic, 12, 12)
    assert sum(head["positions"].values()) == 8
    assert sorted(head["positions"]) == ["0", "1", "2", "3"]
    has: dict[str, int] = {}
    for event in events:
        assert int(event["sequence"]) == has.get(event["subject"], 0) + 1
        has[event["subject"]] = int(event["sequence"])
    repeats = 0
    for one in await from_positions(kafka_bootstrap, topic, head["positions"], 12):
        envelope = decode(one.headers)
        key = str(envelope.aggregate_id)
        if envelope.sequence <= has[key]:
            repeats += 1
            continue
        assert envelope.sequence == has[key] + 1  # no hole between the file and the topic
        has[key] = envelope.sequence
    assert repeats == 4
    assert has == {str(key): 3 if key in aggregates[:4] else 2 for key in aggregates}


async def test_an_event_in_the_file_is_the_one_that_is_told(
    database: Database, topic: str, kafka_bootstrap: str, kafka_idempotence: bool, tmp_path: Path
) -> None:
    await happens(database, topic, [event_of(uuid4())])
    await take_snapshot(database, kafka_bootstrap, topic, tmp_path / "topic.jsonl")
    await tell(database, kafka_bootstrap, kafka_idempotence)
    (one,) = await from_positions(kafka_bootstrap, topic, {str(n): 0 for n in range(4)}, 1)
    headers = {name: value.decode() for name, value in one.headers}
    line = (tmp_path / "topic.jsonl").read_text().splitlines()[1]
    event = from_json(line)  # a foreign reader of CloudEvents takes it
    for attribute in ("id", "source", "type", "subject", "partitionkey", "sequence", "dataschema"):
        assert event[attribute] == headers[f"ce_{attribute}"]
    assert decode(one.headers).time.isoformat() == event["time"].replace("Z", "+00:00")
    assert event.data == json.loads(one.value)
    assert line.endswith(f'"data": {one.value.decode()}}}')


async def test_without_the_topic_there_is_no_snapshot(database: Database, kafka_bootstrap: str, tmp_path: Path) -> None:
    result = await take_snapshot(database, kafka_bootstrap, "test.unknown.v1", tmp_path / "topic.jsonl")
    assert result.exit_code == 1
    assert os.listdir(tmp_path) == []
