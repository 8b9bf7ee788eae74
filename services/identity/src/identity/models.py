"""The tables of identity. Constraints and partial unique indexes state the invariants a second time.

`*_hidden` columns are encrypted (`Keyring.hide`), `*_index` columns are keyed hashes (`BlindIndex`), `token_sha256`
columns are hashes of tokens that only their holders know. Names, addresses, secrets and tokens are nowhere in clear.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from kit.db import new_metadata
from kit.tables import add_kit_tables
from madoguchi_contracts import Role
from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, Uuid, text
from sqlalchemy.orm import registry
from sqlmodel import BigInteger, Field, SQLModel

from identity.domain.ekyc import EkycMethod, EkycStatus, may_become
from identity.domain.lockout import LockState
from identity.domain.people import SELF_SERVICE, OrganisationKind
from identity.errors import EkycNotPossible

metadata = new_metadata()
add_kit_tables(metadata)


class Base(SQLModel, registry=registry(metadata=metadata)):
    """The tables of this service, apart from those of other services in the same process."""


def one_of(column: str, values: Iterable[str]) -> str:
    """SQL that lets a text column hold only these values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def _at(**options: Any) -> Any:
    return Field(sa_type=DateTime(timezone=True), **options)


def _account(**options: Any) -> Any:
    return Field(sa_column=Column(Uuid, ForeignKey("accounts.id"), nullable=False, **options))


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
    requested_at: datetime = _at()
    link_expires_at: datetime = _at()
    used_at: datetime | None = _at(default=None)
    superseded_at: datetime | None = _at(default=None)


class Organisation(Base, table=True):
    """A management company, inspection body or bank that works with the agency. Nothing in it is a person's data."""

    __tablename__: ClassVar[str] = "organisations"
    __table_args__: ClassVar[Any] = (CheckConstraint(one_of("kind", OrganisationKind), name="kind"),)

    id: UUID = Field(primary_key=True)
    kind: str
    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str
    registered_at: datetime = _at()
    closed_at: datetime | None = _at(default=None)


class Account(Base, table=True):
    """A user ID and its holder. The row lock orders everything that is told about the account."""

    __tablename__: ClassVar[str] = "accounts"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint(one_of("ekyc_status", EkycStatus), name="ekyc_status"),
        CheckConstraint("(secret_question IS NULL) = (secret_answer_hash IS NULL)", name="secret_question"),
        CheckConstraint(
            f"NOT {one_of('role', sorted(SELF_SERVICE))} OR secret_question IS NOT NULL", name="question_of_holder"
        ),
        CheckConstraint(f"organisation_id IS NULL OR {one_of('role', OrganisationKind)}", name="organisation"),
        CheckConstraint("(terms_version IS NULL) = (terms_accepted_at IS NULL)", name="terms"),
        # ID-35, I-21: a login with a one-time password is a login.
        CheckConstraint(
            "last_otp_login_at IS NULL OR (last_login_at IS NOT NULL AND last_otp_login_at <= last_login_at)",
            name="otp_login",
        ),
        Index("ix_accounts_mail_index", "mail_index"),
        Index("ix_accounts_organisation_id", "organisation_id", postgresql_where=text("organisation_id IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    role: str
    organisation_id: UUID | None = Field(sa_column=Column(Uuid, ForeignKey("organisations.id")))
    user_id_hidden: str
    user_id_index: str = Field(unique=True)
    name_kanji_hidden: str
    name_kana_hidden: str | None
    mail_hidden: str
    mail_index: str
    secret_question: str | None
    secret_answer_hash: str | None
    terms_version: str | None
    terms_accepted_at: datetime | None = _at(default=None)
    issued_at: datetime = _at()
    last_login_at: datetime | None = _at(default=None)
    last_otp_login_at: datetime | None = _at(default=None)
    lapsed_at: datetime | None = _at(default=None)
    closed_at: datetime | None = _at(default=None)
    association_approved_at: datetime | None = _at(default=None)
    ekyc_status: str = Field(default=EkycStatus.DATA_REGISTERED.value)
    ekyc_id: UUID | None = Field(default=None)

    def move_ekyc(self, status: EkycStatus) -> None:
        """The one place where the status of identity verification changes (ID-77). Raises EkycNotPossible."""
        if not may_become(EkycStatus(self.ekyc_status), status):
            raise EkycNotPossible(account_id=str(self.id), old=self.ekyc_status, new=status.value)
        self.ekyc_status = status.value

    def begin_ekyc_anew(self) -> None:
        """Another person holds the account, of whom nothing was verified yet (ID-12, ID-77)."""
        self.ekyc_status, self.ekyc_id = EkycStatus.DATA_REGISTERED.value, None


class PastRepresentative(Base, table=True):
    """Who held an association's account before the present representative (代表者変更): the history keeps both."""

    __tablename__: ClassVar[str] = "past_representatives"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("held_from <= held_until", name="held"),
        Index("ix_past_representatives_account_id", "account_id"),
    )

    id: UUID = Field(primary_key=True)  # of the succession
    account_id: UUID = _account()
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    user_id_hidden: str
    held_from: datetime = _at()
    held_until: datetime = _at()
    ekyc_status: str


class Succession(Base, table=True):
    """The next representative was asked to take over an association's account, by a mailed link."""

    __tablename__: ClassVar[str] = "successions"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("completed_at IS NULL OR withdrawn_at IS NULL", name="completed_or_withdrawn"),
        CheckConstraint("tries >= 0", name="tries"),
        Index(
            "uq_successions_open",
            "account_id",
            unique=True,
            postgresql_where=text("completed_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = _account()
    started_by: UUID
    started_by_role: str
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    token_sha256: str = Field(unique=True)
    tries: int = Field(default=0, sa_type=Integer)
    started_at: datetime = _at()
    expires_at: datetime = _at()
    completed_at: datetime | None = _at(default=None)
    withdrawn_at: datetime | None = _at(default=None)


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
    invited_by: UUID = _account()
    application_id: UUID
    role: str
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    mail_index: str
    token_sha256: str = Field(unique=True)
    invited_at: datetime = _at()
    expires_at: datetime = _at()
    accepted_at: datetime | None = _at(default=None)
    accepted_by: UUID | None = Field(sa_column=Column(Uuid, ForeignKey("accounts.id")))
    withdrawn_at: datetime | None = _at(default=None)


class SigningKey(Base, table=True):
    """A key that signs tokens, made by `madoguchi keys rotate`. The first ones are in the settings."""

    __tablename__: ClassVar[str] = "signing_keys"

    id: UUID = Field(primary_key=True)
    kid: str = Field(unique=True)
    private_key_hidden: str
    made_at: datetime = _at()
    signs_from: datetime = _at()
    alone: bool


class Password(Base, table=True):
    """The current password of an account and the two before it (ID-25): the newest row is the current one."""

    __tablename__: ClassVar[str] = "passwords"
    __table_args__: ClassVar[Any] = (Index("ix_passwords_account_id", "account_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    account_id: UUID = _account()
    hash: str
    set_at: datetime = _at()


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
    account_id: UUID = _account()
    purpose: str
    token_sha256: str = Field(unique=True)
    issued_at: datetime = _at()
    expires_at: datetime = _at()
    used_at: datetime | None = _at(default=None)
    superseded_at: datetime | None = _at(default=None)


class ResetRequest(Base, table=True):
    """Somebody typed a user ID on パスワードをお忘れですか?; whether it is anybody's, the worker finds out (ID-53)."""

    __tablename__: ClassVar[str] = "reset_requests"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    user_id_index: str
    requested_at: datetime = _at()


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
    locked_until: datetime | None = _at(default=None)
    one_strike_until: datetime | None = _at(default=None)
    touched_at: datetime = _at()
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
    account_id: UUID = _account()
    expires_at: datetime = _at()


class OtpToken(Base, table=True):
    """The authenticator of an account (ID-43, ID-46, ID-47): unconfirmed until its first right code."""

    __tablename__: ClassVar[str] = "otp_tokens"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("confirmed_at IS NULL OR last_step IS NOT NULL", name="confirmed_by_a_code"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = _account(unique=True)
    secret_hidden: str
    created_at: datetime = _at()
    confirmed_at: datetime | None = _at(default=None)
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
    account_id: UUID = _account()
    token_sha256: str = Field(unique=True)
    started_at: datetime = _at()
    last_used_at: datetime = _at()
    ended_at: datetime | None = _at(default=None)


class Reminder(Base, table=True):
    """A user ID reminder whose secret answer is still to come (ID-60 to ID-62); `account_id` is empty for strangers."""

    __tablename__: ClassVar[str] = "reminders"

    token_sha256: str = Field(primary_key=True)
    account_id: UUID | None = Field(sa_column=Column(Uuid, ForeignKey("accounts.id")))
    person_index: str
    expires_at: datetime = _at()


class EkycAttempt(Base, table=True):
    """One run of identity verification. The account's current run is `Account.ekyc_id`; earlier ones are void."""

    __tablename__: ClassVar[str] = "ekyc_attempts"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(one_of("method", EkycMethod), name="method"),
        CheckConstraint("provider_status IN ('pending', 'running', 'passed', 'failed')", name="provider_status"),
        CheckConstraint("(verification_id IS NULL) = (token_sha256 IS NULL)", name="link_of_a_verification"),
        CheckConstraint(
            "verification_id IS NULL OR (url_hidden IS NOT NULL AND link_issued_at IS NOT NULL)", name="link_is_whole"
        ),
        CheckConstraint(
            "(link_expires_at IS NULL) = (method = 'my_number_card' OR link_issued_at IS NULL)", name="link_expires"
        ),
        # I-05: a newer run replaces the older one.
        Index("uq_ekyc_attempts_open", "account_id", unique=True, postgresql_where=text("superseded_at IS NULL")),
        Index("ix_ekyc_attempts_look_at", "look_at", postgresql_where=text("look_at IS NOT NULL")),
        Index("ix_ekyc_attempts_account_id", "account_id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID = _account()
    method: str
    started_at: datetime = _at()
    superseded_at: datetime | None = _at(default=None)
    verification_id: str | None = Field(default=None, unique=True)
    url_hidden: str | None = Field(default=None)
    token_sha256: str | None = Field(default=None, unique=True)
    link_issued_at: datetime | None = _at(default=None)
    link_expires_at: datetime | None = _at(default=None)
    provider_status: str = Field(default="pending")
    provider_sequence: int = Field(default=-1, sa_type=Integer)
    look_at: datetime | None = _at(default=None)
    looks: int = Field(default=0, sa_type=Integer)


class EkycCallback(Base, table=True):
    """Callbacks that were taken, so that a repeated one asks the provider nothing."""

    __tablename__: ClassVar[str] = "ekyc_callbacks"

    event_id: str = Field(primary_key=True)
    received_at: datetime = _at()


class RateLimit(Base, table=True):
    """How often somebody tried in the present window; see `limits`."""

    __tablename__: ClassVar[str] = "rate_limits"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("used > 0", name="used"),
        Index("ix_rate_limits_window_started_at", "window_started_at"),
    )

    name: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    window_started_at: datetime = _at()
    used: int = Field(sa_type=Integer)
