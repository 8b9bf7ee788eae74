"""One-time passwords: enrolment (ID-47), use (ID-43), reset (ID-46), and proofs for other services (ID-40 c and d)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from kit.db import Database
from kit.errors import Conflict
from kit.eventlog import record
from kit.tokens import Actor, Signer
from madoguchi_contracts import Role
from madoguchi_contracts.identity import OtpEnrolled, OtpReset
from pydantic import BaseModel
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands import audit
from identity.commands.accounts import end_sessions, lock_account, touching, withdraw_successions
from identity.commands.audit import Deed, Responsible
from identity.domain.accounts import canonical_answer
from identity.domain.otp import DIGITS, STEP, accepted_step
from identity.domain.passwords import canonical_password
from identity.errors import AlreadyEnrolled, AnswerRefused, CodeRefused, CurrentPasswordWrong, NotEnrolled
from identity.models import LoginToken, OtpToken
from identity.permissions import Action, Relation, authorise
from identity.tools import Tools

SECRET_CHARACTERS = 32  # 160 bits in base32, what RFC 4226 recommends

# One statement decides the race: of any number of simultaneous uses of a code, the first to get the row moves the step,
# and for all others the condition is no longer true when they get it.
_ACCEPT = text("""
UPDATE otp_tokens SET last_step = :step WHERE id = :id AND (last_step IS NULL OR last_step < :step) RETURNING id
""")
_CONFIRM = text("UPDATE otp_tokens SET confirmed_at = :now WHERE id = :id AND confirmed_at IS NULL RETURNING id")


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs, as an address for the QR code and as text to type in."""

    otpauth_uri: str
    secret: str


async def enrol(session: AsyncSession, tools: Tools, *, login_token: str, now: datetime) -> Enrolment:
    """A new authenticator for somebody who has none (ID-47). Its secret is told once: asking again makes a new one.

    Raises LoginExpired, AlreadyEnrolled.
    """
    account = await queries.account_of_login(session, login_token, now)
    authorise(Role(account.role), Relation.PASSWORD_GIVEN, Action.ENROL_OTP)
    secret = pyotp.random_base32(SECRET_CHARACTERS)
    row = {"id": uuid.uuid4(), "secret_hidden": tools.keys.hide(account.id, "otp_secret", secret), "created_at": now}
    made = insert(OtpToken).values(account_id=account.id, **row)
    replaced = made.on_conflict_do_update(
        index_elements=["account_id"], set_=row, where=col(OtpToken.confirmed_at).is_(None)
    )
    if await session.scalar(replaced.returning(col(OtpToken.id))) is None:
        raise AlreadyEnrolled
    user_id = tools.keys.show(account.id, "user_id", account.user_id_hidden)
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=int(STEP.total_seconds()))
    return Enrolment(totp.provisioning_uri(name=user_id, issuer_name=tools.otp_issuer), secret)


async def count_attempt(database: Database, tools: Tools, *, account_id: UUID, now: datetime) -> None:
    """Count an attempt at a code before it is looked at: five in a quarter of an hour, and twenty wrong ones a day.

    What the first limit refuses is not counted for the second. Raises TooMany.
    """
    await tools.limiter.count_first(database, now, otp_code=str(account_id))
    await tools.limiter.count_first(database, now, otp_code_day=str(account_id))


async def accept_code(
    session: AsyncSession, tools: Tools, *, account_id: UUID, code: str, enrolling: bool, now: datetime
) -> None:
    """Use a code up (ID-43): it, and any older one, is not accepted again. Raises CodeRefused, NotEnrolled.

    With `enrolling` an unconfirmed authenticator counts too, and its first right code confirms it (ID-47). The caller
    has counted the attempt (`count_attempt`).
    """
    token = await queries.otp_token_of(session, account_id)
    if token is None or (token.confirmed_at is None and not enrolling):
        raise NotEnrolled
    secret = tools.keys.show(account_id, "otp_secret", token.secret_hidden)
    step = accepted_step(secret, code, now, last_accepted_step=token.last_step, steps_back=tools.otp_steps_back)
    if step is None:
        raise CodeRefused
    if await session.scalar(_ACCEPT, {"step": step, "id": token.id}) is None:
        raise CodeRefused
    if await session.scalar(_CONFIRM, {"now": now, "id": token.id}) is not None:
        await lock_account(session, account_id)
        await record(session, OtpEnrolled(account_id=account_id), now=now)
    await tools.limiter.forget(session, "otp_code", str(account_id))
    await tools.limiter.forgive(session, "otp_code_day", str(account_id))


async def spend(session: AsyncSession, tools: Tools, *, actor: Actor, code: str, now: datetime) -> None:
    """Use a code up for what the same transaction does: no proof is needed where identity itself does it, because the
    code comes with the content. The caller has counted the attempt. Raises CodeRefused, NotEnrolled."""
    await accept_code(session, tools, account_id=actor.account_id, code=code, enrolling=False, now=now)


class Given(BaseModel):
    """A right code was given: what a proof of it is signed from, and nothing that could be used without that."""

    proof_id: UUID
    given_at: datetime

    def signed(self, signer: Signer, *, actor: Actor, purpose: str, digest: str) -> str:
        """The proof for this purpose and content. Signed again, it is the same one: it can be used once."""
        return signer.proof(
            account_id=actor.account_id, purpose=purpose, digest=digest, now=self.given_at, proof_id=self.proof_id
        )


async def prove(session: AsyncSession, tools: Tools, *, actor: Actor, code: str, now: datetime) -> Given:
    """The actor gives a code for something in another service. Raises CodeRefused, NotEnrolled.

    It is no login: the 90 days of ID-41 do not start anew (I-15).
    """
    await spend(session, tools, actor=actor, code=code, now=now)
    return Given(proof_id=uuid.uuid4(), given_at=now)


async def reset(database: Database, tools: Tools, *, login_token: str, secret_answer: str, now: datetime) -> None:
    """Void the authenticator of somebody who gave the password and knows the secret answer (ID-46).

    The attempt is counted before the answer is looked at. Raises LoginExpired, AnswerRefused, NotEnrolled, TooMany.
    """
    async with database.transaction() as session:
        account = await queries.account_of_login(session, login_token, now)
    authorise(Role(account.role), Relation.PASSWORD_GIVEN, Action.RESET_OTP)
    who = str(account.id)
    await tools.limiter.count_first(database, now, secret_answer=who, secret_answer_month=who)
    if not await tools.hasher.verify(account.secret_answer_hash, canonical_answer(secret_answer)):
        raise AnswerRefused
    async with database.transaction() as session:
        await void(session, account_id=account.id, now=now)
        await tools.limiter.forget(session, "secret_answer", who)


async def void_own(
    database: Database, tools: Tools, *, actor: Actor, password: str, secret_answer: str, now: datetime
) -> None:
    """Void the authenticator of a phone that was stolen, being logged in (ID-46): with password and secret answer,
    because an open screen may be in other hands too. All other sessions and half-finished logins end.

    The attempt is counted first, and both are looked at, so that the time does not tell which was wrong. Raises
    CurrentPasswordWrong, AnswerRefused, NotEnrolled, TooMany, Conflict.
    """
    who = str(actor.account_id)
    await tools.limiter.count_first(database, now, current_password=who, secret_answer=who, secret_answer_month=who)
    async with database.transaction() as session:
        account = await queries.account_of(session, actor.account_id)
        passwords = await queries.passwords_of(session, actor.account_id)
    current = passwords[0].hash if passwords else None
    password_right = await tools.hasher.verify(current, canonical_password(password))
    answer_right = await tools.hasher.verify(account.secret_answer_hash, canonical_answer(secret_answer))
    if not password_right:
        raise CurrentPasswordWrong(rules=["ID-46"])
    if not answer_right:
        raise AnswerRefused
    async with database.transaction() as session:
        await void(session, account_id=account.id, now=now, but=actor.session_id)
        await session.execute(delete(LoginToken).where(col(LoginToken.account_id) == account.id))
        if (await lock_account(session, account.id)).secret_answer_hash != account.secret_answer_hash:
            raise Conflict(account_id=who)  # the next representative took the account over meanwhile
        for name in ("current_password", "secret_answer"):
            await tools.limiter.forget(session, name, who)


async def void_for(session: AsyncSession, *, by: Responsible, account_id: UUID, now: datetime) -> None:
    """Take the authenticator off the account of somebody whose identity an operator checked. Raises NotEnrolled."""
    await void(session, account_id=account_id, now=now)
    await audit.note(session, Deed.RESET_OTP, by=by, subject_id=account_id, now=now)


async def void(session: AsyncSession, *, account_id: UUID, now: datetime, but: UUID | None = None) -> None:
    """Take the authenticator off the account; the next one-time password step enrols a new one. Raises NotEnrolled.

    Whoever had the lost phone may also be logged in: all sessions end, `but` that of somebody who proved to be the
    holder.
    """
    confirmed = delete(OtpToken).where(col(OtpToken.account_id) == account_id, col(OtpToken.confirmed_at).is_not(None))
    if await session.scalar(confirmed.returning(col(OtpToken.id))) is None:
        raise NotEnrolled
    await withdraw_successions(session, touching(account_id), "otp_reset", now)
    account = await lock_account(session, account_id)
    account.last_otp_login_at = None  # the code that began the 90 days came from what is lost now
    await record(session, OtpReset(account_id=account_id), now=now)
    await end_sessions(session, account_id=account_id, reason="otp_reset", now=now, but=but)
