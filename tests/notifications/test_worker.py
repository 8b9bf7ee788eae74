"""The worker as it runs in production: its own process, a real broker, a real SMTP conversation."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from kit.clock import system_clock
from madoguchi_contracts import Event
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from support.mailroom import SEAL_KEY, Person
from support.records import record_of
from support.servers import FreshDatabase
from support.smtp_faults import HOST, ScriptedSmtp


class Worker:
    """A worker process, and the way to tell it something."""

    def __init__(self, url: str, dsn: str, smtp: ScriptedSmtp, producer: AIOKafkaProducer) -> None:
        self.url, self.dsn, self.smtp, self._producer = url, dsn, smtp, producer
        self._sequence = 0

    async def tell(self, event: Event) -> None:
        """Publish the event, with the broker's word for it."""
        self._sequence += 1
        record = record_of(event, sequence=self._sequence, at=system_clock())
        await self._producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.url) as client:
            return await client.get(path)


async def until(condition, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


@pytest_asyncio.fixture
async def worker(servers: Servers, postgres_url: FreshDatabase) -> AsyncIterator[Worker]:
    database_url = await postgres_url("notifications")
    port = servers.ports["notifications_worker"]
    async with (
        ScriptedSmtp() as smtp,
        AIOKafkaProducer(bootstrap_servers=servers.kafka_bootstrap, linger_ms=0) as producer,
    ):
        environment = {
            **os.environ,
            **service_environment("notifications", servers),
            "MADOGUCHI_DATABASE_URL": database_url,
            "MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(SEAL_KEY),
            "MADOGUCHI_SMTP_RELAYS": json.dumps([{"host": HOST, "port": smtp.port}]),
        }
        command = (sys.executable, "-m", "uvicorn", "--factory", "notifications.main:build_worker", "--port", str(port))
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        worker = Worker(f"http://{HOST}:{port}", database_url.replace("+asyncpg", ""), smtp, producer)
        try:
            async with asyncio.timeout(60):
                while True:
                    try:
                        if (await worker.get("/readyz")).status_code == 200:
                            break
                    except httpx.HTTPError:
                        pass
                    assert process.returncode is None, "the worker ended"
                    await asyncio.sleep(0.1)
            yield worker
        finally:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 40) in (0, -15)


@pytest.mark.rule("NO-02", "NO-12")
async def test_an_event_on_the_topic_becomes_a_mail_at_the_relay(worker: Worker):
    first = Person(mail="first@example.jp")
    await worker.tell(first.asks_to_register(system_clock()))
    await until(lambda: worker.smtp.accepted, 60)  # the first one also waits for the consumer group to form
    assert [mail["To"] for mail in worker.smtp.accepted] == ["first@example.jp"]

    waits = []
    for number in range(10):
        await asyncio.sleep(0.1)  # idle again
        started = time.perf_counter()
        await worker.tell(Person(mail=f"person{number}@example.jp").gets_user_id())
        await until(lambda wanted=number + 2: len(worker.smtp.accepted) == wanted, 10)
        waits.append(time.perf_counter() - started)
    assert sorted(waits)[5] < 1.0  # a quarter of a second is usual; the courier's own look alone would take longer

    metrics = (await worker.get("/metrics")).text
    assert 'madoguchi_mail_tries_total{outcome="accepted",template="NO-03"} 10.0' in metrics
    assert "example.jp" not in metrics
    assert (await worker.get("/livez")).status_code == 200
    connection = await asyncpg.connect(worker.dsn)
    try:
        rows = await connection.fetch("SELECT type FROM events ORDER BY id")
        assert len(rows) == 22
    finally:
        await connection.close()
