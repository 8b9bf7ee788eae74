"""The bus: does the broker answer, are the topics there and as the manifest says, and does somebody consume?"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from madoguchi_contracts import EVENTS

from kit.doctor.practice import Organ, Patient, Symptom, ill, unknown, well
from kit.kafka import client_arguments

BROKER_SECONDS = 10
LAG_OLD_SECONDS = 60
MANIFEST_SECONDS = 30


async def bus(patient: Patient) -> Sequence[Symptom]:
    """The broker, the topics that the service tells and reads, and what waits in those it reads."""
    settings = patient.settings
    try:
        async with asyncio.timeout(BROKER_SECONDS), _reader(patient) as reader:
            there = await reader.topics()
            told, read = _topics_of(patient.service)
            symptoms = [well(Organ.BUS, f"{settings.kafka_bootstrap} answers")]
            if missing := sorted((told | read) - there):
                said = f"the topic {missing[0]} is missing" + (", or not for our eyes" if _logs_in(patient) else "")
                then = f"madoguchi topics apply --bootstrap {settings.kafka_bootstrap}, where deploy/topics.yaml is"
                symptoms.append(ill(Organ.TOPICS, said, then))
            waiting = await _waiting(reader, patient, sorted(read & there))
    except (KafkaError, OSError, TimeoutError, AssertionError) as error:
        said = f"the broker at {settings.kafka_bootstrap} does not answer, or refuses us ({type(error).__name__})"
        then = "is it up? compare MADOGUCHI_KAFKA_BOOTSTRAP, …_SECURITY_PROTOCOL and …_SASL_USERNAME with what it asks"
        return [ill(Organ.BUS, said, then)]
    return [*symptoms, *([] if missing else await _manifest(patient, told | read)), waiting]


@asynccontextmanager
async def _reader(patient: Patient) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that sees the group's positions, and never joins the group."""
    reader = AIOKafkaConsumer(
        bootstrap_servers=patient.settings.kafka_bootstrap,
        group_id=patient.service,
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        **client_arguments(patient.settings),
    )
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


def _topics_of(service: str) -> tuple[set[str], set[str]]:
    """What a service tells, and what it reads of others."""
    told = {event.topic for event in EVENTS.values() if event.service == service}
    return told, {event.topic for event in EVENTS.values() if service in event.readers}


def _logs_in(patient: Patient) -> bool:
    return bool(patient.settings.kafka_security_protocol.startswith("SASL"))


async def _waiting(reader: AIOKafkaConsumer, patient: Patient, topics: Sequence[str]) -> Symptom:
    """How many records the service's consumers have not done, and how long the oldest waits."""
    places = [TopicPartition(topic, number) for topic in topics for number in reader.partitions_for_topic(topic) or ()]
    if not places:
        return unknown(Organ.CONSUMER, "not looked at: none of the topics that it reads is there")
    reader.assign(places)
    at: dict[TopicPartition, int] = {}
    for place in places:
        done = await reader.committed(place)
        if done is None:
            await reader.seek_to_beginning(place)
        else:
            reader.seek(place, done)
        at[place] = await reader.position(place)
    oldest: dict[str, int] = {}
    first: set[TopicPartition] = set()
    # The high-water marks of fetches, since not every broker tells end offsets rightly.
    while any(one not in first and _may_have_more(reader.highwater(one), at[one]) for one in places):
        for place, records in (await reader.getmany(timeout_ms=200)).items():
            if place not in first:
                first.add(place)
                oldest[place.topic] = min(oldest.get(place.topic, records[0].timestamp), records[0].timestamp)
    lag = sum(max((reader.highwater(place) or 0) - at[place], 0) for place in places)
    if not oldest:
        return well(Organ.CONSUMER, "everything is consumed")
    topic = min(oldest, key=lambda one: oldest[one])
    since = datetime.fromtimestamp(oldest[topic] / 1000, UTC)
    age = (patient.clock() - since).total_seconds()
    said = f"{lag} event(s) wait to be consumed, the oldest in {topic} for {age:.0f} s"
    if age <= LAG_OLD_SECONDS:
        return well(Organ.CONSUMER, said)
    then = (
        f"livez of the worker: kubectl get pods -l app.kubernetes.io/name={patient.service}; then its log, loop_failed"
    )
    return ill(Organ.CONSUMER, f"the worker does not consume: {said}", then)


def _may_have_more(highwater: int | None, position: int) -> bool:
    return highwater is None or highwater > position


async def _manifest(patient: Patient, topics: set[str]) -> list[Symptom]:
    """Whether the topics are as deploy/topics.yaml says: asked of `madoguchi topics`, where that is installed."""
    command = Path(sys.executable).parent / "madoguchi"
    if not any(one.name == "topics" for one in entry_points(group="madoguchi.commands")):
        said = f"all {len(topics)} are there; partitions, retention and access: madoguchi topics check, from a checkout"
        return [well(Organ.TOPICS, said)]
    if patient.settings.kafka_security_protocol != "PLAINTEXT":
        return [well(Organ.TOPICS, f"all {len(topics)} are there; the rest is told to an administrator: topics check")]
    bootstrap = patient.settings.kafka_bootstrap
    process = await asyncio.create_subprocess_exec(
        str(command),
        *("topics", "check", "--no-access", "--bootstrap", bootstrap),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(MANIFEST_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return [unknown(Organ.TOPICS, f"topics check had no answer in {MANIFEST_SECONDS} s")]
    if process.returncode not in (0, 1):
        return [unknown(Organ.TOPICS, "topics check could not ask the broker")]
    other = [line for line in output.decode().splitlines() if line.partition(":")[0] in topics]
    if not other:
        return [well(Organ.TOPICS, f"all {len(topics)} are there, as the manifest says")]
    by_hand = "partitions" in other[0]
    then = (
        "nobody changes that while events are under way: docs/runbook.md, “Topics and access”"
        if by_hand
        else f"madoguchi topics apply --bootstrap {bootstrap}"
    )
    return [ill(Organ.TOPICS, f"the topic {other[0]}", then)]
