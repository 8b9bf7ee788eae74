"""Reads of identity, each scoped to what the token or the actor at hand may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from kit.tokens import Actor
from madoguchi_contracts import Role
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain.accounts import Landing, landing, reminder_matches
from identity.domain.durations import IDLE
from identity.domain.ekyc import STATUS_LABELS, EkycStatus
from identity.domain.passwords import REMEMBERED_PASSWORDS
from identity.domain.people import Holder, invitation_state
from identity.domain.registration import canonical_mail
from identity.errors import FAQ, LinkNotValid, LoginExpired
from identity.keys import Keyring, token_hash
from identity.models import (
    Account,
    EkycAttempt,
    Invitation,
    LoginToken,
    Organisation,
    OtpToken,
    Password,
    PasswordLink,
    PastRepresentative,
    Registration,
    Succession,
    UserSession,
)

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


def holder_of(keys: Keyring, row: Registration | Invitation | Succession | PastRepresentative | Account) -> Holder:
    """The person of a row in clear. `name_kana` is None for staff."""
    kana = row.name_kana_hidden
    return Holder(
        keys.show(row.id, "name_kanji", row.name_kanji_hidden),
        keys.show(row.id, "name_kana", kana) if kana else None,
        keys.show(row.id, "mail", row.mail_hidden),
    )


# Invitations and successions


def open_invitation_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The invitation whose link this is, as long as the link works."""
    return (
        col(Invitation.token_sha256) == token_hash(token),
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
        col(Invitation.expires_at) > now,
    )


async def open_invitation(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """The invitation of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Invitation).where(*open_invitation_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(f"招待した方に、もう一度お手続きをご依頼ください。{FAQ}")
    return found


async def own_invitations(
    session: AsyncSession, keys: Keyring, account_id: UUID, now: datetime
) -> list[dict[str, Any]]:
    """Whom somebody invited, the newest first, and what became of it."""
    newest = select(Invitation).where(col(Invitation.invited_by) == account_id)
    rows = (
        await session.scalars(newest.order_by(col(Invitation.invited_at).desc(), col(Invitation.id)).limit(100))
    ).all()
    return [
        {
            "invitation_id": row.id,
            "application_id": row.application_id,
            "role": row.role,
            "name_kanji": holder.name_kanji,
            "mail": holder.mail,
            "state": invitation_state(
                accepted=row.accepted_at is not None,
                withdrawn=row.withdrawn_at is not None,
                expires_at=row.expires_at,
                now=now,
            ),
            "invited_at": row.invited_at,
            "expires_at": row.expires_at,
        }
        for row in rows
        for holder in [holder_of(keys, row)]
    ]


def open_succession_with(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The change of the representative whose link this is, as long as the link works."""
    return (
        col(Succession.token_sha256) == token_hash(token),
        col(Succession.completed_at).is_(None),
        col(Succession.withdrawn_at).is_(None),
        col(Succession.expires_at) > now,
    )


async def open_succession(session: AsyncSession, token: str, now: datetime) -> Succession:
    """The succession of a link that works; looking does not use it up (I-05). Raises LinkNotValid."""
    found = (await session.scalars(select(Succession).where(*open_succession_with(token, now)))).one_or_none()
    if found is None:
        raise LinkNotValid(
            f"前の代表者の方または機構住宅債券事務センターへご連絡ください。{FAQ}", rules=["ID-12", "ID-19"]
        )
    return found


async def representatives(session: AsyncSession, keys: Keyring, account_id: UUID) -> list[dict[str, Any]]:
    """Who has held an association's account, the present representative last. Raises NotFound."""
    account = await session.get(Account, account_id)
    if account is None or account.role != Role.ASSOCIATION:
        raise NotFound(account_id=str(account_id))
    past = select(PastRepresentative).where(col(PastRepresentative.account_id) == account_id)
    rows = (await session.scalars(past.order_by(col(PastRepresentative.held_until)))).all()
    held = [(holder_of(keys, row), row.held_from, row.held_until) for row in rows]
    since = rows[-1].held_until if rows else account.issued_at
    return [
        {
            "name_kanji": one.name_kanji,
            "name_kana": one.name_kana or "",
            "mail": one.mail,
            "held_from": held_from,
            "held_until": held_until,
        }
        for one, held_from, held_until in [*held, (holder_of(keys, account), since, None)]
    ]


# Organisations


async def organisations(session: AsyncSession, after: UUID | None, limit: int = 100) -> Sequence[Organisation]:
    """Organisations by id, from the one after `after`."""
    page = select(Organisation).order_by(col(Organisation.id)).limit(limit)
    if after is not None:
        page = page.where(col(Organisation.id) > after)
    return (await session.scalars(page)).all()


async def organisation_of(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """One organisation. Raises NotFound."""
    found = await session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound(organisation_id=str(organisation_id))
    return found


async def staff_of(session: AsyncSession, keys: Keyring, organisation_id: UUID) -> list[dict[str, Any]]:
    """The accounts of an organisation's people, the oldest first."""
    members = select(Account).where(col(Account.organisation_id) == organisation_id)
    rows = (await session.scalars(members.order_by(col(Account.issued_at), col(Account.id)))).all()
    return [
        {
            "account_id": row.id,
            "name": keys.show(row.id, "name_kanji", row.name_kanji_hidden),
            "opened_at": row.issued_at,
            "last_login_at": row.last_login_at,
            "closed_at": row.closed_at,
        }
        for row in rows
    ]


# Sessions


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
