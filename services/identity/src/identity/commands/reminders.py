"""The user ID reminder (ID-60 to ID-62): a question first, and only a right answer sends a mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kit.db import Database
from kit.eventlog import record
from madoguchi_contracts.identity import UserIdReminderRequested
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import is_usable, lock_account
from identity.domain.accounts import canonical_answer
from identity.domain.registration import canonical_person
from identity.domain.steps import REMINDER_STEP
from identity.errors import ReminderRefused
from identity.keys import new_token, token_hash
from identity.models import Reminder
from identity.terms import secret_questions
from identity.tools import Tools


@dataclass(frozen=True)
class Asked:
    """The secret question, and the token that its answer comes with."""

    secret_question: str
    token: str


async def ask(session: AsyncSession, tools: Tools, *, name: str, mail: str, network: str, now: datetime) -> Asked:
    """The secret question of the person with this name and address (ID-60, ID-61).

    A stranger gets a question too, always the same for the same entries, so that the answer does not tell who is
    registered (I-19). interpretation: of several accounts with one name and address, the newest is meant.
    Raises TooMany.
    """
    person = tools.keys.index.of("person", canonical_person(name, mail))
    await tools.limiter.count(session, "reminder_address", network, now)
    await tools.limiter.count(session, "reminder_person", person, now)
    found = [a for a in await queries.accounts_of_mail(session, tools.keys, name, mail) if is_usable(a, now)]
    questions = secret_questions()
    decoy = sorted(questions)[int(tools.keys.index.of("decoy", person), 16) % len(questions)]
    question = found[0].secret_question if found else decoy
    token = new_token()
    session.add(
        Reminder(
            token_sha256=token_hash(token),
            account_id=found[0].id if found else None,
            person_index=person,
            expires_at=now + REMINDER_STEP,
        )
    )
    return Asked(questions.get(question or "", questions[decoy]), token)


async def answer(database: Database, tools: Tools, *, token: str, secret_answer: str, now: datetime) -> None:
    """Mail the user ID when the answer is right (ID-62), once. Raises ReminderRefused whatever does not match, TooMany.

    The attempt is counted, by the entries of the person, before the answer is looked at.
    """
    async with database.transaction() as session:
        row = (
            await session.scalars(select(Reminder).where(col(Reminder.token_sha256) == token_hash(token)))
        ).one_or_none()
        if row is None or row.expires_at <= now:
            raise ReminderRefused
        account = await queries.account_of(session, row.account_id) if row.account_id else None
    who = row.person_index
    await tools.limiter.count_first(database, now, reminder_answer=who, reminder_answer_month=who)
    stored = account.secret_answer_hash if account else None
    if not await tools.hasher.verify(stored, canonical_answer(secret_answer)) or account is None:
        raise ReminderRefused
    async with database.transaction() as session:
        locked = await lock_account(session, account.id)
        used = (
            delete(Reminder).where(col(Reminder.token_sha256) == row.token_sha256).returning(col(Reminder.account_id))
        )
        if await session.scalar(used) is None or not is_usable(locked, now):
            raise ReminderRefused
        await record(session, UserIdReminderRequested(account_id=account.id), now=now)
        await tools.limiter.forget(session, "reminder_answer", who)
