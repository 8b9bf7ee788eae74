"""A process is ready only on a database that is not behind its code."""

import asyncio
from importlib.resources import as_file, files

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from kit.db import Database
from kit.health import Health
from kit.migrate import upgrade
from kit.schema import answers_with_its_schema, revisions
from madoguchi_stack.layout import SERVICES
from sqlalchemy import text
from support.network import free_port
from support.servers import FreshDatabase

SERVICE = "notifications"


@pytest.mark.parametrize("service", SERVICES)
def test_the_names_of_the_files_say_what_the_chain_of_migrations_is(service: str) -> None:
    with as_file(files(service) / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        chain = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert revisions(service) == chain[::-1] != []


async def reasons(database: Database) -> dict[str, str]:
    """What a process says that starts now."""
    health = Health()
    health.check("database", answers_with_its_schema(database, SERVICE))
    return await health.not_ready()


async def test_ready_means_a_database_that_has_what_the_code_needs(empty_postgres_url: FreshDatabase) -> None:
    *_, previous, needs = revisions(SERVICE)
    url = await empty_postgres_url(SERVICE)
    database = Database(url)
    try:
        empty = {"database": f"the database is empty, and this release needs revision {needs}"}
        assert await reasons(database) == empty
        await asyncio.to_thread(upgrade, SERVICE, url, previous)
        behind = {"database": f"the database has revision {previous}, and this release needs {needs}"}
        assert await reasons(database) == behind
        await asyncio.to_thread(upgrade, SERVICE, url)
        assert await reasons(database) == {}
        # The next release has migrated, and this process goes on until its successor is ready.
        async with database.engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert await reasons(database) == {}
        async with database.engine.begin() as connection:
            await connection.execute(text("DELETE FROM alembic_version"))
        assert await reasons(database) == empty
    finally:
        await database.close()


async def test_a_database_that_does_not_answer_is_told_without_its_address() -> None:
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")
    assert await reasons(database) == {"database": "ConnectionRefusedError"}
    await database.close()
