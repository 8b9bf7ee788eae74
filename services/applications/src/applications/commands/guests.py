"""People who join an application by an invitation, and leave it again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from kit.errors import NotFound
from kit.tokens import Actor
from madoguchi_contracts import Party
from sqlalchemy.ext.asyncio import AsyncSession

from applications import parties
from applications.access import Action
from applications.cases import Application, lock, open_locked
from applications.desk import Desk
from applications.errors import NotEditable
from applications.moves import settle

log = structlog.get_logger(__name__)


async def admit_guest(
    *,
    session: AsyncSession,
    desk: Desk,
    application_id: UUID,
    account_id: UUID,
    role: str,
    invited_by: UUID,
    invitation_id: UUID,
    now: datetime,
) -> None:
    """Let an account take part that accepted the owner's invitation, with what the programme grants to its role.

    Nobody but the owner lets anybody in. Other invitations are left alone, and so are roles that the programme has no
    place for, and applications that do not exist: were that parked, accepting a stranger's made-up invitation would
    leave somebody waiting for an operator, with all else that is told of them.
    """
    try:
        application = await lock(session, desk, application_id)
    except NotFound:  # not one that is still to come: whoever names it has seen it here
        log.warning("invitation_ignored", application_id=str(application_id), role=role)
        return
    grants = application.programme.guests.get(role)
    if grants is None or invited_by != application.account_id:
        log.warning("invitation_ignored", application_id=str(application_id), role=role)
        return
    guest = Party(party_id=account_id, kind=role, grants=grants)
    await parties.join(session, application, guest, invitation_id=invitation_id, now=now)
    await settle(session, desk, await lock(session, desk, application_id), now=now)


async def leave(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, party_id: UUID, now: datetime
) -> Application:
    """End the part of somebody who joined by an invitation, by their own wish or the owner's.

    Only while the owner may change the draft: afterwards who takes part is what was applied for. Raises Forbidden,
    NotFound (also where there is no such guest, or it is neither the owner nor the guest who asks), NotEditable.
    """
    application = await open_locked(session, desk, actor, Action.LEAVE, application_id, now=now)
    workflow = application.programme.workflow
    guest = any(one.party_id == party_id and one.kind in application.programme.guests for one in application.parties)
    if not guest or actor.account_id not in {party_id, application.account_id}:
        raise NotFound
    if application.state not in workflow.editable:
        raise NotEditable(rules=workflow.rules, application_id=str(application_id), state=application.state)
    return await parties.leave(session, application, party_id, now=now)
