"""Japan: its time, calendar, eras, characters and money. Pure functions; no service's rules.

Modules: `business_days`, `months`, `era`, `kana`, `jisx0208`, `yen`, `filenames`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

# A fixed offset: Japan has had no summer time since 1951, and an image without time zone data must still
# work.
JST = timezone(timedelta(hours=9), "JST")


def to_jst(moment: datetime) -> datetime:
    """The same moment on the clocks of Japan. Raises ValueError for a naive datetime: it names no moment."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime names no moment")
    return moment.astimezone(JST)


def from_jst(moment: datetime) -> datetime:
    """The moment, in UTC, of a datetime as people write it: one without offset is read as Japan time."""
    return (moment.replace(tzinfo=JST) if moment.tzinfo is None else moment).astimezone(UTC)
