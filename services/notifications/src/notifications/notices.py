"""Notices of the agency (NO-11): one text to one account, or to all participants of a programme, once each."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from kit.telemetry import current_traceparent
from kit.vault import Vault
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.commands import Cause, queue_mail
from notifications.domain import Template
from notifications.errors import NoSuchContact
from notifications.models import NoticeEntry

PREFIX = "【住宅金融支援機構】"
_NOTICES = UUID("a3d3f6a6-8a3a-4f57-9d80-6c2b0e1f7f11")
BATCH = 100  # accounts in one transaction

_PARTICIPATE = text("""
INSERT INTO participants (programme, account_id, since) VALUES (:programme, :account_id, :now) ON CONFLICT DO NOTHING
""")
_PARTICIPANTS = text("""
SELECT account_id FROM participants WHERE programme = :programme AND account_id > :after
ORDER BY account_id LIMIT :limit
""")
_CONTACT = text("SELECT 1 FROM contacts WHERE account_id = :account_id")


@dataclass(frozen=True)
class Notice:
    """What is told. The same subject and text is the same notice, whoever it is sent to and how often."""

    programme: str
    subject: str
    paragraphs: tuple[str, ...]

    @property
    def id(self) -> UUID:
        """Computed from what it says, so that sending it again reaches nobody twice."""
        return uuid5(_NOTICES, json.dumps([self.subject, *self.paragraphs], ensure_ascii=False))


def notice(programme: str, subject: str, body: str) -> Notice:
    """A notice; empty lines part paragraphs, and the subject begins with the agency's name.

    Raises ValueError for one that says nothing.
    """
    one_line = " ".join(subject.split())
    paragraphs = tuple(part.strip() for part in re.split(r"\n\s*\n", body.replace("\r\n", "\n")) if part.strip())
    if not one_line.removeprefix(PREFIX) or not paragraphs:
        raise ValueError("a notice needs a subject and a text")
    return Notice(programme, one_line if one_line.startswith(PREFIX) else PREFIX + one_line, paragraphs)


async def participate(session: AsyncSession, *, programme: str, account_id: UUID, now: datetime) -> None:
    """The account was approved for the programme."""
    await session.execute(_PARTICIPATE, {"programme": programme, "account_id": account_id, "now": now})


async def next_participants(session: AsyncSession, *, programme: str, after: UUID) -> Sequence[UUID]:
    """Up to a hundred participants of the programme, in the order of their ids."""
    where = {"programme": programme, "after": after, "limit": BATCH}
    return (await session.execute(_PARTICIPANTS, where)).scalars().all()


async def known(session: AsyncSession, *, account_id: UUID) -> None:
    """Raise NoSuchContact unless there is an address for the account."""
    if (await session.execute(_CONTACT, {"account_id": account_id})).first() is None:
        raise NoSuchContact(account_id=str(account_id))


async def queue_notice(
    session: AsyncSession,
    *,
    vault: Vault,
    notice: Notice,
    account_ids: Sequence[UUID],
    first_at: datetime,
    per_minute: int,
    now: datetime,
) -> int:
    """Queue the notice for those accounts that have not had it, `per_minute` from `first_at` on; returns how many.

    Notices have lanes of their own: a link that somebody asked for does not wait behind them.
    """
    queued = 0
    for account_id in account_ids:
        queued += await queue_mail(
            session,
            vault=vault,
            cause=Cause(notice.id, "madoguchi.notifications.notice", current_traceparent()),
            template=Template.NOTICE,
            account_id=account_id,
            lane=uuid5(account_id, "notices"),
            content={"subject": notice.subject, "paragraphs": list(notice.paragraphs)},
            subject=notice.subject,
            due_at=first_at + timedelta(minutes=queued / per_minute),
            programme=notice.programme,
            now=now,
        )
    return queued


def put_down(
    session: AsyncSession, *, notice: Notice, account_id: UUID | None, mails: int, by: str, now: datetime
) -> None:
    """Keep who had which notice sent to whom."""
    session.add(
        NoticeEntry(
            notice_id=notice.id,
            subject=notice.subject,
            programme=notice.programme,
            account_id=account_id,
            mails=mails,
            done_by=by,
            done_at=now,
        )
    )
