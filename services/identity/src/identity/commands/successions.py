"""The change of an association's representative (代表者変更, ID-12): the next one takes the account over.

For other services nothing changes but the contact and the identity verification: the account's id stays, its
applications stay. The next representative gets a user ID, a password and an authenticator of their own.

interpretation: the source only says that the next representative is asked for the secret answer. The present one names
the next one, or two officers do so, one after the other, when the present one cannot: whoever names the next one could
give the account away. The holder is told as soon as it is begun and can end it; so does whatever shows that the holder
is there, or that an officer's account may not be in good hands.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal
from uuid import UUID

from kit.errors import NotFound
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import (
    SuccessionAnnounced,
    SuccessionStarted,
)
from madoguchi_contracts.sealed import RegistrationLink, SuccessionNotice
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands import audit
from identity.commands.accounts import (
    is_usable,
    lock_account,
    withdraw_successions,
)
from identity.commands.audit import Deed, Responsible
from identity.commands.otp import spend
from identity.domain.people import SUCCESSION_CONFIRMATION, SUCCESSION_LINK, Holder
from identity.domain.registration import person_findings
from identity.errors import FAQ, LinkNotValid, RegistrationIncomplete, SecondOfficerNeeded
from identity.keys import new_token, token_hash
from identity.models import Account, Succession
from identity.tools import Tools


async def start_own(
    session: AsyncSession, tools: Tools, *, actor: Actor, code: str, next_one: Holder, now: datetime
) -> UUID:
    """The present representative names the next one, with a one-time password: who finds an open screen must not be
    able to give the account away. The link is mailed at once. Returns the succession's id.

    The caller has counted the attempt (`otp_code`). Raises RegistrationIncomplete, CodeRefused, NotEnrolled, TooMany.
    """
    _check(next_one)
    await spend(session, tools, actor=actor, code=code, now=now)
    row, account = await _begin(session, tools, actor, actor.account_id, next_one, now)
    await _notice(session, tools, row, account, now)
    await _mail_link(session, tools, row, now)
    return row.id


async def start(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    by: Responsible,
    code: str,
    account_id: UUID,
    next_one: Holder,
    now: datetime,
) -> UUID:
    """An officer begins it for a representative who cannot, with a one-time password; the holder is told, and nobody
    gets a link before a second officer confirms it. Returns the succession's id; one that was begun before is void.

    Raises NotFound when the account is not that of an association in use, and what `start_own` raises.
    """
    _check(next_one)
    await spend(session, tools, actor=actor, code=code, now=now)
    row, account = await _begin(session, tools, actor, account_id, next_one, now)
    await _notice(session, tools, row, account, now)
    await audit.note(session, Deed.START_SUCCESSION, by=by, subject_id=account_id, now=now)
    return row.id


async def confirm(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    by: Responsible,
    code: str,
    account_id: UUID,
    succession_id: UUID,
    now: datetime,
) -> None:
    """A second officer confirms what another one began, with a one-time password, and the link is mailed.

    What is confirmed cannot have changed since it was looked at: another name is another succession. Raises NotFound
    when nothing waits for it, SecondOfficerNeeded, CodeRefused, NotEnrolled.
    """
    await spend(session, tools, actor=actor, code=code, now=now)
    waiting = select(Succession).where(
        col(Succession.id) == succession_id,
        col(Succession.account_id) == account_id,
        col(Succession.token_sha256).is_(None),
        *queries.OPEN_SUCCESSION,
        col(Succession.expires_at) > now,
    )
    row = (await session.scalars(waiting.with_for_update())).one_or_none()
    if row is None:
        raise NotFound(succession_id=str(succession_id))
    if row.started_by == actor.account_id:
        raise SecondOfficerNeeded(succession_id=str(succession_id))
    row.confirmed_by, row.confirmed_at = actor.account_id, now
    if not is_usable(await lock_account(session, account_id), now):
        raise NotFound(account_id=str(account_id))
    await _mail_link(session, tools, row, now)
    await audit.note(session, Deed.CONFIRM_SUCCESSION, by=by, subject_id=account_id, now=now)


async def withdraw_own(session: AsyncSession, *, account_id: UUID, now: datetime) -> None:
    """The holder, being logged in, takes back or objects to what is open, whoever began it. Raises NotFound."""
    if not await withdraw_successions(session, _of(account_id), "holder_objected", now):
        raise NotFound(account_id=str(account_id))


async def withdraw_for(session: AsyncSession, *, by: Responsible, account_id: UUID, now: datetime) -> None:
    """An officer takes back what is open. Raises NotFound."""
    if not await withdraw_successions(session, _of(account_id), "office_withdrew", now):
        raise NotFound(account_id=str(account_id))
    await audit.note(session, Deed.WITHDRAW_SUCCESSION, by=by, subject_id=account_id, now=now)


async def object_to(session: AsyncSession, *, token: str, now: datetime) -> None:
    """The holder objects with the mailed link: nobody takes the account over. Raises LinkNotValid."""
    which = col(Succession.objection_sha256) == token_hash(token)
    if not await withdraw_successions(session, which, "holder_objected", now):
        raise LinkNotValid(f"手続きはすでに取り消されたか、完了しています。{FAQ}", rules=["ID-12", "ID-19"])


def _check(next_one: Holder) -> None:
    """Before the code: a mistake in the form shall not cost one."""
    findings = person_findings(name_kanji=next_one.name_kanji, name_kana=next_one.name_kana or "", mail=next_one.mail)
    if findings:
        raise RegistrationIncomplete(findings=findings)


async def _begin(
    session: AsyncSession, tools: Tools, actor: Actor, account_id: UUID, next_one: Holder, now: datetime
) -> tuple[Succession, Account]:
    """The new succession, and the account under its row lock. Raises NotFound, TooMany."""
    # Its row lock makes two who begin at once take turns, so that the later one voids the earlier one's link.
    await tools.limiter.count(session, "succession_account", str(account_id), now)
    await withdraw_successions(session, _of(account_id), "replaced", now)
    known = await session.scalar(select(col(Account.role)).where(col(Account.id) == account_id))
    if known != Role.ASSOCIATION:
        raise NotFound(account_id=str(account_id))
    account = await lock_account(session, account_id)
    if not is_usable(account, now):
        raise NotFound(account_id=str(account_id))
    succession_id = uuid.uuid4()
    row = Succession(
        id=succession_id,
        account_id=account_id,
        started_by=actor.account_id,
        started_by_role=actor.role.value,
        name_kanji_hidden=tools.keys.hide(succession_id, "name_kanji", next_one.name_kanji),
        name_kana_hidden=tools.keys.hide(succession_id, "name_kana", next_one.name_kana or ""),
        mail_hidden=tools.keys.hide(succession_id, "mail", next_one.mail),
        started_at=now,
        expires_at=now + SUCCESSION_CONFIRMATION,
    )
    session.add(row)
    return row, account


async def _notice(session: AsyncSession, tools: Tools, row: Succession, account: Account, now: datetime) -> None:
    """Tell the holder that it was begun, with a link to object."""
    token = new_token()
    row.objection_sha256 = token_hash(token)
    await session.flush()
    holder = queries.holder_of(tools.keys, account)
    await tell_holder(session, tools, row, holder, "started", tools.link("succession/object", token), now)


async def _mail_link(session: AsyncSession, tools: Tools, row: Succession, now: datetime) -> None:
    """Mail the link to the next representative. The account is locked."""
    token, next_one = new_token(), queries.holder_of(tools.keys, row)
    row.token_sha256, row.expires_at = token_hash(token), now + SUCCESSION_LINK
    await session.flush()
    content = RegistrationLink(mail=next_one.mail, name=next_one.name_kanji, url=tools.link("succession", token))
    started = SuccessionStarted(
        account_id=row.account_id,
        succession_id=row.id,
        link=tools.keys.seal_to("notifications", content),
        link_expires_at=row.expires_at,
    )
    await record(session, started, now=now)


async def tell_holder(
    session: AsyncSession,
    tools: Tools,
    row: Succession,
    holder: Holder,
    stage: Literal["started", "completed"],
    url: str | None,
    now: datetime,
) -> None:
    """Tell the holder, with an address of its own: when the mail goes out, the contact may be the next one's. The
    account is locked."""
    content = SuccessionNotice(mail=holder.mail, name=holder.name_kanji, url=url)
    notice = tools.keys.seal_to("notifications", content)
    told = SuccessionAnnounced(account_id=row.account_id, succession_id=row.id, stage=stage, notice=notice)
    await record(session, told, now=now)


def _of(account_id: UUID) -> ColumnElement[bool]:
    return col(Succession.account_id) == account_id
