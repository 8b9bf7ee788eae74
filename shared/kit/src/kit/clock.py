"""Time is passed in: rules take `now`, services take a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment as an aware UTC datetime."""
    return datetime.now(UTC)
