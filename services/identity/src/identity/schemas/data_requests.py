"""Requests about personal data (開示・訂正・利用停止; GL-618, GL-622)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from identity.domain.personal_data import Identified, RequestKind, RequestState
from identity.schemas.common import Body, Code

Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Proposal = Literal["answer", "refuse", "lift"]


class Procedure(BaseModel):
    """What everybody is told before they ask (GL-618)."""

    answer_days: int = Field(description="within how many days a request is answered, unless there is a special reason")
    disclosure_fee_yen: int = Field(description="paid at the window; not collected here")
    disclosure_days: int = Field(description="how long an answered disclosure can be read")


class NewRequest(Body):
    """What somebody asks about the data that is held of them, with a one-time password."""

    code: Code
    kind: RequestKind
    details: Words = Field(default="", examples=["住所の番地が誤っています。"], description="of a correction: of what")


class RequestId(BaseModel):
    """The request was received. Without its text, since answers to repeatable requests are kept for a while."""

    request_id: UUID
    state: RequestState
    due_on: date


class RequestFacts(BaseModel):
    """A request."""

    request_id: UUID
    kind: RequestKind
    state: RequestState
    received_at: datetime
    due_on: date
    identified_at: datetime | None
    identified_by: Identified | None
    closed_at: datetime | None
    available_until: datetime | None = Field(description="of a disclosure: until when it can be read")


class OwnRequest(RequestFacts):
    """One's own request; `answer` is empty before it was decided."""

    answer: str


class OwnRequestList(BaseModel):
    """The newest first."""

    items: list[OwnRequest]


class WaitingRequest(RequestFacts):
    """A request that waits for the office. No text of anybody."""

    account_id: UUID
    overdue: bool
    proposed_step: Proposal | None
    proposed_by: UUID | None


class WaitingList(BaseModel):
    """The most urgent first; go on `after` the last one."""

    items: list[WaitingRequest]


class StepItem(BaseModel):
    """What was done."""

    step: str
    at: datetime
    by: UUID
    role: str


class OfficeRequest(WaitingRequest):
    """A request with its texts. Reading it is recorded."""

    details: str
    answer: str
    proposal: UUID | None = Field(description="what `decide` is to name; every proposal has another one")
    ekyc_status: str
    decided_by: UUID | None
    steps: list[StepItem]


class IdentifyBody(Body):
    """How the person was identified beside the login and the one-time password of the request."""

    code: Code
    seen_at_counter: bool = Field(description="false: by eKYC of the account, which has passed, whenever that was")


class ProposeBody(Body):
    """What another officer is to decide."""

    code: Code
    step: Proposal
    words: Words = Field(default="", examples=["住所を訂正しました。"], description="for the person; of a refusal: why")


class DecideBody(Body):
    """What was seen proposed: this step, with these words."""

    code: Code
    proposal: UUID


class Part(BaseModel):
    """What is held of one kind."""

    label: str
    items: list[dict[str, Any]]


class Disclosure(BaseModel):
    """What identity holds of the person, and the grant with which every other service tells what it holds."""

    grant: str = Field(description="a signed statement, good for five minutes; ask again for another one")
    available_until: datetime
    parts: list[Part]
