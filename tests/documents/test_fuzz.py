"""The HTTP API of documents under generated requests, good and bad, and its OpenAPI document."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from documents import api
from documents.areas import AREAS
from kit import simulations
from kit.health import Health
from kit.http import build_app
from madoguchi_contracts import Role
from madoguchi_stack.s3 import S3
from support.documents import PDF, SLOTS, Desk, desk, pdf, sealed
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
from support.servers import FreshDatabase

ROUTERS = [*api.routers, simulations.build_router(AREAS)]
DOCUMENT = document_of(ROUTERS, title="Madoguchi documents")
schema = schema_of(DOCUMENT)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(postgres_url: FreshDatabase, s3: S3) -> AsyncIterator[tuple[Desk, httpx.AsyncClient]]:
    """The service, and its API with the simulator."""
    async with desk(await postgres_url("documents"), s3) as service:
        context = api.Context(
            "documents", service.database, service.clock, service.gate.verifier, Health(), service.intake, sealed
        )
        transport = httpx.ASGITransport(build_app(context, title="Madoguchi documents", routers=ROUTERS))
        async with httpx.AsyncClient(transport=transport, base_url="http://documents.test") as http:
            yield service, http


@pytest_asyncio.fixture(loop_scope="session")
async def target(opened: tuple[Desk, httpx.AsyncClient]) -> Target:
    """For each operation anew: an application with a file, one that is uploaded and one that is only announced; and an
    application that was submitted.
    """
    service, http = opened
    owner = uuid4()
    draft, submitted = await service.started(owner), await service.started(owner)
    stored = await service.stored(draft, owner, pdf(1000))
    uploaded = await service.uploaded(draft, owner, pdf(2000), slot="sokai_gijiroku")
    announced = (await service.start(draft, owner, pdf(3000), slot="other1")).json()["document_id"]
    frozen = await service.stored(submitted, owner, pdf(1000))
    await service.submitted(submitted, owner)
    known: dict[str, list[Any]] = {
        "application_id": [str(draft), str(draft), str(submitted)],
        "document_id": [str(stored), str(uploaded), announced, str(frozen)],
        "slot": list(SLOTS),
        "file_name": ["管理規約.pdf"],
        "size_bytes": [len(PDF)],
        "sha256": [hashlib.sha256(PDF).hexdigest()],
        "content_type": ["application/pdf"],
        "book": ["bond"],
        "area": [area.name.partition("/")[2] for area in AREAS],
    }
    people = [(owner, Role.ASSOCIATION)] * 3 + [(uuid4(), Role.ASSOCIATION), (uuid4(), Role.OFFICE_REVIEWER)]
    callers = [{"Authorization": service.as_(account, role)["Authorization"]} for account, role in people]
    return Target(http, asyncio.get_running_loop(), callers, known)


@pytest_asyncio.fixture(loop_scope="session")
async def simulator(opened: tuple[Desk, httpx.AsyncClient]) -> Target:
    """Needs nothing and nobody."""
    return Target(opened[1], asyncio.get_running_loop())


@pytest.mark.real
@schema.parametrize()
def test_every_operation_keeps_what_the_document_promises(case, target: Target):
    ask(case, target)


@schema_of_areas(DOCUMENT, AREAS).parametrize()
def test_every_area_answers_questions_of_its_form(case, simulator: Target):
    ask(case, simulator)


async def test_the_document_is_served_and_complete(opened: tuple[Desk, httpx.AsyncClient]):
    assert (await opened[1].get("/openapi.json")).json() == DOCUMENT
    assert gaps(DOCUMENT) == []


def test_only_the_rules_are_open_to_anybody():
    assert public_operations(DOCUMENT) == {f"POST {SIMULATOR}"}


def test_what_makes_something_new_needs_an_idempotency_key():
    # Completing needs none: the document remembers the outcome. Deleting twice is deleting once.
    assert operations_with_header(DOCUMENT, "Idempotency-Key") == {
        "POST /v1/applications/{application_id}/documents",
        "POST /v1/applications/{application_id}/documents/requests",
        "POST /v1/applications/{application_id}/papers",
    }
