"""What happened, recorded and told as a service does it, on a topic of a test's own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer
from kit import relay
from kit.db import Database
from kit.eventlog import record
from kit.snapshot_cli import commands
from madoguchi_contracts import Event
from sqlalchemy import text
from typer.testing import CliRunner, Result

from support.clock import FakeClock


async def happens(database: Database, topic: str, events: Sequence[Event]) -> None:
    """Record the events in one transaction, to be told on this topic instead of their own."""
    async with database.transaction() as session:
        for event in events:
            await record(session, event, now=FakeClock().now)
        await session.execute(text("ALTER TABLE events DISABLE TRIGGER events_append_only"))
        await session.execute(text("UPDATE events SET topic = :topic"), {"topic": topic})
        await session.execute(text("ALTER TABLE events ENABLE TRIGGER events_append_only"))


async def tell(database: Database, bootstrap: str, idempotence: bool) -> None:
    """Let the relay tell everything that waits."""
    stop = asyncio.Event()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=idempotence) as producer:
        publish = relay.make_publisher(producer, "/madoguchi/identity")
        task = asyncio.create_task(relay.run(database.dsn, publish, stop=stop, beat=lambda: None))
        async with asyncio.timeout(30):
            waiting = 1
            while waiting:
                await asyncio.sleep(0.05)
                async with database.transaction() as session:
                    waiting = (await session.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
        stop.set()
        await task


async def take_snapshot(database: Database, bootstrap: str, topic: str, file: Path) -> Result:
    """`madoguchi snapshot`, in a thread: it runs an event loop of its own."""
    environment = {"MADOGUCHI_DATABASE_URL": database.url, "MADOGUCHI_KAFKA_BOOTSTRAP": bootstrap}
    return await asyncio.to_thread(CliRunner().invoke, commands, [topic, str(file)], env=environment)
