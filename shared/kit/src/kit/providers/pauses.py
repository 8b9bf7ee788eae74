"""How long to wait before a provider is asked again."""

from __future__ import annotations

from datetime import datetime, timedelta

_LONGEST_PAUSE = timedelta(hours=1)


def after_silence(looks: int) -> timedelta:
    """After `looks` questions without a usable answer: 2 s, 4 s, ... at most 5 minutes."""
    return timedelta(seconds=min(2 ** min(looks, 9), 300))


def unanswered_for(looks: int) -> timedelta:
    """How long at least something has been asked about in vain, when the last `looks` questions (0, 1, ...) had no
    usable answer: the pauses between them."""
    return sum((after_silence(look) for look in range(1, looks)), timedelta())


def next_look(started_at: datetime, now: datetime, poll: timedelta) -> datetime:
    """When something open is asked about again: every `poll` at first, rarer with age, at least every hour."""
    return now + max(poll, min((now - started_at) / 10, _LONGEST_PAUSE))
