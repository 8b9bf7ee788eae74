"""What a service tells the doctor of itself, and what the doctor finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import asyncpg

from kit.clock import Clock
from kit.settings import ServiceSettings


class Organ(StrEnum):
    """What can be ill, in the order of causes: what stands above makes what stands below fail, not the reverse."""

    SETTINGS = "settings"
    DATABASE = "database"
    SCHEMA = "schema"
    CLOCK = "clock"
    KEYS = "keys"
    BUS = "bus"
    TOPICS = "topics"
    STORE = "store"
    SCANNER = "scanner"
    SMTP = "smtp"
    PROVIDERS = "providers"
    CONNECTIONS = "connections"
    RELEASE = "release"
    PARKED = "parked"
    OUTBOX = "outbox"
    CONSUMER = "consumer"
    DEADLINES = "deadlines"
    MAILS = "mails"
    CERTIFICATES = "certificates"


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at: in one sentence what was seen, and what to type next. No personal data.

    `ill` None: it could not be looked at, which `said` explains.
    """

    organ: Organ
    ill: bool | None
    said: str
    then: str = ""


def well(organ: Organ, said: str) -> Symptom:
    """It is as it should be."""
    return Symptom(organ, False, said)


def ill(organ: Organ, said: str, then: str) -> Symptom:
    """It is not as it should be; `then` is what to type or do next."""
    return Symptom(organ, True, said, then)


def unknown(organ: Organ, said: str) -> Symptom:
    """It could not be looked at."""
    return Symptom(organ, None, said)


@dataclass(frozen=True)
class Hidden:
    """A column that the vault encrypts. `context` is an SQL expression for what binds a text to its row and column."""

    table: str
    column: str
    context: str


class NoDatabase(Exception):
    """What needs the database cannot be looked at without one."""


@dataclass(frozen=True)
class Patient:
    """What every examination gets: whose environment it is, the clock, and the database if it answers."""

    service: str
    settings: Any
    clock: Clock
    database: asyncpg.Connection[Any] | None

    @property
    def connection(self) -> asyncpg.Connection[Any]:
        """A connection that can only read. Raises NoDatabase."""
        if self.database is None:
            raise NoDatabase
        return self.database


Examination = Callable[[Patient], Awaitable[Sequence[Symptom]]]


@dataclass(frozen=True)
class Practice:
    """How a service is examined beside what all services share.

    `tables` are further commands `madoguchi doctor <name>`, for one thing in all its details.
    """

    service: str
    settings: type[ServiceSettings]
    hidden: Sequence[Hidden] = ()
    examinations: Mapping[Organ, Examination] = field(default_factory=dict)
    tables: Mapping[str, Callable[[], None]] = field(default_factory=dict)

    def own_settings(self) -> frozenset[str]:
        """The settings that must be given, beyond those of every service."""
        needed = {name for name, one in self.settings.model_fields.items() if one.is_required()}
        return frozenset(needed - set(ServiceSettings.model_fields))
