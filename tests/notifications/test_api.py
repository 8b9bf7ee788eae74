"""HTTP: who may see the mails, page by page, and that nothing personal is in them."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from kit import simulations
from kit.disclosures import PURPOSE
from kit.health import Health
from kit.http import build_app
from madoguchi_contracts import Role
from notifications import api
from notifications.areas import AREAS
from notifications.permissions import MAY, Action
from support.actors import Gate
from support.mailroom import Mailroom, Person


@dataclass
class Office:
    """The API over a mailroom, and people to ask it."""

    room: Mailroom
    gate: Gate
    client: httpx.AsyncClient

    async def list(self, role: Role = Role.OPERATOR, **query: Any) -> httpx.Response:
        return await self.client.get("/v1/messages", params=query, headers=self.gate.headers(role))


@pytest_asyncio.fixture
async def office(room: Mailroom) -> AsyncIterator[Office]:
    gate = Gate(room.clock)
    context = api.Context("notifications", room.database, room.clock, gate.verifier, Health(), room.courier.vault)
    app = build_app(context, title="notifications", routers=[api.router, simulations.build_router(AREAS)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://notifications.test") as client:
        yield Office(room, gate, client)


STAFF = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER, Role.OPERATOR}


@pytest.mark.parametrize("role", Role)
async def test_the_office_and_operators_may_list_mails_and_nobody_else(office: Office, role: Role):
    answer = await office.list(role)
    assert answer.status_code == (200 if role in STAFF else 403)
    assert (role in MAY[Action.LIST_MESSAGES]) == (role in STAFF)
    if role not in STAFF:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_nobody_sees_mails_without_a_login(office: Office):
    assert (await office.client.get("/v1/messages")).status_code == 401


@pytest.mark.rule("NO-12")
async def test_a_mail_is_shown_with_its_state_and_times_and_nothing_personal(office: Office):
    hanako = Person()
    await office.room.hear_and_deliver(hanako.asks_to_register(office.room.clock()), hanako.gets_user_id())
    answer = await office.list()
    newest, oldest = answer.json()["items"]
    assert (newest["template"], newest["state"], newest["attempts"]) == ("NO-03", "accepted", 1)
    assert oldest["template"] == "NO-02"
    assert newest["account_id"] == str(hanako.account_id)
    assert newest["finished_at"] is not None
    assert newest["due_at"] is None
    for personal in (hanako.mail, hanako.name, hanako.user_id, "token="):
        assert personal not in answer.text


async def test_pages_follow_each_other_without_gap_or_overlap(office: Office):
    people = [Person() for _ in range(5)]
    await office.room.hear(*(person.gets_user_id() for person in people))
    seen, cursor, pages = [], None, 0
    while True:
        page = (await office.list(limit=2, **({"cursor": cursor} if cursor else {}))).json()
        seen += [item["account_id"] for item in page["items"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [str(person.account_id) for person in reversed(people)]
    assert pages == 3


async def test_mails_are_found_by_state_template_and_account(office: Office):
    hanako, taro = Person(), Person()
    await office.room.hear(hanako.gets_user_id(), taro.gets_user_id(), taro.sets_password(), taro.is_approved(uuid4()))
    found = (await office.list(account_id=str(taro.account_id), template="NO-05", state="queued")).json()["items"]
    assert [item["template"] for item in found] == ["NO-05"]
    assert (await office.list(state="failed")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"cursor": "9" * 19}, {"limit": 0}, {"limit": 101}, {"state": "lost"}, {"template": "X"}]
)
async def test_a_malformed_query_is_refused(office: Office, query: dict[str, Any]):
    answer = await office.list(**query)
    assert answer.status_code == 422
    assert answer.json()["code"] == "malformed"


async def test_the_sequence_of_mails_can_be_asked_without_login(office: Office):
    question = {"events": ["register", "commit_identity", "set_password"]}
    answer = await office.client.post("/v1/simulations/bond/mail_sequence", json=question)
    assert answer.json() == {"mails": ["NO-02", "NO-03", "NO-04", "NO-05"]}


@pytest.mark.rule("GL-618")
async def test_a_person_is_told_of_their_own_contact_and_mails(office: Office):
    hanako, taro = Person(), Person(mail="taro@example.jp")
    await office.room.hear_and_deliver(hanako.gets_user_id(), taro.gets_user_id())

    async def told(person: Person, granted_to: Person) -> httpx.Response:
        digest = hashlib.sha256(str(granted_to.account_id).encode()).hexdigest()
        grant = office.gate.proof(granted_to.account_id, digest, PURPOSE)
        headers = office.gate.headers(Role.APPLICANT, person.account_id)
        return await office.client.get("/v1/disclosure", headers={**headers, "Disclosure-Grant": grant})

    answer = await told(hanako, hanako)
    contact, mails, _ = answer.json()["parts"]
    assert [one["mail"] for one in contact["items"]] == [hanako.mail]
    assert [one["template"] for one in mails["items"]] == ["NO-03"]
    assert taro.mail not in answer.text
    assert (await told(hanako, taro)).status_code == 403
