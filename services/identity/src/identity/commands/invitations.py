"""Inviting somebody to take part in an application with an account of their own: the joint debtor of a loan (GL-069).

Identity knows no applications: it says who invited whom for which one (`InvitationAccepted`), and the application
decides whether that person may take part.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from kit.db import Database
from kit.errors import Finding, NotFound
from kit.eventlog import record
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_contracts.identity import InvitationAccepted, InvitationSent
from madoguchi_contracts.sealed import RegistrationLink
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity import queries
from identity.commands.accounts import lock_account, open_for_holder
from identity.commands.registration import take_consent
from identity.domain.people import INVITATION_LINK, INVITED_AS, OPEN_INVITATIONS_PER_APPLICATION
from identity.domain.registration import canonical_mail, person_findings
from identity.errors import FAQ, LinkNotValid, RegistrationIncomplete
from identity.keys import new_token, token_hash
from identity.models import Invitation
from identity.tools import Tools


async def invite(
    session: AsyncSession,
    tools: Tools,
    *,
    actor: Actor,
    name_kanji: str,
    name_kana: str,
    mail: str,
    application_id: UUID,
    role: str,
    now: datetime,
) -> UUID:
    """Mail a link to somebody who is to take part, and return the invitation's id.

    An open invitation of the same address to the same application is replaced (I-05). Raises RegistrationIncomplete,
    TooMany.
    """
    findings = person_findings(name_kanji=name_kanji, name_kana=name_kana, mail=mail)
    if role not in INVITED_AS:
        findings.append(Finding("GL-069", "ROLE", "この役割では招待できません。", "role"))
    if findings:
        raise RegistrationIncomplete(findings=findings)
    await tools.limiter.count(session, "invitation_account", str(actor.account_id), now)
    mail_index = tools.keys.index.of("mail", canonical_mail(mail))
    # A bound of its own: many accounts could be used to write to one address.
    await tools.limiter.count(session, "invitation_mail", canonical_mail(mail), now)
    mine = (
        col(Invitation.invited_by) == actor.account_id,
        col(Invitation.application_id) == application_id,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    await session.execute(
        update(Invitation).where(*mine, col(Invitation.mail_index) == mail_index).values(withdrawn_at=now)
    )
    still_open = select(func.count()).select_from(Invitation).where(*mine, col(Invitation.expires_at) > now)
    if (await session.execute(still_open)).scalar_one() >= OPEN_INVITATIONS_PER_APPLICATION:
        message = "これ以上は招待できません。不要な招待を取り消してください。"
        raise RegistrationIncomplete(findings=[Finding("GL-069", "TOO_MANY", message, "application_id")])
    invitation_id, token = uuid.uuid4(), new_token()
    expires_at = now + INVITATION_LINK
    session.add(
        Invitation(
            id=invitation_id,
            invited_by=actor.account_id,
            application_id=application_id,
            role=role,
            name_kanji_hidden=tools.keys.hide(invitation_id, "name_kanji", name_kanji),
            name_kana_hidden=tools.keys.hide(invitation_id, "name_kana", name_kana),
            mail_hidden=tools.keys.hide(invitation_id, "mail", mail),
            mail_index=mail_index,
            token_sha256=token_hash(token),
            invited_at=now,
            expires_at=expires_at,
            accepted_by=None,
        )
    )
    await session.flush()
    await lock_account(session, actor.account_id)
    content = RegistrationLink(mail=mail, name=name_kanji, url=tools.link("invitation", token))
    sent = InvitationSent(
        account_id=actor.account_id,
        invitation_id=invitation_id,
        link=tools.keys.seal_to("notifications", content),
        link_expires_at=expires_at,
    )
    await record(session, sent, now=now)
    return invitation_id


async def withdraw(session: AsyncSession, *, actor: Actor, invitation_id: UUID, now: datetime) -> None:
    """Take back an invitation of one's own that nobody has accepted: its link stops working.

    Raises NotFound for somebody else's, or one that was accepted; withdrawing twice changes nothing.
    """
    open_one = update(Invitation).where(
        col(Invitation.id) == invitation_id,
        col(Invitation.invited_by) == actor.account_id,
        col(Invitation.accepted_at).is_(None),
    )
    withdrawn = open_one.values(withdrawn_at=func.coalesce(col(Invitation.withdrawn_at), now))
    if await session.scalar(withdrawn.returning(col(Invitation.id))) is None:
        raise NotFound(invitation_id=str(invitation_id))


async def accept_with_new_account(
    database: Database,
    tools: Tools,
    *,
    token: str,
    secret_question: str,
    secret_answer: str,
    terms_accepted: bool,
    now: datetime,
) -> UUID:
    """Use the link up and issue a user ID to the invited person (ID-11 to ID-16). Returns the account id.

    Raises LinkNotValid, TermsNotAccepted, RegistrationIncomplete.
    """
    async with database.transaction() as session:
        await queries.open_invitation(session, token, now)
    consent = await take_consent(tools, secret_question, secret_answer, terms_accepted=terms_accepted)
    async with database.transaction() as session:
        account_id = uuid.uuid4()
        invitation = await _lock(session, token, now)
        holder = queries.holder_of(tools.keys, invitation)
        role = Role(invitation.role)
        await open_for_holder(session, tools, account_id=account_id, role=role, holder=holder, consent=consent, now=now)
        await _accept(session, invitation, account_id, now)
        return account_id


async def accept(session: AsyncSession, *, actor: Actor, token: str, now: datetime) -> UUID:
    """Use the link up for the account that somebody has already, and return the application's id.

    Nobody accepts their own invitation. Raises LinkNotValid.
    """
    invitation = await _lock(session, token, now)
    if invitation.invited_by == actor.account_id:
        raise LinkNotValid("ご自身の招待を受けることはできません。招待された方にお伝えください。")
    await lock_account(session, actor.account_id)
    await _accept(session, invitation, actor.account_id, now)
    return invitation.application_id


async def _lock(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """The invitation under its row lock: of two that accept it with one link, the second finds nothing."""
    row = select(Invitation).where(*queries.open_invitation_with(token, now)).with_for_update()
    found = (await session.scalars(row)).one_or_none()
    if found is None:
        raise LinkNotValid(f"招待した方に、もう一度お手続きをご依頼ください。{FAQ}")
    return found


async def _accept(session: AsyncSession, invitation: Invitation, account_id: UUID, now: datetime) -> None:
    invitation.accepted_at, invitation.accepted_by = now, account_id
    accepted = InvitationAccepted(
        account_id=account_id,
        invitation_id=invitation.id,
        application_id=invitation.application_id,
        invited_by=invitation.invited_by,
        role=invitation.role,
    )
    await record(session, accepted, now=now)
