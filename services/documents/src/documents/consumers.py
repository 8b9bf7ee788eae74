"""What this service hears: which documents an application may have and who may touch them, when they are fixed, opened
or dropped."""

from __future__ import annotations

from kit.bus import EventMeta, Handlers
from kit.clock import Clock
from kit.sessions import on_sessions_ended as refuse_tokens
from madoguchi_contracts.applications import (
    ApplicationApproved,
    ApplicationClosed,
    ApplicationPartiesChanged,
    ApplicationRejected,
    ApplicationReopened,
    ApplicationStarted,
    ApplicationSubmitted,
    ChangeWithdrawn,
    DraftSetAside,
)
from madoguchi_contracts.identity import SessionsEnded
from sqlalchemy.ext.asyncio import AsyncSession

from documents import commands

IDLE = "idle"  # the reason of a session timeout (ID-38)


def handlers(clock: Clock) -> Handlers:
    """The events this service listens to."""

    async def on_application_started(session: AsyncSession, event: ApplicationStarted, _: EventMeta) -> None:
        await commands.open_set(
            session,
            application_id=event.application_id,
            programme=event.programme,
            account_id=event.account_id,
            policy=event.documents,
            now=clock(),
        )

    async def on_parties_changed(session: AsyncSession, event: ApplicationPartiesChanged, _: EventMeta) -> None:
        await commands.change_parties(session, application_id=event.application_id, parties=event.parties)

    async def on_draft_set_aside(session: AsyncSession, event: DraftSetAside, meta: EventMeta) -> None:
        await commands.set_aside(
            session, application_id=event.application_id, set_aside_at=meta.occurred_at, now=clock()
        )

    async def on_application_submitted(session: AsyncSession, event: ApplicationSubmitted, _: EventMeta) -> None:
        await commands.freeze_set(
            session,
            application_id=event.application_id,
            submission=event.submission,
            submitted=event.documents,
            awaited=event.awaited,
            now=clock(),
        )

    async def on_application_rejected(session: AsyncSession, event: ApplicationRejected, _: EventMeta) -> None:
        await commands.return_set(
            session, application_id=event.application_id, submission=event.submission, now=clock()
        )

    async def on_application_approved(session: AsyncSession, event: ApplicationApproved, _: EventMeta) -> None:
        await commands.approve_set(
            session, application_id=event.application_id, submission=event.submission, now=clock()
        )

    async def on_application_reopened(session: AsyncSession, event: ApplicationReopened, _: EventMeta) -> None:
        await commands.reopen_for(
            session,
            application_id=event.application_id,
            submission=event.submission,
            editors=event.editors,
            now=clock(),
        )

    async def on_change_withdrawn(session: AsyncSession, event: ChangeWithdrawn, _: EventMeta) -> None:
        await commands.withdraw_change(
            session,
            application_id=event.application_id,
            approved_submission=event.approved_submission,
            now=clock(),
        )

    async def on_application_closed(session: AsyncSession, event: ApplicationClosed, _: EventMeta) -> None:
        await commands.close_set(
            session,
            application_id=event.application_id,
            submission=event.submission,
            outcome=event.outcome,
            now=clock(),
        )

    async def on_sessions_ended(session: AsyncSession, event: SessionsEnded, meta: EventMeta) -> None:
        await refuse_tokens(session, event, meta)
        if event.reason == IDLE and event.session_ids:
            await commands.drop_of_sessions(session, session_ids=event.session_ids, now=clock())

    return {
        ApplicationStarted: on_application_started,
        ApplicationPartiesChanged: on_parties_changed,
        DraftSetAside: on_draft_set_aside,
        ApplicationSubmitted: on_application_submitted,
        ApplicationRejected: on_application_rejected,
        ApplicationApproved: on_application_approved,
        ApplicationReopened: on_application_reopened,
        ChangeWithdrawn: on_change_withdrawn,
        ApplicationClosed: on_application_closed,
        SessionsEnded: on_sessions_ended,
    }
