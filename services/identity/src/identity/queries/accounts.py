"""Accounts, as their holders and commands see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.tokens import Actor
from madoguchi_contracts import Role
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.accounts import Landing, landing, reminder_matches
from identity.domain.durations import IDLE
from identity.domain.ekyc import STATUS_LABELS, EkycStatus
from identity.domain.passwords import REMEMBERED_PASSWORDS
from identity.domain.registration import canonical_mail
from identity.errors import LoginExpired
from identity.keys import Keyring, token_hash
from identity.models import (
    Account,
    EkycAttempt,
    LoginToken,
    OtpToken,
    Password,
    UserSession,
)


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


def landing_page(account: Account) -> Landing:
    """Where the account's login lands (ID-36, ID-37)."""
    return landing(account.role, account.association_approved_at is not None)


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
        "organisation_id": account.organisation_id,
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


async def own_sessions(session: AsyncSession, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """The sessions in which somebody is logged in now, the one used last first. Nothing in it tells of a device."""
    in_use = select(UserSession).where(
        col(UserSession.account_id) == actor.account_id,
        col(UserSession.ended_at).is_(None),
        col(UserSession.last_used_at) > now - IDLE,
    )
    rows = (await session.scalars(in_use.order_by(col(UserSession.last_used_at).desc(), col(UserSession.id)))).all()
    return [
        {
            "session_id": row.id,
            "started_at": row.started_at,
            "last_used_at": row.last_used_at,
            "current": row.id == actor.session_id,
        }
        for row in rows
    ]
