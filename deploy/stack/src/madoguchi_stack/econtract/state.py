"""What the provider knows; `madoguchi_stack.callbacks` keeps it in one JSON file, so that it survives a restart."""

import hashlib
from base64 import b64decode, b64encode
from enum import StrEnum
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, Field

from madoguchi_stack.callbacks import Post


class Status(StrEnum):
    """Where an envelope stands."""

    OPEN = "open"
    COMPLETED = "completed"
    VOID = "void"
    UNKNOWN = "unknown"


class Signer(BaseModel):
    """Somebody who signs, on the page of this id."""

    id: UUID = Field(default_factory=uuid4)
    reference: UUID
    name: str
    signed_at: AwareDatetime | None = None


class Order(BaseModel):
    """What a client asks for. `document` is base64; after `expires_at` nobody signs."""

    reference: UUID
    title: str
    document: str
    sha256: str
    expires_at: AwareDatetime
    callback_url: str
    signers: list["Wanted"] = Field(min_length=1, max_length=10)


class Wanted(BaseModel):
    """Somebody who is to sign."""

    reference: UUID
    name: str


class Envelope(BaseModel):
    """A paper and those who sign it. `sequence` counts its changes, from 0."""

    id: UUID = Field(default_factory=uuid4)
    reference: UUID
    title: str
    document: str
    expires_at: AwareDatetime
    callback_url: str
    signers: list[Signer]
    status: Status = Status.OPEN
    sequence: int = 0
    signed_document: str | None = None


class State(Post):
    """Everything. References in `void` were voided before anybody opened their envelope."""

    envelopes: dict[UUID, Envelope] = Field(default_factory=dict)
    void: set[UUID] = Field(default_factory=set)


class NotPossible(Exception):
    """This cannot be done with the envelope as it stands."""


def sha256(document: str) -> str:
    """The digest of a document in base64."""
    return hashlib.sha256(b64decode(document)).hexdigest()


def by_reference(state: State, reference: UUID) -> Envelope | None:
    """The envelope of a client's reference."""
    return next((one for one in state.envelopes.values() if one.reference == reference), None)


def open_envelope(state: State, order: Order) -> Envelope:
    """A new envelope, or the one of that reference: asked twice, there is still only one. Raises NotPossible."""
    if (known := by_reference(state, order.reference)) is not None:
        return known
    if order.reference in state.void:
        raise NotPossible("it was voided")
    if sha256(order.document) != order.sha256:
        raise NotPossible("the document is not the one that was meant")
    made = Envelope(
        **order.model_dump(exclude={"sha256", "signers"}),
        signers=[Signer(reference=one.reference, name=one.name) for one in order.signers],
    )
    state.envelopes[made.id] = made
    return made


def sign(state: State, signer_id: UUID, now: AwareDatetime) -> Envelope:
    """Somebody signs; the last one completes the envelope. Raises NotPossible."""
    envelope, signer = of_signer(state, signer_id)
    if envelope.status is not Status.OPEN or now >= envelope.expires_at:
        raise NotPossible(f"the envelope is {envelope.status}, or its time is over")
    if signer.signed_at is not None:
        raise NotPossible("this person has signed already")
    signer.signed_at = now
    if all(one.signed_at for one in envelope.signers):
        envelope.status = Status.COMPLETED
        # Signatures are added behind the document, which stays as it was.
        lines = "".join(f"% signed by {one.reference} at {one.signed_at}\n" for one in envelope.signers)
        envelope.signed_document = b64encode(b64decode(envelope.document) + b"\n" + lines.encode()).decode()
    _changed(state, envelope, now)
    return envelope


def void(state: State, reference: UUID, now: AwareDatetime) -> Envelope | None:
    """Let nobody sign any more; what is completed stays so. Returns None where there never was an envelope."""
    state.void.add(reference)
    envelope = by_reference(state, reference)
    if envelope is not None and envelope.status is Status.OPEN:
        envelope.status = Status.VOID
        _changed(state, envelope, now)
    return envelope


def of_signer(state: State, signer_id: UUID) -> tuple[Envelope, Signer]:
    """Whose page this is. Raises KeyError."""
    for envelope in state.envelopes.values():
        for signer in envelope.signers:
            if signer.id == signer_id:
                return envelope, signer
    raise KeyError(signer_id)


def _changed(state: State, envelope: Envelope, now: AwareDatetime) -> None:
    envelope.sequence += 1
    body = {"id": str(envelope.id), "status": envelope.status}
    state.send(envelope.callback_url, about=envelope.id, sequence=envelope.sequence, body=body, now=now)
