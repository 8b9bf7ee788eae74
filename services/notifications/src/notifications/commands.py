"""What is written: contacts, mails to send, and what became of each try.

Every function works in the caller's transaction, and none commits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog
from kit import eventlog
from kit.vault import Vault
from madoguchi_contracts.notifications import MailAccepted, MailFailed, MailQueued
from madoguchi_contracts.sealed import Contact
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import Fate, Outcome, State, may_become, step_after
from notifications.domain import Template
from notifications.errors import NoSuchMail, NotRedrivable
from notifications.programmes import wording_of

log = structlog.get_logger(__name__)

# Long enough for every relay to time out in turn before DATA, and then again for the longest DATA.
LEASE = timedelta(seconds=120)

# These bring the address along: there is no contact yet, or it is not the holder's mail. All others need a contact.
_BRINGS_ADDRESS = frozenset(
    {
        Template.REGISTRATION_LINK,
        Template.INVITATION,
        Template.SUCCESSION,
        Template.SUCCESSION_NOTICE,
        Template.SUCCESSION_DONE,
    }
)

# What these say came sealed with their event, and is nowhere else.
NEEDS_CONTENT = frozenset(
    {
        Template.REGISTRATION_LINK,
        Template.PASSWORD_LINK,
        Template.PASSWORD_RESET_LINK,
        Template.EKYC_LINK,
        Template.CORRECTION_REQUESTED,
        Template.DOCUMENT_REQUESTED,
        Template.CONTRACT_OFFERED,
        Template.INSURANCE_OFFERED,
        Template.OFFICE_NEW_CASE,
        Template.OFFICE_NEW_MESSAGE,
        Template.NOTICE,
        Template.INVITATION,
        Template.SUCCESSION,
        Template.SUCCESSION_NOTICE,
        Template.SUCCESSION_DONE,
        Template.LAPSE_NOTICE,
    }
)


@dataclass(frozen=True)
class Cause:
    """The event that causes a mail (NO-12)."""

    event_id: UUID
    type: str
    traceparent: str | None


@dataclass(frozen=True)
class Claimed:
    """A mail that this process holds for one try, with its secrets still under the vault."""

    id: UUID
    template: Template
    attempt: int
    tries: int
    since: datetime
    queued_at: datetime
    link_expires_at: datetime | None
    content: str | None
    account_id: UUID | None
    contact: str | None
    traceparent: str | None
    programme: str


def open_facts(vault: Vault, mail: Claimed) -> dict[str, Any]:
    """What the mail is made of, in clear. Raises CannotDecrypt."""
    facts: dict[str, Any] = {"expires_at": mail.link_expires_at}
    if mail.contact is not None:
        facts |= json.loads(vault.decrypt(mail.contact, f"contact:{mail.account_id}"))
    if mail.content is not None:
        facts |= json.loads(vault.decrypt(mail.content, f"content:{mail.id}"))
    return facts


# Contacts

_LOCK_ACCOUNT = text("SELECT pg_advisory_xact_lock(hashtextextended('contact:' || :account_id, 0))")
_KEEP_CONTACT = text("""
INSERT INTO contacts (account_id, contact, sequence, updated_at) VALUES (:account_id, :contact, :sequence, :now)
ON CONFLICT (account_id) DO UPDATE
SET contact = excluded.contact, sequence = excluded.sequence, updated_at = excluded.updated_at
WHERE contacts.sequence < excluded.sequence
""")
_RELEASE = text("""
UPDATE messages SET state = 'queued', due_at = :now, round_started_at = :now
WHERE state = 'waiting_contact' AND account_id = :account_id
  AND EXISTS (SELECT 1 FROM contacts WHERE contacts.account_id = messages.account_id)
""")


async def keep_contact(
    session: AsyncSession, *, vault: Vault, account_id: UUID, contact: Contact, sequence: int, now: datetime
) -> None:
    """Remember the contact, unless a newer one is known, and release the mails that waited for it."""
    # Without this lock, a mail that is being queued at the same time and sees no contact yet would wait for ever.
    await session.execute(_LOCK_ACCOUNT, {"account_id": str(account_id)})
    kept = vault.encrypt(contact.model_dump_json().encode(), f"contact:{account_id}")
    where = {"account_id": account_id, "now": now}
    await session.execute(_KEEP_CONTACT, {**where, "contact": kept, "sequence": sequence})
    await session.execute(_RELEASE, where)


# Queueing

# A new mail gives the one before it another try at once: it would else wait behind hours of back-off.
_QUEUE = text("""
WITH hurried AS (
  UPDATE messages SET due_at = :now WHERE lane = :lane AND state = 'retry' AND due_at > :now),
account AS (
  SELECT NOT :needs_contact OR EXISTS (SELECT 1 FROM contacts WHERE account_id = :account_id) AS reachable)
INSERT INTO messages (id, template, programme, subject, cause_event_id, cause_type, account_id, lane, state, due_at,
                      round_started_at, link_expires_at, content, traceparent, queued_at)
SELECT :id, :template, :programme, :subject, :cause_event_id, :cause_type, :account_id, :lane,
       CASE WHEN reachable THEN 'queued' ELSE 'waiting_contact' END,
       CASE WHEN reachable THEN cast(:due_at AS timestamptz) END,
       :now, :link_expires_at, :content, :traceparent, :now
FROM account
ON CONFLICT DO NOTHING RETURNING state
""")


async def queue_mail(
    session: AsyncSession,
    *,
    vault: Vault,
    cause: Cause,
    template: Template,
    account_id: UUID | None,
    lane: UUID,
    content: Mapping[str, Any] | None = None,
    link_expires_at: datetime | None = None,
    subject: str | None = None,
    due_at: datetime | None = None,
    programme: str,
    now: datetime,
) -> bool:
    """Have one mail sent; the same cause again does nothing (NO-12). Returns whether there is a new mail.

    `account_id` is whom it is for (None: the office). Mails of one `lane` go out in the order of queueing. `content` is
    what came sealed, or what a notice says; `subject` is that of a notice; before `due_at` the mail is not sent. It
    waits while the account's contact is not known: events of different topics can overtake each other.
    """
    message_id = uuid5(cause.event_id, f"{template.value}:{lane}")
    secret = vault.encrypt(json.dumps(content).encode(), f"content:{message_id}") if content else None
    row = {
        "id": message_id,
        "template": template.value,
        "programme": programme,
        "subject": subject or wording_of(programme).subjects[template],
        "cause_event_id": cause.event_id,
        "cause_type": cause.type,
        "account_id": account_id,
        "lane": lane,
        "needs_contact": account_id is not None and template not in _BRINGS_ADDRESS,
        "link_expires_at": link_expires_at,
        "content": secret,
        "traceparent": cause.traceparent,
        "due_at": due_at or now,
        "now": now,
    }
    state = (await session.execute(_QUEUE, row)).scalar_one_or_none()
    if state is None:
        return False
    if state == State.WAITING_CONTACT:
        # The contact may have been committed since: look again, this time against whoever is keeping it right now.
        await session.execute(_LOCK_ACCOUNT, {"account_id": str(account_id)})
        await session.execute(_RELEASE, {"account_id": account_id, "now": now})
    queued = MailQueued(
        message_id=message_id, template=template.value, cause_event_id=cause.event_id, account_id=account_id
    )
    await eventlog.record(session, queued, now=now)
    return True


# Sending

# Only the first unfinished mail of a lane is due. `due_at` of a mail that is being sent is the end of its lease.
_DUE = text("""
SELECT m.id, m.template, m.state, m.attempts, m.round_attempts, m.round_started_at, m.queued_at, m.link_expires_at,
       m.data_begun_at, m.content, m.account_id, m.traceparent, m.programme, c.contact
FROM messages m LEFT JOIN contacts c ON c.account_id = m.account_id
WHERE m.due_at <= :now AND (m.link_expires_at IS NULL OR m.link_expires_at > :now OR m.state = 'sending')
  AND NOT EXISTS (SELECT 1 FROM messages e WHERE e.lane = m.lane AND e.seq < m.seq AND e.due_at IS NOT NULL)
ORDER BY m.due_at, m.seq LIMIT :limit
FOR UPDATE OF m SKIP LOCKED
""")
_CLAIM = text("""
WITH claimed AS (
  UPDATE messages SET state = 'sending', due_at = :lease_ends_at, data_begun_at = NULL,
         attempts = attempts + 1, round_attempts = round_attempts + 1
  WHERE id = ANY(:ids) RETURNING id, attempts)
INSERT INTO attempts (message_id, number, started_at) SELECT id, attempts, :now FROM claimed
""")
_PUT_OFF = text("UPDATE messages SET due_at = :due_at WHERE id = :id")
_BEGIN_DATA = text("""
UPDATE messages SET data_begun_at = :now, due_at = :lease_ends_at
WHERE id = :id AND attempts = :attempt AND state = 'sending'
RETURNING id
""")
# An answer that comes after the lease ran out still counts, as long as no newer try has begun.
_SETTLE = text("""
WITH tried AS (
  UPDATE attempts SET finished_at = :now, outcome = :outcome, code = :code, answer = :answer, relay = :relay
  WHERE message_id = :id AND number = :attempt)
UPDATE messages SET state = :state, due_at = cast(:due_at AS timestamptz), last_code = :code,
       finished_at = CASE WHEN cast(:due_at AS timestamptz) IS NULL THEN cast(:now AS timestamptz) END,
       content = CASE WHEN :state = 'accepted' THEN NULL ELSE content END,
       recipient = coalesce(:recipient, recipient)
WHERE id = :id AND attempts = :attempt AND state = ANY(:may_become)
RETURNING id
""")
_EXPIRE = text("""
UPDATE messages SET state = 'expired', due_at = NULL, content = NULL, finished_at = :now, last_code = 'link_expired'
WHERE content IS NOT NULL AND link_expires_at <= :now AND state = ANY(:may_become)
  AND (state <> 'unknown' OR due_at IS NOT NULL)
RETURNING id, template
""")
_CLEAR = text("""
UPDATE messages SET content = NULL
WHERE content IS NOT NULL AND link_expires_at <= :now AND state IN ('failed', 'unknown')
""")


async def claim(
    session: AsyncSession,
    *,
    limit: int,
    pause_for: Callable[[Claimed], float],
    resent: frozenset[Template],
    draw: Callable[[], float],
    now: datetime,
) -> list[Claimed]:
    """Take up to `limit` mails that are due, and count the try: committed before any relay hears of them.

    `pause_for` gives the seconds by which a mail is put off for its domain's sake. A mail whose lease ran out belonged
    to a process that died: its try ends as unknown if DATA had begun, else as one to be made again.
    """
    mails: list[Claimed] = []
    for row in (await session.execute(_DUE, {"now": now, "limit": limit})).all():
        if row.state == State.SENDING:
            lost = Outcome(Fate.UNKNOWN if row.data_begun_at else Fate.RETRY, "crashed")
            await settle(session, _held(row, tries=0), lost, recipient=None, resent=resent, draw=draw(), now=now)
            continue
        mail = _held(row, tries=1)
        if pause := pause_for(mail):
            await session.execute(_PUT_OFF, {"id": row.id, "due_at": now + timedelta(seconds=pause)})
        else:
            mails.append(mail)
    if mails:
        ids = [mail.id for mail in mails]
        await session.execute(_CLAIM, {"ids": ids, "lease_ends_at": now + LEASE, "now": now})
    return mails


def _held(row: Row[Any], *, tries: int) -> Claimed:
    return Claimed(
        id=row.id,
        template=Template(row.template),
        attempt=row.attempts + tries,
        tries=row.round_attempts + tries,
        since=row.round_started_at,
        queued_at=row.queued_at,
        link_expires_at=row.link_expires_at,
        content=row.content,
        account_id=row.account_id,
        contact=row.contact,
        traceparent=row.traceparent,
        programme=row.programme,
    )


async def begin_data(session: AsyncSession, *, mail: Claimed, now: datetime) -> bool:
    """Record that the relay may have the mail from now on; False when the mail is not ours any more.

    A process that was stopped for longer than its lease learns here that another one has taken the mail.
    """
    row = {"id": mail.id, "attempt": mail.attempt, "now": now, "lease_ends_at": now + LEASE}
    return (await session.execute(_BEGIN_DATA, row)).one_or_none() is not None


async def settle(
    session: AsyncSession,
    mail: Claimed,
    outcome: Outcome,
    *,
    recipient: str | None,
    resent: frozenset[Template],
    draw: float,
    now: datetime,
) -> bool:
    """Record the end of a try and what follows from it; False when the mail is not ours any more.

    `recipient` is the address written to, under the vault (NO-12). `resent` are the mails that are sent again when
    nobody knows what became of them.
    """
    step = step_after(outcome, resent=mail.template in resent, tries=mail.tries, since=mail.since, now=now, draw=draw)
    row = {
        "id": mail.id,
        "attempt": mail.attempt,
        "outcome": outcome.fate.value,
        "code": outcome.code,
        "answer": outcome.answer,
        "relay": outcome.relay,
        "recipient": recipient,
        "state": step.state.value,
        "due_at": step.due_at,
        "may_become": [state.value for state in may_become(step.state)],
        "now": now,
    }
    if (await session.execute(_SETTLE, row)).one_or_none() is None:
        return False
    if step.state is State.ACCEPTED:
        accepted = MailAccepted(message_id=mail.id, template=mail.template.value, attempts=mail.attempt)
        await eventlog.record(session, accepted, now=now)
    elif step.failed_code is not None:
        failed = MailFailed(message_id=mail.id, template=mail.template.value, code=step.failed_code)
        await eventlog.record(session, failed, now=now)
    return True


async def expire_links(session: AsyncSession, *, now: datetime) -> int:
    """Give up mails whose link has run out (nobody is sent a dead link), and forget links that no one can use."""
    origins = [state.value for state in may_become(State.EXPIRED)]
    expired = (await session.execute(_EXPIRE, {"now": now, "may_become": origins})).all()
    for row in expired:
        failed = MailFailed(message_id=row.id, template=row.template, code="link_expired")
        await eventlog.record(session, failed, now=now)
        log.warning("mail_expired", message_id=str(row.id), template=row.template)
    await session.execute(_CLEAR, {"now": now})
    return len(expired)


# Operators

_LOCK = text("SELECT state, template, content, link_expires_at FROM messages WHERE id = :id FOR UPDATE")
_REDRIVE = text("""
WITH noted AS (
  INSERT INTO redrives (message_id, from_state, reason, done_by, done_at) VALUES (:id, :state, :reason, :by, :now))
UPDATE messages SET state = 'queued', due_at = :now, round_started_at = :now, round_attempts = 0, finished_at = NULL
WHERE id = :id
""")


async def redrive(session: AsyncSession, *, message_id: UUID, reason: str, by: str, now: datetime) -> None:
    """Have a mail tried again from the beginning, with a new 24 hours. Raises NoSuchMail or NotRedrivable.

    What is on its way anyway is hurried (retry); what was accepted cannot be sent twice, and a link that has run out
    cannot be sent at all.
    """
    row = (await session.execute(_LOCK, {"id": message_id})).one_or_none()
    if row is None:
        raise NoSuchMail(message_id=str(message_id))
    state = State(row.state)
    redrivable = state in may_become(State.QUEUED) and state is not State.WAITING_CONTACT
    gone = Template(row.template) in NEEDS_CONTENT and row.content is None
    dead = row.link_expires_at is not None and row.link_expires_at <= now
    if not redrivable or gone or dead:
        raise NotRedrivable(f"{row.state}{', link expired' if gone or dead else ''}", message_id=str(message_id))
    noted = {"id": message_id, "state": row.state, "reason": reason, "by": by, "now": now}
    await session.execute(_REDRIVE, noted)
