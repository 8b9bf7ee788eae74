"""The notifications service put together for tests: events in, mails out to a scripted SMTP server, time by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

from joserfc.jwk import ECKey
from kit.bus import Consumer
from kit.db import Database
from kit.sealed import seal
from kit.vault import Vault
from madoguchi_contracts import Event, Role, Sealed
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
from notifications.channels import Relay, Relays
from notifications.consumers import Desk, handlers
from notifications.courier import Courier, Pacer
from notifications.delivery import RESENT_WHEN_UNKNOWN
from notifications.notices import Notice, queue_notice
from pydantic import BaseModel
from sqlalchemy import text

from support.clock import FakeClock
from support.records import FakeRecord, record_of
from support.smtp_faults import HOST, ScriptedSmtp

SENDER = "no-reply@mail.jhf.go.jp"
OFFICE = "office@madoguchi.example.jp"
PORTAL = "https://madoguchi.example.jp"
SEAL_KEY = ECKey.generate_key("P-256", {"kid": "notifications-1"}).as_dict(private=True)
VAULT = Vault({"1": b"k" * 32}, "1")


def sealed(content: BaseModel) -> Sealed:
    """Sealed to notifications."""
    return Sealed(seal(content, {name: value for name, value in SEAL_KEY.items() if name != "d"}))


@dataclass
class Person:
    """An account holder, and the events about them."""

    account_id: UUID = field(default_factory=uuid4)
    name: str = "青葉 花子"
    mail: str = "hanako@example.jp"
    user_id: str = "MS10000001"

    def contact(self) -> Sealed:
        return sealed(Contact(mail=self.mail, name=self.name, user_id=self.user_id))

    def asks_to_register(self, now: datetime, ticket: str = "link-1") -> RegistrationRequested:
        url = f"{PORTAL}/registration#token={ticket}"
        link = sealed(RegistrationLink(mail=self.mail, name=self.name, url=url))
        expires = now + timedelta(minutes=30)
        return RegistrationRequested(account_id=self.account_id, link=link, link_expires_at=expires)

    def gets_user_id(self) -> UserIdIssued:
        return UserIdIssued(account_id=self.account_id, role=Role.ASSOCIATION, contact=self.contact())

    def gets_password_link(self, now: datetime, purpose: str = "first", ticket: str = "link-2") -> PasswordLinkIssued:
        link = sealed(Link(url=f"{PORTAL}/password#token={ticket}"))
        expires = now + timedelta(hours=24)
        facts: dict[str, Any] = {"purpose": purpose}
        return PasswordLinkIssued(account_id=self.account_id, link=link, link_expires_at=expires, **facts)

    def sets_password(self, reason: Any = "first") -> PasswordSet:
        return PasswordSet(account_id=self.account_id, reason=reason)

    def is_reminded(self) -> UserIdReminderRequested:
        return UserIdReminderRequested(account_id=self.account_id)

    def starts_ekyc(self, expires: datetime | None, ticket: str = "link-3") -> EkycStarted:
        link = sealed(Link(url=f"{PORTAL}/ekyc#token={ticket}"))
        method: Any = "photo" if expires else "my_number_card"
        return EkycStarted(
            account_id=self.account_id, ekyc_id=uuid4(), method=method, link=link, link_expires_at=expires
        )

    def invites(self, now: datetime, mail: str, ticket: str = "link-5") -> InvitationSent:
        """Somebody else is asked to take part."""
        link = sealed(RegistrationLink(mail=mail, name=self.name, url=f"{PORTAL}/invitation#token={ticket}"))
        return InvitationSent(
            account_id=self.account_id, invitation_id=uuid4(), link=link, link_expires_at=now + timedelta(days=7)
        )

    def is_succeeded(self, now: datetime, mail: str, ticket: str = "link-6") -> SuccessionStarted:
        """The next representative is asked to take over."""
        link = sealed(RegistrationLink(mail=mail, name=self.name, url=f"{PORTAL}/succession#token={ticket}"))
        return SuccessionStarted(
            account_id=self.account_id, succession_id=uuid4(), link=link, link_expires_at=now + timedelta(days=7)
        )

    def is_told_of_succession(self, stage: Any = "started", ticket: str = "link-7") -> SuccessionAnnounced:
        """Somebody else is to take the account over, or has done so."""
        url = f"{PORTAL}/succession/object#token={ticket}" if stage == "started" else None
        notice = sealed(SuccessionNotice(mail=self.mail, name=self.name, url=url))
        return SuccessionAnnounced(account_id=self.account_id, succession_id=uuid4(), stage=stage, notice=notice)

    def will_lapse(self, at: datetime) -> AccountLapseAnnounced:
        """Nobody has logged in for nearly five years."""
        return AccountLapseAnnounced(account_id=self.account_id, lapses_at=at)

    def is_answered_about_data(self, *, refused: bool = False) -> DataRequestAnswered | DataRequestRefused:
        """There is an answer to a request about the personal data that is held of them."""
        kind = DataRequestRefused if refused else DataRequestAnswered
        return kind(account_id=self.account_id, request_id=uuid4(), kind="disclosure")

    def changes_contact(self) -> ContactChanged:
        return ContactChanged(account_id=self.account_id, contact=self.contact())

    def submits(self, application_id: UUID, reference: str = "B-2026-000123") -> ApplicationSubmitted:
        return ApplicationSubmitted(
            application_id=application_id,
            programme="bond",
            account_id=self.account_id,
            reference=reference,
            submission=1,
            content_sha256="0" * 64,
            documents=(),
        )

    def is_rejected(self, application_id: UUID, reason: str = "管理組合名をご確認ください。") -> ApplicationRejected:
        return ApplicationRejected(
            application_id=application_id,
            account_id=self.account_id,
            submission=1,
            reason=sealed(Reason(text=reason)),
            officer_id=uuid4(),
        )

    def is_asked_for_a_paper(self, application_id: UUID, label: str = "修繕積立金の決算書") -> DocumentRequested:
        return DocumentRequested(
            application_id=application_id,
            slot="asked_1",
            due_on=date(2026, 4, 15),
            officer_id=uuid4(),
            account_id=self.account_id,
            programme="bond",
            label=sealed(Reason(text=label)),
            subject=None,
        )

    def is_offered_a_contract(self, application_id: UUID, *others: Person, programme: str = "bond") -> ContractOffered:
        signers = (self.account_id, *(other.account_id for other in others))
        page = f"{PORTAL}/applications/{application_id}/contract"
        links = sealed(ContractLinks(url=page, video_url="https://video.example.jp/contract"))
        return ContractOffered(application_id=application_id, programme=programme, signers=signers, links=links)

    def is_offered_an_insurance(self, application_id: UUID, programme: str = "bond") -> InsuranceOffered:
        """The insurer's Web service has opened an application."""
        login = ServiceLogin(user_id="D-4711", url="https://danshin.example.jp/login")
        return InsuranceOffered(
            application_id=application_id, programme=programme, insured_id=self.account_id, login=sealed(login)
        )

    def is_written_to(self, application_id: UUID, *others: Person, to_office: bool = False) -> MessagePosted:
        """Somebody wrote in a thread that these people read, and perhaps the office."""
        return MessagePosted(
            application_id=application_id,
            programme="bond",
            reference="B-2026-000123",
            thread_id=uuid4(),
            message_id=uuid4(),
            sender="organisation",
            notify=(self.account_id, *(other.account_id for other in others)),
            to_office=to_office,
        )

    def is_asked_to_mend(self, application_id: UUID) -> CorrectionRequested:
        """The office found something."""
        return CorrectionRequested(
            application_id=application_id,
            programme="bond",
            correction_id=uuid4(),
            due_on=date(2026, 5, 31),
            field_count=1,
            document_count=1,
            notify=(self.account_id,),
        )

    def is_done(
        self, application_id: UUID, outcome: str = "done", programme: str = "bond", others: tuple[Person, ...] = ()
    ) -> ApplicationClosed:
        return ApplicationClosed(
            application_id=application_id,
            account_id=self.account_id,
            programme=programme,
            submission=1,
            outcome=outcome,
            notify=tuple(other.account_id for other in others),
        )

    def is_approved(self, application_id: UUID, first: bool = True, programme: str = "bond") -> ApplicationApproved:
        return ApplicationApproved(
            application_id=application_id,
            account_id=self.account_id,
            programme=programme,
            submission=1,
            first_approval=first,
            officer_id=uuid4(),
        )


@dataclass
class Mailroom:
    """Everything between Kafka and the SMTP server."""

    database: Database
    clock: FakeClock
    consumer: Consumer
    courier: Courier
    smtp: ScriptedSmtp
    _sequence: int = 0

    def record(self, event: Event, **facts: Any) -> FakeRecord:
        """A record of the event with the next sequence number, unless one is given."""
        self._sequence += 1
        return record_of(event, **{"sequence": self._sequence, "at": self.clock(), **facts})

    async def hear(self, *events: Event) -> None:
        """Consume the events one by one, as one batch each."""
        for event in events:
            await self.consumer.process([self.record(event)])

    async def deliver(self) -> None:
        """Send whatever is due now, until nothing is."""
        while started := await self.courier.start_due():
            await asyncio.gather(*started)

    async def hear_and_deliver(self, *events: Event) -> None:
        """One after the other, as it happens when nothing is in the way."""
        for event in events:
            await self.hear(event)
            await self.deliver()

    async def sends_notice(self, told: Notice, *account_ids: UUID, per_minute: int = 600) -> int:
        """The agency has a notice sent; returns how many mails are new."""
        async with self.database.transaction() as session:
            return await queue_notice(
                session,
                vault=self.courier.vault,
                notice=told,
                account_ids=account_ids,
                first_at=self.clock(),
                per_minute=per_minute,
                now=self.clock(),
            )

    async def rows(self, query: str = "SELECT * FROM messages ORDER BY seq", **where: Any) -> Sequence[Any]:
        """What the database says."""
        async with self.database.transaction() as session:
            return (await session.execute(text(query), where)).all()

    async def states(self) -> list[tuple[str, str]]:
        """Template and state of every mail, in the order of queueing."""
        return [(row.template, row.state) for row in await self.rows()]

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """The events recorded so far: class and data."""
        rows = await self.rows("SELECT type, data FROM events ORDER BY id")
        return [
            (row.type.split(".")[2], row.data if isinstance(row.data, dict) else json.loads(row.data)) for row in rows
        ]

    def subjects(self) -> list[str]:
        """The subjects of the mails taken over, in order."""
        return [str(mail["Subject"]) for mail in self.smtp.accepted]


def body_of(mail: EmailMessage, form: str = "plain") -> str:
    """The text or the HTML of a received mail."""
    part = mail.get_body((form,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def relay_at(port: int) -> Relay:
    """A relay on this machine."""
    return Relay(host=HOST, port=port)


def courier_on(
    database: Database, clock: FakeClock, relays: Sequence[Relay], *, per_second: float = 1000, parallel: int = 4
) -> Courier:
    """A courier as `main` makes it, with little patience."""
    return Courier(
        database=database,
        clock=clock,
        vault=VAULT,
        relays=Relays(relays, connect_seconds=2.0, data_seconds=4.0),
        pacer=Pacer(per_second),
        sender=SENDER,
        office_mailbox=OFFICE,
        resent=RESENT_WHEN_UNKNOWN,
        parallel=parallel,
    )


@asynccontextmanager
async def open_mailroom(url: str) -> AsyncIterator[Mailroom]:
    """On the database at `url`, which has the service's migrations."""
    database = Database(url, pool_size=8)
    async with mailroom_on(database) as room:
        yield room
    await database.close()


@asynccontextmanager
async def mailroom_on(database: Database) -> AsyncIterator[Mailroom]:
    """A mailroom with nothing remembered but what is in the database."""
    clock = FakeClock()
    desk = Desk(VAULT, json.dumps(SEAL_KEY), PORTAL, clock)
    async with ScriptedSmtp() as smtp:
        courier = courier_on(database, clock, [relay_at(smtp.port)])
        consumer = Consumer("notifications", handlers(desk), database=database, clock=clock)
        yield Mailroom(database, clock, consumer, courier, smtp)
        courier.relays.close_idle(older_than_seconds=0)
