"""Events in: one function per event type, each of which calls one command."""

from __future__ import annotations

from kit import sessions
from kit.bus import EventMeta, Handlers
from kit.clock import Clock
from kit.sealed import unseal
from madoguchi_contracts import (
    ApplicationSubmitted,
    Contact,
    ContactChanged,
    DataRequestAnswered,
    DataUseResumed,
    DocumentRemoved,
    DocumentStored,
    EkycStatusChanged,
    IncomeEvidence,
    IncomeEvidenceRead,
    InvitationAccepted,
    OrganisationChanged,
    OrganisationClosed,
    OrganisationRegistered,
    PaperArrived,
    UserIdIssued,
)
from sqlalchemy.ext.asyncio import AsyncSession

from applications import organisations
from applications.commands import corrections, guests, projections, reactions, reviews
from applications.commands import organisations as closing
from applications.desk import Desk
from applications.provisions import log as provisions


def handlers(desk: Desk, seal_private_key: str, clock: Clock) -> Handlers:
    """What this service does on which event. `seal_private_key` opens what was sealed to applications."""

    async def on_contact(session: AsyncSession, event: UserIdIssued | ContactChanged, meta: EventMeta) -> None:
        if event.contact_for_applications is None:  # written before there was such a field
            return
        contact = unseal(event.contact_for_applications, seal_private_key, Contact)
        await projections.keep_contact(
            session=session, desk=desk, account_id=event.account_id, mail=contact.mail, sequence=meta.sequence
        )

    async def on_ekyc_status_changed(session: AsyncSession, event: EkycStatusChanged, meta: EventMeta) -> None:
        await projections.keep_ekyc_status(
            session=session, account_id=event.account_id, status=event.status, sequence=meta.sequence
        )
        await reactions.settle_all_of(session=session, desk=desk, account_id=event.account_id, now=clock())

    async def on_data_request_answered(session: AsyncSession, event: DataRequestAnswered, meta: EventMeta) -> None:
        if event.kind == "suspension":
            await provisions.suspend(
                session,
                account_id=event.account_id,
                request_id=event.request_id,
                since=meta.occurred_at,
                sequence=meta.sequence,
            )

    async def on_data_use_resumed(session: AsyncSession, event: DataUseResumed, meta: EventMeta) -> None:
        await provisions.suspend(
            session, account_id=event.account_id, request_id=event.request_id, since=None, sequence=meta.sequence
        )

    async def on_document_set(session: AsyncSession, event: DocumentStored | DocumentRemoved, meta: EventMeta) -> None:
        await projections.keep_document_set(
            session=session,
            application_id=event.application_id,
            set_version=event.set_version,
            entries=event.set,
            at=meta.occurred_at,
        )
        stored = (event.document_id, meta.occurred_at) if isinstance(event, DocumentStored) else None
        await corrections.follow_documents(
            session=session, application_id=event.application_id, stored=stored, now=clock()
        )
        await reactions.follow_tasks_of(session=session, desk=desk, application_id=event.application_id, now=clock())

    async def on_application_submitted(session: AsyncSession, event: ApplicationSubmitted, meta: EventMeta) -> None:
        await reviews.open_review(
            session=session,
            desk=desk,
            programme=event.programme,
            application_id=event.application_id,
            submission=event.submission,
            submitted_at=meta.occurred_at,
            now=clock(),
        )

    async def on_paper_arrived(session: AsyncSession, event: PaperArrived, meta: EventMeta) -> None:
        await projections.keep_paper(session=session, **event.model_dump(), sequence=meta.sequence)

    async def on_income_evidence_read(session: AsyncSession, event: IncomeEvidenceRead, meta: EventMeta) -> None:
        evidence = unseal(event.evidence, seal_private_key, IncomeEvidence) if event.evidence is not None else None
        await projections.keep_income_evidence(
            session=session,
            desk=desk,
            application_id=event.application_id,
            document_id=event.document_id,
            subject=event.subject,
            result=event.result,
            evidence=evidence,
            sequence=meta.sequence,
        )

    async def on_invitation_accepted(session: AsyncSession, event: InvitationAccepted, _: EventMeta) -> None:
        await guests.admit_guest(
            session=session,
            desk=desk,
            application_id=event.application_id,
            account_id=event.account_id,
            role=event.role,
            invited_by=event.invited_by,
            invitation_id=event.invitation_id,
            now=clock(),
        )

    async def on_organisation(
        session: AsyncSession, event: OrganisationRegistered | OrganisationChanged, meta: EventMeta
    ) -> None:
        await organisations.keep(
            session=session,
            organisation_id=event.organisation_id,
            facts=event.model_dump(exclude={"organisation_id"}),
            sequence=meta.sequence,
        )

    async def on_organisation_closed(session: AsyncSession, event: OrganisationClosed, meta: EventMeta) -> None:
        await closing.close_organisation(
            session=session, organisation_id=event.organisation_id, sequence=meta.sequence, now=clock()
        )

    return {
        **sessions.HANDLERS,
        UserIdIssued: on_contact,
        ContactChanged: on_contact,
        EkycStatusChanged: on_ekyc_status_changed,
        DataRequestAnswered: on_data_request_answered,
        DataUseResumed: on_data_use_resumed,
        DocumentStored: on_document_set,
        DocumentRemoved: on_document_set,
        ApplicationSubmitted: on_application_submitted,
        PaperArrived: on_paper_arrived,
        IncomeEvidenceRead: on_income_evidence_read,
        InvitationAccepted: on_invitation_accepted,
        OrganisationRegistered: on_organisation,
        OrganisationChanged: on_organisation,
        OrganisationClosed: on_organisation_closed,
    }
