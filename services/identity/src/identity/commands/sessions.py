"""Logging in (ID-26 to ID-35), staying logged in (ID-38) and logging out (ID-39)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from kit.db import Database
from kit.errors import Conflict, NotFound, ServiceError
from kit.tokens import Actor
from madoguchi_contracts import Role
from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import end_sessions, is_usable, lock_account
from identity.commands.otp import accept_code, count_attempt
from identity.domain.accounts import Landing
from identity.domain.durations import IDLE, Lifetime, in_force
from identity.domain.lockout import Outcome, attempt, is_locked
from identity.domain.otp import otp_needed
from identity.domain.passwords import canonical_password
from identity.domain.steps import LOGIN_STEP
from identity.domain.user_ids import canonical_user_id
from identity.errors import LoginExpired, LoginFailed, SessionOver, UserIdLocked
from identity.keys import new_token, token_hash
from identity.models import Account, LoginLock, LoginToken, Password, UserSession
from identity.permissions import Action, Relation, authorise
from identity.tools import Tools


@dataclass(frozen=True)
class LoggedIn:
    """A complete login: the session's token, which is told once, who it is for, and where it lands."""

    token: str
    actor: Actor
    landing: Landing


@dataclass(frozen=True)
class OtpDue:
    """The password was right; `login_token` takes the one-time password, after enrolment if `enrolled` is false."""

    login_token: str
    enrolled: bool


async def log_in(
    database: Database, tools: Tools, *, user_id: str, password: str, network: str, now: datetime
) -> LoggedIn | OtpDue:
    """The screen ログイン. Raises LoginFailed, UserIdLocked, TooMany.

    Three steps: look, compute the hash with neither lock nor connection held, decide under the row lock. The decision
    commits also when the answer is a refusal, because a rollback would give back the try; so the refusal is raised
    after the transaction. Unknown, lapsed and locked user IDs cost the same work as known ones (ID-34): a lock is told
    by `followups`.
    """
    index = tools.keys.index.of("user_id", canonical_user_id(user_id))
    await tools.limiter.count_first(database, now, login_address=network, login_user_id=index)
    async with database.transaction() as session:
        hash_to_check = await _hash_to_check(session, index, now)
    secret = canonical_password(password)
    right = await tools.hasher.verify(hash_to_check, secret)
    newer = await tools.hasher.hash(secret) if right and tools.hasher.is_outdated(hash_to_check or "") else None
    async with database.transaction() as session:
        result = await _decide(session, tools, index, hash_to_check, right, newer, now)
    if isinstance(result, ServiceError):
        raise result
    return result


async def _hash_to_check(session: AsyncSession, index: str, now: datetime) -> str | None:
    """The current password's hash; None when no password can be right: unknown, lapsed, locked, none set yet.

    One query in all cases, so that their number does not tell which user IDs exist.
    """
    typed = select(literal(index).label("index")).subquery()
    found = await session.execute(
        select(LoginLock, Account, Password)
        .select_from(typed)
        .outerjoin(LoginLock, col(LoginLock.user_id_index) == typed.c.index)
        .outerjoin(Account, col(Account.user_id_index) == typed.c.index)
        .outerjoin(Password, col(Password.account_id) == col(Account.id))
        .order_by(col(Password.id).desc())
        .limit(1)
    )
    lock, account, newest = found.one()
    locked = lock is not None and is_locked(lock.state, now)
    if locked or account is None or not is_usable(account, now) or newest is None:
        return None
    stored: str = newest.hash
    return stored


async def _decide(
    session: AsyncSession,
    tools: Tools,
    index: str,
    checked: str | None,
    right: bool,
    newer_hash: str | None,
    now: datetime,
) -> LoggedIn | OtpDue | ServiceError:
    """What the attempt costs or opens (ID-27 to ID-31), under the row lock of the user ID."""
    lock = await lock_user_id(session, index, now)
    state, outcome = attempt(lock.state, now, right, success_ends_one_strike=tools.success_ends_one_strike)
    lock.become(state, now)
    if outcome is Outcome.ACCEPTED:
        row = select(Account).where(col(Account.user_id_index) == index).with_for_update()
        account = (await session.scalars(row)).one_or_none()
        passwords = await queries.passwords_of(session, account.id) if account else ()
        if account is None or not passwords or not is_usable(account, now):
            return LoginFailed()  # closed, or taken over by the next representative, while the hash was computed
        current = passwords[0]
        if current.hash != checked:
            raise Conflict("パスワードが変更されました。もう一度ログインしてください。", account_id=str(account.id))
        if newer_hash is not None:
            current.hash = newer_hash
        return await _after_right_password(session, tools, account, now)
    if state.locked_until is not None and outcome in (Outcome.LOCKED, Outcome.REFUSED):
        return UserIdLocked(retry_after_seconds=ceil((state.locked_until - now).total_seconds()))
    return LoginFailed()


async def lock_user_id(session: AsyncSession, index: str, now: datetime) -> LoginLock:
    """The lock state of a user ID under its row lock; there is one for every ID that was ever typed."""
    fresh = insert(LoginLock).values(user_id_index=index, wrong_in_a_row=0, touched_at=now, untold=False)
    # Touching the row that is there locks it, and gives it as another attempt has left it.
    touched = fresh.on_conflict_do_update(index_elements=["user_id_index"], set_={"touched_at": now})
    return (await session.scalars(touched.returning(LoginLock), execution_options={"populate_existing": True})).one()


async def _after_right_password(
    session: AsyncSession, tools: Tools, account: Account, now: datetime
) -> LoggedIn | OtpDue:
    otp = await queries.otp_token_of(session, account.id)
    enrolled = otp is not None and otp.confirmed_at is not None
    # Without an authenticator one is due too: else a password would be enough after a reset (ID-46, ID-47).
    if enrolled and not otp_needed(account.role, "login", account.last_otp_login_at, now):
        return await _complete(session, account, with_otp=False, now=now)
    token = new_token()
    session.add(LoginToken(token_sha256=token_hash(token), account_id=account.id, expires_at=now + LOGIN_STEP))
    return OtpDue(token, enrolled=enrolled)


async def log_in_with_otp(database: Database, tools: Tools, *, login_token: str, code: str, now: datetime) -> LoggedIn:
    """Complete a login with a one-time password (ID-35); the first right one completes the enrolment too (ID-47).

    Raises LoginExpired, CodeRefused, NotEnrolled, TooMany.
    """
    async with database.transaction() as session:
        account = await queries.account_of_login(session, login_token, now)
    authorise(Role(account.role), Relation.PASSWORD_GIVEN, Action.GIVE_OTP)
    await count_attempt(database, tools, account_id=account.id, now=now)
    async with database.transaction() as session:
        await accept_code(session, tools, account_id=account.id, code=code, enrolling=True, now=now)
        account = await lock_account(session, account.id)
        used = delete(LoginToken).where(col(LoginToken.token_sha256) == token_hash(login_token))
        if await session.scalar(used.returning(col(LoginToken.account_id))) is None or not is_usable(account, now):
            raise LoginExpired  # two requests with one login token: the other one was faster
        return await _complete(session, account, with_otp=True, now=now)


async def _complete(session: AsyncSession, account: Account, *, with_otp: bool, now: datetime) -> LoggedIn:
    """The login is complete (ID-35, I-21): it moves the dates of ID-02 and ID-41, and opens a session."""
    # Replicas' clocks differ by milliseconds; a date that was reached is not taken back.
    account.last_login_at = max(now, account.last_login_at or now)
    if with_otp:
        account.last_otp_login_at = account.last_login_at
    token, session_id = new_token(), uuid.uuid4()
    session.add(
        UserSession(
            id=session_id,
            account_id=account.id,
            token_sha256=token_hash(token),
            started_at=now,
            last_used_at=now,
        )
    )
    actor = Actor(account.id, Role(account.role), session_id, account.organisation_id)
    return LoggedIn(token, actor, queries.landing_page(account))


async def use_session(
    session: AsyncSession, *, now: datetime, token: str | None = None, session_id: UUID | None = None
) -> tuple[Actor, datetime]:
    """Who the session belongs to, and since when it would be idle now; the 30 minutes start again (ID-38, I-58).

    By its token or by its id (of an access token). Raises SessionOver.
    """
    which = col(UserSession.id) == session_id if token is None else col(UserSession.token_sha256) == token_hash(token)
    found = select(UserSession).where(which, col(UserSession.ended_at).is_(None)).with_for_update()
    row = (await session.scalars(found)).one_or_none()
    # Another replica's clock may be ahead by milliseconds: a session is never idle since the future.
    if row is None or not in_force(Lifetime.SESSION_IDLE, min(row.last_used_at, now), now):
        raise SessionOver
    columns = select(col(Account.role), col(Account.organisation_id)).where(
        col(Account.id) == row.account_id, col(Account.closed_at).is_(None), col(Account.lapsed_at).is_(None)
    )
    account = (await session.execute(columns)).one_or_none()
    if account is None:
        raise SessionOver
    row.last_used_at = max(row.last_used_at, now)
    role, organisation_id = account
    return Actor(row.account_id, Role(role), row.id, organisation_id), row.last_used_at


async def log_out(session: AsyncSession, *, actor: Actor, now: datetime) -> None:
    """End the actor's session (ID-39)."""
    await lock_account(session, actor.account_id)
    await end_sessions(session, account_id=actor.account_id, reason="logout", only=actor.session_id, now=now)


async def end_one(session: AsyncSession, *, actor: Actor, session_id: UUID, now: datetime) -> None:
    """End a session of one's own. Raises NotFound for one that is somebody else's, has ended or never was."""
    await lock_account(session, actor.account_id)
    if not await end_sessions(session, account_id=actor.account_id, reason="ended_by_holder", only=session_id, now=now):
        raise NotFound(session_id=str(session_id))


async def end_others(session: AsyncSession, *, actor: Actor, now: datetime) -> None:
    """End all sessions of one's own but the one at hand."""
    await lock_account(session, actor.account_id)
    await end_sessions(session, account_id=actor.account_id, reason="ended_by_holder", but=actor.session_id, now=now)


LOOK_FOR_IDLE_SECONDS = 20  # so that an idle session is told within a minute


async def end_idle(database: Database, now: datetime, batch: int = 500) -> int:
    """End up to `batch` sessions in which nobody did anything for 30 minutes, and tell so (ID-38); returns how many.

    One transaction for each account, which takes its row lock; a session that is used meanwhile stays.
    """
    since = now - IDLE
    idle = select(col(UserSession.account_id)).distinct()
    idle = idle.where(col(UserSession.ended_at).is_(None), col(UserSession.last_used_at) <= since).limit(batch)
    async with database.transaction() as session:
        accounts = (await session.scalars(idle)).all()
    ended = 0
    for account_id in accounts:
        async with database.transaction() as session:
            await lock_account(session, account_id)
            ended += await end_sessions(session, account_id=account_id, reason="idle", idle_since=since, now=now)
    return ended
