"""What a service is asked about one application, and what it answers. References, states, ids and times only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class Told:
    """An event about the application that some service recorded: its effects are looked for in its readers' inboxes."""

    event_id: UUID
    type: str
    recorded_at: datetime


@dataclass(frozen=True)
class Question:
    """The application, and what others have said of it so far. `account_id` is its owner's."""

    application_id: UUID
    account_id: UUID | None
    told: Sequence[Told]
    now: datetime


@dataclass
class Answer:
    """What one service says. Every row is for people and for machines: names in English, values plain.

    `waits` says on whom or what, since when; `due` what happens when and by which rule; `pending` which effects are
    still to come; `actions` are commands that are safe to type, with the reason before them.
    """

    states: list[dict[str, Any]] = field(default_factory=list)
    waits: list[dict[str, Any]] = field(default_factory=list)
    due: list[dict[str, Any]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    actions: list[tuple[str, str]] = field(default_factory=list)


Find = Callable[[AsyncSession, str], Awaitable[tuple[UUID, UUID, str] | None]]
"""The application with this reference or id: id, owner's account and reference."""

Tell = Callable[[AsyncSession, Question, Answer], Awaitable[None]]
"""Put into the answer what this service knows of the application."""

Subjects = Callable[[AsyncSession, Question], Awaitable[Mapping[UUID, str]]]
"""What the timers of an application are about, each with a word for it, besides the application itself."""


async def no_subjects(_session: AsyncSession, _question: Question) -> Mapping[UUID, str]:
    """No timer of this service is about a part of an application."""
    return {}


@dataclass(frozen=True)
class Witness:
    """A service's part. `hears` are the types of its own events that it listens to itself; `rules` names the rules of a
    kind of timer; `about` is what its events, parked events and timers belong to: the application, or its owner.
    """

    service: str
    tell: Tell
    find: Find | None = None
    subjects: Subjects = no_subjects
    hears: frozenset[str] = frozenset()
    rules: Callable[[str], Sequence[str]] = lambda _: ()
    about: Callable[[Question], UUID | None] = lambda question: question.application_id
