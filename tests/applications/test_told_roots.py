"""The daily roots on their way to an auditor: through Kafka, with somebody else's client, into the verifier alone."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from applications import history_verifier
from confluent_kafka import Consumer, KafkaException, TopicPartition
from kit.db import Database
from madoguchi_stack.postgres import BINARIES
from support.chain import CHANGE, NOON, by_force, go_on, start, take_root
from support.history import tell

TOPIC = "applications.history.v1"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        os.environ.get("MADOGUCHI_TEST_SERVERS") != "real", reason="needs Apache Kafka: `make test-real` runs it"
    ),
]


@pytest_asyncio.fixture(loop_scope="session")
async def database(postgres_url):
    made = Database(await postgres_url("applications"))
    yield made
    await made.close()


class Auditor:
    """Keeps the topic's only partition from now on, in a file of JSON lines."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self._client = Consumer({"bootstrap.servers": bootstrap, "group.id": "auditor", "enable.auto.commit": False})
        self._folder = folder
        _, end = self._client.get_watermark_offsets(TopicPartition(TOPIC, 0), timeout=20)
        self._client.assign([TopicPartition(TOPIC, 0, end)])

    def keep(self, number: int) -> list[dict[str, object]]:
        """The next records, kept and given."""
        told = []
        while len(told) < number:
            message = self._client.poll(20)
            assert message is not None, f"{len(told)} of {number} roots came"
            if message.error():
                raise KafkaException(message.error())
            told.append(message.value().decode())
        (self._folder / "roots.jsonl").write_text("\n".join(told))
        self._client.close()
        return [json.loads(one) for one in told]

    def verify(self, dump: Path) -> subprocess.CompletedProcess[str]:
        """On a machine that has Python, and of ours the one file."""
        alone = self._folder / "verifier.py"
        shutil.copyfile(history_verifier.__file__, alone)
        command = (sys.executable, "-I", "-S", str(alone), "--dump", str(dump))
        return subprocess.run(
            (*command, "--roots", str(self._folder / "roots.jsonl")),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={},
        )


async def dumped(database: Database, file: Path) -> Path:
    await asyncio.to_thread(subprocess.run, [BINARIES / "pg_dump", f"--file={file}", database.dsn], check=True)
    return file


async def test_an_auditor_proves_the_history_with_what_kafka_told_and_one_file(
    database, kafka_bootstrap, kafka_idempotence, tmp_path
):
    auditor = await asyncio.to_thread(Auditor, kafka_bootstrap, tmp_path)
    first, second = await start(database), await start(database)
    await go_on(database, first)
    await take_root(database, NOON)
    await go_on(database, second)
    await take_root(database, NOON + timedelta(days=1))
    await tell(database, kafka_bootstrap, kafka_idempotence)

    told = await asyncio.to_thread(auditor.keep, 2)
    assert [one["number"] for one in told] == [1, 2]
    assert told[1]["previous_root"] == told[0]["root"]
    proved = auditor.verify(await dumped(database, tmp_path / "as-it-is.sql"))
    assert proved.returncode == 0, proved.stdout + proved.stderr
    assert proved.stdout.splitlines()[-2:] == ["2 published roots were compared", "everything fits"]

    await by_force(database, (CHANGE, first))
    refuted = auditor.verify(await dumped(database, tmp_path / "changed.sql"))
    assert refuted.returncode == 1, refuted.stdout + refuted.stderr
    assert f"{first}, step 2" in refuted.stdout
