"""Accounts, who holds and held them, and the organisations that people work for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from madoguchi_contracts import Role
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Uuid, text
from sqlmodel import Field

from identity.domain.ekyc import EkycStatus, may_become
from identity.domain.people import SELF_SERVICE, OrganisationKind
from identity.errors import EkycNotPossible
from identity.models.base import Base, account, at, one_of


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
    registered_at: datetime = at()
    closed_at: datetime | None = at(default=None)


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
    terms_accepted_at: datetime | None = at(default=None)
    issued_at: datetime = at()
    last_login_at: datetime | None = at(default=None)
    last_otp_login_at: datetime | None = at(default=None)
    lapsed_at: datetime | None = at(default=None)
    closed_at: datetime | None = at(default=None)
    association_approved_at: datetime | None = at(default=None)
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
    account_id: UUID = account()
    name_kanji_hidden: str
    name_kana_hidden: str
    mail_hidden: str
    user_id_hidden: str
    held_from: datetime = at()
    held_until: datetime = at()
    ekyc_status: str
