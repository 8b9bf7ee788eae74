"""The migrations and the models say the same."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from kit.db import Database
from notifications.models import metadata
from support.servers import FreshDatabase


async def test_the_migrations_lead_from_nothing_to_the_models(postgres_url: FreshDatabase):
    database = Database(await postgres_url("notifications"))
    async with database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True, "compare_server_default": True}), metadata
            )
        )
        names = {
            row.conname
            for row in await connection.exec_driver_sql("SELECT conname FROM pg_constraint WHERE contype = 'c'")
        }
    await database.close()
    assert differences == []
    # The comparison does not see checks.
    checks = {
        str(c.name) for table in metadata.tables.values() for c in table.constraints if c.name and c.name[:2] == "ck"
    }
    assert checks <= names
