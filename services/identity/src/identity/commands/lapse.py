"""User IDs that lapse five years after their last login (ID-02, ID-03), by a timer of each account."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit import deadlines
from kit.eventlog import record
from madoguchi_contracts.identity import AccountLapsed
from sqlalchemy.ext.asyncio import AsyncSession

from identity.commands.accounts import LAPSE, end_sessions, is_usable, lapses_at, lock_account, void_password_links


async def lapse(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Mark the lapse and tell it. Login, reset and reminder refuse a lapsed ID even before (`is_usable`).

    A login does not move the timer: it would touch the timer's row while it holds the account's, and this function has
    them the other way round. The timer finds out when it fires.
    """
    account = await lock_account(session, account_id)
    if account.lapsed_at is not None:
        return
    if is_usable(account, now):
        last = account.last_login_at or account.issued_at
        await deadlines.schedule(session, kind=LAPSE, subject_id=account_id, due_at=lapses_at(last))
        return
    account.lapsed_at = now
    await void_password_links(session, account_id, now)
    await record(session, AccountLapsed(account_id=account_id), now=now)
    await end_sessions(session, account_id=account_id, reason="account_lapsed", now=now)
