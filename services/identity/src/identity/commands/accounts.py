"""What several use cases share: the account under its row lock, its opening, its links and the end of its sessions.

Order of row locks, the same everywhere so that no two transactions wait for each other: login_locks, otp_tokens,
registrations, invitations, successions, organisations, accounts, then everything that belongs to an account.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kit import deadlines
from kit.eventlog import record
from madoguchi_contracts import Role
from madoguchi_contracts.identity import (
    AccountClosed,
    EkycStatusChanged,
    PasswordLinkIssued,
    SessionsEnded,
    UserIdIssued,
)
from madoguchi_contracts.sealed import Contact, Link
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.domain import user_ids
from identity.domain.durations import Lifetime, ends_at, in_force, next_look
from identity.domain.ekyc import EkycStatus
from identity.domain.people import Holder
from identity.domain.registration import canonical_mail
from identity.keys import new_token, token_hash
from identity.models import Account, LoginToken, PasswordLink, Succession, UserSession
from identity.tools import Tools

LAPSE = "user_id_lapse"


async def lock_account(session: AsyncSession, account_id: UUID) -> Account:
    """The account under its row lock: who holds it may record events of it."""
    row = select(Account).where(col(Account.id) == account_id).with_for_update()
    # Read again under the lock: a copy from before it may be out of date.
    return (await session.scalars(row.execution_options(populate_existing=True))).one()


def is_usable(account: Account, now: datetime) -> bool:
    """Whether somebody can log in with the user ID: it was neither closed nor has it lapsed (ID-02, ID-03), even if the
    timer that marks the lapse has not come round yet."""
    last = account.last_login_at or account.issued_at
    over = account.lapsed_at is not None or account.closed_at is not None
    return not over and in_force(Lifetime.USER_ID, min(last, now), now)


def lapses_at(last_login_at: datetime) -> datetime:
    """When a user ID lapses that was last used (or issued) then (ID-02)."""
    end = ends_at(Lifetime.USER_ID, last_login_at)
    assert end is not None  # noqa: S101 - a user ID always has an end
    return end


@dataclass(frozen=True)
class Consent:
    """What somebody who gets an account without the office says: the secret question (ID-11), and which terms they
    consented to just now (ID-13)."""

    secret_question: str
    secret_answer_hash: str
    terms_version: str


async def open_account(
    session: AsyncSession,
    tools: Tools,
    *,
    account_id: UUID,
    role: Role,
    holder: Holder,
    consent: Consent | None = None,
    organisation_id: UUID | None = None,
    now: datetime,
) -> None:
    """Issue a user ID (ID-15) and tell the holder; mail NO-03 follows. Only staff come without consent."""
    keys = tools.keys
    facts = {
        "role": role.value,
        "organisation_id": organisation_id,
        "ekyc_status": EkycStatus.DATA_REGISTERED.value,
        **holder_columns(tools, account_id, holder, consent, now),
    }
    opened = None
    while opened is None:  # a second turn is as likely as winning a lottery, and the unique index decides
        user_id = user_ids.new_user_id(secrets.choice)
        opened = await session.scalar(
            insert(Account)
            .values(
                id=account_id,
                user_id_hidden=keys.hide(account_id, "user_id", user_id),
                user_id_index=keys.index.of("user_id", user_id),
                issued_at=now,
                **facts,
            )
            .on_conflict_do_nothing(index_elements=["user_id_index"])
            .returning(col(Account.id))
        )
    await tell_user_id(session, tools, await lock_account(session, account_id), now)


def holder_columns(
    tools: Tools, account_id: UUID, holder: Holder, consent: Consent | None, now: datetime
) -> dict[str, Any]:
    """The columns of `accounts` that tell who holds it."""
    keys = tools.keys
    kana = holder.name_kana
    return {
        "name_kanji_hidden": keys.hide(account_id, "name_kanji", holder.name_kanji),
        "name_kana_hidden": keys.hide(account_id, "name_kana", kana) if kana else None,
        "mail_hidden": keys.hide(account_id, "mail", holder.mail),
        "mail_index": keys.index.of("mail", canonical_mail(holder.mail)),
        "secret_question": consent.secret_question if consent else None,
        "secret_answer_hash": consent.secret_answer_hash if consent else None,
        "terms_version": consent.terms_version if consent else None,
        "terms_accepted_at": now if consent else None,
    }


async def tell_user_id(session: AsyncSession, tools: Tools, account: Account, now: datetime) -> None:
    """Tell of a user ID that was just issued (NO-03), and set the timer of its lapse. The account is locked."""
    keys = tools.keys
    contact = Contact(
        mail=keys.show(account.id, "mail", account.mail_hidden),
        name=keys.show(account.id, "name_kanji", account.name_kanji_hidden),
        user_id=keys.show(account.id, "user_id", account.user_id_hidden),
    )
    issued = UserIdIssued(
        account_id=account.id,
        role=Role(account.role),
        contact=keys.seal_to("notifications", contact),
        contact_for_applications=keys.seal_to("applications", contact),
        organisation_id=account.organisation_id,
    )
    await record(session, issued, now=now)
    await deadlines.schedule(session, kind=LAPSE, subject_id=account.id, due_at=next_look(lapses_at(now), now))


async def open_for_holder(
    session: AsyncSession,
    tools: Tools,
    *,
    account_id: UUID,
    role: Role,
    holder: Holder,
    consent: Consent,
    now: datetime,
) -> None:
    """Open the account of somebody who came by themselves (ID-15, ID-16): mails NO-03 and NO-04 follow."""
    await open_account(session, tools, account_id=account_id, role=role, holder=holder, consent=consent, now=now)
    status = EkycStatusChanged(account_id=account_id, ekyc_id=None, status=EkycStatus.DATA_REGISTERED.value)
    await record(session, status, now=now)
    await issue_password_link(session, tools, account_id=account_id, purpose="first", now=now)


async def close_account(session: AsyncSession, *, account_id: UUID, now: datetime) -> bool:
    """Nobody logs in with the account any more: what is open is void, its sessions end. False if it was closed."""
    await withdraw_successions(session, touching(account_id), "account_closed", now)
    account = await lock_account(session, account_id)
    if account.closed_at is not None:
        return False
    account.closed_at = now
    await void_what_was_begun(session, account_id, now)
    await deadlines.cancel(session, kind=LAPSE, subject_id=account_id)
    await record(session, AccountClosed(account_id=account_id), now=now)
    await end_sessions(session, account_id=account_id, reason="account_closed", now=now)
    return True


async def issue_password_link(
    session: AsyncSession, tools: Tools, *, account_id: UUID, purpose: Literal["first", "reset"], now: datetime
) -> None:
    """Mail a link to パスワード更新 (ID-16, ID-51); earlier ones stop working (I-05). The account is locked."""
    await void_password_links(session, account_id, now)
    token = new_token()
    lifetime = Lifetime.PASSWORD_LINK if purpose == "first" else Lifetime.RESET_LINK
    expires_at = ends_at(lifetime, now)
    assert expires_at is not None  # noqa: S101 - password links always end
    session.add(
        PasswordLink(
            id=uuid.uuid4(),
            account_id=account_id,
            purpose=purpose,
            token_sha256=token_hash(token),
            issued_at=now,
            expires_at=expires_at,
        )
    )
    event = PasswordLinkIssued(
        account_id=account_id,
        purpose=purpose,
        link=tools.keys.seal_to("notifications", Link(url=tools.link("password", token))),
        link_expires_at=expires_at,
    )
    await record(session, event, now=now)


async def void_what_was_begun(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """No mailed password link and no half-finished login of the account works any more. The account is locked."""
    await session.execute(delete(LoginToken).where(col(LoginToken.account_id) == account_id))
    await void_password_links(session, account_id, now)


def touching(account_id: UUID) -> ColumnElement[bool]:
    """Successions of this account, and those that its holder began or confirmed as an officer."""
    columns = (Succession.account_id, Succession.started_by, Succession.confirmed_by)
    return or_(*(col(column) == account_id for column in columns))


async def withdraw_successions(session: AsyncSession, which: ColumnElement[bool], because: str, now: datetime) -> bool:
    """End changes of the representative that are open; returns whether there was one. Before any account is locked.

    Who resets a password or authenticator is there, and whoever was in before may have begun it. A lock is no reason:
    anybody who knows the user ID can cause one (ID-27), and could so stop every change.
    """
    ended = update(Succession).where(which, *queries.OPEN_SUCCESSION)
    ended = ended.values(withdrawn_at=now, withdrawn_because=because).returning(col(Succession.id))
    return bool((await session.scalars(ended)).all())


async def void_password_links(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """No link that was mailed before works any more. The account is locked."""
    await session.execute(
        update(PasswordLink)
        .where(
            col(PasswordLink.account_id) == account_id,
            col(PasswordLink.used_at).is_(None),
            col(PasswordLink.superseded_at).is_(None),
        )
        .values(superseded_at=now)
    )


async def end_sessions(
    session: AsyncSession,
    *,
    account_id: UUID,
    reason: str,
    now: datetime,
    only: UUID | None = None,
    but: UUID | None = None,
    idle_since: datetime | None = None,
) -> int:
    """End the open sessions of a locked account and tell which; returns how many there were.

    `only` one, all `but` one, or those last used at `idle_since` or before.
    """
    which = [col(UserSession.account_id) == account_id, col(UserSession.ended_at).is_(None)]
    if only is not None:
        which.append(col(UserSession.id) == only)
    if but is not None:
        which.append(col(UserSession.id) != but)
    if idle_since is not None:
        which.append(col(UserSession.last_used_at) <= idle_since)
    ending = update(UserSession).where(*which).values(ended_at=now).returning(col(UserSession.id))
    ended = (await session.scalars(ending)).all()
    if ended:
        await record(session, SessionsEnded(account_id=account_id, session_ids=tuple(ended), reason=reason), now=now)
    return len(ended)
