"""Registering a user: the request with its mailed link (ID-06 to ID-10), and the commit (ID-11 to ID-16)."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.errors import Finding
from kit.eventlog import record
from madoguchi_contracts import Role
from madoguchi_contracts.identity import RegistrationRequested
from madoguchi_contracts.sealed import RegistrationLink
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import Consent, open_for_holder
from identity.domain.accounts import canonical_answer
from identity.domain.durations import Lifetime, ends_at
from identity.domain.registration import canonical_mail, person_findings, question_findings
from identity.errors import FAQ, LinkNotValid, RegistrationIncomplete, TermsNotAccepted, TermsOutdated
from identity.keys import new_token, token_hash
from identity.models import Registration
from identity.terms import current_terms, roles_of_programmes, secret_questions
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
    programme: str,
    network: str,
    now: datetime,
) -> None:
    """Keep the entries and mail a link to go on with (ID-09). The answer does not depend on who is known already.

    Too many for one address are passed over without a word: the last link is in its mailbox, and works.

    The programme decides as what somebody registers: the representative of an association, or the applicant of a loan.

    Raises TermsNotAccepted, TermsOutdated, RegistrationIncomplete, TooMany.
    """
    if not terms_accepted:
        raise TermsNotAccepted
    if terms_version != current_terms().version:
        raise TermsOutdated
    role = roles_of_programmes().get(programme)
    findings = person_findings(name_kanji=name_kanji, name_kana=name_kana, mail=mail)
    if role is None:
        findings.append(Finding("ID-05", "UNKNOWN", "この制度は、Web申込サービスの対象ではありません。", "programme"))
    if findings or role is None:
        raise RegistrationIncomplete(findings=findings)
    await tools.limiter.count(session, "registration_address", network, now)
    # First by network: what one may not send shall not count for all.
    if not await tools.limiter.admits(session, "registration_mail", f"{canonical_mail(mail)}\n{network}", now):
        return
    # The row lock of this counter makes two requests for one address take turns, so that each replaces the one before.
    if not await tools.limiter.admits(session, "registration_mail_anywhere", canonical_mail(mail), now):
        return
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
            role=role.value,
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
    async with database.transaction() as session:
        await queries.open_registration(session, token, now)
    consent = await take_consent(tools, secret_question, secret_answer, terms_accepted=terms_accepted)
    async with database.transaction() as session:
        return await _open(session, tools, token, consent, now)


async def take_consent(tools: Tools, secret_question: str, secret_answer: str, *, terms_accepted: bool) -> Consent:
    """The secret question, and the consent to the present terms (ID-11, ID-13). Computes a slow hash: no lock is held.

    Raises TermsNotAccepted, RegistrationIncomplete.
    """
    if not terms_accepted:
        raise TermsNotAccepted
    findings = question_findings(question=secret_question, answer=secret_answer, questions=secret_questions())
    if findings:
        raise RegistrationIncomplete(findings=findings)
    answer_hash = await tools.hasher.hash(canonical_answer(secret_answer))
    return Consent(secret_question, answer_hash, current_terms().version)


async def _open(session: AsyncSession, tools: Tools, token: str, consent: Consent, now: datetime) -> UUID:
    used = update(Registration).where(*queries.open_registration_with(token, now)).values(used_at=now)
    # One statement checks and uses: of two commits with one link, the second finds nothing.
    registration = (await session.scalars(used.returning(Registration))).one_or_none()
    if registration is None:
        raise LinkNotValid(f"もう一度、新規ご利用登録からお手続きください。{FAQ}")
    await open_for_holder(
        session,
        tools,
        account_id=registration.id,
        role=Role(registration.role),
        holder=queries.holder_of(tools.keys, registration),
        consent=consent,
        now=now,
    )
    return registration.id
