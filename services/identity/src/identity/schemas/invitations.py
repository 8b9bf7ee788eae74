"""Invitations (GL-069) and the change of the representative (ID-12)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from identity.domain.people import InvitationState, SuccessionState
from identity.schemas.common import Body, Code, CommitBody, DeedBody, Reason, SecretAnswer, Text


class InvitationBody(Body):
    """Somebody who is to take part in one's own application."""

    name_kanji: Text = Field(examples=["山田 花子"])
    name_kana: Text = Field(examples=["ヤマダ ハナコ"])
    mail: Text = Field(examples=["hanako@example.jp"])
    application_id: UUID
    role: Text = Field(description="as what: joint_debtor", examples=["joint_debtor"])


class InvitationId(BaseModel):
    """The invitation was made; its link comes by mail only."""

    invitation_id: UUID


class InvitationItem(BaseModel):
    """An invitation, as the one who made it sees it."""

    invitation_id: UUID
    application_id: UUID
    role: str
    name_kanji: str
    mail: str
    state: InvitationState
    invited_at: datetime
    expires_at: datetime


class InvitationList(BaseModel):
    """Whom one invited."""

    items: list[InvitationItem]


class InvitedAnswer(BaseModel):
    """What the one who invited entered, for the one who was invited."""

    name_kanji: str
    name_kana: str
    mail: str
    role: str
    expires_at: datetime


class AcceptedInvitation(BaseModel):
    """Which application one takes part in from now on."""

    application_id: UUID


class NextRepresentative(Body):
    """The next representative (代表者変更)."""

    name_kanji: Text = Field(examples=["佐藤 次郎"])
    name_kana: Text = Field(examples=["サトウ ジロウ"])
    mail: Text = Field(examples=["jiro@example.jp"])


class OwnSuccessionBody(NextRepresentative):
    """The next representative, named by the present one with a one-time password."""

    code: Code


class SuccessionBody(NextRepresentative, DeedBody):
    """The next representative, named by an officer with a one-time password, and why not by the present one."""


class WithdrawalBody(Body):
    """Why an officer takes it back."""

    reason: Reason


class SuccessionId(BaseModel):
    """The change was begun. The next representative gets a link by mail: at once, or when a second officer confirms."""

    succession_id: UUID


class OwnSuccessionItem(BaseModel):
    """A change of the representative, and what became of it. Of the next one, the present one sees the name."""

    succession_id: UUID
    state: SuccessionState
    begun_by: Literal["representative", "office"]
    name_kanji: str
    started_at: datetime
    expires_at: datetime = Field(description="until when it can be confirmed, or the next representative's link works")
    ended_because: str | None = Field(
        description="holder_objected, office_withdrew, replaced, password_reset, otp_reset, account_closed; open list",
        examples=["holder_objected"],
    )


class OwnSuccessionList(BaseModel):
    """The newest first."""

    items: list[OwnSuccessionItem]


class SuccessionItem(OwnSuccessionItem):
    """The same for the office, which has to know whom it writes to."""

    name_kana: str
    mail: str


class SuccessionList(BaseModel):
    """The newest first."""

    items: list[SuccessionItem]


class ObjectionAnswer(BaseModel):
    """What one would object to."""

    begun_by: Literal["representative", "office"]
    started_at: datetime


class SuccessorAnswer(BaseModel):
    """For the next representative: what was entered of them, and the question to answer (ID-12)."""

    name_kanji: str
    name_kana: str
    mail: str
    former_question: str = Field(examples=["初めて通った学校の名前は?"])
    expires_at: datetime


class TakeOverBody(CommitBody):
    """The former representative's answer, and what a new user enters (ID-11, ID-13)."""

    former_answer: SecretAnswer


class RepresentativeItem(BaseModel):
    """Somebody who holds or held an association's account."""

    name_kanji: str
    name_kana: str
    mail: str
    held_from: datetime
    held_until: datetime | None = Field(description="null for the present one")


class Representatives(BaseModel):
    """The history of the holders of an account."""

    items: list[RepresentativeItem]
