"""Events in: what each of them means for contacts and mails. Nothing is sent here; `courier` does that.

Which event causes which mail is the table in `domain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID, uuid5

import structlog
from kit import sessions
from kit.bus import EventMeta, Handlers
from kit.clock import Clock
from kit.sealed import unseal
from kit.telemetry import current_traceparent
from kit.vault import Vault
from madoguchi_contracts import Event
from madoguchi_contracts.applications import (
    ApplicationApproved,
    ApplicationClosed,
    ApplicationRejected,
    ApplicationSubmitted,
    ContractOffered,
    CorrectionRequested,
    InsuranceOffered,
    MessagePosted,
)
from madoguchi_contracts.documents import DocumentRequested
from madoguchi_contracts.identity import (
    AccountLapseAnnounced,
    ContactChanged,
    DataRequestAnswered,
    DataRequestRefused,
    EkycStarted,
    InvitationSent,
    PasswordLinkIssued,
    PasswordSet,
    RegistrationRequested,
    SuccessionAnnounced,
    SuccessionStarted,
    UserIdIssued,
    UserIdReminderRequested,
)
from madoguchi_contracts.sealed import (
    Contact,
    ContractLinks,
    Link,
    Reason,
    RegistrationLink,
    ServiceLogin,
    SuccessionNotice,
)
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import commands, notices
from notifications.commands import Cause
from notifications.delivery import is_stale_replay
from notifications.domain import Fact, template_for
from notifications.programmes import ACCOUNTS, FIRST, wording_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Desk:
    """What the handlers work with: keys, the portal's address, the time."""

    vault: Vault
    seal_private_key: str
    public_base_url: str
    clock: Clock

    def application_url(self, application_id: UUID) -> str:
        """The page of an application, where it is corrected and papers go; it asks for login, without limit (NO-10)."""
        return f"{self.public_base_url}/applications/{application_id}"


async def _mail(
    desk: Desk,
    session: AsyncSession,
    event: Event,
    meta: EventMeta,
    *,
    account_id: UUID | None,
    lane: UUID | None = None,
    content: Mapping[str, str] | None = None,
    link_expires_at: datetime | None = None,
    purpose: str = "",
    first_approval: bool = False,
    programme: str = ACCOUNTS,
) -> None:
    """Queue the mail that the event causes, if any, in the words of its programme."""
    now = desk.clock()
    template = template_for(Fact(type(event).__name__, purpose, first_approval))
    if template is None:
        return
    if is_stale_replay(replay=meta.replay, occurred_at=meta.occurred_at, now=now):
        log.info("stale_replay_not_mailed", template=template.value, event_id=str(meta.event_id))
        return
    await commands.queue_mail(
        session,
        vault=desk.vault,
        cause=Cause(meta.event_id, event.type_name, current_traceparent() or meta.traceparent),
        template=template,
        account_id=account_id,
        lane=lane or account_id or event.aggregate_id,
        content=content,
        link_expires_at=link_expires_at,
        programme=programme,
        now=now,
    )


async def _keep(desk: Desk, session: AsyncSession, event: UserIdIssued | ContactChanged, meta: EventMeta) -> None:
    await commands.keep_contact(
        session,
        vault=desk.vault,
        account_id=event.account_id,
        contact=unseal(event.contact, desk.seal_private_key, Contact),
        sequence=meta.sequence,
        now=desk.clock(),
    )


async def on_registration_requested(
    desk: Desk, session: AsyncSession, event: RegistrationRequested, meta: EventMeta
) -> None:
    """NO-02, to the address entered: there is no contact yet."""
    content = unseal(event.link, desk.seal_private_key, RegistrationLink).model_dump()
    expires = event.link_expires_at
    await _mail(desk, session, event, meta, account_id=event.account_id, content=content, link_expires_at=expires)


async def on_invited(
    desk: Desk, session: AsyncSession, event: InvitationSent | SuccessionStarted, meta: EventMeta
) -> None:
    """To somebody who has no part in the account that asks them: in a lane of their own, to the address it brings."""
    content = unseal(event.link, desk.seal_private_key, RegistrationLink).model_dump()
    lane = event.invitation_id if isinstance(event, InvitationSent) else event.succession_id
    expires = event.link_expires_at
    await _mail(
        desk, session, event, meta, account_id=event.account_id, lane=lane, content=content, link_expires_at=expires
    )


async def on_succession_announced(
    desk: Desk, session: AsyncSession, event: SuccessionAnnounced, meta: EventMeta
) -> None:
    """To the holder before the change, in a lane of their own: an address that is gone must not hold up the next one's
    mails."""
    content = unseal(event.notice, desk.seal_private_key, SuccessionNotice).model_dump(exclude_none=True)
    lane = uuid5(event.succession_id, "holder")
    await _mail(
        desk, session, event, meta, account_id=event.account_id, lane=lane, content=content, purpose=event.stage
    )


async def on_account_lapse_announced(
    desk: Desk, session: AsyncSession, event: AccountLapseAnnounced, meta: EventMeta
) -> None:
    """The user ID will lapse."""
    content = {"lapses_at": event.lapses_at.isoformat()}
    await _mail(desk, session, event, meta, account_id=event.account_id, content=content)


async def on_data_request_closed(
    desk: Desk, session: AsyncSession, event: DataRequestAnswered | DataRequestRefused, meta: EventMeta
) -> None:
    """There is an answer to a request about personal data; what it says is read after a login."""
    await _mail(desk, session, event, meta, account_id=event.account_id)


async def on_user_id_issued(desk: Desk, session: AsyncSession, event: UserIdIssued, meta: EventMeta) -> None:
    """Keep the contact; NO-03."""
    await _keep(desk, session, event, meta)
    await _mail(desk, session, event, meta, account_id=event.account_id)


async def on_contact_changed(desk: Desk, session: AsyncSession, event: ContactChanged, meta: EventMeta) -> None:
    """Keep the new contact: mails that are not yet sent go there too."""
    await _keep(desk, session, event, meta)


async def on_password_link_issued(
    desk: Desk, session: AsyncSession, event: PasswordLinkIssued, meta: EventMeta
) -> None:
    """NO-04 or NO-06."""
    await _mail(
        desk,
        session,
        event,
        meta,
        account_id=event.account_id,
        content=unseal(event.link, desk.seal_private_key, Link).model_dump(),
        link_expires_at=event.link_expires_at,
        purpose=event.purpose,
    )


async def on_password_set(desk: Desk, session: AsyncSession, event: PasswordSet, meta: EventMeta) -> None:
    """NO-05."""
    await _mail(desk, session, event, meta, account_id=event.account_id)


async def on_user_id_reminder_requested(
    desk: Desk, session: AsyncSession, event: UserIdReminderRequested, meta: EventMeta
) -> None:
    """NO-07."""
    await _mail(desk, session, event, meta, account_id=event.account_id)


async def on_ekyc_started(desk: Desk, session: AsyncSession, event: EkycStarted, meta: EventMeta) -> None:
    """NO-08."""
    content = unseal(event.link, desk.seal_private_key, Link).model_dump()
    expires = event.link_expires_at
    await _mail(desk, session, event, meta, account_id=event.account_id, content=content, link_expires_at=expires)


async def on_application_submitted(
    desk: Desk, session: AsyncSession, event: ApplicationSubmitted, meta: EventMeta
) -> None:
    """The notice to the office, with the public number alone. Its order among other cases does not matter."""
    content = {"reference": event.reference}
    await _mail(desk, session, event, meta, account_id=None, content=content, programme=event.programme)


async def on_application_rejected(
    desk: Desk, session: AsyncSession, event: ApplicationRejected, meta: EventMeta
) -> None:
    """NO-10."""
    reason = unseal(event.reason, desk.seal_private_key, Reason).text
    content = {"reason": reason, "url": desk.application_url(event.application_id)}
    programme = event.programme or FIRST  # null in events from before there was such a field
    await _mail(desk, session, event, meta, account_id=event.account_id, content=content, programme=programme)


async def on_document_requested(desk: Desk, session: AsyncSession, event: DocumentRequested, meta: EventMeta) -> None:
    """The one who is asked for one more paper is told so."""
    content = {
        "label": unseal(event.label, desk.seal_private_key, Reason).text,
        "due_on": event.due_on.isoformat(),
        "url": desk.application_url(event.application_id),
    }
    await _mail(desk, session, event, meta, account_id=event.account_id, content=content, programme=event.programme)


async def on_application_approved(
    desk: Desk, session: AsyncSession, event: ApplicationApproved, meta: EventMeta
) -> None:
    """NO-09, the first time; from then on the account takes part in the programme (NO-11).

    Where the office's message tells of the approval (GL-431), that is announced by the mail of every message.
    """
    await notices.participate(session, programme=event.programme, account_id=event.account_id, now=desk.clock())
    if wording_of(event.programme).approval_by_message:
        return
    await _mail(
        desk,
        session,
        event,
        meta,
        account_id=event.account_id,
        first_approval=event.first_approval,
        programme=event.programme,
    )


async def on_contract_offered(desk: Desk, session: AsyncSession, event: ContractOffered, meta: EventMeta) -> None:
    """Everybody who has to sign is told what to do, each in a mail of their own (GL-107, GL-484)."""
    content = unseal(event.links, desk.seal_private_key, ContractLinks).model_dump()
    for account_id in event.signers:
        await _mail(desk, session, event, meta, account_id=account_id, content=content, programme=event.programme)


async def on_insurance_offered(desk: Desk, session: AsyncSession, event: InsuranceOffered, meta: EventMeta) -> None:
    """Who joins the insurance is told how to get into the insurer's Web service (GL-400); nobody else is.

    In a lane of its own, as messages are: a link that somebody asked for does not wait behind it.
    """
    await _mail(
        desk,
        session,
        event,
        meta,
        account_id=event.insured_id,
        lane=uuid5(event.insured_id, "messages"),
        content=unseal(event.login, desk.seal_private_key, ServiceLogin).model_dump(),
        programme=event.programme,
    )


async def on_application_closed(desk: Desk, session: AsyncSession, event: ApplicationClosed, meta: EventMeta) -> None:
    """The owner and whom else it concerns are told that it ended, each once. How is nothing for a mail: it is seen
    after logging in.
    """
    for account_id in dict.fromkeys((event.account_id, *event.notify)):
        await _mail(desk, session, event, meta, account_id=account_id, programme=event.programme)


async def on_message_posted(desk: Desk, session: AsyncSession, event: MessagePosted, meta: EventMeta) -> None:
    """Whoever is to be told is told to log in, and nothing of what was written; the office is told the number alone.

    In lanes of their own: a link that somebody asked for does not wait behind them.
    """
    for account_id in event.notify:
        await _mail(
            desk,
            session,
            event,
            meta,
            account_id=account_id,
            lane=uuid5(account_id, "messages"),
            purpose="reader",
            programme=event.programme,
        )
    if event.to_office:
        content = {"reference": event.reference}
        await _mail(
            desk,
            session,
            event,
            meta,
            account_id=None,
            content=content,
            purpose="office",
            programme=event.programme,
        )


async def on_correction_requested(
    desk: Desk, session: AsyncSession, event: CorrectionRequested, meta: EventMeta
) -> None:
    """Whoever can mend it is told to log in, and nothing of what is asked for."""
    for account_id in event.notify:
        lane = uuid5(account_id, "messages")
        await _mail(desk, session, event, meta, account_id=account_id, lane=lane, programme=event.programme)


def handlers(desk: Desk) -> Handlers:
    """Every event this service listens to."""
    return {
        **sessions.HANDLERS,
        RegistrationRequested: partial(on_registration_requested, desk),
        UserIdIssued: partial(on_user_id_issued, desk),
        ContactChanged: partial(on_contact_changed, desk),
        PasswordLinkIssued: partial(on_password_link_issued, desk),
        PasswordSet: partial(on_password_set, desk),
        UserIdReminderRequested: partial(on_user_id_reminder_requested, desk),
        EkycStarted: partial(on_ekyc_started, desk),
        InvitationSent: partial(on_invited, desk),
        SuccessionStarted: partial(on_invited, desk),
        SuccessionAnnounced: partial(on_succession_announced, desk),
        AccountLapseAnnounced: partial(on_account_lapse_announced, desk),
        DataRequestAnswered: partial(on_data_request_closed, desk),
        DataRequestRefused: partial(on_data_request_closed, desk),
        ApplicationSubmitted: partial(on_application_submitted, desk),
        ApplicationRejected: partial(on_application_rejected, desk),
        ApplicationApproved: partial(on_application_approved, desk),
        ContractOffered: partial(on_contract_offered, desk),
        InsuranceOffered: partial(on_insurance_offered, desk),
        ApplicationClosed: partial(on_application_closed, desk),
        MessagePosted: partial(on_message_posted, desk),
        CorrectionRequested: partial(on_correction_requested, desk),
        DocumentRequested: partial(on_document_requested, desk),
    }
