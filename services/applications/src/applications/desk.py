"""What the use cases work with, besides the session, the actor and the time: built once, by `main`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.vault import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from applications.programme import Institutions, Programme
from applications.workflow import Case, Maintenance, Seal

LookUp = Callable[[AsyncSession], Awaitable[object]]
Announced = Callable[[AsyncSession, datetime], Awaitable[tuple[Maintenance, ...]]]
Errand = Callable[[AsyncSession, "Desk", Any, Case], Awaitable[None]]
"""What a state of a programme's table starts or ends outside of it, in the transaction of the step: it writes what is
wanted as rows of its own, and a loop of the worker does it. It gets the application (`cases.Application`) as it stands
after the step, and the case of the step, whose subject is whom the track is about."""


@dataclass(frozen=True)
class Desk:
    """The collaborators and the numbers that the office can set.

    `messages_per_day` is what one person may write on one application in a day of Japan, `message_length` how many
    characters a message of theirs may have. `dated` looks up what the office keeps for a programme with dates of
    validity, by the programme's name, and `maintenance` when services of a programme are closed at a moment or will be.
    `errands` by the names that the programmes' tables give them.
    """

    programmes: Mapping[str, Programme]
    vault: Vault
    seal: Seal
    institutions: Institutions
    claim_lease: timedelta
    messages_per_day: int
    message_length: int
    dated: Mapping[str, LookUp] = field(default_factory=dict)
    maintenance: Mapping[str, Announced] = field(default_factory=dict)
    errands: Mapping[str, Errand] = field(default_factory=dict)

    def lock_away(self, value: Any, context: str) -> str:
        """A JSON value as encrypted text; `context` binds it to its row and column."""
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return self.vault.encrypt(plain.encode(), context)

    def unlock(self, text: str, context: str) -> Any:
        """The JSON value back. Raises CannotDecrypt."""
        return json.loads(self.vault.decrypt(text, context))


# The contexts: a text copied to another row or column does not open there.


def of_draft(application_id: UUID) -> str:
    """Context of `applications.draft`."""
    return f"applications.draft:{application_id}"


def of_version(application_id: UUID, submission: int) -> str:
    """Context of `application_versions.content`."""
    return f"application_versions.content:{application_id}:{submission}"


def of_reason(application_id: UUID, submission: int) -> str:
    """Context of `application_history.reason`."""
    return f"application_history.reason:{application_id}:{submission}"


def of_facts(application_id: UUID, track: str, subject: UUID, command: str) -> str:
    """Context of `application_history.facts`."""
    return f"application_history.facts:{application_id}:{track}:{subject}:{command}"


def of_note(note_id: UUID) -> str:
    """Context of `contact_notes.content`."""
    return f"contact_notes.content:{note_id}"


def of_ground(application_id: UUID, person: UUID) -> str:
    """Context of `provisions.ground`."""
    return f"provisions.ground:{application_id}:{person}"


def of_task(task_id: UUID) -> str:
    """Context of `office_tasks.note`."""
    return f"office_tasks.note:{task_id}"


def of_evidence(document_id: UUID) -> str:
    """Context of `income_evidence.evidence`."""
    return f"income_evidence.evidence:{document_id}"


def of_mail(account_id: UUID) -> str:
    """Context of `account_contacts.mail`."""
    return f"account_contacts.mail:{account_id}"
