"""What the provider knows, kept in one JSON file so that it survives a restart."""

import os
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field


class Method(StrEnum):
    """How a person proves who they are."""

    PHOTO = "photo"
    MY_NUMBER_CARD = "my_number_card"


class Status(StrEnum):
    """Where a verification stands."""

    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


# A result is final: a provider that changed its mind would be a new verification.
NEXT = {
    Status.PENDING: (Status.RUNNING, Status.PASSED, Status.FAILED),
    Status.RUNNING: (Status.PASSED, Status.FAILED),
    Status.PASSED: (),
    Status.FAILED: (),
}


class Verification(BaseModel):
    """One attempt of one person. `sequence` counts its changes of status, from 0."""

    id: UUID = Field(default_factory=uuid4)
    reference: str
    method: Method
    callback_url: str
    status: Status = Status.PENDING
    sequence: int = 0
    updated_at: AwareDatetime


class Callback(BaseModel):
    """A message about one change, still to be delivered. A duplicate has the same `event_id`."""

    event_id: UUID
    verification_id: UUID
    status: Status
    sequence: int
    due_at: AwareDatetime
    attempts: int = 0


class Control(BaseModel):
    """How badly callbacks travel."""

    duplicates: int = Field(default=0, ge=0, le=10, description="how many more times each is sent")
    delay_seconds: float = Field(default=0, ge=0, le=3600)
    shuffle: bool = Field(default=False, description="those that wait at the same time are sent newest first")


class State(BaseModel):
    """Everything. Use `read_state` and `write_state`."""

    verifications: dict[UUID, Verification] = Field(default_factory=dict)
    callbacks: list[Callback] = Field(default_factory=list)
    control: Control = Field(default_factory=Control)


class NotPossible(Exception):
    """This status cannot follow the present one."""


def start(state: State, reference: str, method: Method, callback_url: str, now: datetime) -> Verification:
    """A new verification, or the one of that reference: a repeated request must not make a second one."""
    for known in state.verifications.values():
        if known.reference == reference:
            return known
    made = Verification(reference=reference, method=method, callback_url=callback_url, updated_at=now)
    state.verifications[made.id] = made
    return made


def move(state: State, verification: Verification, status: Status, now: datetime) -> None:
    """Change the status and queue the callbacks about it. Raises NotPossible."""
    if status not in NEXT[verification.status]:
        raise NotPossible(f"{status} cannot follow {verification.status}")
    verification.status = status
    verification.sequence += 1
    verification.updated_at = now
    due_at = now + timedelta(seconds=state.control.delay_seconds)
    message = Callback(
        event_id=uuid4(), verification_id=verification.id, status=status, sequence=verification.sequence, due_at=due_at
    )
    state.callbacks += [message.model_copy() for _ in range(1 + state.control.duplicates)]


def next_callback(state: State, now: datetime) -> Callback | None:
    """The callback to send next, if one is due. When shuffled, newer ones of its verification go first, due or not."""
    due = min(state.callbacks, key=lambda callback: callback.due_at, default=None)
    if due is None or due.due_at > now:
        return None
    if not state.control.shuffle:
        return due
    # Only untried ones overtake: one that was refused waits for its time, or it would be sent again without a pause.
    untried = [one for one in state.callbacks if one.verification_id == due.verification_id and one.attempts == 0]
    return max([due, *untried], key=lambda callback: callback.sequence)


def read_state(file: Path) -> State:
    """The state in `file`; an empty one if there is no file yet."""
    return State.model_validate_json(file.read_text()) if file.exists() else State()


def write_state(file: Path, state: State) -> None:
    """Replace the file in one step, so that a kill in between leaves the old one whole."""
    beside = file.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.write(state.model_dump_json(indent=1))
    beside.replace(file)
