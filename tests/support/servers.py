"""Fixtures that give tests the real servers, started once in a test session on free ports.

`MADOGUCHI_TEST_SERVERS=real` takes Apache Kafka and MinIO instead of the servers from wheels (`make test-real`).
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import cast
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Kind, Servers, Smtp, free_ports

FreshDatabase = Callable[[str], Awaitable[str]]
MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")


@pytest_asyncio.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL, Kafka, S3 and mail. PostgreSQL does not wait for the disk: a test of durability starts its own."""
    kind = cast(Kind, os.environ.get("MADOGUCHI_TEST_SERVERS", "local"))
    folder = tmp_path_factory.mktemp("servers")
    async with Servers(folder, ports=free_ports(), kind=kind, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """host:port of the broker; the topics of deploy/topics.yaml exist."""
    return servers.kafka_bootstrap


@pytest.fixture(scope="session")
def kafka_idempotence(servers: Servers) -> bool:
    """Whether a producer may ask this broker for idempotence."""
    return servers.kafka_idempotence


@pytest.fixture(scope="session")
def s3(servers: Servers) -> S3:
    """The store with one bucket and credentials that reach only that."""
    return servers.s3


@pytest.fixture(scope="session")
def smtp(servers: Servers) -> Smtp:
    """The SMTP catcher."""
    return servers.smtp


@pytest.fixture(scope="session")
def empty_postgres_url(servers: Servers) -> FreshDatabase:
    """`await empty_postgres_url("identity")`: a new empty database that the service's role owns."""

    async def fresh(service: str) -> str:
        return await _create_database(servers, service, template="template0")

    return fresh


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> FreshDatabase:
    """`await postgres_url("identity")`: a new database with the service's migrations applied.

    The migrations run once in a session; each call then copies the result, which takes some hundredths of a second.
    """
    templates: dict[str, str] = {}

    async def fresh(service: str) -> str:
        if service not in templates:
            url = await _create_database(servers, service, template="template0")
            await _migrate(service, url)
            templates[service] = url.rpartition("/")[2]
        return await _create_database(servers, service, template=templates[service])

    return fresh


async def _create_database(servers: Servers, service: str, *, template: str) -> str:
    name = f"{service}_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(servers.admin_dsn)
    try:
        await connection.execute(f'create database "{name}" owner {service} template "{template}"')
    finally:
        await connection.close()
    return servers.database_url(service, name)


async def _migrate(service: str, url: str) -> None:
    environment = {**os.environ, "MADOGUCHI_DATABASE_URL": url}
    command = (MADOGUCHI, "migrate", service)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{' '.join(command)} failed:\n{output.decode()}"
