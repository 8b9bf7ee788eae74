"""The applications service at a test's hand: its API and its consumer on a real database, and people who use them."""

import itertools
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from applications import api, consumers, timers
from applications.api.context import Context
from applications.areas import AREAS
from applications.desk import Desk, LookUp
from applications.directories import PostalCodes, ZenginInstitutions
from applications.errands import ERRANDS
from applications.features.green_loan.maintenance.queries import in_force
from applications.programme import Programme
from applications.programmes import PROGRAMMES
from applications.providers import Listener
from joserfc.jwk import ECKey
from kit import simulations
from kit.bus import Consumer
from kit.db import Database
from kit.deadlines import fire_one
from kit.health import Health
from kit.http import build_app
from kit.sealed import seal
from kit.vault import Vault
from madoguchi_contracts import (
    EVENTS,
    Contact,
    DocumentStored,
    EkycStatusChanged,
    Event,
    OrganisationRegistered,
    Role,
    Sealed,
    SetEntry,
    UserIdIssued,
)
from sqlalchemy import text

from support.actors import Gate
from support.clock import FakeClock
from support.records import record_of

MAIL = "hanako@example.jp"
NAME = "青葉台ハイツ管理組合"

INSTITUTIONS = ZenginInstitutions()
POSTAL_CODES = PostalCodes()
OUR_KEY = ECKey.generate_key("P-256", {"kid": "applications-test"})
NOTIFICATIONS_KEY = ECKey.generate_key("P-256", {"kid": "notifications-test"})
_PUBLIC_KEYS = {"notifications": NOTIFICATIONS_KEY.as_dict(private=False)}

_sequences = itertools.count(1)


def good_content() -> dict[str, Any]:
    """An association without an accumulation number, complete and right."""
    return {
        "has_number": False,
        "name_kanji": NAME,
        "name_kana": "アオバダイハイツカンリクミアイ",
        "incorporated": False,
        "location": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10"},
        "account": {
            "institution_code": "0001",
            "branch_code": "001",
            "deposit_kind": "普通",
            "number": "0123456",
            "holder_kana": "アオバダイハイツ",
            "holder_kanji": NAME,
        },
        "certificate_month": 4,
        "meeting_month": 5,
        "representative": {
            "type": "individual",
            "name_kanji": {"family": "見本", "given": "花子"},
            "name_kana": {"family": "ミホン", "given": "ハナコ"},
            "mail": MAIL,
            "birth_date": "1970-05-17",
            "address": {"postal_code": "1128570", "address": "東京都文京区後楽1-4-10-101"},
            "phone": "0358009479",
            "term": {"start": "2026-05", "end": "2028-04"},
        },
        "mailing": "representative",
    }


def content_with(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The good content with other values at dotted paths; None takes the field away."""
    content = deepcopy(good_content())
    for path, value in changes.items():
        *sections, last = path.split(".")
        place = content
        for section in sections:
            place = place.setdefault(section, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return content


@dataclass
class Counter:
    """The service under test."""

    database: Database
    clock: FakeClock
    gate: Gate
    desk: Desk
    consumer: Consumer
    client: httpx.AsyncClient
    listeners: dict[str, Listener]

    async def hear(self, *events: Event) -> None:
        """The worker receives these events."""
        for event in events:
            await self.consumer.process([record_of(event, sequence=next(_sequences), at=self.clock())])

    async def hear_own(self, application_id: UUID | None = None) -> None:
        """The worker receives what this service has told so far (of one application: about that alone); what it knows
        already stops at the inbox.
        """
        rows = await self.rows(
            "SELECT event_id, type, version, data, recorded_at FROM events "
            "WHERE cast(:id AS uuid) IS NULL OR aggregate_id = :id ORDER BY id",
            id=application_id,
        )
        for row in rows:
            event = EVENTS[row.type].model_validate(row.data, strict=False)
            record = record_of(event, sequence=row.version, event_id=row.event_id, at=row.recorded_at)
            await self.consumer.process([record])

    async def rows(self, sql: str, **where: Any) -> list[Any]:
        """What a query finds."""
        async with self.database.transaction() as session:
            return list((await session.execute(text(sql), where)).all())

    async def events(self, application_id: UUID) -> list[str]:
        """The classes of an application's events, in order."""
        rows = await self.rows("SELECT type FROM events WHERE aggregate_id = :id ORDER BY version", id=application_id)
        return [row.type.split(".")[2] for row in rows]

    def person(self, role: Role, account_id: UUID | None = None, *, organisation_id: UUID | None = None) -> "Person":
        """Somebody who is logged in, perhaps for an organisation."""
        return Person(self, role, account_id or uuid4(), organisation_id)

    async def association(self, *, ekyc: str | None = "passed", mail: str = MAIL) -> "Person":
        """A representative of whom the service has heard."""
        person = self.person(Role.ASSOCIATION)
        contact = Contact(mail=mail, name="見本 花子", user_id="U-1")
        sealed = Sealed(seal(contact, OUR_KEY.as_dict(private=False)))
        await self.hear(
            UserIdIssued(
                account_id=person.account_id, role=Role.ASSOCIATION, contact=sealed, contact_for_applications=sealed
            )
        )
        if ekyc is not None:
            await self.hear(EkycStatusChanged(account_id=person.account_id, ekyc_id=uuid4(), status=ekyc))
        return person

    async def upload(self, application_id: UUID, *slots: str, version: int = 1, **facts: Any) -> None:
        """The documents service has files in these slots."""
        entries = tuple(entry(slot, **facts) for slot in slots)
        await self.hear(
            DocumentStored(
                application_id=application_id,
                document_id=entries[-1].document_id,
                slot=entries[-1].slot,
                sha256=entries[-1].sha256,
                size_bytes=entries[-1].size_bytes,
                set_version=version,
                set=entries,
                total_bytes=sum(one.size_bytes for one in entries),
            )
        )

    async def applied(self, person: "Person | None" = None, **changes: Any) -> "Filed":
        """An application that was submitted and is on the worklist."""
        person = person or await self.association()
        started = await person.start()
        await self.upload(started, "kanri_kiyaku", "sokai_gijiroku")
        await person.save(started, content_with(changes))
        answer = await person.submit(started)
        assert answer.status_code == 201, answer.text
        return await self.reviewed(person, started)

    async def reviewed(self, owner: "Person", application_id: UUID) -> "Filed":
        """The newest submission, after it has come to the worklist."""
        await self.hear_own(application_id)
        rows = await self.rows(
            "SELECT id FROM reviews WHERE application_id = :id ORDER BY submission DESC", id=application_id
        )
        return Filed(owner, application_id, rows[0].id)

    async def reject(self, filed: "Filed", reason: str = "所在地をご確認ください。", **body: Any) -> httpx.Response:
        """A reviewer sends it back."""
        path = f"/v1/reviews/{filed.review_id}/reject"
        return await self.person(Role.OFFICE_REVIEWER).post(path, {"reason": reason, **body})

    async def approved(self, person: "Person | None" = None, **changes: Any) -> "Filed":
        """An application that two officers have approved."""
        filed = await self.applied(person, **changes)
        answer = await self.approve(filed)
        assert answer.status_code == 200, answer.text
        return filed

    async def company(self, name: str = "見本管理株式会社", kana: str = "ミホンカンリ", kind: str = "company") -> UUID:
        """An organisation that has registered with the agency."""
        organisation_id = uuid4()
        await self.hear(organisation(organisation_id, name, kana, kind))
        return organisation_id

    async def managed(self, level: int, company_id: UUID | None = None, **changes: Any) -> "Managed":
        """An approved application that gives a management company this level, and somebody of that company."""
        company_id = company_id or await self.company()
        named = {"company.id": str(company_id), "company.level": level}
        filed = await self.approved(**named, **changes)
        return Managed(filed.owner, filed.application_id, self.clerk(company_id))

    def clerk(self, company_id: UUID) -> "Person":
        """Somebody of a management company."""
        return self.person(Role.COMPANY, organisation_id=company_id)

    async def fire(self) -> None:
        """Every deadline that is due is done."""
        while await fire_one(self.database, timers.handlers(self.desk), self.clock()):
            continue

    async def approve(self, filed: "Filed") -> httpx.Response:
        """Two officers approve it."""
        path = f"/v1/reviews/{filed.review_id}"
        await self.person(Role.OFFICE_REVIEWER).post(f"{path}/recommend")
        return await self.person(Role.OFFICE_APPROVER).post(f"{path}/approve")


@dataclass(frozen=True)
class Filed:
    """An application in the office's hands."""

    owner: "Person"
    application_id: UUID
    review_id: UUID


@dataclass(frozen=True)
class Managed:
    """An approved application with its owner and somebody of its management company."""

    owner: "Person"
    application_id: UUID
    clerk: "Person"


def organisation(organisation_id: UUID, name: str, kana: str, kind: str = "company") -> OrganisationRegistered:
    """Identity tells of an organisation."""
    return OrganisationRegistered(
        organisation_id=organisation_id,
        kind=kind,
        name=name,
        name_kana=kana,
        postal_code="1128570",
        address="東京都文京区後楽1-4-10",
        phone="0358009479",
    )


def entry(slot: str, *, size_bytes: int = 1000, standard_type: bool = True, placeholder: bool = False) -> SetEntry:
    """A file in a slot."""
    return SetEntry(
        document_id=uuid4(),
        slot=slot,
        sha256=uuid4().hex * 2,
        size_bytes=size_bytes,
        standard_type=standard_type,
        placeholder=placeholder,
    )


@dataclass(frozen=True)
class Person:
    """A logged-in user of the API."""

    counter: Counter
    role: Role
    account_id: UUID
    organisation_id: UUID | None = None

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """A request; every call has a new Idempotency-Key unless one is given."""
        own = self.counter.gate.headers(self.role, self.account_id, key=key, organisation_id=self.organisation_id)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.counter.client.request(method, path, json=body, headers={**own, **named})

    async def get(self, path: str) -> httpx.Response:
        """GET."""
        return await self.call("GET", path)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        """POST."""
        return await self.call("POST", path, body, key=key)

    async def start(self, programme: str = "bond") -> UUID:
        """Start an application."""
        answer = await self.post("/v1/applications", {"programme": programme})
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["application_id"])

    async def save(self, application_id: UUID, content: Any, version: int | None = None) -> httpx.Response:
        """Save the draft over the current version, or over `version`."""
        if version is None:
            version = (await self.get(f"/v1/applications/{application_id}")).json()["draft_version"]
        path = f"/v1/applications/{application_id}/draft"
        return await self.call("PUT", path, {"content": content}, If_Match=f'"{version}"')

    async def view(self, application_id: UUID) -> dict[str, Any]:
        """The application as this person sees it."""
        answer = await self.get(f"/v1/applications/{application_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def step(self, application_id: UUID, command: str, **body: Any) -> httpx.Response:
        """Take a step that hands in nothing."""
        return await self.post(f"/v1/applications/{application_id}/steps/{command}", body)

    async def check(self, application_id: UUID, command: str = "submit") -> dict[str, Any]:
        """What submitting would find."""
        answer = await self.get(f"/v1/applications/{application_id}/check?command={command}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def submit(
        self, application_id: UUID, *, command: str = "submit", key: str | None = None, **changes: Any
    ) -> httpx.Response:
        """Check, prove and submit; `changes` replace parts of the request."""
        digest = (await self.check(application_id, command))["content_sha256"]
        proof = self.counter.gate.proof(self.account_id, digest, command)
        body = {"command": command, "content_sha256": digest, "proof": proof, **changes}
        return await self.post(f"/v1/applications/{application_id}/submit", body, key=key)


@asynccontextmanager
async def open_counter(
    url: str, programmes: Mapping[str, Programme] = PROGRAMMES, dated: Mapping[str, LookUp] | None = None
) -> AsyncIterator[Counter]:
    """The service on the migrated database at `url`; `dated` is what the office keeps for programmes."""
    database = Database(url, pool_size=8)
    clock = FakeClock()
    gate = Gate(clock)
    desk = Desk(
        programmes=programmes,
        vault=Vault({"test": bytes(32)}, "test"),
        seal=lambda content, service: Sealed(seal(content, _PUBLIC_KEYS[service])),
        institutions=INSTITUTIONS,
        claim_lease=timedelta(minutes=30),
        messages_per_day=1000,
        message_length=2000,
        dated=dated or {},
        maintenance={"green_loan": in_force},
        errands=ERRANDS,
    )
    listeners: dict[str, Listener] = {}
    context = Context(
        service="applications",
        database=database,
        clock=clock,
        verifier=gate.verifier,
        health=Health(),
        desk=desk,
        institutions=INSTITUTIONS,
        postal_codes=POSTAL_CODES,
        listeners=listeners,
        contract_video_url="http://contracts.test/video",
        income_service_url="https://income.test/",
    )
    app = build_app(context, title="test", routers=[*api.routers, simulations.build_router(AREAS)])
    private_key = json.dumps(OUR_KEY.as_dict(private=True))
    consumer = Consumer("applications", consumers.handlers(desk, private_key, clock), database=database, clock=clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Counter(database, clock, gate, desk, consumer, client, listeners)
    await database.close()


def findings(answer: httpx.Response | Mapping[str, Any]) -> set[tuple[str, str, str]]:
    """Rule, code and field of everything that was found."""
    body = answer.json() if isinstance(answer, httpx.Response) else answer
    return {(one["rule"], one["code"], one["field"]) for one in body.get("findings", [])}
