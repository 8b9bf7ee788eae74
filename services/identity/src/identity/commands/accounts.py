"""What several use cases share: the account under its row lock, its opening, its links and the end of its sessions.

Order of row locks, the same everywhere so that no two transactions wait for each other: login_locks, otp_tokens,
registrations, accounts, then everything that belongs to an account.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Literal
from uuid import UUID

from kit import deadlines
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import PasswordLinkIssued, SessionsEnded, UserIdIssued
from madoguchi_contracts.sealed import Contact, Link
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.domain import user_ids
from identity.domain.durations import Lifetime, ends_at, in_force
from identity.domain.registration import canonical_mail
from identity.keys import new_token, token_hash
from identity.models import Account, PasswordLink, UserSession
from identity.tools import Tools

LAPSE = "user_id_lapse"


async def lock_account(session: AsyncSession, account_id: UUID) -> Account:
    """The account under its row lock: who holds it may record events of it."""
    row = select(Account).where(col(Account.id) == account_id).with_for_update()
    # Read again under the lock: a copy from before it may be out of date.
    return (await session.scalars(row.execution_options(populate_existing=True))).one()


def is_usable(account: Account, now: datetime) -> bool:
    """Whether the user ID has not lapsed (ID-02, ID-03), even if the timer that marks it has not come round yet."""
    last = account.last_login_at or account.issued_at
    return account.lapsed_at is None and in_force(Lifetime.USER_ID, min(last, now), now)


def lapses_at(last_login_at: datetime) -> datetime:
    """When a user ID lapses that was last used (or issued) then (ID-02)."""
    end = ends_at(Lifetime.USER_ID, last_login_at)
    assert end is not None  # noqa: S101 - a user ID always has an end
    return end


async def open_account(
    session: AsyncSession,
    tools: Tools,
    *,
    account_id: UUID,
    role: Role,
    name_kanji: str,
    name_kana: str | None,
    mail: str,
    secret_question: str | None,
    secret_answer_hash: str | None,
    terms_version: str | None,
    now: datetime,
) -> None:
    """Issue a user ID (ID-15) and tell the holder; mail NO-03 follows. `terms_version` was consented to just now."""
    keys = tools.keys
    opened = None
    while opened is None:  # a second turn is as likely as winning a lottery, and the unique index decides
        user_id = user_ids.new_user_id(secrets.choice)
        opened = await session.scalar(
            insert(Account)
            .values(
                id=account_id,
                role=role.value,
                user_id_hidden=keys.hide(account_id, "user_id", user_id),
                user_id_index=keys.index.of("user_id", user_id),
                name_kanji_hidden=keys.hide(account_id, "name_kanji", name_kanji),
                name_kana_hidden=keys.hide(account_id, "name_kana", name_kana) if name_kana else None,
                mail_hidden=keys.hide(account_id, "mail", mail),
                mail_index=keys.index.of("mail", canonical_mail(mail)),
                secret_question=secret_question,
                secret_answer_hash=secret_answer_hash,
                terms_version=terms_version,
                terms_accepted_at=now if terms_version else None,
                issued_at=now,
            )
            .on_conflict_do_nothing(index_elements=["user_id_index"])
            .returning(col(Account.id))
        )
    contact = Contact(mail=mail, name=name_kanji, user_id=user_id)
    issued = UserIdIssued(
        account_id=account_id,
        role=role,
        contact=keys.seal_to("notifications", contact),
        contact_for_applications=keys.seal_to("applications", contact),
    )
    await record(session, issued, now=now)
    await deadlines.schedule(session, kind=LAPSE, subject_id=account_id, due_at=lapses_at(now))


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
    session: AsyncSession, *, account_id: UUID, reason: str, now: datetime, keep: Actor | None = None
) -> None:
    """End all sessions of a locked account, or all but the one of `keep`, and tell so if there were any."""
    open_ones = update(UserSession).where(
        col(UserSession.account_id) == account_id, col(UserSession.ended_at).is_(None)
    )
    if keep is not None:
        open_ones = open_ones.where(col(UserSession.id) != keep.session_id)
    ended = (await session.scalars(open_ones.values(ended_at=now).returning(col(UserSession.id)))).all()
    if ended:
        ids = None if keep is None else tuple(ended)
        await record(session, SessionsEnded(account_id=account_id, session_ids=ids, reason=reason), now=now)
