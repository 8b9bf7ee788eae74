"""Histories in a database, as the service writes them and as somebody changes them who may do everything."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
from applications import hot, roots
from kit.db import Database
from sqlalchemy import text

NOON = datetime(2026, 4, 1, 3, tzinfo=UTC)
APPLICATION = text("""
INSERT INTO applications (id, programme, account_id, reference, only_one, draft, draft_version, draft_saved_at,
                          draft_saved_by, started_at)
VALUES (:id, 'some', :id, cast(cast(:id AS uuid) AS text), false, '', 1, now(), :id, now())
""")
# Of the second step, unnoticed by any rule of the database.
CHANGE = "UPDATE application_history SET at = at + interval '1 us' WHERE application_id = $1 AND position = 2"


def step(application: UUID, source: str = "draft", target: str = "draft") -> dict[str, object]:
    """One step of an application, as `hot` takes it."""
    nothing = dict.fromkeys(("actor_id", "role", "reason", "facts", "content_sha256"))
    about = {"application_id": application, "track": "main", "subject": application}
    return {
        **nothing,
        **about,
        "source": source,
        "target": target,
        "command": "go",
        "submission": 0,
        "at": datetime.now(UTC),
    }


async def start(database: Database) -> UUID:
    """An application with its first step."""
    application = uuid4()
    async with database.transaction() as session:
        await session.execute(APPLICATION, {"id": application})
        await hot.move(session, step(application, source=""), uuid4())
    return application


async def go_on(database: Database, application: UUID) -> None:
    """One more step, as the service takes it: under the lock."""
    async with database.transaction() as session:
        await hot.lock(session, application)
        await hot.remember(session, step(application))


async def take_root(database: Database, now: datetime) -> None:
    """The root of this moment."""
    async with database.transaction() as session:
        await roots.on_due(session, roots.HISTORY_ID, now)


async def by_force(database: Database, *statements: tuple[str, UUID | int]) -> None:
    """What the owner of the database can do, whatever the triggers say."""
    connection = await asyncpg.connect(database.dsn)
    try:
        async with connection.transaction():
            await connection.execute("ALTER TABLE application_history DISABLE TRIGGER USER")
            for statement, about in statements:
                assert await connection.execute(statement, about) not in {"UPDATE 0", "DELETE 0", "INSERT 0 0"}
            await connection.execute("ALTER TABLE application_history ENABLE TRIGGER USER")
    finally:
        await connection.close()
