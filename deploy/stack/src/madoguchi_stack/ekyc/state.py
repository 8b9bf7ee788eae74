"""What the provider knows; `madoguchi_stack.callbacks` keeps it in one JSON file, so that it survives a restart."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field

from madoguchi_stack.callbacks import Post


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


class State(Post):
    """Everything."""

    verifications: dict[UUID, Verification] = Field(default_factory=dict)


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
    state.send(
        verification.callback_url,
        about=verification.id,
        sequence=verification.sequence,
        body={"verification_id": str(verification.id), "status": status},
        now=now,
    )
