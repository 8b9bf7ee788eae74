"""Accounts that the office opens: nobody registers for them, and there is no identity verification."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from kit.errors import Finding
from madoguchi_contracts import Role
from sqlalchemy.ext.asyncio import AsyncSession

from identity.commands.accounts import issue_password_link, open_account
from identity.domain.registration import person_findings
from identity.errors import RegistrationIncomplete
from identity.tools import Tools

# interpretation: a management company logs in with its own user ID (ID-26, ID-37), and how it gets one is not in the
# source; the office opens it.
OPENED_BY_THE_OFFICE = frozenset(Role) - {Role.ASSOCIATION, Role.APPLICANT, Role.JOINT_DEBTOR}


async def add_staff(session: AsyncSession, tools: Tools, *, role: Role, name: str, mail: str, now: datetime) -> UUID:
    """Open an account of an office role and mail its user ID and first password link. Returns the account id.

    Raises RegistrationIncomplete.
    """
    findings = person_findings(name_kanji=name, name_kana=name, mail=mail)
    if role not in OPENED_BY_THE_OFFICE:
        findings.append(Finding("ID-05", "ROLE", "この役割のアカウントは、本人の登録手続で作成します。", "role"))
    if findings:
        raise RegistrationIncomplete(findings=findings)
    account_id = uuid.uuid4()
    await open_account(
        session,
        tools,
        account_id=account_id,
        role=role,
        name_kanji=name,
        name_kana=None,
        mail=mail,
        secret_question=None,
        secret_answer_hash=None,
        terms_version=None,
        now=now,
    )
    await issue_password_link(session, tools, account_id=account_id, purpose="first", now=now)
    return account_id
