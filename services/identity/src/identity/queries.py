"""Reads of identity, each scoped to what the token or the actor at hand may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from madoguchi_contracts import Role
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.accounts import reminder_matches
from identity.domain.ekyc import STATUS_LABELS, EkycStatus
from identity.domain.passwords import REMEMBERED_PASSWORDS
from identity.domain.registration import canonical_mail
from identity.domain.steps import landing_of
from identity.errors import FAQ, LinkNotValid, LoginExpired
from identity.keys import Keyring, token_hash
from identity.models import Account, EkycAttempt, LoginToken, OtpToken, Password, PasswordLink, Registration


class Person(NamedTuple):
    """What somebody entered about themselves."""

    name_kanji: str
    name_kana: str
    mail: str


# Registration


def open_registration_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The registration whose link this is, as long as the link works (ID-10)."""
    return (
        col(Registration.token_sha256) == token_hash(token),
        col(Registration.used_at).is_(None),
        col(Registration.superseded_at).is_(None),
        col(Registration.link_expires_at) > now,
    )


async def open_registration(session: AsyncSession, token: str, now: datetime) -> Registration:
    """The registration of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Registration).where(*open_registration_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"もう一度、新規ご利用登録からお手続きください。{FAQ}")
    return found


def person_of(keys: Keyring, row: Registration) -> Person:
    """The entries of a registration in clear."""
    return Person(
        keys.show(row.id, "name_kanji", row.name_kanji_hidden),
        keys.show(row.id, "name_kana", row.name_kana_hidden),
        keys.show(row.id, "mail", row.mail_hidden),
    )


# Accounts


async def account_by_user_id(session: AsyncSession, user_id_index: str) -> Account | None:
    """The account with this user ID."""
    return (await session.scalars(select(Account).where(col(Account.user_id_index) == user_id_index))).one_or_none()


async def account_of(session: AsyncSession, account_id: UUID) -> Account:
    """The account of somebody who proved to be its holder."""
    return (await session.scalars(select(Account).where(col(Account.id) == account_id))).one()


async def accounts_of_mail(session: AsyncSession, keys: Keyring, name: str, mail: str) -> Sequence[Account]:
    """The accounts with this name and address that have a secret question, newest first (ID-60)."""
    rows = await session.scalars(
        select(Account)
        .where(
            col(Account.mail_index) == keys.index.of("mail", canonical_mail(mail)),
            col(Account.secret_question).is_not(None),
        )
        .order_by(col(Account.issued_at).desc())
    )
    return [
        row
        for row in rows
        if reminder_matches(
            name=name,
            mail=mail,
            registered_name=keys.show(row.id, "name_kanji", row.name_kanji_hidden),
            registered_mail=keys.show(row.id, "mail", row.mail_hidden),
        )
    ]


async def passwords_of(session: AsyncSession, account_id: UUID) -> Sequence[Password]:
    """The latest three passwords, the current one first (ID-25)."""
    newest_first = select(Password).where(col(Password.account_id) == account_id).order_by(col(Password.id).desc())
    return (await session.scalars(newest_first.limit(REMEMBERED_PASSWORDS))).all()


def open_password_link_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The password link of this token, as long as it works (ID-16, ID-52)."""
    return (
        col(PasswordLink.token_sha256) == token_hash(token),
        col(PasswordLink.used_at).is_(None),
        col(PasswordLink.superseded_at).is_(None),
        col(PasswordLink.expires_at) > now,
    )


async def open_password_link(session: AsyncSession, token: str, now: datetime) -> PasswordLink:
    """A password link that works; looking does not use it up (ID-16). Raises LinkNotValid."""
    found = (await session.scalars(select(PasswordLink).where(*open_password_link_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"「パスワードをお忘れですか?」からもう一度お手続きください。{FAQ}")
    return found


async def account_of_login(session: AsyncSession, login_token: str, now: datetime) -> Account:
    """The account of a half-finished login (ID-35). Raises LoginExpired."""
    found = (
        await session.scalars(
            select(Account)
            .join(LoginToken, col(LoginToken.account_id) == Account.id)
            .where(col(LoginToken.token_sha256) == token_hash(login_token), col(LoginToken.expires_at) > now)
        )
    ).one_or_none()
    if found is None:
        raise LoginExpired
    return found


async def otp_token_of(session: AsyncSession, account_id: UUID) -> OtpToken | None:
    """The authenticator of an account, confirmed or not."""
    return (await session.scalars(select(OtpToken).where(col(OtpToken.account_id) == account_id))).one_or_none()


async def current_ekyc(session: AsyncSession, account: Account) -> EkycAttempt | None:
    """The account's current run of identity verification."""
    return await session.get(EkycAttempt, account.ekyc_id) if account.ekyc_id else None


def landing_page(account: Account) -> str:
    """Where the account's login lands (ID-36, ID-37)."""
    return landing_of(account.role, account.association_approved_at is not None)


async def own_account(session: AsyncSession, keys: Keyring, account_id: UUID) -> dict[str, Any]:
    """What somebody sees of their own account."""
    account = await account_of(session, account_id)
    otp = await otp_token_of(session, account_id)
    kana = account.name_kana_hidden
    return {
        "account_id": account.id,
        "role": Role(account.role),
        "name_kanji": keys.show(account.id, "name_kanji", account.name_kanji_hidden),
        "name_kana": keys.show(account.id, "name_kana", kana) if kana else None,
        "mail": keys.show(account.id, "mail", account.mail_hidden),
        "landing": landing_page(account),
        "ekyc_status": account.ekyc_status,
        "otp_enrolled": otp is not None and otp.confirmed_at is not None,
        "last_login_at": account.last_login_at,
    }


async def own_ekyc(session: AsyncSession, account_id: UUID) -> dict[str, Any]:
    """How far the identity verification of one's own account has come (ID-77)."""
    account = await account_of(session, account_id)
    attempt = await current_ekyc(session, account)
    return {
        "status": account.ekyc_status,
        "status_label": STATUS_LABELS[EkycStatus(account.ekyc_status)],
        "ekyc_id": attempt.id if attempt else None,
        "method": attempt.method if attempt else None,
        "link_issued_at": attempt.link_issued_at if attempt else None,
        "link_expires_at": attempt.link_expires_at if attempt else None,
    }
