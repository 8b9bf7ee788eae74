"""How one file of rates continues those before it (GL-249, GL-253, GL-254)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from kit.errors import Finding
from kit.japan import to_jst

from applications.programmes.green_loan.money.rate_file import finding
from applications.programmes.green_loan.money.rates import Period, RateTable


def overlaid(earlier: RateTable, later: RateTable) -> RateTable:
    """Both tables as one: where they speak of the same moment, the later one counts.

    Raises ValueError for a later one that leaves a gap after the earlier one.
    """
    if not earlier.periods or not later.periods:
        return RateTable([*earlier.periods, *later.periods])
    begin, end = later.periods[0].valid_from, later.periods[-1].valid_until
    before = [
        replace(one, valid_until=min(one.valid_until, begin)) for one in earlier.periods if one.valid_from < begin
    ]
    after = [replace(one, valid_from=max(one.valid_from, end)) for one in earlier.periods if one.valid_until > end]
    return RateTable([*before, *later.periods, *after])


def continuation_findings(known: RateTable, new: RateTable, now: datetime) -> list[Finding]:
    """Why a good file cannot follow what is known, by its row.

    A rate that has begun to apply is what people applied for (GL-249), so from then on nobody changes it; a file may
    say it again. No moment may lie between the two without a rate (GL-254).
    """
    found = []
    for line, period in enumerate(new.periods, start=2):
        if any(_changes_what_has_begun(period, one, now) for one in known.periods):
            since = to_jst(now).strftime("%Y-%m-%d %H:%M")
            message = f"適用が始まっている金利は変更できません。適用開始日時を{since}より後としてください。"
            found.append(finding(line, "STARTED", message))
    if known.periods and new.periods and new.periods[0].valid_from > known.periods[-1].valid_until:
        ended = to_jst(known.periods[-1].valid_until).strftime("%Y-%m-%d %H:%M")
        message = f"登録済みの金利の終了({ended})との間が空いています。日時を直してください。"
        found.append(finding(2, "GAP", message))
    return found


def _changes_what_has_begun(new: Period, known: Period, now: datetime) -> bool:
    begin = max(new.valid_from, known.valid_from)
    return begin < min(new.valid_until, known.valid_until, now) and new.rates != known.rates
