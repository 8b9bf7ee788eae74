"""The sample consumers of other teams, in environments that have nothing of ours, on records as we send them."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from madoguchi_contracts import (
    ApplicationApproved,
    ApplicationRejected,
    ApplicationStarted,
    ApplicationSubmitted,
    DocumentsFrozen,
    DraftSetAside,
    ReviewOpened,
)
from madoguchi_contracts.fakes import Fakes, Record
from madoguchi_events.manifest import ROOT, read_manifest
from madoguchi_events.teams import read_teams
from madoguchi_stack.real import build_go_sample
from support.history import happens, take_snapshot, tell
from support.kit_database import kit_database

SAMPLES = ROOT / "deploy/samples"
SCHEMAS = ROOT / "shared/contracts/src/madoguchi_contracts/schemas"

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("MADOGUCHI_TEST_SERVERS") != "real", reason="needs Go and Apache Kafka: make test-real"
    ),
]

Send = Callable[[str, Sequence[Record]], Awaitable[None]]


@pytest.fixture(scope="module")
def python_of_another_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the sample's own requirements and nothing else."""
    folder = tmp_path_factory.mktemp("another-team")
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert uv, "uv is missing; `make setup` installs it"
    python = folder / "bin/python"
    subprocess.run((uv, "venv", "--quiet", "--python", sys.executable, folder), check=True)
    pins = SAMPLES / "python/requirements.txt"
    subprocess.run((uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", pins), check=True)
    without = subprocess.run((python, "-c", "import madoguchi_contracts"), capture_output=True, check=False)
    assert without.returncode != 0
    return python


@pytest_asyncio.fixture
async def topic(kafka_bootstrap: str) -> str:
    """A new topic, as the manifest wants those of the applications."""
    name = f"sample.{uuid4().hex[:8]}.v1"
    like = read_manifest().topic("applications.applications.v1")
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, like.partitions, 1, topic_configs=like.config)])
    await admin.close()
    return name


@pytest_asyncio.fixture
async def send(kafka_bootstrap: str) -> AsyncIterator[Send]:
    """Sends records in order."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()

    async def all_of_them(topic: str, records: Sequence[Record]) -> None:
        for record in records:
            await producer.send_and_wait(topic, record.value, key=record.key, headers=list(record.headers))

    yield all_of_them
    await producer.stop()


async def run(*command: str | Path) -> tuple[int, str, str]:
    """A program of another team; gives exit code, output and complaints."""
    pipe = asyncio.subprocess.PIPE
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))}
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=pipe, stderr=pipe, env=clean)
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, out.decode(), err.decode()


FAKES = Fakes(11)


def case(application: UUID, *, corrected: bool) -> list[Record]:
    """What happened to one application until its approval."""
    facts = {"application_id": application, "programme": "bond"}
    events = [
        FAKES.make(ApplicationStarted, **facts),
        FAKES.make(DraftSetAside, application_id=application),
        FAKES.make(ApplicationSubmitted, **facts, submission=1),
        FAKES.make(ReviewOpened, application_id=application, submission=1),
    ]
    if corrected:
        events += [
            FAKES.make(ApplicationRejected, **facts, submission=1),
            FAKES.make(ApplicationSubmitted, **facts, submission=2),
        ]
    events.append(FAKES.make(ApplicationApproved, **facts, submission=1 + corrected, first_approval=True))
    return [FAKES.record(event, sequence=number) for number, event in enumerate(events, 1)]


def unknown(application: UUID, sequence: int) -> Record:
    """An event of a type and a schema that nobody has seen yet."""
    record = FAKES.record(FAKES.make(DraftSetAside, application_id=application), sequence=sequence)
    headers = {**dict(record.headers), "ce_type": b"madoguchi.applications.Dreamt.v1"}
    return Record(record.topic, record.key, tuple(headers.items()), b'{"dreamt": true}')


# Python


async def test_the_statistics_count_every_event_once(python_of_another_team, topic, send, kafka_bootstrap, tmp_path):
    plain, corrected = uuid4(), uuid4()
    frozen = FAKES.make(DocumentsFrozen, application_id=plain, document_ids=[uuid4(), uuid4(), uuid4()])
    records = [*case(plain, corrected=False), unknown(plain, 6), *case(corrected, corrected=True)]
    await send(topic, [*records, *records, FAKES.record(frozen)])  # at least once: here everything twice
    command = (
        *(python_of_another_team, SAMPLES / "python/consumer.py", "--bootstrap", kafka_bootstrap, "--once"),
        *(
            "--schemas",
            SCHEMAS,
            "--database",
            tmp_path / "counts.db",
            "--topic",
            topic,
            "--group",
            f"statistics.{topic}",
        ),
    )
    expected = [["bond", "approved", 2], ["bond", "corrected", 1], ["bond", "files", 3], ["bond", "submitted", 2]]
    code, out, err = await run(*command)
    assert (code, err) == (0, "")
    assert json.loads(out) == expected

    await send(topic, case(uuid4(), corrected=False))
    code, out, _ = await run(*command)  # goes on where it stopped
    assert [number for _, _, number in json.loads(out)] == [3, 1, 3, 3]


async def test_the_statistics_stop_at_an_event_that_breaks_its_schema_and_quote_nothing_of_it(
    python_of_another_team, topic, send, kafka_bootstrap, tmp_path
):
    (_, _, submitted, *_) = case(uuid4(), corrected=False)
    body = {**json.loads(submitted.value), "submission": "taro@example.jp"}
    await send(topic, [Record(submitted.topic, submitted.key, submitted.headers, json.dumps(body).encode())])
    code, _, err = await run(
        *(python_of_another_team, SAMPLES / "python/consumer.py", "--bootstrap", kafka_bootstrap, "--once"),
        *(
            "--schemas",
            SCHEMAS,
            "--database",
            tmp_path / "counts.db",
            "--topic",
            topic,
            "--group",
            f"statistics.{topic}",
        ),
    )
    assert code == 1
    assert "ApplicationSubmitted" in err
    assert "$.submission type" in err
    assert "taro" not in err


# Go


def ledger_in(file: Path) -> dict[str, Any]:
    """What the ledger holds."""
    kept: dict[str, Any] = json.loads(file.read_text())
    return kept


async def bond_ledger(topic: str, bootstrap: str, ledger: Path, *more: str | Path) -> dict[str, Any]:
    """The ledger after one run of the program."""
    binary = await asyncio.to_thread(build_go_sample)
    code, _, err = await run(binary, "-bootstrap", bootstrap, "-topic", topic, "-ledger", ledger, "-once", *more)
    assert (code, err) == (0, "")
    return ledger_in(ledger)


async def test_the_ledger_knows_the_state_of_every_application(topic, send, kafka_bootstrap, tmp_path):
    approved, draft = uuid4(), uuid4()
    told = case(approved, corrected=True)
    await send(topic, [*told, *case(draft, corrected=False)[:2], unknown(draft, 3)])
    await send(topic, told[3:])  # a repeat from the middle
    kept = await bond_ledger(topic, kafka_bootstrap, tmp_path / "ledger.json")
    assert (kept["repeats"], kept["holes"]) == (len(told) - 3, 0)
    one, other = kept["applications"][str(approved)], kept["applications"][str(draft)]
    assert (one["state"], one["submission"], one["programme"], one["sequence"]) == ("approved", 2, "bond", 7)
    assert (other["state"], other["sequence"]) == ("draft", 3)

    await send(topic, [unknown(draft, 5)])
    again = await bond_ledger(topic, kafka_bootstrap, tmp_path / "ledger.json")  # goes on, and sees the hole
    assert (again["repeats"], again["holes"]) == (kept["repeats"], 1)


async def test_the_ledger_stops_at_what_is_no_event_and_keeps_what_it_had(topic, send, kafka_bootstrap, tmp_path):
    application = uuid4()
    await send(topic, case(application, corrected=False))
    before = await bond_ledger(topic, kafka_bootstrap, tmp_path / "ledger.json")
    await send(topic, [Record(topic, b"x", (), b"taro@example.jp")])
    command = (build_go_sample(), "-bootstrap", kafka_bootstrap, "-topic", topic)
    code, _, err = await run(*command, "-ledger", tmp_path / "ledger.json", "-once")
    assert code == 1
    assert "is no event" in err
    assert "taro" not in err
    assert ledger_in(tmp_path / "ledger.json") == before


async def test_the_ledger_begins_with_a_snapshot_and_goes_on_from_its_positions(
    topic, send, kafka_bootstrap, kafka_idempotence, empty_postgres_url, tmp_path
):
    first, second = uuid4(), uuid4()
    facts = {"programme": "bond", "submission": 1}
    database = await kit_database(empty_postgres_url)
    try:
        await happens(database, topic, [FAKES.make(ApplicationStarted, application_id=first, programme="bond")])
        await tell(database, kafka_bootstrap, kafka_idempotence)
        # Committed, and not told yet: in the snapshot, and later a repeat.
        await happens(database, topic, [FAKES.make(ApplicationSubmitted, application_id=first, **facts)])
        snapshot = tmp_path / "topic.jsonl"
        await take_snapshot(database, kafka_bootstrap, topic, snapshot)
        await happens(
            database,
            topic,
            [
                FAKES.make(ApplicationStarted, application_id=second),
                FAKES.make(ApplicationApproved, application_id=first, **facts),
            ],
        )
        await tell(database, kafka_bootstrap, kafka_idempotence)
    finally:
        await database.close()
    kept = await bond_ledger(topic, kafka_bootstrap, tmp_path / "ledger.json", "-snapshot", snapshot)
    assert (kept["repeats"], kept["holes"]) == (1, 0)
    assert kept["applications"][str(first)]["state"] == "approved"
    assert kept["applications"][str(second)]["state"] == "draft"

    cut_off = tmp_path / "cut.jsonl"
    cut_off.write_text("\n".join(snapshot.read_text().splitlines()[:-1]))
    command = (build_go_sample(), "-bootstrap", kafka_bootstrap, "-topic", topic, "-snapshot", cut_off)
    code, _, err = await run(*command, "-ledger", tmp_path / "other.json", "-once")
    assert (code, err) == (1, "bond-ledger: the snapshot is cut off\n")


# What they say of themselves


def test_the_samples_use_exactly_the_events_that_their_teams_wrote_down():
    teams = {team.team: set(team.events) for team in read_teams()}
    source = (SAMPLES / "python/consumer.py").read_text()
    handled = source.split("HANDLERS")[1].split("}\n")[0]
    assert {line.split('"')[1] for line in handled.splitlines() if '"madoguchi.' in line} == teams["statistics"]
    source = (SAMPLES / "go/main.go").read_text().split("var states")[1].split("}\n")[0]
    assert {line.split('"')[1] for line in source.splitlines() if '"madoguchi.' in line} == teams["bond-ledger"]
