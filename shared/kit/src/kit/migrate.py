"""Running a service's migrations: `madoguchi migrate <service>`, and the whole of every `migrations/env.py`."""

from __future__ import annotations

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine


def run(metadata: MetaData) -> None:
    """Apply the migrations to MADOGUCHI_DATABASE_URL, or to the connection the caller put in the configuration.

    Raises KeyError when neither is given. Replicas that start together wait for each other on an advisory lock.
    """
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection, metadata)
    else:
        asyncio.run(_run_async(os.environ["MADOGUCHI_DATABASE_URL"], metadata))


async def _run_async(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate, metadata)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('madoguchi-migrations'))"))
        # A migration that cannot get its lock gives up instead of queueing every request behind it.
        connection.execute(text("SET lock_timeout = '5s'"))
        context.run_migrations()
