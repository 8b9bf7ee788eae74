"""Uploads from the wish to the set, with a real store and a real database."""

import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from madoguchi_stack.s3 import S3
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

pytestmark = pytest.mark.real


@pytest_asyncio.fixture(scope="module")
async def at(postgres_url: FreshDatabase, s3: S3) -> AsyncIterator[Desk]:
    async with desk(await postgres_url("documents"), s3) as made:
        yield made


@pytest.fixture
def owner() -> UUID:
    return uuid4()


@pytest.mark.rule("DO-03")
async def test_a_file_goes_from_the_browser_into_its_slot_and_back_byte_for_byte(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    data = pdf(100_000)
    started = await at.start(application, owner, data, file_name="管理規約(改訂).pdf")
    assert started.status_code == 201
    document_id = UUID(started.json()["document_id"])
    assert (await at.post(started.json()["upload"], data)).status_code == 204
    assert await at.set_of(application, owner) == []

    completed = await at.complete(document_id, owner)

    assert completed.status_code == 200
    assert await at.set_of(application, owner) == [completed.json()]
    assert completed.json() == {
        "document_id": str(document_id),
        "slot": "kanri_kiyaku",
        "file_name": "管理規約(改訂).pdf",
        "content_type": "application/pdf",
        "size_bytes": 100_000,
        "sha256": hashlib.sha256(data).hexdigest(),
        "standard_type": True,
        "placeholder": False,
        "scanned": False,
        "stored_at": at.clock.now.isoformat().replace("+00:00", "Z"),
    }
    link = (await at.download(document_id, owner)).json()
    file = await at.outside.get(link["url"])
    assert file.content == data
    assert file.headers["content-type"] == "application/pdf"
    saved_as = quote("管理規約(改訂).pdf", safe="")
    assert file.headers["content-disposition"] == f"attachment; filename=\"document.pdf\"; filename*=UTF-8''{saved_as}"
    assert len(at.objects(application, "files")) == 1
    assert at.objects(application, "quarantine") == []
