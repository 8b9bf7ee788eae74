"""User IDs lapse five years after their last login (ID-02, ID-03), and their holders are told before, by a timer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit import deadlines
from kit.eventlog import record
from madoguchi_contracts.identity import AccountLapseAnnounced, AccountLapsed
from sqlalchemy.ext.asyncio import AsyncSession

from identity.commands.accounts import LAPSE, end_sessions, lapses_at, lock_account, void_what_was_begun
from identity.domain.durations import next_look, notice_is_due


async def lapse(session: AsyncSession, account_id: UUID, now: datetime) -> None:
    """Tell the holder that the lapse comes near, or mark the lapse and tell it. A timer calls this.

    Login, reset and reminder refuse a lapsed ID even before it is marked (`is_usable`). A login does not move the
    timer, which finds out when it fires. A timer that comes late gives one notice, not those it missed.
    """
    account = await lock_account(session, account_id)
    if account.lapsed_at is not None or account.closed_at is not None:
        return
    end = lapses_at(account.last_login_at or account.issued_at)
    if now < end:
        if notice_is_due(end, now):
            await record(session, AccountLapseAnnounced(account_id=account_id, lapses_at=end), now=now)
        await deadlines.schedule(session, kind=LAPSE, subject_id=account_id, due_at=next_look(end, now))
        return
    account.lapsed_at = now
    await void_what_was_begun(session, account_id, now)
    await record(session, AccountLapsed(account_id=account_id), now=now)
    await end_sessions(session, account_id=account_id, reason="account_lapsed", now=now)
