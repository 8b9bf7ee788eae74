"""The simulated danshin Web service keeps the contract that applications is written against, and what is declared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from madoguchi_stack.danshin.app import Settings, build_with
from pydantic import SecretStr

KEY = {"Authorization": "Bearer the-key"}
WISH: dict[str, Any] = {
    "callback_url": "http://127.0.0.1:9/callbacks",
    "product": "SANDAI",
    "name": "見本 太郎",
    "kana": "ミホン タロウ",
    "birth": "1980-05-17",
    "amount_yen": 1_500_000,
    "years": 10,
}


class Service:
    """The simulator, asked as we ask it and used as people use it."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(
            state=folder / "danshin.json",
            url="http://insurer.test",
            api_key=SecretStr("the-key"),
            callback_secret=SecretStr("s"),
        )
        self.app = build_with(settings)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://insurer.test")
        self.opened: dict[str, str] = {}

    async def open(self, **changes: Any) -> httpx.Response:
        body = {**WISH, "reference": str(uuid4()), **changes}
        answer = await self.client.post("/v1/applications", json=body, headers=KEY)
        if answer.is_success:
            self.opened = answer.json()
        return answer

    async def does(self, step: str, body: Any = None) -> int:
        path = step if step.startswith("/") else f"/v1/people/{self.opened['user_id']}/{step}"
        return (await self.client.post(path, json=body)).status_code

    async def declares(self, **told: bool) -> int:
        return await self.does("declaration", {"statement_read": True, **told})

    async def decides(self, status: str) -> int:
        return await self.does(f"/v1/insurer/{self.opened['user_id']}/decision", {"status": status})

    async def truth(self) -> dict[str, Any]:
        answer = await self.client.get(f"/v1/applications/{self.opened['id']}", headers=KEY)
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


async def test_the_same_reference_is_the_same_application_and_one_that_was_cancelled_is_never_opened(service: Service):
    reference = str(uuid4())
    first, second = [(await service.open(reference=reference)).json() for _ in range(2)]
    assert first == second
    for one in (reference, late := str(uuid4())):
        for _ in range(2):
            answer = await service.client.post("/v1/cancellations", json={"reference": one}, headers=KEY)
            assert (answer.status_code, answer.json()) == (200, {"reference": one})
    assert (await service.truth())["status"] == "withdrawn"
    assert (await service.open(reference=late)).status_code == 409
    without = await service.client.get(f"/v1/applications/{uuid4()}", headers={"Authorization": "Bearer other"})
    assert without.status_code == 401


@pytest.mark.rule("GL-526", "GL-527")
async def test_nobody_declares_without_the_statement_read_or_twice(service: Service):
    await service.open()
    assert await service.does("declaration", {"statement_read": False}) == 409
    assert await service.decides("joined") == 409
    assert await service.declares() == 204
    assert await service.declares() == 409


@pytest.mark.rule("GL-528", "GL-530", "GL-534", "GL-535")
@pytest.mark.parametrize(
    ("wish", "told", "status"),
    [
        ({}, {}, "applied"),
        ({}, {"under_treatment": True}, "certificate_wanted"),
        ({"health_check": True}, {}, "certificate_wanted"),
        ({}, {"ever_cancer": True}, "refused"),
        ({"product": "SHIN"}, {"ever_cancer": True}, "applied"),
    ],
)
async def test_what_is_declared_decides_what_is_wanted_and_is_told_to_nobody(service: Service, wish, told, status):
    before = datetime.now(UTC)
    await service.open(**wish)
    await service.declares(**told)
    truth = await service.truth()
    assert (truth["status"], truth["sequence"]) == (status, 1)
    assert truth["declared_on"] >= before.date().isoformat()
    assert set(truth) == {"id", "reference", "status", "product", "declared_on", "sequence"}
    waiting = service.app.state.provider.state.callbacks
    assert [set(one.body) for one in waiting] == [{"id"}]
    if status == "certificate_wanted":
        assert await service.does("certificate") == 204
        assert (await service.truth())["status"] == "applied"
    if status == "refused":
        assert await service.does("shin") == 204
        assert [(await service.truth())[name] for name in ("status", "product")] == ["joined", "SHIN"]


async def test_people_get_in_by_the_page_of_the_mail_and_do_everything_by_its_forms(service: Service):
    await service.open()
    page = httpx.URL(service.opened["login_url"]).path
    assert "ユーザーID" in (await service.client.get(page)).text
    entered = await service.client.post(page, data={"user_id": service.opened["user_id"]})
    place = entered.headers["location"]
    assert "申込書兼告知書" in (await service.client.get(place)).text
    done = await service.client.post(f"{place}/declaration", data={"statement_read": "true", "ever_cancer": "true"})
    assert (done.status_code, (await service.truth())["status"]) == (303, "refused")
    assert "新機構団信に切り替えて" in (await service.client.get(place)).text
    await service.client.post(f"{place}/shin")
    assert (await service.truth())["status"] == "joined"
    assert "加入承諾" in (await service.client.get("/")).text
