"""What we rely on from any S3 store: permits that permit exactly one thing, copies, listings; and errors translated."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from documents.errors import ObjectMissing, StorageUnavailable
from documents.storage import SignedUpload, Storage
from madoguchi_stack import s3 as stores
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers

pytestmark = pytest.mark.real


def storage_of(s3: S3, *, public_url: str | None = None) -> Storage:
    return Storage(
        internal_url=s3.url,
        public_url=public_url or s3.url,
        access_key=s3.access_key,
        secret_key=s3.secret_key,
        bucket=s3.bucket,
        region="us-east-1",
        object_lock=False,
    )


@pytest.fixture(scope="module")
def storage(s3: S3) -> Storage:
    return storage_of(s3)


@pytest_asyncio.fixture(scope="module")
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def in_minutes(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def permit(storage: Storage, key: str, size: int, *, minutes: float = 5) -> SignedUpload:
    return storage.sign_upload(key, size_bytes=size, content_type="application/pdf", expires_at=in_minutes(minutes))


async def post(browser: httpx.AsyncClient, signed: SignedUpload, data: bytes, **fields: str) -> int:
    form = {**signed.fields, **fields}
    return (await browser.post(signed.url, data=form, files={"file": ("a.pdf", data)})).status_code


async def is_there(storage: Storage, key: str) -> bool:
    try:
        await storage.size(key)
    except ObjectMissing:
        return False
    return True


async def content(storage: Storage, key: str) -> bytes:
    async with aclosing(storage.read(key)) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def test_a_permit_takes_exactly_its_file(storage: Storage, browser: httpx.AsyncClient) -> None:
    key = f"quarantine/{uuid4()}"
    assert await post(browser, permit(storage, key, 10), b"0123456789") == 204
    assert await storage.size(key) == 10
    assert await content(storage, key) == b"0123456789"


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"0123456789x", {}),
        (b"012345678", {}),
        (b"0123456789", {"key": "quarantine/elsewhere"}),
        (b"0123456789", {"Content-Type": "text/html"}),
        (b"0123456789", {"x-amz-meta-note": "more than was signed"}),
        (b"0123456789", {"x-amz-signature": "0" * 64}),
        (b"0123456789", {"policy": ""}),
    ],
    ids=["longer", "shorter", "other key", "other type", "extra field", "forged", "no policy"],
)
async def test_a_permit_takes_nothing_else(
    storage: Storage, browser: httpx.AsyncClient, data: bytes, fields: dict[str, str]
) -> None:
    key = f"quarantine/{uuid4()}"
    assert 400 <= await post(browser, permit(storage, key, 10), data, **fields) < 500
    assert not await is_there(storage, key)
    assert not await is_there(storage, "quarantine/elsewhere")


async def test_a_permit_runs_out(storage: Storage, browser: httpx.AsyncClient) -> None:
    key = f"quarantine/{uuid4()}"
    assert await post(browser, permit(storage, key, 1, minutes=-1), b"x") == 403
    assert not await is_there(storage, key)


async def test_a_permit_for_an_empty_file_takes_it(storage: Storage, browser: httpx.AsyncClient) -> None:
    key = f"quarantine/{uuid4()}"
    signed = permit(storage, key, 0)
    assert await post(browser, signed, b"") == 204
    assert await storage.size(key) == 0
    # One byte is let through, because an upper limit of 0 is none for some stores; completion refuses it by its size.
    assert await post(browser, signed, b"xx") == 400


async def test_nobody_writes_or_reads_without_a_signature(s3: S3, storage: Storage, browser: httpx.AsyncClient) -> None:
    key = f"quarantine/{uuid4()}"
    assert (await browser.put(f"{s3.url}/{s3.bucket}/{key}", content=b"x")).status_code == 403
    assert await post(browser, permit(storage, key, 1), b"x") == 204
    assert (await browser.get(f"{s3.url}/{s3.bucket}/{key}")).status_code == 403
    assert (await browser.get(f"{s3.url}/{s3.bucket}/")).status_code == 403


async def test_a_copy_is_served_as_told_and_does_not_follow_its_source(
    storage: Storage, browser: httpx.AsyncClient
) -> None:
    source, target = f"quarantine/{uuid4()}", f"files/{uuid4()}"
    await post(browser, permit(storage, source, 3), b"one")
    await storage.copy(source, target, content_type="application/octet-stream", disposition='attachment; filename="a"')
    await post(browser, permit(storage, source, 3), b"two")
    await storage.remove(source)
    await storage.remove(source)
    link = storage.sign_download(target, lifetime=timedelta(seconds=60))
    answer = await browser.get(link)
    assert answer.content == b"one"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == 'attachment; filename="a"'
    assert (await browser.get(link.replace(target, source))).status_code == 403
    assert (await browser.get(link.replace("Signature=", "Signature=0"))).status_code == 403


async def test_a_link_runs_out(storage: Storage, browser: httpx.AsyncClient) -> None:
    key = f"quarantine/{uuid4()}"
    await post(browser, permit(storage, key, 1), b"x")
    link = storage.sign_download(key, lifetime=timedelta(seconds=1))
    assert (await browser.get(link)).status_code == 200
    await asyncio.sleep(2.5)
    assert (await browser.get(link)).status_code == 403


async def test_a_large_object_is_read_in_chunks(storage: Storage, s3: S3) -> None:
    key = f"files/{uuid4()}"
    data = bytes(range(256)) * 20_000
    s3.client.put_object(bucket_name=s3.bucket, object_name=key, data=io.BytesIO(data), length=len(data))
    digest, chunks = hashlib.sha256(), 0
    async with aclosing(storage.read(key)) as reading:
        async for chunk in reading:
            digest.update(chunk)
            chunks += 1
    assert digest.digest() == hashlib.sha256(data).digest()
    assert chunks > 10
    async with aclosing(storage.read(key)) as reading:  # given up in the middle: the connection is closed, not reused
        assert await anext(reading)
    assert await content(storage, key) == data


async def test_what_is_not_there_is_missing_and_not_an_outage(storage: Storage) -> None:
    key = f"files/{uuid4()}"
    with pytest.raises(ObjectMissing):
        await storage.size(key)
    with pytest.raises(ObjectMissing):
        await content(storage, key)
    with pytest.raises(ObjectMissing):
        await storage.copy(key, key + "x", content_type="a/b", disposition="attachment")
    await storage.remove(key)


async def test_listings_come_in_pages_in_the_order_of_keys(
    storage: Storage, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("documents.storage.PAGE_OBJECTS", 3)
    prefix = f"files/{uuid4()}/"
    keys = sorted(f"{prefix}{uuid4()}/{uuid4()}" for _ in range(7))
    for key in reversed(keys):
        s3.client.put_object(bucket_name=s3.bucket, object_name=key, data=io.BytesIO(b"x"), length=1)
    pages = [page async for page in storage.pages(prefix)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one.key for page in pages for one in page] == keys
    assert abs(pages[0][0].changed_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert [page async for page in storage.pages(f"files/{uuid4()}/")] == []


CALLS: list[Callable[[Storage], Any]] = [
    lambda storage: storage.size("k"),
    lambda storage: storage.copy("k", "l", content_type="a/b", disposition="attachment"),
    lambda storage: content(storage, "k"),
    lambda storage: storage.remove("k"),
    lambda storage: anext(storage.pages("k")),
    lambda storage: storage.check(),
]
TROUBLES: dict[str, dict[str, str]] = {
    "down": {"url": "http://127.0.0.1:1"},
    "wrong secret": {"secret_key": "wrong" * 8},
    "no such bucket": {"bucket": "nobody-made-this"},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_every_kind_of_trouble_is_an_outage(s3: S3, call: Callable[[Storage], Any], trouble: str) -> None:
    with pytest.raises(StorageUnavailable) as raised:
        await call(storage_of(replace(s3, **TROUBLES[trouble])))
    assert raised.value.status == 503


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_bucket_that_can_neither_be_found_nor_made_is_an_outage(s3: S3, trouble: str) -> None:
    with pytest.raises(StorageUnavailable):
        await storage_of(replace(s3, **TROUBLES[trouble])).ensure_bucket()


async def test_the_check_makes_a_round_trip_and_leaves_nothing(storage: Storage, s3: S3) -> None:
    await storage.check()
    left = s3.client.list_objects(bucket_name=s3.bucket, prefix="health/", recursive=True)
    assert list(left) == []


async def test_the_bucket_is_made_where_that_is_allowed_and_found_elsewhere(servers: Servers) -> None:
    administrator = S3(
        servers.s3.url,
        servers.secrets.s3_admin_key,
        servers.secrets.s3_admin_secret,
        f"made-{uuid4().hex[:8]}",
    )
    storage = storage_of(administrator)
    await storage.ensure_bucket()
    await storage.ensure_bucket()
    assert stores.admin(servers.ports, servers.secrets).bucket_exists(bucket_name=administrator.bucket)
    await storage_of(servers.s3).ensure_bucket()


async def test_links_name_the_public_address(s3: S3) -> None:
    storage = storage_of(s3, public_url="https://files.example.jp")
    signed = permit(storage, "quarantine/a", 1)
    assert signed.url == f"https://files.example.jp/{s3.bucket}"
    link = storage.sign_download("files/a", lifetime=timedelta(seconds=60))
    assert link.startswith(f"https://files.example.jp/{s3.bucket}/files/a?")
    await storage.check()  # our own calls still go to the internal one
