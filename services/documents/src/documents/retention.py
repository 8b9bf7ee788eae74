"""How long files are kept when nobody needs them any more, as data. What is in force is kept without end.

interpretation: the books say nothing of it. These periods are ours, and a setting (`MADOGUCHI_RETENTION_MONTHS`)
replaces them until the agency has said what is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from kit.japan import to_jst
from kit.japan.months import add_months
from pydantic import Field

Months = Annotated[int, Field(ge=1, le=1200)]


class Case(StrEnum):
    """Why nobody needs files any more."""

    ABANDONED = "abandoned"  # never submitted, and not touched since
    RETURNED = "returned"  # rejected, nothing approved before, and not handed in again
    SUPERSEDED = "superseded"  # submitted once; replaced since, and neither in force nor in the current submission
    ENDED = "ended"  # the application came to an end that nothing follows


@dataclass(frozen=True)
class Periods:
    """Calendar months for each case, counted from the day in Japan on which it came about.

    `ended` has them by the outcome; files of an application that ended otherwise are kept.
    """

    abandoned: Months
    returned: Months
    superseded: Months
    ended: Mapping[str, Months] = field(default_factory=dict)

    def of(self, case: Case, outcome: str | None = None) -> int | None:
        """The months of a case; None: without end."""
        if case is Case.ENDED:
            return self.ended.get(outcome or "")
        return {
            Case.ABANDONED: self.abandoned,
            Case.RETURNED: self.returned,
            Case.SUPERSEDED: self.superseded,
        }[case]


# By programme. A programme that is not here keeps everything.
PERIODS: Mapping[str, Periods] = {
    "bond": Periods(abandoned=12, returned=60, superseded=60),
    "green_loan": Periods(
        abandoned=12,
        returned=60,
        superseded=60,
        ended={
            "withdrawn": 12,
            "refused": 60,
            "cancelled": 60,
            "stopped": 60,  # told as cancelled by now (GL-121); events of former days say it
            "done": 120,  # after the last payment
        },
    ),
}


def deleted_on(since: datetime, months: int) -> date:
    """The first day in Japan on which files that nobody needs since then are not kept any more."""
    return add_months(to_jst(since).date(), months)


def is_over(since: datetime, months: int, now: datetime) -> bool:
    """Whether the period is over."""
    return to_jst(now).date() >= deleted_on(since, months)
