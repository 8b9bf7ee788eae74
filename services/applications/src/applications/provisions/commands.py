"""What the office records of provisions that no step of a programme makes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from applications import threads
from applications.access import Action
from applications.cases import open_locked
from applications.desk import Desk
from applications.errors import NotOfThisApplication
from applications.privacy import Given, Provision
from applications.provisions.log import record


async def record_by_hand(
    *,
    session: AsyncSession,
    desk: Desk,
    actor: Actor,
    application_id: UUID,
    person: UUID,
    which: str,
    provision: Provision,
    now: datetime,
) -> None:
    """Record what the office gives to somebody outside of any step, such as to an authority by law (GL-614, GL-621).

    Raises Forbidden, NotFound, NotOfThisApplication (no person of this application), Refused.
    """
    application = await open_locked(session, desk, actor, Action.RECORD_PROVISION, application_id, now=now)
    if person not in await threads.applicants_of(session, application):  # a bank is a recipient, never the person
        raise NotOfThisApplication(application_id=str(application_id))
    consented = application.programme.consented(application.case(now), person)
    given = Given(person, provision, which, consented)
    await record(session, desk, given, application_id=application_id, by=actor.account_id, now=now)
