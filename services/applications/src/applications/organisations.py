"""The organisations that are registered with the agency, as identity told them: kept, looked up, and searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.programme import Organisation

PAGE = 50

_KEEP = text("""
INSERT INTO organisations AS known (id, kind, name, name_kana, postal_code, address, phone, search_text, sequence)
VALUES (:id, :kind, :name, :name_kana, :postal_code, :address, :phone, :search_text, :sequence)
ON CONFLICT (id) DO UPDATE
SET kind = excluded.kind, name = excluded.name, name_kana = excluded.name_kana, postal_code = excluded.postal_code,
    address = excluded.address, phone = excluded.phone, search_text = excluded.search_text, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")
_FIND = text("SELECT id, kind, name FROM organisations WHERE id = ANY(cast(:ids AS uuid[])) AND closed_at IS NULL")
_HOLD = text("SELECT id, closed_at FROM organisations WHERE id = ANY(cast(:ids AS uuid[])) ORDER BY id FOR SHARE")
_SEARCH = text("""
SELECT id, kind, name, name_kana, postal_code, address, phone FROM organisations
WHERE kind = :kind AND closed_at IS NULL AND search_text LIKE :pattern ESCAPE '!'
  AND (name_kana, id) > (:after_kana, cast(:after_id AS uuid))
ORDER BY name_kana, id LIMIT :limit
""")
_KATAKANA_OF_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


@dataclass(frozen=True)
class Entry(Organisation):
    """An organisation with what people tell it apart by."""

    name_kana: str
    postal_code: str
    address: str
    phone: str


def search_key(name: str) -> str:
    """A name as it is compared: without spaces, in one width, one case and one kind of kana."""
    one_width = unicodedata.normalize("NFKC", name).casefold()
    return "".join(one_width.split()).translate(_KATAKANA_OF_HIRAGANA)


async def keep(*, session: AsyncSession, organisation_id: UUID, facts: Mapping[str, Any], sequence: int) -> None:
    """What identity told last; `sequence` is the event's place in the organisation's history."""
    search_text = f"{search_key(facts['name'])} {search_key(facts['name_kana'])}"
    await session.execute(_KEEP, {**facts, "id": organisation_id, "search_text": search_text, "sequence": sequence})


async def closed_among(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Those of them that are closed; until the transaction ends, none of the others can be closed."""
    if not ids:
        return set()
    rows = (await session.execute(_HOLD, {"ids": sorted(ids)})).all()
    return {row.id for row in rows if row.closed_at is not None}


async def find(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Organisation]:
    """Those of them that exist and are not closed; asks nobody when there are none."""
    if not ids:
        return {}
    rows = await session.execute(_FIND, {"ids": list(ids)})
    return {row.id: Organisation(**row._mapping) for row in rows}


async def search(
    *, session: AsyncSession, kind: str, query: str, after: tuple[str, UUID] | None
) -> tuple[list[Entry], tuple[str, UUID] | None]:
    """A page of the organisations of a kind whose name or kana contains the query, and where the next page begins."""
    escaped = "".join(f"!{one}" if one in "!%_" else one for one in search_key(query))
    after_kana, after_id = after or ("", UUID(int=0))
    where = {"kind": kind, "pattern": f"%{escaped}%", "after_kana": after_kana, "after_id": after_id}
    rows = (await session.execute(_SEARCH, {**where, "limit": PAGE + 1})).all()
    found = [Entry(**row._mapping) for row in rows[:PAGE]]
    return found, (found[-1].name_kana, found[-1].id) if len(rows) > PAGE else None
