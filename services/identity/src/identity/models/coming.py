"""Who was asked to come, by a mailed link: to register, to take part, to take an account over."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from madoguchi_contracts import Role
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Uuid, text
from sqlmodel import Field

from identity.models.base import Base, account, at


class Registration(Base, table=True):
    """Somebody who asked to be registered; its id becomes the id of the account (ID-09 to ID-15)."""

    __tablename__: ClassVar[str] = "registrations"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("used_at IS NULL OR superseded_at IS NULL", name="used_or_superseded"),
        # ID-10, I-05: of the links to one address only the newest works.
        Index(
            "uq_registrations_open_mail",
            "mail_index",
            unique=True,
            postgresql_where=text("used_at IS NULL AND superseded_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    mail_index: str
    role: str = Field(default=Role.ASSOCIATION.value, sa_column_kwargs={"server_default": "association"})
    terms_version: str
    token_sha256: str = Field(unique=True)
    requested_at: datetime = at()
    link_expires_at: datetime = at()
    used_at: datetime | None = at(default=None)
    superseded_at: datetime | None = at(default=None)


class Invitation(Base, table=True):
    """Somebody was asked by mail to take part in an application, with an account of their own."""

    __tablename__: ClassVar[str] = "invitations"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("(accepted_at IS NULL) = (accepted_by IS NULL)", name="accepted"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="accepted_or_withdrawn"),
        # I-05: of the links to one address for one application only the newest works.
        Index(
            "uq_invitations_open",
            "invited_by",
            "application_id",
            "mail_index",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    invited_by: UUID = account()
    application_id: UUID
    role: str
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    mail_index: str
    token_sha256: str = Field(unique=True)
    invited_at: datetime = at()
    expires_at: datetime = at()
    accepted_at: datetime | None = at(default=None)
    accepted_by: UUID | None = Field(sa_column=Column(Uuid, ForeignKey("accounts.id")))
    withdrawn_at: datetime | None = at(default=None)


class Succession(Base, table=True):
    """The next representative was asked to take over an association's account, by a mailed link."""

    __tablename__: ClassVar[str] = "successions"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("completed_at IS NULL OR withdrawn_at IS NULL", name="completed_or_withdrawn"),
        CheckConstraint("tries >= 0", name="tries"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because IS NULL)", name="withdrawn_because"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed"),
        # Four eyes: what an officer began needs another one before anybody gets a link.
        CheckConstraint("confirmed_by <> started_by", name="second_officer"),
        CheckConstraint(
            "token_sha256 IS NULL OR started_by_role = 'association' OR confirmed_by IS NOT NULL", name="four_eyes"
        ),
        Index(
            "uq_successions_open",
            "account_id",
            unique=True,
            postgresql_where=text("completed_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account()
    started_by: UUID
    started_by_role: str
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    token_sha256: str | None = Field(default=None, unique=True)  # none before a second officer confirmed it
    objection_sha256: str | None = Field(default=None, unique=True)
    tries: int = Field(default=0, sa_type=Integer)
    started_at: datetime = at()
    expires_at: datetime = at()
    completed_at: datetime | None = at(default=None)
    withdrawn_at: datetime | None = at(default=None)
    withdrawn_because: str | None = Field(default=None)
    confirmed_by: UUID | None = Field(default=None)
    confirmed_at: datetime | None = at(default=None)
