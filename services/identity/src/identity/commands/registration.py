"""Registering a user: the request with its mailed link (ID-06 to ID-10), and the commit (ID-11 to ID-16)."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.eventlog import record
from madoguchi_contracts import Role
from madoguchi_contracts.identity import EkycStatusChanged, RegistrationRequested
from madoguchi_contracts.sealed import RegistrationLink
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import issue_password_link, open_account
from identity.domain.accounts import canonical_answer
from identity.domain.durations import Lifetime, ends_at
from identity.domain.ekyc import EkycStatus
from identity.domain.registration import canonical_mail, person_findings, question_findings
from identity.errors import FAQ, LinkNotValid, RegistrationIncomplete, TermsNotAccepted, TermsOutdated
from identity.keys import new_token, token_hash
from identity.models import Registration
from identity.terms import current_terms, secret_questions
from identity.tools import Tools


async def request_registration(
    session: AsyncSession,
    tools: Tools,
    *,
    name_kanji: str,
    name_kana: str,
    mail: str,
    terms_version: str,
    terms_accepted: bool,
    network: str,
    now: datetime,
) -> None:
    """Keep the entries and mail a link to go on with (ID-09). The answer does not depend on who is known already.

    Raises TermsNotAccepted, TermsOutdated, RegistrationIncomplete, TooMany.
    """
    if not terms_accepted:
        raise TermsNotAccepted
    if terms_version != current_terms().version:
        raise TermsOutdated
    if findings := person_findings(name_kanji=name_kanji, name_kana=name_kana, mail=mail):
        raise RegistrationIncomplete(findings=findings)
    await tools.limiter.count(session, "registration_address", network, now)
    # The row lock of this counter makes two requests for one address take turns, so that each replaces the one before.
    await tools.limiter.count(session, "registration_mail", canonical_mail(mail), now)
    mail_index = tools.keys.index.of("mail", canonical_mail(mail))
    await session.execute(
        update(Registration)
        .where(
            col(Registration.mail_index) == mail_index,
            col(Registration.used_at).is_(None),
            col(Registration.superseded_at).is_(None),
        )
        .values(superseded_at=now)
    )
    registration_id, token = uuid.uuid4(), new_token()
    expires_at = ends_at(Lifetime.SECRET_QUESTION_LINK, now)
    assert expires_at is not None  # noqa: S101 - these links always end
    session.add(
        Registration(
            id=registration_id,
            name_kanji_hidden=tools.keys.hide(registration_id, "name_kanji", name_kanji),
            name_kana_hidden=tools.keys.hide(registration_id, "name_kana", name_kana),
            mail_hidden=tools.keys.hide(registration_id, "mail", mail),
            mail_index=mail_index,
            terms_version=terms_version,
            token_sha256=token_hash(token),
            requested_at=now,
            link_expires_at=expires_at,
        )
    )
    await session.flush()
    content = RegistrationLink(mail=mail, name=name_kanji, url=tools.link("registration", token))
    event = RegistrationRequested(
        account_id=registration_id,
        link=tools.keys.seal_to("notifications", content),
        link_expires_at=expires_at,
    )
    await record(session, event, now=now)


async def commit_registration(
    database: Database,
    tools: Tools,
    *,
    token: str,
    secret_question: str,
    secret_answer: str,
    terms_accepted: bool,
    now: datetime,
) -> UUID:
    """Use the link up and issue the user ID (ID-15); mails NO-03 and NO-04 follow. Returns the account id.

    The answer's hash is computed before the transaction that decides: it takes too long to hold a row lock for.
    Raises LinkNotValid, TermsNotAccepted, RegistrationIncomplete.
    """
    if not terms_accepted:
        raise TermsNotAccepted
    async with database.transaction() as session:
        await queries.open_registration(session, token, now)
    findings = question_findings(question=secret_question, answer=secret_answer, questions=secret_questions())
    if findings:
        raise RegistrationIncomplete(findings=findings)
    answer_hash = await tools.hasher.hash(canonical_answer(secret_answer))
    async with database.transaction() as session:
        return await _open(session, tools, token, secret_question, answer_hash, now)


async def _open(
    session: AsyncSession, tools: Tools, token: str, secret_question: str, answer_hash: str, now: datetime
) -> UUID:
    used = update(Registration).where(*queries.open_registration_with(token, now)).values(used_at=now)
    # One statement checks and uses: of two commits with one link, the second finds nothing.
    registration = (await session.scalars(used.returning(Registration))).one_or_none()
    if registration is None:
        raise LinkNotValid(f"もう一度、新規ご利用登録からお手続きください。{FAQ}")
    person = queries.person_of(tools.keys, registration)
    await open_account(
        session,
        tools,
        account_id=registration.id,
        role=Role.ASSOCIATION,
        name_kanji=person.name_kanji,
        name_kana=person.name_kana,
        mail=person.mail,
        secret_question=secret_question,
        secret_answer_hash=answer_hash,
        terms_version=current_terms().version,
        now=now,
    )
    status = EkycStatusChanged(account_id=registration.id, ekyc_id=None, status=EkycStatus.DATA_REGISTERED.value)
    await record(session, status, now=now)
    await issue_password_link(session, tools, account_id=registration.id, purpose="first", now=now)
    return registration.id
