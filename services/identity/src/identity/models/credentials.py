"""What proves who somebody is: passwords, authenticators, half and whole logins, and what failed ones cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Identity, Index, Integer, Uuid, text
from sqlmodel import BigInteger, Field

from identity.domain.lockout import LockState
from identity.models.base import Base, account, at


class Password(Base, table=True):
    """The current password of an account and the two before it (ID-25): the newest row is the current one."""

    __tablename__: ClassVar[str] = "passwords"
    __table_args__: ClassVar[Any] = (Index("ix_passwords_account_id", "account_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    account_id: UUID = account()
    hash: str
    set_at: datetime = at()


class PasswordLink(Base, table=True):
    """A one-time link to the screen パスワード更新 (ID-16, ID-51)."""

    __tablename__: ClassVar[str] = "password_links"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("purpose IN ('first', 'reset')", name="purpose"),
        CheckConstraint("used_at IS NULL OR superseded_at IS NULL", name="used_or_superseded"),
        Index(
            "uq_password_links_open",
            "account_id",
            unique=True,
            postgresql_where=text("used_at IS NULL AND superseded_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account()
    purpose: str
    token_sha256: str = Field(unique=True)
    issued_at: datetime = at()
    expires_at: datetime = at()
    used_at: datetime | None = at(default=None)
    superseded_at: datetime | None = at(default=None)


class ResetRequest(Base, table=True):
    """Somebody typed a user ID on パスワードをお忘れですか?; whether it is anybody's, the worker finds out (ID-53)."""

    __tablename__: ClassVar[str] = "reset_requests"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    user_id_index: str
    requested_at: datetime = at()


class LoginLock(Base, table=True):
    """What wrong passwords cost a user ID (ID-27 to ID-31).

    There is a row for each user ID that was typed, whether or not somebody has it: an unknown one is locked after three
    tries like a known one, so that the lock does not tell which user IDs exist (ID-34).
    """

    __tablename__: ClassVar[str] = "login_locks"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("wrong_in_a_row BETWEEN 0 AND 2", name="wrong_in_a_row"),
        CheckConstraint("locked_until IS NULL OR wrong_in_a_row = 0", name="locked"),
        CheckConstraint("NOT untold OR locked_until IS NOT NULL", name="untold"),
        Index("ix_login_locks_untold", "untold", postgresql_where=text("untold")),
    )

    user_id_index: str = Field(primary_key=True)
    wrong_in_a_row: int = Field(default=0, sa_type=Integer)
    locked_until: datetime | None = at(default=None)
    one_strike_until: datetime | None = at(default=None)
    touched_at: datetime = at()
    untold: bool = Field(default=False)

    @property
    def state(self) -> LockState:
        """The row as the rules see it."""
        return LockState(self.wrong_in_a_row, self.locked_until, self.one_strike_until)

    def become(self, state: LockState, now: datetime) -> None:
        """Keep what the rules decided. A lock that is set now is told by the worker (`followups`)."""
        self.untold = state.locked_until is not None and (self.untold or state.locked_until != self.locked_until)
        self.wrong_in_a_row = state.wrong_in_a_row
        self.locked_until = state.locked_until
        self.one_strike_until = state.one_strike_until
        self.touched_at = now


class LoginToken(Base, table=True):
    """A login whose password was right and whose one-time password is still to come (ID-35)."""

    __tablename__: ClassVar[str] = "login_tokens"
    __table_args__: ClassVar[Any] = (Index("ix_login_tokens_account_id", "account_id"),)

    token_sha256: str = Field(primary_key=True)
    account_id: UUID = account()
    expires_at: datetime = at()


class OtpToken(Base, table=True):
    """The authenticator of an account (ID-43, ID-46, ID-47): unconfirmed until its first right code."""

    __tablename__: ClassVar[str] = "otp_tokens"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("confirmed_at IS NULL OR last_step IS NOT NULL", name="confirmed_by_a_code"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account(unique=True)
    secret_hidden: str
    created_at: datetime = at()
    confirmed_at: datetime | None = at(default=None)
    last_step: int | None = Field(default=None, sa_type=BigInteger)


class UserSession(Base, table=True):
    """Somebody who is logged in (ID-38, ID-39)."""

    __tablename__: ClassVar[str] = "user_sessions"
    __table_args__: ClassVar[Any] = (
        Index("ix_user_sessions_account_id", "account_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_user_sessions_last_used_at", "last_used_at"),
        Index("ix_user_sessions_open", "last_used_at", postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = account()
    token_sha256: str = Field(unique=True)
    started_at: datetime = at()
    last_used_at: datetime = at()
    ended_at: datetime | None = at(default=None)


class Reminder(Base, table=True):
    """A user ID reminder whose secret answer is still to come (ID-60 to ID-62); `account_id` is empty for strangers."""

    __tablename__: ClassVar[str] = "reminders"

    token_sha256: str = Field(primary_key=True)
    account_id: UUID | None = Field(sa_column=Column(Uuid, ForeignKey("accounts.id")))
    person_index: str
    expires_at: datetime = at()
