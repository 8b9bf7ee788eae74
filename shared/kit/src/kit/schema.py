"""Of which revision a database is, and which one this release needs.

Alembic is not asked: it would be in the memory of every process for the sake of one name.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kit.db import Database, sqlstate
from kit.health import Check, NotReady

UNDEFINED_TABLE = "42P01"
_REVISION = text("SELECT version_num FROM alembic_version")


def revisions(service: str) -> list[str]:
    """The revisions that this release knows, oldest first; it needs the last one. A file's name begins with its own.

    Empty for what has no migrations.
    """
    if find_spec(service) is None:
        return []
    versions = files(service) / "migrations" / "versions"
    return sorted(one.name.partition("_")[0] for one in versions.iterdir() if one.name[:1].isdigit())


def answers_with_its_schema(database: Database, service: str) -> Check:
    """The check of a process: the database answers, and is not behind the code.

    Ahead of the code it may be: migrations run under the old processes, which go on until the new ones are ready.
    Raises NotReady with both revisions, or what the driver raises when there is no answer.
    """
    known = revisions(service)
    if not known:
        return database.ping
    needs = known[-1]

    async def check() -> None:
        try:
            async with database.engine.connect() as connection:
                has = (await connection.execute(_REVISION)).scalar()
        except ProgrammingError as error:
            if sqlstate(error) != UNDEFINED_TABLE:
                raise
            has = None
        if has is None:
            raise NotReady(f"the database is empty, and this release needs revision {needs}")
        if has in known[:-1]:
            raise NotReady(f"the database has revision {has}, and this release needs {needs}")

    return check
