"""The import of balances: the whole file, or nothing of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from kit.errors import Finding, Refused
from kit.japan import to_jst
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow
from applications.csv_files import MOST_FINDINGS, NotReadable, in_order
from applications.features.bond.certificates import balances
from applications.programmes.bond import PROGRAMME

# One import at a time: of two that come at once with the same file, the second finds the first.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('balance_imports'))")
_LAST = text("SELECT id, sha256, row_count, imported_at FROM balance_imports ORDER BY number DESC LIMIT 1")
_KNOWN = text("""
SELECT reference, id, approved_submission IS NOT NULL AS approved FROM applications
WHERE programme = :programme AND reference = ANY(:references)
""")
_IMPORT = text("""
INSERT INTO balance_imports (id, sha256, row_count, imported_by, imported_at)
VALUES (:id, :sha256, :row_count, :imported_by, :imported_at)
""")
_BALANCES = text("""
INSERT INTO balances (import_id, application_id, as_of, balance_yen)
SELECT :import_id, * FROM unnest(cast(:applications AS uuid[]), cast(:days AS date[]), cast(:yen AS bigint[]))
""")


class BalancesRefused(Refused):
    """A row, or the file as a whole, is wrong; nothing was imported (409, AS-32)."""

    code = "balances_refused"
    title = "ファイルに誤りがあるため、1件も取り込みませんでした。"
    default_rules = ("AS-32",)


@dataclass(frozen=True)
class Import:
    """What became of a file. `repeated`: it is the one that was imported last, and nothing was done."""

    id: UUID
    rows: int
    imported_at: datetime
    repeated: bool


async def import_balances(*, session: AsyncSession, actor: Actor, content: bytes, now: datetime) -> Import:
    """Take a file of balances in (AS-32). A later file replaces what an earlier one said of the same day.

    The file that was imported last does nothing when it comes again; one from before corrects what came between.
    Raises Forbidden; BalancesRefused with every bad row and its number, up to 200.
    """
    allow(actor, Action.IMPORT_BALANCES)
    sha256 = hashlib.sha256(content).hexdigest()
    await session.execute(_LOCK)
    last = (await session.execute(_LAST)).one_or_none()
    if last is not None and last.sha256 == sha256:
        return Import(last.id, last.row_count, last.imported_at, repeated=True)
    try:
        rows, findings = balances.read(content, to_jst(now).date())
    except NotReadable as error:
        raise BalancesRefused(findings=[error.finding]) from error
    references = sorted({row.reference for row in rows})
    found = (await session.execute(_KNOWN, {"programme": PROGRAMME.name, "references": references})).all()
    findings += balances.not_ours(rows, {one.reference: one.approved for one in found})
    if findings:
        raise _refused(findings)
    ids = {one.reference: one.id for one in found}
    made = Import(uuid4(), len(rows), now, repeated=False)
    row = {"id": made.id, "sha256": sha256, "row_count": made.rows, "imported_by": actor.account_id}
    await session.execute(_IMPORT, {**row, "imported_at": now})
    columns = {
        "applications": [ids[one.reference] for one in rows],
        "days": [one.as_of for one in rows],
        "yen": [one.yen for one in rows],
    }
    await session.execute(_BALANCES, {"import_id": made.id, **columns})
    return made


def _refused(findings: list[Finding]) -> BalancesRefused:
    shown = in_order(findings)[:MOST_FINDINGS]
    detail = f"誤りのある行は{len(findings)}件です。"
    if len(shown) < len(findings):
        detail += f"はじめの{MOST_FINDINGS}件を表示しています。"
    return BalancesRefused(detail, findings=shown)
