"""Looking through a restored backup: is everything there, does it agree with itself, can it be opened?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import BaseModel

from kit.db import dsn_of
from kit.doctor.practice import Hidden
from kit.drill.backup import counted
from kit.drill.extra import Extra, Looked, Restored
from kit.sealed import CannotUnseal, unseal
from kit.vault import CannotDecrypt, Vault

NAMED = 20  # of one kind; a backup that is all wrong must not fill the screen

# Per aggregate 1, 2, 3, ... without a gap, in the order of the log.
_GAPS = """
SELECT aggregate_id, count(*) AS events, max(version) AS last FROM events
GROUP BY aggregate_id HAVING count(*) <> max(version) OR min(version) <> 1
"""
_ORDER = """
SELECT DISTINCT aggregate_id FROM (
  SELECT aggregate_id, id < lag(id) OVER (PARTITION BY aggregate_id ORDER BY version) AS wrong FROM events
) AS one WHERE wrong
"""
_LOST = "SELECT count(*) FROM outbox WHERE NOT EXISTS (SELECT FROM events WHERE events.id = outbox.id)"


class _Content(BaseModel):
    """Whatever was sealed: that it can be opened is all that is asked."""


async def prove(
    service: str, settings: Any, hidden: Sequence[Hidden], extra: Extra, folder: Path, url: str
) -> list[Looked]:
    """Everything that was looked at in the database at `url`, which the backup in the folder was restored into."""
    connection = await asyncpg.connect(dsn_of(url), timeout=10)
    try:
        restored = Restored(settings, connection, url, folder)
        found = [await _rows(service, restored), await _events(restored)]
        found.append(await _vault(hidden, restored))
        found.append(_sealed(service, restored))
        found += [await look(restored) for look in extra.looks]
    finally:
        await connection.close()
    return found


async def _rows(service: str, restored: Restored) -> Looked:
    taken: dict[str, dict[str, Any]] = json.loads((restored.folder / f"{service}.json").read_text())["tables"]
    there = await counted(restored.database)
    wrong = [f"table {name} is not there" for name in sorted(taken.keys() - there.keys())]
    wrong += [f"table {name} was not in the backup" for name in sorted(there.keys() - taken.keys())]
    for name in sorted(taken.keys() & there.keys()):
        was, now = taken[name], there[name]
        if was["rows"] != now["rows"]:
            wrong.append(f"table {name} had {was['rows']} rows and has {now['rows']}")
        elif was["digest"] != now["digest"]:
            wrong.append(f"table {name} has as many rows as before, and not the same")
    return Looked(f"{len(there)} tables with {sum(one['rows'] for one in there.values())} rows", wrong)


async def _events(restored: Restored) -> Looked:
    database = restored.database
    gaps = [
        f"the events of {row['aggregate_id']} have gaps: there are {row['events']}, and the last is {row['last']}"
        for row in await database.fetch(_GAPS)
    ]
    mixed = [f"the events of {row['aggregate_id']} are out of order" for row in await database.fetch(_ORDER)]
    lost = await database.fetchval(_LOST)
    untold = [f"{lost} events wait to be told and are not there"] if lost else []
    number, aggregates = tuple(
        await database.fetchrow("SELECT count(*), count(DISTINCT aggregate_id) FROM events") or ()
    )
    return Looked(f"{number} events of {aggregates} aggregates", [*_some(gaps), *_some(mixed), *untold])


async def _vault(hidden: Sequence[Hidden], restored: Restored) -> Looked:
    """Every text of the columns, not only one of each key."""
    if not hidden:
        return Looked("no column under the vault")
    ring = Vault.from_json(restored.settings.vault_keys.get_secret_value())
    opened, wrong = 0, []
    for one in hidden:
        query = f"SELECT {one.column} AS text, {one.context} AS context FROM {one.table} WHERE {one.column} IS NOT NULL"  # noqa: S608 - written in code
        shut: Counter[str] = Counter()
        async with restored.database.transaction(readonly=True):
            async for row in restored.database.cursor(query):
                try:
                    ring.decrypt(row["text"], row["context"])
                    opened += 1
                except CannotDecrypt:
                    shut[row["text"].partition(".")[0][:40]] += 1
        wrong += [
            f"{number} texts of {one.table}.{one.column}, key '{key}', do not open" for key, number in shut.items()
        ]
    return Looked(f"{opened} texts of {len(hidden)} columns under the vault", wrong)


def _sealed(service: str, restored: Restored) -> Looked:
    """What all services whose backups are in the folder have sealed to this one."""
    keys = restored.settings.seal_private_key.get_secret_value()
    opened, wrong = 0, []
    for file in sorted(restored.folder.glob("*.sealed.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            if said["for"] != service:
                continue
            try:
                unseal(said["token"], keys, _Content)
                opened += 1
            except CannotUnseal:
                wrong.append(f"what event {said['event_id']} of {file.name.partition('.')[0]} has sealed does not open")
    return Looked(f"{opened} contents that were sealed to {service}", _some(wrong))


def _some(wrong: Sequence[str]) -> list[str]:
    """The first of them, and how many more there are."""
    more = [f"... and {len(wrong) - NAMED} more of this kind"] if len(wrong) > NAMED else []
    return [*wrong[:NAMED], *more]
