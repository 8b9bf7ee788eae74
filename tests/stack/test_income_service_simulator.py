"""The simulated income information retrieval service gives a file that people read and programs can check."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from documents.evidence.reading import look
from documents.evidence.results import Result
from madoguchi_contracts import IncomeEvidence
from madoguchi_stack.income_service.app import build_with
from madoguchi_stack.income_service.paper import page_of
from madoguchi_stack.keyring import load_or_make
from madoguchi_stack.signer import make_signer
from support.income import EVIDENCE
from support.pdf import printed

WISH: dict[str, Any] = {"name": "見本 花子", "birth": "1984-02-29", "year": 2025, "total_income_yen": 1_100_000}
SIGNER = make_signer()


@pytest.fixture
async def service() -> Any:
    transport = httpx.ASGITransport(build_with(SIGNER))
    async with httpx.AsyncClient(transport=transport, base_url="http://income.test") as client:
        yield client


@pytest.mark.rule("GL-425", "GL-427")
async def test_who_fills_in_the_page_downloads_a_signed_file_with_the_data(service: httpx.AsyncClient) -> None:
    assert "マイナンバーカード" in (await service.get("/")).text
    form = urlencode({**WISH, "salary_yen": "", "pension_yen": "1800000"})
    answer = await service.post("/evidence", content=form)
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    certificate = (await service.get("/certificate.pem")).content
    result, attachment = await asyncio.to_thread(look, answer.content, certificate)
    assert result is Result.VERIFIED
    assert attachment is not None
    evidence = IncomeEvidence.model_validate_json(attachment)
    assert evidence.model_dump(include={"name", "year", "salary_yen", "pension_yen", "total_income_yen"}) == {
        "name": "見本 花子",
        "year": 2025,
        "salary_yen": None,
        "pension_yen": 1_800_000,
        "total_income_yen": 1_100_000,
    }


def test_people_read_the_same_on_the_page() -> None:
    texts = printed(page_of(EVIDENCE))
    assert {"収入証明書", "見本 太郎", "昭和55年5月17日", "6,000,000円", "4,360,000円"} <= set(texts)
    assert "公的年金収入" not in texts


@pytest.mark.parametrize("changes", [{"name": " "}, {"birth": "2000-02-30"}, {"year": 0}, {"total_income_yen": -1}])
async def test_what_cannot_be_is_refused(service: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    assert (await service.post("/v1/evidence", json={**WISH, **changes})).status_code == 422
    assert (await service.post("/evidence", content=urlencode({**WISH, **changes}))).status_code == 422


def test_the_certificate_is_made_once_and_kept(tmp_path: Any) -> None:
    made = load_or_make(tmp_path / "secrets.json").income_service_signer
    assert load_or_make(tmp_path / "secrets.json").income_service_signer == made
