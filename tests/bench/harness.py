"""What every benchmark needs: servers, interleaved rounds, medians, and a table. Trust ratios within one run only."""

import asyncio
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from kit.db import Database
from madoguchi_stack.postgres import BINARIES
from madoguchi_stack.servers import Servers, free_ports
from support.kit_database import kit_database
from support.servers import _create_database

_MOCK = """
import sys, time
from confluent_kafka import Producer
producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock"})
broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
print(f"{broker.host}:{broker.port}", flush=True)
sys.stdin.read()
"""

START_SECONDS = 120  # for a process; the machine may be slow
Round = Callable[[], Awaitable[float]]


@dataclass
class Table:
    """One benchmark's result: rows of figures per variant, and what they are judged by."""

    title: str
    unit: str
    figures: dict[str, list[float]] = field(default_factory=dict)
    targets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def median(self, variant: str) -> float:
        """The median of a variant's rounds."""
        return statistics.median(self.figures[variant])

    def target(self, text: str, ratio: float, met: bool) -> None:
        """Say how a target stands."""
        self.targets.append(f"{text}: {ratio:.2f} ({'met' if met else 'NOT met'})")

    def markdown(self) -> str:
        """The table for docs/benchmarks.md."""
        lines = [
            f"## {self.title}",
            "",
            f"| variant | median {self.unit} | min | max | rounds |",
            "|---|---|---|---|---|",
        ]
        for variant, figures in self.figures.items():
            low, high = min(figures), max(figures)
            lines.append(f"| {variant} | {self.median(variant):,.4g} | {low:,.4g} | {high:,.4g} | {len(figures)} |")
        return "\n".join(
            [*lines, "", *(f"- {target}" for target in self.targets), *(f"- {note}" for note in self.notes)]
        )


async def interleaved(table: Table, variants: Mapping[str, Round], rounds: int) -> Table:
    """Run every variant once per round, so that the machine's moods hit all of them."""
    for number in range(rounds):
        for name, run in variants.items():
            figure = await run()
            table.figures.setdefault(name, []).append(figure)
            print(f"  {table.title}: round {number + 1}/{rounds} {name}: {figure:,.4g} {table.unit}", file=sys.stderr)
    return table


@asynccontextmanager
async def postgres() -> AsyncIterator[Servers]:
    """The local servers with PostgreSQL's default durability."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with Servers(Path(folder), ports=free_ports(), durable=True) as servers:
            yield servers


@asynccontextmanager
async def database(servers: Servers) -> AsyncIterator[Database]:
    """A fresh database with the kit's tables."""

    async def empty(service: str) -> str:
        return await _create_database(servers, service, template="template0")

    made = await kit_database(empty)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def mock_broker() -> AsyncIterator[str]:
    """librdkafka's in-memory broker in a process of its own: takes idempotent producers, keeps 5 MB a partition."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _MOCK, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def uvicorn(app: str, environment: dict[str, str]) -> AsyncIterator[tuple[int, int]]:
    """The app in a process of its own; its port and pid, once it answers."""
    port = free_ports()["applications_api"]
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "--factory",
            app,
            "--port",
            str(port),
            "--no-access-log",
            "--log-level",
            "warning",
        ),
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _answers(port):
                if process.returncode is not None:
                    raise ChildProcessError(f"{app} ended with {process.returncode} before it answered")
                await asyncio.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stopwatch() -> Callable[[], float]:
    """Seconds since now."""
    started = time.perf_counter()
    return lambda: time.perf_counter() - started


async def count(dsn: str, query: str) -> int:
    """One number from the database."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def machine() -> str:
    """The facts a reader needs to judge the figures."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("asyncpg", "aiokafka", "faststream", "fastapi"))
    return (
        f"{os.cpu_count()} CPUs ({model}), Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, {postgresql()}, {versions}"
    )


def postgresql() -> str:
    """The server's name and version, as its binary tells."""
    told = subprocess.run([BINARIES / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return told.strip().replace("postgres (PostgreSQL)", "PostgreSQL")
