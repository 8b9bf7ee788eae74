"""A database with the kit's tables alone and one table for effects, for tests of the kit itself."""

from alembic.migration import MigrationContext
from alembic.operations import Operations
from kit.db import Database
from kit.sessions import create_ended_sessions_v1
from kit.tables import create_kit_tables_v1
from sqlalchemy import Connection, text

from support.servers import FreshDatabase


def _create(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        create_kit_tables_v1()
        create_ended_sessions_v1()
    connection.execute(text("CREATE TABLE effects (id bigserial, key uuid NOT NULL, what text NOT NULL)"))


async def kit_database(empty_postgres_url: FreshDatabase) -> Database:
    """A new one; the caller closes it."""
    database = Database(await empty_postgres_url("notifications"), pool_size=5)
    async with database.engine.begin() as connection:
        await connection.run_sync(_create)
    return database
