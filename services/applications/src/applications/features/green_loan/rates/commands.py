"""The import of rates: the whole file, or nothing of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from kit.errors import Refused
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow
from applications.csv_files import MOST_FINDINGS, NotReadable
from applications.features.green_loan.rates.queries import rate_table
from applications.features.green_loan.rates.rules import continuation_findings
from applications.programmes.green_loan.money import rate_file
from applications.programmes.green_loan.money.rates import RateTable

# One import at a time: each is judged by what is known before it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('rate_imports'))")
_LAST = text("SELECT id, sha256, period_count, imported_at FROM rate_imports ORDER BY number DESC LIMIT 1")
_IMPORT = text("""
INSERT INTO rate_imports (id, sha256, period_count, reason, imported_by, imported_at)
VALUES (:id, :sha256, :period_count, :reason, :imported_by, :imported_at)
""")
_RATES = text("""
INSERT INTO rates (import_id, valid_from, valid_until, menu, danshin, percent)
SELECT :import_id, * FROM unnest(cast(:valid_from AS timestamptz[]), cast(:valid_until AS timestamptz[]),
                                 cast(:menu AS text[]), cast(:danshin AS text[]), cast(:percent AS numeric[]))
""")


class RatesRefused(Refused):
    """A row, or the file as a whole, is wrong; nothing was imported (409, GL-253)."""

    code = "rates_refused"
    title = "ファイルに誤りがあるため、金利を登録しませんでした。"
    default_rules = ("GL-253",)


class RatesStrange(Refused):
    """The file could be right, and looks odd; nothing was imported until somebody says that it is (409, GL-253)."""

    code = "rates_strange"
    title = "確認が必要な金利があります。誤りがなければ、確認済みとしてもう一度登録してください。"
    default_rules = ("GL-253",)


@dataclass(frozen=True)
class Import:
    """What became of a file. `repeated`: it is the one that was imported last, and nothing was done."""

    id: UUID
    periods: int
    imported_at: datetime
    repeated: bool


async def import_rates(
    *, session: AsyncSession, actor: Actor, content: bytes, reason: str, warnings_accepted: bool, now: datetime
) -> Import:
    """Take a file of rates in (GL-250, GL-253); `reason` is kept with who imported it.

    A later file replaces what earlier ones say of the moments that are still to come. Raises Forbidden; RatesRefused
    with everything that is wrong; RatesStrange with what only looks odd, unless `warnings_accepted`.
    """
    allow(actor, Action.IMPORT_RATES)
    sha256 = hashlib.sha256(content).hexdigest()
    await session.execute(_LOCK)
    last = (await session.execute(_LAST)).one_or_none()
    if last is not None and last.sha256 == sha256:
        return Import(last.id, last.period_count, last.imported_at, repeated=True)
    table = await _checked(session, content, warnings_accepted=warnings_accepted, now=now)
    made = Import(uuid4(), len(table.periods), now, repeated=False)
    row = {"id": made.id, "sha256": sha256, "period_count": made.periods, "reason": reason}
    await session.execute(_IMPORT, {**row, "imported_by": actor.account_id, "imported_at": now})
    cells = [(period, key, rate) for period in table.periods for key, rate in period.rates.items()]
    columns = {
        "valid_from": [period.valid_from for period, _, _ in cells],
        "valid_until": [period.valid_until for period, _, _ in cells],
        "menu": [menu.value for _, (menu, _), _ in cells],
        "danshin": [danshin for _, (_, danshin), _ in cells],
        "percent": [rate for _, _, rate in cells],
    }
    await session.execute(_RATES, {"import_id": made.id, **columns})
    return made


async def _checked(session: AsyncSession, content: bytes, *, warnings_accepted: bool, now: datetime) -> RateTable:
    try:
        reading = rate_file.read(content)
    except NotReadable as error:
        raise RatesRefused(findings=[error.finding]) from error
    if reading.table is None:
        raise RatesRefused(findings=reading.findings[:MOST_FINDINGS])
    findings = continuation_findings(await rate_table(session), reading.table, now)
    if findings:
        raise RatesRefused(findings=findings[:MOST_FINDINGS])
    if reading.warnings and not warnings_accepted:
        raise RatesStrange(findings=reading.warnings[:MOST_FINDINGS])
    return reading.table
