"""What this service hears of applications: which documents they may have, and when those are fixed."""

from __future__ import annotations

from kit.bus import EventMeta, Handlers
from kit.clock import Clock
from madoguchi_contracts.applications import ApplicationRejected, ApplicationStarted, ApplicationSubmitted
from sqlalchemy.ext.asyncio import AsyncSession

from documents import commands


def handlers(clock: Clock) -> Handlers:
    """The events this service listens to."""

    async def on_application_started(session: AsyncSession, event: ApplicationStarted, _: EventMeta) -> None:
        await commands.open_set(
            session,
            application_id=event.application_id,
            account_id=event.account_id,
            policy=event.documents,
            now=clock(),
        )

    async def on_application_submitted(session: AsyncSession, event: ApplicationSubmitted, _: EventMeta) -> None:
        await commands.freeze_set(
            session,
            application_id=event.application_id,
            submission=event.submission,
            submitted=event.documents,
            now=clock(),
        )

    async def on_application_rejected(session: AsyncSession, event: ApplicationRejected, _: EventMeta) -> None:
        await commands.reopen_set(session, application_id=event.application_id, submission=event.submission)

    return {
        ApplicationStarted: on_application_started,
        ApplicationSubmitted: on_application_submitted,
        ApplicationRejected: on_application_rejected,
    }
