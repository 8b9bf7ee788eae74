"""The HTTP API of notifications under generated requests, good and bad, and its OpenAPI document."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio
from kit import simulations
from kit.health import Health
from kit.http import build_app
from madoguchi_contracts import Role
from notifications import api
from notifications.areas import AREAS
from support.actors import Gate
from support.fuzz import (
    SIMULATOR,
    Target,
    ask,
    document_of,
    gaps,
    operations_with_header,
    public_operations,
    schema_of,
    schema_of_areas,
)
from support.mailroom import Person, open_mailroom
from support.servers import FreshDatabase

ROUTERS = [api.router, simulations.build_router(AREAS)]
DOCUMENT = document_of(ROUTERS, title="Madoguchi notifications")
schema = schema_of(DOCUMENT)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def target(postgres_url: FreshDatabase) -> AsyncIterator[Target]:
    """Some mails, sent and waiting, and everybody who may ask for them or may not."""
    async with open_mailroom(await postgres_url("notifications")) as room:
        person = Person()
        await room.hear_and_deliver(person.asks_to_register(room.clock()), person.gets_user_id())
        await room.hear(person.gets_password_link(room.clock()), person.submits(uuid4()))
        gate = Gate(room.clock)
        context = api.Context("notifications", room.database, room.clock, gate.verifier, Health(), room.courier.vault)
        transport = httpx.ASGITransport(build_app(context, title="Madoguchi notifications", routers=ROUTERS))
        known: dict[str, list[Any]] = {
            "cursor": ["1", "3", "999999999999999999"],
            "account_id": [str(person.account_id)],
            "book": ["bond"],
            "area": [area.name.partition("/")[2] for area in AREAS],
        }
        roles = (Role.OPERATOR, Role.OPERATOR, Role.OFFICE_REVIEWER, Role.ASSOCIATION)
        callers = [{"Authorization": gate.headers(role)["Authorization"]} for role in roles]
        async with httpx.AsyncClient(transport=transport, base_url="http://notifications.test") as http:
            yield Target(http, asyncio.get_running_loop(), callers, known)


@schema.parametrize()
def test_every_operation_keeps_what_the_document_promises(case, target: Target):
    ask(case, target)


@schema_of_areas(DOCUMENT, AREAS).parametrize()
def test_every_area_answers_questions_of_its_form(case, target: Target):
    ask(case, target)


async def test_the_document_is_served_and_complete(target: Target):
    assert (await target.http.get("/openapi.json")).json() == DOCUMENT
    assert gaps(DOCUMENT) == []


def test_only_the_rules_are_open_to_anybody_and_nothing_can_be_made():
    assert public_operations(DOCUMENT) == {f"POST {SIMULATOR}"}
    assert operations_with_header(DOCUMENT, "Idempotency-Key") == set()
