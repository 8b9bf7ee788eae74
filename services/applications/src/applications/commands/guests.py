"""People who join an application by an invitation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from kit.errors import NotFound, Permanent
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

    Nobody but the owner can let anybody in: other invitations are left alone, and so are roles that the programme has
    no place for. Raises Permanent when there is no such application.
    """
    try:
        application = await lock(session, desk, application_id)
    except NotFound:
        raise Permanent("an invitation to an application that does not exist") from None
    grants = application.programme.guests.get(role)
    if grants is None or invited_by != application.account_id:
        log.warning("invitation_ignored", application_id=str(application_id), role=role)
        return
    guest = Party(party_id=account_id, kind=role, grants=grants)
    await parties.join(session, application, guest, invitation_id=invitation_id, now=now)
