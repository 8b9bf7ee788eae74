"""The change of an association's representative (代表者変更, ID-12): the next one takes the account over.

For other services nothing changes but the contact and the identity verification: the account's id stays, its
applications stay. The next representative gets a user ID, a password and an authenticator of their own.

interpretation: the source only says that the next representative is asked for the secret answer. The present one, the
office or an operator names the next one; a link goes to that address; whoever opens it must know the answer.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.errors import NotFound
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStatusChanged, RepresentativeChanged, SuccessionStarted
from madoguchi_contracts.sealed import RegistrationLink
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import (
    Consent,
    end_sessions,
    holder_columns,
    is_usable,
    issue_password_link,
    lock_account,
    tell_user_id,
    void_what_was_begun,
)
from identity.commands.ekyc import void_runs
from identity.commands.otp import accept_code
from identity.commands.registration import take_consent
from identity.domain import user_ids
from identity.domain.accounts import canonical_answer
from identity.domain.ekyc import EkycStatus
from identity.domain.people import SUCCESSION_LINK
from identity.domain.registration import person_findings
from identity.errors import FAQ, AnswerRefused, LinkNotValid, RegistrationIncomplete
from identity.keys import new_token, token_hash
from identity.models import Account, OtpToken, Password, PastRepresentative, Succession
from identity.tools import Tools

TRIES = 5  # at the secret answer; then the change has to be begun again


async def start(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    account_id: UUID,
    name_kanji: str,
    name_kana: str,
    mail: str,
    now: datetime,
) -> UUID:
    """Mail a link to the next representative, and return the succession's id. One that was begun before is void.

    Raises NotFound when the account is not that of an association in use, RegistrationIncomplete, TooMany.
    """
    if findings := person_findings(name_kanji=name_kanji, name_kana=name_kana, mail=mail):
        raise RegistrationIncomplete(findings=findings)
    # Its row lock makes two who begin at once take turns, so that the later one voids the earlier one's link.
    await tools.limiter.count(session, "succession_account", str(account_id), now)
    await _void_open(session, account_id, now)
    known = await session.scalar(select(col(Account.role)).where(col(Account.id) == account_id))
    if known != Role.ASSOCIATION or not is_usable(await lock_account(session, account_id), now):
        raise NotFound(account_id=str(account_id))
    succession_id, token = uuid.uuid4(), new_token()
    expires_at = now + SUCCESSION_LINK
    session.add(
        Succession(
            id=succession_id,
            account_id=account_id,
            started_by=actor.account_id,
            started_by_role=actor.role.value,
            name_kanji_hidden=tools.keys.hide(succession_id, "name_kanji", name_kanji),
            name_kana_hidden=tools.keys.hide(succession_id, "name_kana", name_kana),
            mail_hidden=tools.keys.hide(succession_id, "mail", mail),
            token_sha256=token_hash(token),
            started_at=now,
            expires_at=expires_at,
        )
    )
    content = RegistrationLink(mail=mail, name=name_kanji, url=tools.link("succession", token))
    started = SuccessionStarted(
        account_id=account_id,
        succession_id=succession_id,
        link=tools.keys.seal_to("notifications", content),
        link_expires_at=expires_at,
    )
    await record(session, started, now=now)
    return succession_id


async def start_own(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    code: str,
    name_kanji: str,
    name_kana: str,
    mail: str,
    now: datetime,
) -> UUID:
    """The present representative names the next one, with a one-time password: who finds an open screen must not be
    able to give the account away. The caller has counted the attempt (`otp_code`). Raises CodeRefused, NotEnrolled."""
    await accept_code(session, tools, account_id=actor.account_id, code=code, enrolling=False, now=now)
    return await start(
        session,
        tools,
        actor=actor,
        account_id=actor.account_id,
        name_kanji=name_kanji,
        name_kana=name_kana,
        mail=mail,
        now=now,
    )


async def withdraw(session: AsyncSession, *, account_id: UUID, now: datetime) -> None:
    """Take back what was begun for this account. Raises NotFound if nothing is open."""
    if not await _void_open(session, account_id, now):
        raise NotFound(account_id=str(account_id))


async def complete(
    database: Database,
    tools: Tools,
    *,
    token: str,
    former_answer: str,
    secret_question: str,
    secret_answer: str,
    terms_accepted: bool,
    now: datetime,
) -> UUID:
    """The next representative takes over: mails NO-03 and NO-04 follow. Returns the account id, which stays the same.

    The former one's sessions end, and their user ID is nobody's any more. A try at the answer is counted before it is
    looked at, and after five the link is void. Raises LinkNotValid, AnswerRefused, TermsNotAccepted,
    RegistrationIncomplete.
    """
    async with database.transaction() as session:
        succession = await queries.open_succession(session, token, now)
        account = await queries.account_of(session, succession.account_id)
    # Before the answer: what is missing of one's own entries costs no try.
    consent = await take_consent(tools, secret_question, secret_answer, terms_accepted=terms_accepted)
    async with database.transaction() as session:
        await _count_try(session, token, now)
    if not await tools.hasher.verify(account.secret_answer_hash, canonical_answer(former_answer)):
        raise AnswerRefused(rules=["ID-12"])
    async with database.transaction() as session:
        await session.execute(delete(OtpToken).where(col(OtpToken.account_id) == account.id))
        used = update(Succession).where(*queries.open_succession_with(token, now)).values(completed_at=now)
        # One statement checks and uses: of two completions with one link, the second finds nothing.
        row = (await session.scalars(used.returning(Succession))).one_or_none()
        if row is None:
            raise _not_valid()
        await _take_over(session, tools, row, consent, now)
        return row.account_id


async def _count_try(session: AsyncSession, token: str, now: datetime) -> None:
    counted = (
        update(Succession)
        .where(*queries.open_succession_with(token, now), col(Succession.tries) < TRIES)
        .values(tries=col(Succession.tries) + 1)
    )
    if await session.scalar(counted.returning(col(Succession.id))) is None:
        raise _not_valid()


async def _take_over(
    session: AsyncSession, tools: Tools, succession: Succession, consent: Consent, now: datetime
) -> None:
    keys, account_id = tools.keys, succession.account_id
    account = await lock_account(session, account_id)
    if not is_usable(account, now):
        raise _not_valid()
    former = queries.holder_of(keys, account)
    held_from = await session.scalar(
        select(func.max(col(PastRepresentative.held_until))).where(col(PastRepresentative.account_id) == account_id)
    )
    session.add(
        PastRepresentative(
            id=succession.id,
            account_id=account_id,
            name_kanji_hidden=keys.hide(succession.id, "name_kanji", former.name_kanji),
            name_kana_hidden=keys.hide(succession.id, "name_kana", former.name_kana or ""),
            mail_hidden=keys.hide(succession.id, "mail", former.mail),
            user_id_hidden=keys.hide(
                succession.id, "user_id", keys.show(account_id, "user_id", account.user_id_hidden)
            ),
            held_from=held_from or account.issued_at,
            held_until=now,
            ekyc_status=account.ekyc_status,
        )
    )
    user_id = user_ids.new_user_id(secrets.choice)
    columns = holder_columns(tools, account_id, queries.holder_of(keys, succession), consent, now)
    account.user_id_hidden = keys.hide(account_id, "user_id", user_id)
    account.user_id_index = keys.index.of("user_id", user_id)
    for name, value in columns.items():
        setattr(account, name, value)
    account.issued_at, account.last_login_at, account.last_otp_login_at = now, None, None
    await session.execute(delete(Password).where(col(Password.account_id) == account_id))
    await void_what_was_begun(session, account_id, now)
    await void_runs(session, account_id, now)
    account.begin_ekyc_anew()
    await session.flush()
    await record(session, RepresentativeChanged(account_id=account_id, succession_id=succession.id), now=now)
    await end_sessions(session, account_id=account_id, reason="representative_changed", now=now)
    await tell_user_id(session, tools, account, now)
    status = EkycStatusChanged(account_id=account_id, ekyc_id=None, status=EkycStatus.DATA_REGISTERED.value)
    await record(session, status, now=now)
    await issue_password_link(session, tools, account_id=account_id, purpose="first", now=now)


async def _void_open(session: AsyncSession, account_id: UUID, now: datetime) -> bool:
    voided = (
        update(Succession)
        .where(
            col(Succession.account_id) == account_id,
            col(Succession.completed_at).is_(None),
            col(Succession.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
    )
    return await session.scalar(voided.returning(col(Succession.id))) is not None


def _not_valid() -> LinkNotValid:
    return LinkNotValid(
        f"前の代表者の方または機構住宅債券事務センターへご連絡ください。{FAQ}", rules=["ID-12", "ID-19"]
    )
