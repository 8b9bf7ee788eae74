"""Accounts that an operator opens and closes: nobody registers for them, and there is no identity verification."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from kit.errors import Finding, NotFound
from madoguchi_contracts import Role
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.commands import audit
from identity.commands.accounts import close_account, issue_password_link, open_account
from identity.commands.audit import Deed, Responsible
from identity.commands.organisations import lock_organisation
from identity.domain.people import SELF_SERVICE, Holder, OrganisationKind
from identity.domain.registration import person_findings
from identity.errors import NotStaff, OrganisationIsClosed, RegistrationIncomplete
from identity.models import Account
from identity.tools import Tools

OPENED_BY_AN_OPERATOR = frozenset(Role) - {Role(role) for role in SELF_SERVICE}
OF_AN_ORGANISATION = frozenset(Role(kind) for kind in OrganisationKind)


async def add_staff(
    session: AsyncSession,
    tools: Tools,
    *,
    by: Responsible,
    role: Role,
    name: str,
    mail: str,
    organisation_id: UUID | None = None,
    now: datetime,
) -> UUID:
    """Open an account and mail its user ID and first password link. Returns the account id.

    The people of a company, inspection body or bank belong to an organisation of that kind, as many as it has; nobody
    else belongs to one. Raises RegistrationIncomplete, NotFound, OrganisationIsClosed.
    """
    findings = person_findings(name_kanji=name, name_kana=name, mail=mail)
    if role not in OPENED_BY_AN_OPERATOR:
        findings.append(Finding("ID-05", "ROLE", "この役割のアカウントは、本人の登録手続で作成します。", "role"))
    if (role in OF_AN_ORGANISATION) != (organisation_id is not None):
        message = "管理会社・検査機関・金融機関の担当者には、所属する組織を指定してください。"
        findings.append(Finding("ID-26", "ORGANISATION", message, "organisation_id"))
    if not findings and organisation_id is not None:
        # Its row lock keeps it from being closed while somebody joins.
        organisation = await lock_organisation(session, organisation_id)
        if organisation.closed_at is not None:
            raise OrganisationIsClosed(organisation_id=str(organisation_id))
        if organisation.kind != role.value:
            findings.append(Finding("ID-26", "ROLE", "役割と組織の種類が一致しません。", "role"))
    if findings:
        raise RegistrationIncomplete(findings=findings)
    account_id = uuid.uuid4()
    await open_account(
        session,
        tools,
        account_id=account_id,
        role=role,
        holder=Holder(name_kanji=name, name_kana=None, mail=mail),
        organisation_id=organisation_id,
        now=now,
    )
    await issue_password_link(session, tools, account_id=account_id, purpose="first", now=now)
    await audit.note(session, Deed.ADD_STAFF, by=by, subject_id=account_id, now=now)
    return account_id


async def close(session: AsyncSession, *, by: Responsible, account_id: UUID, now: datetime) -> None:
    """Close the account of somebody who left; their sessions end, and closing it again changes nothing.

    Raises NotFound, and NotStaff for the account of somebody who registered: it is theirs.
    """
    role = (await session.scalars(select(col(Account.role)).where(col(Account.id) == account_id))).one_or_none()
    if role is None:
        raise NotFound(account_id=str(account_id))
    if role in SELF_SERVICE:
        raise NotStaff(account_id=str(account_id))
    if await close_account(session, account_id=account_id, now=now):
        await audit.note(session, Deed.CLOSE_STAFF, by=by, subject_id=account_id, now=now)
