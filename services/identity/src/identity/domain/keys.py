"""Which signing key signs when, and which are published, so that a key is replaced without a failed request.

made ──published──> signs ──a newer one signs──> published ──> gone
     PUBLISHED_BEFORE                            KEPT_AFTER
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

# Every verifier renews the keys it knows within five minutes of use, and asks for one it does not know.
PUBLISHED_BEFORE = timedelta(minutes=15)
# An access token and a proof live for five minutes, and verifiers give some seconds of leeway.
KEPT_AFTER = timedelta(minutes=10)


class Scheduled(NamedTuple):
    """A key: `alone` when it came because an older one is known to somebody else, and must not be believed any more."""

    kid: str
    signs_from: datetime
    alone: bool = False


def in_use(keys: Sequence[Scheduled], now: datetime) -> list[str]:
    """The ids of the keys to publish at `now`, the one that signs first. At least one of `keys` signs already."""
    ordered = sorted(keys, key=lambda key: key.signs_from, reverse=True)
    coming = [key.kid for key in ordered if key.signs_from > now]
    begun = [key for key in ordered if key.signs_from <= now]
    kept = [begun[0]]
    for newer, older in pairwise(begun):
        if newer.alone or newer.signs_from + KEPT_AFTER <= now:
            break
        kept.append(older)
    return [kept[0].kid, *coming, *(key.kid for key in kept[1:])]
