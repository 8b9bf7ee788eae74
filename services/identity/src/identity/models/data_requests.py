"""Requests of people about the personal data that is held of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, Index, Uuid, text
from sqlmodel import Field

from identity.models.base import Base, account, at, one_of

KINDS = ("disclosure", "correction", "suspension")
STATES = ("received", "identified", "answered", "refused", "withdrawn", "lifted")
OPEN = "state IN ('received', 'identified')"
IN_FORCE = f"{OPEN} OR (kind = 'suspension' AND state = 'answered')"


class DataRequest(Base, table=True):
    """One request (GL-622). It belongs to the person across all their applications.

    `proposed_*` is what one officer proposes and another one decides; it is void when it was decided or proposed anew.
    `proposal` names it with its words, so that nobody decides words that they did not see.
    """

    __tablename__: ClassVar[str] = "data_requests"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("identified_by IN ('ekyc', 'counter')", name="identified_by"),
        CheckConstraint("(identified_at IS NULL) = (identified_by IS NULL)", name="identified"),
        # GL-618: nobody is answered who was not identified.
        CheckConstraint(
            "state NOT IN ('identified', 'answered', 'lifted') OR identified_at IS NOT NULL", name="customer"
        ),
        CheckConstraint(f"({OPEN}) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("num_nulls(proposed_step, proposed_by, proposal) IN (0, 3)", name="proposed"),
        # Four eyes, once more.
        CheckConstraint("decided_by <> first_officer", name="second_officer"),
        CheckConstraint("state IN ('received', 'identified', 'withdrawn') OR decided_by IS NOT NULL", name="four_eyes"),
        Index("uq_data_requests_open", "account_id", "kind", unique=True, postgresql_where=text(IN_FORCE)),
        Index("ix_data_requests_due_on", "due_on", "id", postgresql_where=text(f"{OPEN} OR proposed_step IS NOT NULL")),
        Index("ix_data_requests_account_id", "account_id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account()
    kind: str
    state: str
    details_hidden: str | None = Field(default=None)
    answer_hidden: str | None = Field(default=None)
    received_at: datetime = at()
    due_on: date
    identified_at: datetime | None = at(default=None)
    identified_by: str | None = Field(default=None)
    proposed_step: str | None = Field(default=None)
    proposed_by: UUID | None = Field(default=None)
    proposal: UUID | None = Field(default=None)
    first_officer: UUID | None = Field(default=None)
    decided_by: UUID | None = Field(default=None)
    closed_at: datetime | None = at(default=None)
    available_until: datetime | None = at(default=None)


class DataRequestStep(Base, table=True):
    """What was done with a request, by whom and when. Append-only."""

    __tablename__: ClassVar[str] = "data_request_steps"
    __table_args__: ClassVar[Any] = (Index("ix_data_request_steps_request_id", "request_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    request_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("data_requests.id"), nullable=False))
    step: str
    at: datetime = at()
    by: UUID
    role: str
