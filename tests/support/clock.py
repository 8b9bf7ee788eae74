"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Callable like the system clock; `now` can be set, `advance` moves it."""

    def __init__(self, now: datetime = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        """Move on: `advance(minutes=30)`."""
        self.now += timedelta(**time)
