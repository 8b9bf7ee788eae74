"""People who join an application by an invitation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from kit.errors import NotFound
from madoguchi_contracts import Party
from sqlalchemy.ext.asyncio import AsyncSession

from applications import parties
from applications.cases import lock
from applications.desk import Desk

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
