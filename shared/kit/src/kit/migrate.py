"""Running a service's migrations. They ship inside its package: `<service>/migrations/env.py` is two lines, and calls
`run`; `madoguchi migrate <service>` calls `upgrade`.
"""

from __future__ import annotations

import asyncio
from importlib.resources import as_file, files
from typing import Annotated

import asyncpg
import typer
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from kit.db import dsn_of

commands = typer.Typer()


def upgrade(service: str, url: str, revision: str = "head") -> None:
    """Bring the database of `service` at `url` (postgresql+asyncpg://...) to `revision`.

    Replicas that start together wait for each other; a database that is already there is left as it is.
    """
    with as_file(files(service) / "migrations") as folder:
        config = Config(attributes={"url": url})
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)


@commands.command("migrate")
def migrate(
    service: Annotated[str, typer.Argument(help="identity, applications, documents or notifications")],
    database_url: Annotated[str, typer.Option(envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)],
) -> None:
    """Bring a service's database to the schema of this release."""
    upgrade(service, database_url)


def run(metadata: MetaData) -> None:
    """What `env.py` does: apply the migrations to the database that `upgrade` was given."""
    asyncio.run(_run(context.config.attributes["url"], metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(
        url, poolclass=pool.NullPool, hide_parameters=True, async_creator=lambda: asyncpg.connect(dsn_of(url))
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, metadata)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('madoguchi-migrations'))"))
        # A migration that cannot get its lock gives up instead of queueing every request behind it.
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        context.run_migrations()
