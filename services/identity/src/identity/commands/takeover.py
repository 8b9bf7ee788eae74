"""The next representative takes an association's account over (代表者変更, ID-12): the end of a succession."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.eventlog import record
from madoguchi_contracts.identity import EkycStatusChanged, RepresentativeChanged
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
from identity.commands.registration import take_consent
from identity.commands.successions import tell_holder
from identity.domain import user_ids
from identity.domain.accounts import canonical_answer
from identity.domain.ekyc import EkycStatus
from identity.errors import FAQ, AnswerRefused, LinkNotValid
from identity.models import OtpToken, Password, PastRepresentative, Succession
from identity.tools import Tools

TRIES = 5  # at the secret answer with one link; then the change has to be begun again


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

    The former one is told, their sessions end, and their user ID is nobody's any more. A try at the answer is counted
    before it is looked at: after five the link is void, and there are as many in an hour and a month, over all links of
    the account, as elsewhere. Raises LinkNotValid, AnswerRefused, TermsNotAccepted, RegistrationIncomplete, TooMany.
    """
    async with database.transaction() as session:
        succession = await queries.open_succession(session, token, now)
        account = await queries.account_of(session, succession.account_id)
    # Before the answer: what is missing of one's own entries costs no try.
    consent = await take_consent(tools, secret_question, secret_answer, terms_accepted=terms_accepted)
    async with database.transaction() as session:
        await _count_try(session, token, now)
    who = str(account.id)
    await tools.limiter.count_first(database, now, succession_answer=who, succession_answer_month=who)
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
        await tools.limiter.forget(session, "succession_answer", who)
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
    await tell_holder(session, tools, succession, former, "completed", None, now)
    await end_sessions(session, account_id=account_id, reason="representative_changed", now=now)
    await tell_user_id(session, tools, account, now)
    status = EkycStatusChanged(account_id=account_id, ekyc_id=None, status=EkycStatus.DATA_REGISTERED.value)
    await record(session, status, now=now)
    await issue_password_link(session, tools, account_id=account_id, purpose="first", now=now)


def _not_valid() -> LinkNotValid:
    return LinkNotValid(
        f"前の代表者の方または機構住宅債券事務センターへご連絡ください。{FAQ}", rules=["ID-12", "ID-19"]
    )
