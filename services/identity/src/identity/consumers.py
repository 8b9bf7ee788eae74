"""What identity hears from other services."""

from __future__ import annotations

from kit.bus import EventMeta, Handlers
from madoguchi_contracts.applications import ApplicationApproved
from sqlalchemy.ext.asyncio import AsyncSession

from identity.commands.approval import note_approval


async def on_application_approved(session: AsyncSession, event: ApplicationApproved, meta: EventMeta) -> None:
    """An association whose information was approved lands on its top page from now on (ID-36)."""
    await note_approval(session, account_id=event.account_id, programme=event.programme, at=meta.occurred_at)


def handlers() -> Handlers:
    """The events that identity listens to."""
    return {ApplicationApproved: on_application_approved}
