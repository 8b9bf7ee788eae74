"""What would be handed in now, and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from kit.japan import to_jst
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications import organisations
from applications.cases import Application, in_force
from applications.desk import Desk
from applications.domain import digest_of
from applications.programme import Facts, Programme
from applications.workflow import Case, Filing, Maintenance, Other

_OTHERS = text("""
SELECT a.id, t.state,
       (SELECT min(v.submitted_at) FROM application_versions v WHERE v.application_id = a.id) AS submitted_at
FROM applications a JOIN tracks t ON t.application_id = a.id AND t.subject = a.id AND t.track = :main
WHERE a.account_id = :account_id AND a.programme = :programme AND a.id <> :application_id
ORDER BY a.started_at
""")


async def filing_of(
    session: AsyncSession,
    desk: Desk,
    application: Application,
    *,
    now: datetime,
    consents: frozenset[str] = frozenset(),
) -> Filing:
    """What would be handed in now: the draft as the programme reads it, the files, and the digest of both."""
    programme = application.programme
    draft = desk.unlock(application.draft, contexts.of_draft(application.id))
    mail = application.mail
    registered = desk.unlock(mail, contexts.of_mail(application.account_id)) if mail is not None else None
    form = programme.validate(draft, await facts_for(session, desk, programme, draft, registered, now=now))
    return Filing(
        form=form,
        documents=application.documents,
        ekyc_status=application.ekyc_status,
        sha256=digest_of(programme.name, form.content, application.documents),
        submission=application.submission + 1,
        consents=consents,
    )


async def with_filing(
    session: AsyncSession, desk: Desk, application: Application, case: Case, *, consents: frozenset[str] = frozenset()
) -> Case:
    """The case with everything that a look at the draft needs: what would be handed in, what is in force, what else the
    account has of the programme.
    """
    return replace(
        case,
        filing=await filing_of(session, desk, application, now=case.now, consents=consents),
        in_force=await in_force(session, desk, application),
        others=await others_of(session, application),
        maintenance=await maintenance_of(session, desk, application.programme, case.now),
    )


async def facts_for(
    session: AsyncSession,
    desk: Desk,
    programme: Programme,
    draft: Mapping[str, Any],
    registered_mail: str | None,
    *,
    now: datetime,
) -> Facts:
    """What a draft is compared with."""
    return Facts(
        registered_mail=registered_mail,
        now=now,
        today=to_jst(now).date(),
        institutions=desk.institutions,
        organisations=await organisations.find(session, programme.organisations(draft)),
        dated=await dated_of(session, desk, programme),
    )


async def dated_of(session: AsyncSession, desk: Desk, programme: Programme) -> object:
    """What the office keeps for a programme with dates of validity; None if it keeps nothing."""
    look_up = desk.dated.get(programme.name)
    return None if look_up is None else await look_up(session)


async def maintenance_of(
    session: AsyncSession, desk: Desk, programme: Programme, now: datetime
) -> tuple[Maintenance, ...]:
    """The times in which services of a programme are closed, now or later, as the office has announced them."""
    look_up = desk.maintenance.get(programme.name)
    return () if look_up is None else await look_up(session, now)


async def others_of(session: AsyncSession, application: Application) -> tuple[Other, ...]:
    """The other applications of the same account for the same programme, oldest first."""
    programme = application.programme
    if programme.one_per_account:
        return ()
    where = {"account_id": application.account_id, "application_id": application.id}
    rows = await session.execute(_OTHERS, {**where, "programme": programme.name, "main": programme.workflow.main})
    return tuple(Other(row.id, row.state, row.submitted_at) for row in rows)
