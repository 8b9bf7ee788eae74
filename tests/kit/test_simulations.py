"""The simulator: anybody may ask a rule, is told what is wrong with a question, and leaves no trace."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from kit.areas import Answer, Area, Question
from kit.db import Database
from kit.health import Health
from kit.http import AppContext, build_app
from kit.simulations import MAX_QUESTION_BYTES, build_router
from kit.tokens import TokenVerifier
from structlog.testing import capture_logs
from support.clock import FakeClock
from support.network import free_port


class Payment(Question):
    principal_yen: int
    months: int
    note: str = ""


class Instalment(Answer):
    yen: int


def instalment(asked: Payment) -> Instalment:
    """What is paid each month, rounded up; there is no rule for a loan without months."""
    if asked.months <= 0:
        raise ValueError("months must be positive")
    if asked.note == "defect":
        raise RuntimeError(asked.note)
    return Instalment(yen=-(-asked.principal_yen // asked.months))


AREAS = [
    Area("green_loan/instalment", ("GL-1",), Payment, Instalment, instalment),
    Area("green_loan/anything", (), Any, Any, lambda asked: asked),
]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    context = AppContext(
        service="sample",
        database=Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing"),
        clock=FakeClock(),
        verifier=TokenVerifier("", "https://identity.test", FakeClock()),
        health=Health(),
    )
    app = build_app(context, title="Sample", routers=[build_router(AREAS)])
    with capture_logs():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample.test") as client:
            yield client


async def ask(client: httpx.AsyncClient, question: Any, area: str = "green_loan/instalment") -> httpx.Response:
    return await client.post(f"/v1/simulations/{area}", json=question)


async def test_a_question_is_answered_without_login_and_without_a_database(client: httpx.AsyncClient) -> None:
    answer = await ask(client, {"principal_yen": 1000, "months": 3})
    assert (answer.status_code, answer.json()) == (200, {"yen": 334})


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ({}, "principal_yen: Field required; months: Field required"),
        ({"principal_yen": "1000", "months": 3}, "principal_yen: "),
        ({"principal_yen": 1000.5, "months": 3}, "principal_yen: "),
        ({"principal_yen": 1000, "months": 0}, "months must be positive"),
        ([1], ": "),
        ("text", ": "),
        (7, ": "),
    ],
)
async def test_a_question_of_the_wrong_form_is_told_where(client: httpx.AsyncClient, question: Any, where: str) -> None:
    answer = await ask(client, question)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert where in answer.json()["detail"]


async def test_no_question_at_all_is_malformed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/simulations/green_loan/instalment")
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", ""])
async def test_a_question_that_does_not_say_it_is_json_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    content = b'{"principal_yen": 1000, "months": 3}'
    answer = await client.post(
        "/v1/simulations/green_loan/instalment", content=content, headers={"Content-Type": content_type}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


@pytest.mark.parametrize("depth", [100, 300, 480, 700, 950])
async def test_a_question_nested_for_ever_is_refused_and_no_defect(client: httpx.AsyncClient, depth: int) -> None:
    for area in ("green_loan/instalment", "green_loan/anything"):
        content = b'{"principal_yen":' + b"[" * depth + b"]" * depth + b"}"
        headers = {"Content-Type": "application/json"}
        answer = await client.post(f"/v1/simulations/{area}", content=content, headers=headers)
        assert answer.status_code in {200, 400, 422}


@pytest.mark.parametrize("area", ["green_loan/nothing", "other/instalment", "instalment"])
async def test_an_area_that_does_not_exist_is_not_found(client: httpx.AsyncClient, area: str) -> None:
    answer = await ask(client, {}, area)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_defect_of_a_rule_is_a_500_without_its_text(client: httpx.AsyncClient) -> None:
    answer = await ask(client, {"principal_yen": 1, "months": 1, "note": "defect"})
    assert answer.status_code == 500
    assert "defect" not in answer.text


async def test_a_question_longer_than_any_area_needs_is_not_computed(client: httpx.AsyncClient) -> None:
    longest = MAX_QUESTION_BYTES - len('""')
    assert (await ask(client, "x" * longest, "green_loan/anything")).status_code == 200
    refused = await ask(client, "x" * (longest + 1), "green_loan/anything")
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
