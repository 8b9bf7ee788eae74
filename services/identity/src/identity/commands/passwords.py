"""Setting, resetting and changing passwords (ID-17, ID-18, ID-49 to ID-53).

Hashes are computed before the transaction that decides, so that no row lock and no connection is held meanwhile; the
transaction then makes sure that nothing changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kit.db import Database
from kit.errors import Conflict
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import PasswordSet
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import (
    end_sessions,
    is_usable,
    lock_account,
    touching,
    void_what_was_begun,
    withdraw_successions,
)
from identity.commands.sessions import lock_user_id
from identity.domain.lockout import after_password_reset
from identity.domain.passwords import canonical_password, form_reasons, password_findings
from identity.domain.user_ids import canonical_user_id
from identity.errors import ConfirmationNeeded, CurrentPasswordWrong, LinkNotValid, PasswordRefused
from identity.models import Account, Password, PasswordLink, ResetRequest
from identity.permissions import Action, Relation, authorise
from identity.tools import Tools


async def request_reset(session: AsyncSession, tools: Tools, *, user_id: str, network: str, now: datetime) -> None:
    """Take the wish for a new password (ID-50); `followups` mails the link, if somebody has this user ID (ID-51).

    Nothing tells an unknown or lapsed user ID from a known one, not even the work (ID-53, ID-03). Too many for one user
    ID are passed over without a word: whoever asked, the link of the last one is in the holder's mailbox and works.
    Raises TooMany for too many from one network.
    """
    index = tools.keys.index.of("user_id", canonical_user_id(user_id))
    await tools.limiter.count(session, "reset_address", network, now)
    if await tools.limiter.admits(session, "reset_user_id", index, now):
        session.add(ResetRequest(user_id_index=index, requested_at=now))


async def set_password(database: Database, tools: Tools, *, token: str, password: str, now: datetime) -> None:
    """Set the first or a new password with a mailed link, and use the link up (ID-17, ID-51).

    A password that is refused leaves the link as it is. A reset ends all sessions and gives back three tries (ID-32).
    Raises LinkNotValid, PasswordRefused, Conflict.
    """
    async with database.transaction() as session:
        link = await queries.open_password_link(session, token, now)
        account = await queries.account_of(session, link.account_id)
        history = await queries.passwords_of(session, account.id)
    authorise(Role(account.role), Relation.MAILED_LINK, Action.SET_PASSWORD)
    new_hash = await _accepted_hash(tools, password, history)
    async with database.transaction() as session:
        lock = await lock_user_id(session, account.user_id_index, now)
        if link.purpose == "reset":
            await withdraw_successions(session, touching(account.id), "password_reset", now)
        account = await lock_account(session, account.id)
        used = update(PasswordLink).where(*queries.open_password_link_with(token, now)).values(used_at=now)
        # One statement checks and uses: of two settings with one link, the second finds nothing.
        if await session.scalar(used.returning(col(PasswordLink.id))) is None or not is_usable(account, now):
            raise LinkNotValid
        await _replace(session, account, history, new_hash, now)
        reason = "first" if link.purpose == "first" else "reset"
        await record(session, PasswordSet(account_id=account.id, reason=reason), now=now)
        if link.purpose == "reset":
            lock.become(after_password_reset(lock.state), now)
            await tools.limiter.forget(session, "reset_user_id", account.user_id_index)
            await end_sessions(session, account_id=account.id, reason="password_reset", now=now)


async def change_password(
    database: Database,
    tools: Tools,
    *,
    actor: Actor,
    current_password: str,
    new_password: str,
    confirmed: bool,
    now: datetime,
) -> None:
    """Change the password of somebody who is logged in (ID-49); their other sessions end.

    Everything is checked at the first 更新 (`confirmed` false), which then asks for the second and changes nothing.
    Raises CurrentPasswordWrong, PasswordRefused, ConfirmationNeeded, TooMany, Conflict.
    """
    await tools.limiter.count_first(database, now, current_password=str(actor.account_id))
    async with database.transaction() as session:
        history = await queries.passwords_of(session, actor.account_id)
    # There is none when the next representative has taken the account over just now.
    current = history[0].hash if history else None
    if not await tools.hasher.verify(current, canonical_password(current_password)):
        raise CurrentPasswordWrong
    async with database.transaction() as session:
        await tools.limiter.forget(session, "current_password", str(actor.account_id))
    new_hash = await _accepted_hash(tools, new_password, history)
    if not confirmed:
        raise ConfirmationNeeded
    async with database.transaction() as session:
        account = await lock_account(session, actor.account_id)
        await _replace(session, account, history, new_hash, now)
        await record(session, PasswordSet(account_id=account.id, reason="changed"), now=now)
        await end_sessions(session, account_id=account.id, reason="password_changed", now=now, but=actor.session_id)


async def _accepted_hash(tools: Tools, password: str, history: Sequence[Password]) -> str:
    """The hash of a new password that meets the policy (ID-20 to ID-25). Raises PasswordRefused with all findings."""
    reasons = form_reasons(password)
    secret = canonical_password(password)
    if await tools.hasher.any_match([old.hash for old in history], secret):
        reasons = sorted([*reasons, "REUSED"])
    if reasons:
        raise PasswordRefused(findings=password_findings(reasons))
    return await tools.hasher.hash(secret)


async def _replace(
    session: AsyncSession, account: Account, history: Sequence[Password], new_hash: str, now: datetime
) -> None:
    """Make `new_hash` the current password of a locked account; what was begun with the old one is void."""
    known = [password.id for password in history]
    if [password.id for password in await queries.passwords_of(session, account.id)] != known:
        raise Conflict(account_id=str(account.id))  # another one was set since the history was looked at
    session.add(Password(account_id=account.id, hash=new_hash, set_at=now))
    forgotten = known[2:]
    if forgotten:
        await session.execute(delete(Password).where(col(Password.id).in_(forgotten)))
    await void_what_was_begun(session, account.id, now)
