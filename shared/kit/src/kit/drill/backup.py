"""Taking a backup that can be proved, and restoring it into an empty database, with PostgreSQL's own programs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from madoguchi_contracts import EVENTS

from kit.db import dsn_of
from kit.drill.extra import Extra

# A text of every row, whatever the machine shows times in, and the sum of their digests: the order does not matter.
_SHOWN_ALIKE = (
    "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = 1"
)
_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename
"""
_COUNT = """
SELECT count(*) AS rows,
       coalesce(sum(('x' || left(encode(sha256(convert_to(row::text, 'UTF8')), 'hex'), 15))::bit(60)::bigint), 0)::text
         AS digest
FROM {table} AS row
"""
_EMPTY = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_PARAMETERS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


class DrillFailed(Exception):
    """A program of PostgreSQL failed, or there is no place to restore to; the text says which and why."""


async def take(service: str, settings: Any, extra: Extra, folder: Path, programs: Path | None) -> str:
    """Write the service's backup into the folder: `<service>.sql`, what it has to be compared with, `<service>.json`,
    what is sealed in its events, and its lists. Returns a line that says what was taken.

    The folder is there. Everything is of one moment, while the service runs. `programs` is the folder of pg_dump; None:
    the PATH.
    """
    url = settings.database_url.get_secret_value()
    connection = await asyncpg.connect(dsn_of(url), timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            file = folder / f"{service}.sql"
            file.touch(mode=0o600)
            options = ("--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={file}")
            await _run(programs, "pg_dump", url, *options)
            tables = await counted(connection)
            sealed = await _sealed(connection, folder / f"{service}.sealed.jsonl")
    finally:
        await connection.close()
    # After the database: a file that came meanwhile is only more than is needed.
    for name, lines in (extra.lists or {}).items():
        with (folder / f"{service}.{name}").open("w", encoding="utf-8") as written:
            async for line in lines(settings):
                written.write(line + "\n")
    taken = {"service": service, "taken_at": datetime.now(UTC).isoformat(), "tables": tables}
    (folder / f"{service}.json").write_text(json.dumps(taken, indent=1))
    rows = sum(one["rows"] for one in tables.values())
    return f"{service}: {len(tables)} tables with {rows} rows, {sealed} sealed contents"


async def restore(service: str, folder: Path, into: str, programs: Path | None) -> None:
    """Bring the backup into an empty database. Raises DrillFailed."""
    connection = await asyncpg.connect(dsn_of(into), timeout=10)
    try:
        if await connection.fetchval(_EMPTY):
            raise DrillFailed("the database to restore into is not empty: make a new one, and never name the real one")
    finally:
        await connection.close()
    stop = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    await _run(programs, "psql", into, *stop, f"--file={folder / f'{service}.sql'}")


async def counted(connection: asyncpg.Connection[Any]) -> dict[str, dict[str, Any]]:
    """How many rows each table has, and one number that changes with any of them."""
    await connection.execute(_SHOWN_ALIKE)
    found = {}
    for row in await connection.fetch(_TABLES):
        name = row["tablename"]
        found[name] = dict(await connection.fetchrow(_COUNT.format(table=f'public."{name}"')) or {})
    return found


async def _sealed(connection: asyncpg.Connection[Any], file: Path) -> int:
    """What the service's events have sealed to others: each of them proves with its own key that it can be opened."""
    number = 0
    with file.open("w", encoding="utf-8") as written:
        for name, event in EVENTS.items():
            for field, facts in event.model_fields.items():
                about = facts.json_schema_extra
                if not isinstance(about, dict) or "x-sealed-for" not in about:
                    continue
                query = "SELECT event_id, data ->> $2 AS token FROM events WHERE type = $1 AND data ->> $2 IS NOT NULL"
                async for row in connection.cursor(query, name, field):
                    said = {"for": about["x-sealed-for"], "event_id": str(row["event_id"]), "token": row["token"]}
                    written.write(json.dumps(said) + "\n")
                    number += 1
    return number


async def _run(programs: Path | None, program: str, url: str, *options: str) -> None:
    """Run one of PostgreSQL's programs on a database, whose address goes where `ps` does not show it."""
    command = str(programs / program) if programs else program
    environment = {**os.environ, **_libpq(url)}
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            command, *options, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
        )
    except FileNotFoundError:
        raise DrillFailed(f"there is no {command}: install PostgreSQL's client, or name its folder") from None
    _, said = await process.communicate()
    if process.returncode:
        # The first line only: what follows may quote a row.
        first = (said.decode(errors="replace").strip().splitlines() or [""])[0]
        raise DrillFailed(f"{program} failed: {first}")


def _libpq(url: str) -> Mapping[str, str]:
    """The address of a database as PostgreSQL's programs read it from their environment."""
    parts = urlsplit(dsn_of(url))
    said = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    said |= {_PARAMETERS[name]: value for name, value in parse_qsl(parts.query) if name in _PARAMETERS}
    return {name: value for name, value in said.items() if value}
