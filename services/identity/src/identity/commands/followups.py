"""What follows the request of a stranger, done by the worker a moment later.

The answers to a forgotten password and to a wrong one must take the same time whether or not somebody has the user ID
(ID-34, ID-53). Whatever is only done for accounts, such as making a link or telling of a lock, would show in that time;
so a request leaves the same row for everybody, and the worker looks whether there is anybody.
"""

from __future__ import annotations

from datetime import datetime

from kit.db import Database
from kit.eventlog import record
from madoguchi_contracts.identity import AccountLocked
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import is_usable, issue_password_link, lock_account
from identity.models import LoginLock, ResetRequest
from identity.tools import Tools

EVERY_SECONDS = 0.5


async def follow_up(tools: Tools, database: Database, now: datetime) -> int:
    """Do what is due, one thing a transaction; returns how many rows there were. Several workers share the work."""
    done = 0
    for work in (mail_reset_link, tell_lock):
        more = True
        while more:
            async with database.transaction() as session:
                more = await work(session, tools, now)
            done += more
    return done


async def mail_reset_link(session: AsyncSession, tools: Tools, now: datetime) -> bool:
    """The link of the oldest request for a new password, if somebody usable has the user ID (ID-51, ID-53).

    A locked user ID is served (ID-32). Returns whether there was a request.
    """
    oldest = select(ResetRequest).order_by(col(ResetRequest.id)).limit(1).with_for_update(skip_locked=True)
    request = (await session.scalars(oldest)).one_or_none()
    if request is None:
        return False
    await session.execute(delete(ResetRequest).where(col(ResetRequest.id) == request.id))
    account = await queries.account_by_user_id(session, request.user_id_index)
    if account is not None and is_usable(await lock_account(session, account.id), now):
        await issue_password_link(session, tools, account_id=account.id, purpose="reset", now=now)
    return True


async def tell_lock(session: AsyncSession, _: Tools, now: datetime) -> bool:
    """Tell of a lock that was set (ID-27), if somebody has the user ID. Returns whether there was one to tell."""
    untold = select(LoginLock).where(col(LoginLock.untold).is_(True)).limit(1).with_for_update(skip_locked=True)
    lock = (await session.scalars(untold)).one_or_none()
    if lock is None:
        return False
    lock.untold = False
    account = await queries.account_by_user_id(session, lock.user_id_index)
    if account is not None and lock.locked_until is not None and is_usable(account, now):
        account = await lock_account(session, account.id)
        await record(session, AccountLocked(account_id=account.id, until=lock.locked_until), now=now)
    return True
