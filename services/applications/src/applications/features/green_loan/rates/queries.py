"""The rates that are known, and those in force."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from itertools import groupby

from kit.errors import NotFound
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.features.green_loan.rates.rules import overlaid
from applications.programmes.green_loan.money.rates import Period, RateTable
from applications.programmes.green_loan.works.kinds import Menu

_RATES = text("""
SELECT i.number, r.valid_from, r.valid_until, r.menu, r.danshin, r.percent
FROM rates r JOIN rate_imports i ON i.id = r.import_id ORDER BY i.number, r.valid_from
""")


async def rate_table(session: AsyncSession) -> RateTable:
    """All rates that the office has imported, the later files over the earlier ones; empty before the first file."""
    rows = (await session.execute(_RATES)).all()
    files = []
    for _, of_file in groupby(rows, lambda row: row.number):
        periods = []
        for (begin, end), of_period in groupby(of_file, lambda row: (row.valid_from, row.valid_until)):
            rates = {(Menu(row.menu), row.danshin): row.percent for row in of_period}
            periods.append(Period(begin, end, rates))
        files.append(RateTable(periods))
    return reduce(overlaid, files, RateTable([]))


async def in_force(*, session: AsyncSession, now: datetime) -> Period:
    """The period of this moment (GL-249, GL-254). Rates that are not in force yet are nobody's business.

    Raises NotFound where none is known.
    """
    for period in (await rate_table(session)).periods:
        if period.valid_from <= now < period.valid_until:
            return period
    raise NotFound
