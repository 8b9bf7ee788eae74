"""What a service adds to the drill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import asyncpg

ENTRY_POINTS = "madoguchi.drill"


@dataclass(frozen=True)
class Restored:
    """What a look gets: the service's settings, the restored database, and the folder of the backup."""

    settings: Any
    database: asyncpg.Connection[Any]
    url: str
    folder: Path


@dataclass(frozen=True)
class Looked:
    """What a look found: how much it looked at, in words, and a line for each thing that is not as it should be.

    Ids and numbers only, no personal data.
    """

    at: str
    wrong: Sequence[str] = ()


Look = Callable[[Restored], Awaitable[Looked]]


@dataclass(frozen=True)
class Extra:
    """What only this service can take and look through.

    `lists` are what is kept with the backup besides the database, a file of lines each, from the service's settings.
    """

    looks: Sequence[Look] = ()
    lists: dict[str, Callable[[Any], AsyncIterator[str]]] | None = None


def extra_of(service: str) -> Extra:
    """What is installed here for the service; nothing if it adds nothing."""
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name == service:
            extra: Extra = entry.load()
            return extra
    return Extra()
