"""What the insurer knows of those who apply, and how an application goes on there."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from kit.japan import to_jst
from pydantic import AwareDatetime, BaseModel, Field

from madoguchi_stack.callbacks import Post


class Product(StrEnum):
    """新機構団信, and 新3大疾病付機構団信."""

    SHIN = "SHIN"
    SANDAI = "SANDAI"


class Status(StrEnum):
    """Where an application stands."""

    OPEN = "open"
    APPLIED = "applied"
    CERTIFICATE_WANTED = "certificate_wanted"
    JOINED = "joined"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Wish(BaseModel):
    """What we ask to be opened. `couple` is the same for both who join by Duet."""

    reference: UUID
    callback_url: str
    product: Product
    couple: UUID | None = None
    name: str
    kana: str
    birth: date
    amount_yen: int
    years: int
    elsewhere_yen: int = 0
    health_check: bool = False


class Declaration(BaseModel):
    """申込書兼告知書: what only the insurer may know."""

    statement_read: bool = False
    ever_cancer: bool = False
    under_treatment: bool = False


class Application(BaseModel):
    """One person's application. `sequence` counts its changes of status, from 0."""

    id: UUID = Field(default_factory=uuid4)
    user_id: str = Field(default_factory=lambda: f"D-{secrets.randbelow(10**8):08}")
    wish: Wish
    product: Product
    status: Status = Status.OPEN
    sequence: int = 0
    declared_on: date | None = None
    declaration: Declaration | None = None
    updated_at: AwareDatetime


class State(Post):
    """Everything. `cancelled` are references that nobody needs any more, opened or not."""

    applications: dict[UUID, Application] = Field(default_factory=dict)
    cancelled: set[UUID] = Field(default_factory=set)

    def by_reference(self, reference: UUID) -> Application | None:
        """The application of that reference."""
        return next((one for one in self.applications.values() if one.wish.reference == reference), None)

    def by_user(self, user_id: str) -> Application | None:
        """The application of that user ID."""
        return next((one for one in self.applications.values() if one.user_id == user_id), None)


class NotPossible(Exception):
    """This cannot follow what was done before."""


def open_one(state: State, wish: Wish, now: datetime) -> Application:
    """A new application, or the one of that reference: a repeated request must not make a second one.

    Raises NotPossible for a reference that was cancelled: the request was overtaken.
    """
    if wish.reference in state.cancelled:
        raise NotPossible("that reference was cancelled")
    known = state.by_reference(wish.reference)
    if known is None:
        known = Application(wish=wish, product=wish.product, updated_at=now)
        state.applications[known.id] = known
    return known


def cancel(state: State, reference: UUID, now: datetime) -> None:
    """Nobody needs it any more; no callback, since we said so ourselves."""
    state.cancelled.add(reference)
    known = state.by_reference(reference)
    if known is not None and known.status is not Status.WITHDRAWN:
        known.status, known.sequence, known.updated_at = Status.WITHDRAWN, known.sequence + 1, now


def declare(state: State, one: Application, told: Declaration, now: datetime) -> None:
    """The person declares. Raises NotPossible without the statement read (GL-526), or a second time.

    Who had cancer cannot join SANDAI (GL-534); a certificate is wanted by what is declared, or by the amount (GL-535).
    """
    if not told.statement_read:
        raise NotPossible("重要事項説明を必ずお読みください。")
    _only_from(one, Status.OPEN)
    one.declaration, one.declared_on = told, to_jst(now).date()
    if one.product is Product.SANDAI and told.ever_cancer:
        _move(state, one, Status.REFUSED, now)
    elif told.under_treatment or one.wish.health_check:
        _move(state, one, Status.CERTIFICATE_WANTED, now)
    else:
        _move(state, one, Status.APPLIED, now)


def bring_certificate(state: State, one: Application, now: datetime) -> None:
    """診断書 or 健康診断結果証明書 is uploaded. Raises NotPossible."""
    _only_from(one, Status.CERTIFICATE_WANTED)
    _move(state, one, Status.APPLIED, now)


def take_shin(state: State, one: Application, now: datetime) -> None:
    """Who was refused SANDAI takes SHIN, to which the insurer consents at once (GL-530). Raises NotPossible."""
    _only_from(one, Status.REFUSED)
    if one.product is not Product.SANDAI:
        raise NotPossible("there is no other product")
    one.product = Product.SHIN
    _move(state, one, Status.JOINED, now)


def withdraw(state: State, one: Application, now: datetime) -> None:
    """The person does not join. Raises NotPossible a second time."""
    if one.status is Status.WITHDRAWN:
        raise NotPossible("it is withdrawn already")
    _move(state, one, Status.WITHDRAWN, now)


def decide(state: State, one: Application, status: Status, now: datetime) -> None:
    """The lead insurer wants a certificate, consents or refuses. Raises NotPossible."""
    _only_from(one, Status.APPLIED, Status.CERTIFICATE_WANTED)
    _move(state, one, status, now)


def _only_from(one: Application, *statuses: Status) -> None:
    if one.status not in statuses:
        raise NotPossible(f"it is {one.status}")


def _move(state: State, one: Application, status: Status, now: datetime) -> None:
    one.status, one.sequence, one.updated_at = status, one.sequence + 1, now.astimezone(UTC)
    state.send(one.wish.callback_url, about=one.id, sequence=one.sequence, body={"id": str(one.id)}, now=now)
