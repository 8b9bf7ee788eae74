"""What the metrics of running processes say after whole cases: of routes, types and outcomes, and never of anybody."""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from faults.crowd import Crowd
from faults.ledger import settle
from identity.commands import ekyc
from identity.domain.ekyc import EkycMethod
from kit.clock import system_clock
from kit.tokens import Actor
from madoguchi_contracts import EVENTS, Role
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.topics import read_topics
from notifications.delivery import State
from notifications.domain import Template
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from support.stack import Stack, open_stack

pytestmark = pytest.mark.slow

# Every label there is, and what it may say: a pattern, or one of these.
NAME_OF_A_CLASS = re.compile(r"[A-Z][A-Za-z]{2,40}")
WORD = re.compile(r"[a-z]+(_[a-z]+)*")
ALLOWED: dict[str, Any] = {
    "method": {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "other"},
    "status": re.compile(r"[2-5][0-9]{2}"),
    "type": {*EVENTS, "unknown"},
    "topic": {topic.name for topic in read_topics()},
    "outcome": WORD,
    "error": NAME_OF_A_CLASS,
    "state": {state.value for state in State},
    "template": {template.value for template in Template},
    "kind": {"hash", "verify"},
    "provider": {"ekyc", "econtract", "danshin", "income_service"},
    "le": re.compile(r"[0-9.e+-]+|\+Inf"),
    # Of prometheus_client itself.
    "generation": {"0", "1", "2"},
    **dict.fromkeys(("implementation", "major", "minor", "patchlevel", "version"), re.compile(r"[A-Za-z0-9.+]{1,20}")),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with open_stack(tmp_path_factory.mktemp("stack"), durable=False) as running:
        yield running


def is_allowed(name: str, value: str, routes: set[str]) -> bool:
    """Whether a label may be there and say this."""
    allowed = routes if name == "route" else ALLOWED.get(name, set())
    return bool(allowed.fullmatch(value)) if isinstance(allowed, re.Pattern) else value in allowed


def samples(text: str) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


async def routes_of(stack: Stack, service: str) -> set[str]:
    """The routes as the service's own document names them."""
    document = (await stack.http.get(stack.url(f"{service}-api", "/openapi.json"))).json()
    return {*document["paths"], "other"}


async def test_no_metric_names_anybody_or_anything_of_theirs(stack: Stack):
    crowd = Crowd(stack, random.Random(20261122))
    people = await stack.people(12)
    await crowd.apply(people)
    await _be_difficult(stack, people[0].mail)
    await _ask_in_vain(stack)
    await settle(stack)
    seen: set[str] = set()
    strange = []
    for service in SERVICES:
        routes = await routes_of(stack, service)
        for part in ("api", "worker"):
            found = samples((await stack.http.get(stack.url(f"{service}-{part}", "/metrics"))).text)
            for sample in found:
                for name, value in sample.labels.items():
                    seen.add(name)
                    if not is_allowed(name, value, routes):
                        strange.append((f"{service}-{part}", sample.name, name, value))
    assert strange == []
    # Something happened.
    assert seen >= {"method", "route", "status", "type", "topic", "outcome", "template", "state", "provider"}


async def _be_difficult(stack: Stack, mail: str) -> None:
    """Ask for what is not there, in words that a careless metric would repeat."""
    somebody = stack.person(Role.ASSOCIATION)
    for service in SERVICES:
        for path in (
            f"/v1/{mail}",
            f"/v1/applications/{uuid4()}",
            f"/v1/青葉花子/{uuid4()}",
            "/v1/sessions?user_id=U-123456",
        ):
            await somebody.ask("GET", service, path)
            await somebody.ask("POST", service, path, {"name": "青葉 花子"})
        method = httpx.Request("AOBA", stack.url(f"{service}-api", "/v1/programmes"))
        await stack.http.send(method)


async def _ask_in_vain(stack: Stack) -> None:
    """Somebody's identity is to be checked while the provider is away."""
    (person,) = await stack.people(1, ekyc="data_registered")
    await stack.kill("ekyc")
    actor = Actor(person.account_id, person.role, uuid4())
    async with stack.databases["identity"].transaction() as session:
        await ekyc.start(session, actor=actor, method=EkycMethod.PHOTO, now=system_clock())

    async def failed() -> bool:
        with suppress(KeyError):  # until the first time
            return await stack.metric("identity-worker", "madoguchi_provider_failures_total") > 0
        return False

    await until(failed, "a question without an answer", 60)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user_id", "U-123456"),
        ("route", "/v1/applications/6f1c5a0e-6a39-4d1e-9a57-0c8c5a3d1b11"),
        ("template", "rijicho@example.jp"),
        ("error", "duplicate key value (mail)=(rijicho@example.jp)"),
        ("outcome", "青葉"),
        ("type", "6f1c5a0e"),
        ("provider", "https://ekyc.example.jp/verifications/U-123456"),
    ],
)
def test_the_list_would_find_a_label_of_somebody(name: str, value: str):
    assert not is_allowed(name, value, {"/v1/applications/{application_id}", "other"})
