"""Migrations: from nothing to the newest schema, once however many replicas start, and all or nothing."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from kit.db import Database, new_metadata
from kit.migrate import commands, upgrade
from kit.tables import add_kit_tables
from sqlalchemy import CheckConstraint, Connection, text
from support.servers import FreshDatabase
from typer.testing import CliRunner

VERSION = """
from alembic import op
from kit.tables import create_kit_tables_v1

revision = "{number:04}"
down_revision = {previous!r}

def upgrade() -> None:
    {step}
"""

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """`package("step", ...)` is the name of a service whose migrations do these steps."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(*steps: str) -> str:
        name = f"sample_{uuid4().hex}"
        versions = tmp_path / name / "migrations" / "versions"
        versions.mkdir(parents=True)
        (tmp_path / name / "__init__.py").touch()
        env = "from kit.db import new_metadata\nfrom kit.migrate import run\n\nrun(new_metadata())\n"
        (versions.parent / "env.py").write_text(env)
        for number, step in enumerate(steps, 1):
            previous = f"{number - 1:04}" if number > 1 else None
            (versions / f"{number:04}.py").write_text(VERSION.format(number=number, previous=previous, step=step))
        return name

    return make


async def migrate(service: str, url: str) -> None:
    """In a thread: as in `madoguchi migrate`, no event loop is running there."""
    await asyncio.to_thread(upgrade, service, url)


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        found = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in found}
    finally:
        await connection.close()


async def test_the_kit_s_migration_makes_exactly_the_kit_s_tables(
    package: Package, empty_postgres_url: FreshDatabase
) -> None:
    url = await empty_postgres_url("notifications")
    await migrate(package("create_kit_tables_v1()"), url)
    metadata = new_metadata()
    add_kit_tables(metadata)

    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    database = Database(url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        checks = set(
            (await connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'c'"))).scalars()
        )
    await database.close()
    declared = {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert len(declared) == 4
    assert declared <= checks


async def test_a_second_run_changes_nothing(package: Package, empty_postgres_url: FreshDatabase) -> None:
    url = await empty_postgres_url("notifications")
    service = package("op.execute('CREATE TABLE one ()')", "op.execute('CREATE TABLE two ()')")
    await migrate(service, url)
    await migrate(service, url)
    assert await tables(url) == {"alembic_version", "one", "two"}


async def test_replicas_that_start_together_migrate_once(
    package: Package, empty_postgres_url: FreshDatabase, tmp_path: Path
) -> None:
    url = await empty_postgres_url("notifications")
    service = package("op.execute('CREATE TABLE one ()')", "op.execute('SELECT pg_sleep(0.5)')")
    program = "import sys; from kit.migrate import upgrade; upgrade(*sys.argv[1:])"
    replicas = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, service, url), env={**os.environ, "PYTHONPATH": str(tmp_path)}
        )
        for _ in range(3)
    ]
    assert [await asyncio.wait_for(replica.wait(), 60) for replica in replicas] == [0, 0, 0]
    assert await tables(url) == {"alembic_version", "one"}


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    package: Package, empty_postgres_url: FreshDatabase
) -> None:
    url = await empty_postgres_url("notifications")
    service = package("op.execute('CREATE TABLE one ()')", "op.execute('CREATE TABLE one ()')")
    with pytest.raises(Exception, match='relation "one" already exists'):
        await migrate(service, url)
    assert await tables(url) == set()


async def test_a_migration_that_cannot_get_its_lock_gives_up_instead_of_holding_up_requests(
    package: Package, empty_postgres_url: FreshDatabase
) -> None:
    url = await empty_postgres_url("notifications")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE busy (n int)")
    async with connection.transaction():
        await connection.execute("LOCK TABLE busy IN ACCESS SHARE MODE")
        with pytest.raises(Exception, match="lock timeout"):
            await asyncio.wait_for(migrate(package("op.execute('ALTER TABLE busy ADD m int')"), url), 15)
        assert await connection.fetchval("SELECT count(*) FROM busy") == 0
    await connection.close()


def test_the_command_needs_to_be_told_which_database() -> None:
    result = CliRunner().invoke(commands, ["applications"], env={"MADOGUCHI_DATABASE_URL": None})
    assert result.exit_code == 2
    assert "MADOGUCHI_DATABASE_URL" in result.output
