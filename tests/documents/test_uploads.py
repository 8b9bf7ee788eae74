"""Uploads from the wish to the set, with a real store and a real database."""

import asyncio
import hashlib
import io
import json
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from documents import commands
from documents.completion import finish
from documents.errors import ScannerUnavailable
from documents.models import Document
from documents.scanner import EICAR, Clamd, NoScanner
from madoguchi_stack.s3 import S3
from support.clamd import fake_clamd
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

pytestmark = pytest.mark.real


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
        "subject": None,
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


async def refused(at: Desk, application: UUID, owner: UUID, document_id: UUID) -> tuple[str, list[str]]:
    """The code and rules of a completion that was refused; its objects are gone and the refusal was told."""
    answer = await at.complete(document_id, owner)
    assert answer.status_code == 409, answer.text
    problem = answer.json()
    assert problem["code"] == "upload_refused"
    code, rules = problem["findings"][0]["code"], problem["rules"]
    assert at.objects(application, "quarantine") == []
    event, data = (await at.events(application))[-1]
    assert event == "DocumentRefused"
    assert (data["document_id"], data["code"], data["rules"]) == (str(document_id), code, rules)
    again = await at.complete(document_id, owner)
    assert again.json() == problem
    assert (await at.events(application))[-1][1] == data
    assert await at.status_of(document_id) == "refused"
    return code, rules


def put_into_quarantine(at: Desk, application: UUID, document_id: UUID, data: bytes) -> None:
    """Put an object behind the store's back, as nobody can with the permit that we sign."""
    key = f"quarantine/{application}/{document_id}"
    at.store.put_object(bucket_name=at.bucket, object_name=key, data=io.BytesIO(data), length=len(data))


@pytest.mark.rule("DO-03")
async def test_a_file_of_another_size_is_refused_and_deleted(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, pdf(1000))).json()
    put_into_quarantine(at, application, UUID(started["document_id"]), pdf(1001))
    assert await refused(at, application, owner, UUID(started["document_id"])) == ("SIZE_MISMATCH", ["DO-03"])
    assert at.objects(application) == []


@pytest.mark.rule("DO-03")
async def test_a_file_with_other_bytes_is_refused_and_deleted(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, pdf(1000))).json()
    assert (await at.post(started["upload"], pdf(1000, b"y"))).status_code == 204
    assert await refused(at, application, owner, UUID(started["document_id"])) == ("HASH_MISMATCH", ["DO-03"])
    assert at.objects(application) == []


@pytest.mark.rule("DO-06")
async def test_a_file_that_is_not_what_its_name_claims_is_refused_and_deleted(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    png = b"\x89PNG\r\n\x1a\n" + bytes(500)
    document_id = await at.uploaded(application, owner, png, file_name="kiyaku.pdf", content_type="image/png")
    assert await refused(at, application, owner, document_id) == ("TYPE_MISMATCH", ["DO-06"])
    assert at.objects(application) == []


@pytest.mark.rule("DO-08")
async def test_an_upload_completed_after_the_submission_is_refused_and_deleted(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    late = await at.uploaded(application, owner, pdf(20), slot="other1")
    await at.submitted(application, owner)
    assert await refused(at, application, owner, late) == ("SET_FROZEN", ["DO-08"])
    assert [one["document_id"] for one in await at.set_of(application, owner)] == [str(kept)]
    assert len(at.objects(application)) == 1


@pytest.mark.rule("DO-06")
async def test_an_infected_file_is_refused_and_deleted(postgres_url: FreshDatabase, s3: S3, owner: UUID) -> None:
    async with (
        fake_clamd() as clamd,
        desk(await postgres_url("documents"), s3, scanner=Clamd("127.0.0.1", clamd.port)) as at,
    ):
        application = await at.started(owner)
        infected = await at.uploaded(
            application, owner, b"PK\x03\x04" + EICAR, file_name="a.zip", content_type="application/zip"
        )
        assert await refused(at, application, owner, infected) == ("MALWARE_FOUND", ["DO-06"])
        assert at.objects(application) == []
        clean = await at.stored(application, owner, pdf(300_000))
        assert [one["document_id"] for one in await at.set_of(application, owner)] == [str(clean)]
        assert (await at.set_of(application, owner))[0]["scanned"] is True


@pytest.mark.parametrize("behave", ["error", "too_long", "close", "garbage"])
async def test_without_a_verdict_nothing_is_stored_and_the_upload_can_be_completed_later(
    postgres_url: FreshDatabase, s3: S3, owner: UUID, behave: str
) -> None:
    async with (
        fake_clamd() as clamd,
        desk(await postgres_url("documents"), s3, scanner=Clamd("127.0.0.1", clamd.port)) as at,
    ):
        clamd.behave = behave
        application = await at.started(owner)
        document_id = await at.uploaded(application, owner, pdf(3_000_000))
        answer = await at.complete(document_id, owner)
        assert (answer.status_code, answer.json()["code"]) == (503, "scanner_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert await at.status_of(document_id) == "pending"
        assert at.objects(application, "files") == []
        clamd.behave = "scan"
        at.clock.advance(seconds=int(answer.headers["retry-after"]))
        assert (await at.complete(document_id, owner)).status_code == 200


async def test_asking_again_sooner_than_told_does_not_copy_and_scan_again(
    postgres_url: FreshDatabase, s3: S3, owner: UUID
) -> None:
    scans = 0

    class Down(NoScanner):
        async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
            nonlocal scans
            scans += 1
            raise ScannerUnavailable(retry_after_seconds=30)

    async with desk(await postgres_url("documents"), s3, scanner=Down()) as at:
        document_id = await at.uploaded(await at.started(owner), owner, pdf(10))
        assert (await at.complete(document_id, owner)).status_code == 503
        at.clock.advance(seconds=29)
        answer = await at.complete(document_id, owner)
        assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
        assert scans == 1
        at.clock.advance(seconds=1)
        assert (await at.complete(document_id, owner)).status_code == 503
        assert scans == 2


async def test_a_scanner_that_is_not_there_is_no_clean_verdict(
    postgres_url: FreshDatabase, s3: S3, owner: UUID
) -> None:
    async with desk(await postgres_url("documents"), s3, scanner=Clamd("127.0.0.1", 1)) as at:
        application = await at.started(owner)
        document_id = await at.uploaded(application, owner, pdf(10))
        assert (await at.complete(document_id, owner)).status_code == 503
        assert await at.set_of(application, owner) == []


async def test_without_the_store_completing_and_not_listing_answers_503(
    postgres_url: FreshDatabase, s3: S3, owner: UUID
) -> None:
    gone = replace(s3, url="http://127.0.0.1:1")
    async with desk(await postgres_url("documents"), gone) as at:
        application = await at.started(owner)
        started = await at.start(application, owner, pdf(10))
        assert started.status_code == 201
        answer = await at.complete(UUID(started.json()["document_id"]), owner)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert answer.headers["retry-after"] == "5"
        assert await at.set_of(application, owner) == []


async def test_completing_before_the_file_is_there_says_so_and_loses_nothing(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, pdf(10))).json()
    document_id = UUID(started["document_id"])
    answer = await at.complete(document_id, owner)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_uploaded")
    assert (await at.post(started["upload"], pdf(10))).status_code == 204
    assert (await at.complete(document_id, owner)).status_code == 200


async def test_an_upload_that_is_not_completed_in_time_is_over(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    in_time, late = [await at.uploaded(application, owner, pdf(10), slot=slot) for slot in ("other1", "other2")]
    before = at.clock.now
    try:
        at.clock.advance(minutes=15, seconds=-1)
        assert (await at.complete(in_time, owner)).status_code == 200
        at.clock.advance(seconds=1)
        answer = await at.complete(late, owner)
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_over")
    finally:
        at.clock.now = before


async def test_completing_at_the_same_moment_checks_once_and_the_others_ask_again(
    postgres_url: FreshDatabase, s3: S3, owner: UUID
) -> None:
    scans, others_answered = 0, asyncio.Event()

    class Slow(NoScanner):
        async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
            nonlocal scans
            scans += 1
            async with asyncio.timeout(20):
                await others_answered.wait()
            return await super().scan(chunks)

    async with desk(await postgres_url("documents"), s3, scanner=Slow()) as at:
        application = await at.started(owner)
        document_id = await at.uploaded(application, owner, pdf(10))
        requests = [asyncio.create_task(at.complete(document_id, owner)) for _ in range(4)]
        waiting = set(requests)
        while len(waiting) > 1:
            _, waiting = await asyncio.wait(waiting, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        losers = [request.result() for request in requests if request not in waiting]
        assert [(one.status_code, one.json()["code"]) for one in losers] == [(409, "request_in_progress")] * 3
        assert [one.headers["retry-after"] for one in losers] == ["5"] * 3
        others_answered.set()
        stored = await waiting.pop()
        assert stored.status_code == 200
        assert scans == 1
        assert (await at.complete(document_id, owner)).text == stored.text
        assert [name for name, _ in await at.events(application)] == ["DocumentStored"]
        assert len(at.objects(application)) == 1


async def test_who_ran_over_the_lease_does_not_end_the_lease_of_the_next(at: Desk, owner: UUID) -> None:
    document_id = await at.uploaded(await at.started(owner), owner, pdf(10))
    before = at.clock.now
    try:
        async with at.database.transaction() as session:
            slow = await commands.take_up(session, document_id=document_id, now=at.clock())
            assert slow is not None
        async with at.database.transaction() as session:
            assert await commands.take_up(session, document_id=document_id, now=at.clock()) is None
        at.clock.advance(minutes=2)
        async with at.database.transaction() as session:
            assert await commands.take_up(session, document_id=document_id, now=at.clock()) is not None
        async with at.database.transaction() as session:
            await commands.return_lease(session, document=slow, until=at.clock())
        async with at.database.transaction() as session:
            assert await commands.take_up(session, document_id=document_id, now=at.clock()) is None
    finally:
        at.clock.now = before


async def test_completing_late_in_a_race_sees_what_the_faster_request_decided(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(10))
    async with at.database.transaction() as session:
        slow = await session.get_one(Document, document_id)
    assert (await at.complete(document_id, owner)).status_code == 200
    assert (await finish(at.intake, slow)).status == "stored"
    assert [name for name, _ in await at.events(application)] == ["DocumentStored"]


async def test_a_file_changed_in_quarantine_after_completion_changes_nothing(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, pdf(1000))).json()
    document_id = UUID(started["document_id"])
    await at.post(started["upload"], pdf(1000))
    await at.complete(document_id, owner)
    assert (await at.post(started["upload"], pdf(1000, b"!"))).status_code == 204  # the permit is still valid
    assert (await at.complete(document_id, owner)).status_code == 200
    link = (await at.download(document_id, owner)).json()["url"]
    assert (await at.outside.get(link)).content == pdf(1000)


async def test_a_file_changed_in_quarantine_during_the_checks_is_not_what_is_stored(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, pdf(1000))).json()
    document_id = UUID(started["document_id"])
    await at.post(started["upload"], pdf(1000))

    class Swapping(NoScanner):
        async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
            verdict = await super().scan(chunks)
            assert (await at.post(started["upload"], pdf(1000, b"!"))).status_code == 204
            return verdict

    intake = replace(at.intake, scanner=Swapping())
    async with at.database.transaction() as session:
        document = await session.get_one(Document, document_id)
    assert (await finish(intake, document)).status == "stored"
    link = (await at.download(document_id, owner)).json()["url"]
    assert (await at.outside.get(link)).content == pdf(1000)


# Beginning an upload


@pytest.mark.rule("DO-01")
async def test_a_slot_that_the_application_does_not_have_is_refused(at: Desk, owner: UUID) -> None:
    answer = await at.start(await at.started(owner), owner, pdf(10), slot="juminhyo")
    assert (answer.status_code, answer.json()["code"], answer.json()["rules"]) == (409, "unknown_slot", ["DO-01"])


async def test_an_application_not_heard_of_is_not_found(at: Desk, owner: UUID) -> None:
    assert (await at.start(uuid4(), owner, pdf(10))).status_code == 404
    assert (await at.list_(uuid4(), owner)).status_code == 404
    assert (await at.complete(uuid4(), owner)).status_code == 404
    assert (await at.delete(uuid4(), owner)).status_code == 404
    assert (await at.download(uuid4(), owner)).status_code == 404


async def test_twenty_uploads_can_be_open_and_the_next_must_wait(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    first = await at.start(application, owner, pdf(10))
    for _ in range(19):
        assert (await at.start(application, owner, pdf(10))).status_code == 201
    answer = await at.start(application, owner, pdf(10))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_uploads")
    assert int(answer.headers["retry-after"]) > 0
    assert (await at.delete(UUID(first.json()["document_id"]), owner)).status_code == 204
    assert (await at.start(application, owner, pdf(10))).status_code == 201
    assert (await at.start(application, owner, pdf(10))).status_code == 429
    before = at.clock.now
    try:
        at.clock.advance(minutes=15)  # the permits have run out, whether or not the worker has looked since
        assert (await at.start(application, owner, pdf(10))).status_code == 201
    finally:
        at.clock.now = before


async def test_the_same_request_twice_begins_one_upload(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    body = {
        "slot": "other1",
        "file_name": "a.pdf",
        "size_bytes": 10,
        "sha256": "0" * 64,
        "content_type": "application/pdf",
    }
    headers = at.as_(owner)
    url = f"/v1/applications/{application}/documents"
    first = await at.http.post(url, json=body, headers=headers)
    second = await at.http.post(url, json=body, headers=headers)
    other = await at.http.post(url, json={**body, "size_bytes": 11}, headers=headers)
    without = {name: value for name, value in headers.items() if name != "Idempotency-Key"}
    assert first.json() == second.json()
    assert second.headers["idempotent-replay"] == "true"
    assert other.status_code == 422
    assert (await at.http.post(url, json=body, headers=without)).status_code == 400
    assert (await at.http.post(url, json=body)).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"slot": "Kanri"},
        {"slot": ""},
        {"file_name": ""},
        {"file_name": " 　"},
        {"file_name": "a\n.pdf"},
        {"file_name": "a\0.pdf"},
        {"file_name": "あ" * 256},
        {"size_bytes": -1},
        {"size_bytes": 10**30},
        {"size_bytes": "many"},
        {"sha256": "0" * 63},
        {"sha256": "G" * 64},
        {"content_type": ""},
        {"content_type": "application/pdf\r\nX-Evil: 1"},
        {"content_type": "application"},
        {"content_type": "text/html; charset=utf-8"},
        {"owner": "me"},
    ],
    ids=str,
)
async def test_a_malformed_wish_is_refused_before_anything_happens(
    at: Desk, owner: UUID, changes: dict[str, object]
) -> None:
    answer = await at.start(await at.started(owner), owner, pdf(10), **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_half_a_character_in_a_name_is_refused(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    body = {
        "slot": "other1",
        "file_name": "\ud800.pdf",
        "size_bytes": 10,
        "sha256": "0" * 64,
        "content_type": "application/pdf",
    }
    headers = {**at.as_(owner), "Content-Type": "application/json"}
    answer = await at.http.post(f"/v1/applications/{application}/documents", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422


# Names and types


@pytest.mark.rule("DO-06", "DO-13")
@pytest.mark.parametrize(
    ("file_name", "standard_type", "placeholder"),
    [
        ("kiyaku.PDF", True, False),
        ("kiyaku.docx", False, False),
        ("kiyaku", False, False),
        ("6MBを超えたため書類を郵送します。.pdf", True, True),
        ("6MBを超えたため書類を郵送します。", False, True),
        ("6MBを超えたため書類を郵送します.pdf", True, False),
    ],
)
async def test_what_the_name_says_is_kept_and_told(
    at: Desk, owner: UUID, file_name: str, standard_type: bool, placeholder: bool
) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(50), file_name=file_name)
    told = (await at.events(application))[-1][1]["set"]
    assert [(one["document_id"], one["standard_type"], one["placeholder"]) for one in told] == [
        (str(document_id), standard_type, placeholder)
    ]


@pytest.mark.rule("DO-13")
async def test_any_file_serves_as_the_stand_in_for_papers_by_post_even_an_empty_one(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, b"", file_name="6MBを超えたため書類を郵送します。.pdf")
    assert [one["placeholder"] for one in await at.set_of(application, owner)] == [True]


async def test_more_than_nothing_in_place_of_an_empty_file_is_refused(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    started = (await at.start(application, owner, b"", file_name="empty.txt", content_type="text/plain")).json()
    await at.post(started["upload"], b"x")
    assert await refused(at, application, owner, UUID(started["document_id"])) == ("SIZE_MISMATCH", ["DO-03"])


async def test_a_decomposed_name_is_kept_as_it_came_and_shown_composed(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    raw = unicodedata.normalize("NFD", "議事録(ガ).pdf")
    assert raw != "議事録(ガ).pdf"
    document_id = await at.stored(application, owner, pdf(50), file_name=raw)
    assert (await at.set_of(application, owner))[0]["file_name"] == "議事録(ガ).pdf"
    kept = await at.rows("SELECT file_name FROM documents WHERE id = :id", id=document_id)
    assert kept[0].file_name == raw
    link = (await at.download(document_id, owner)).json()["url"]
    disposition = (await at.outside.get(link)).headers["content-disposition"]
    assert disposition.endswith("filename*=UTF-8''" + quote("議事録(ガ).pdf", safe=""))


async def test_a_page_in_html_is_never_served_as_one(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    page = b"<script>alert(1)</script>"
    document_id = await at.stored(application, owner, page, file_name="memo.html", content_type="text/html")
    file = await at.outside.get((await at.download(document_id, owner)).json()["url"])
    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment")


async def test_file_names_are_neither_in_events_nor_links_nor_logs(
    at: Desk, owner: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    application = await at.started(owner)
    name = "山田太郎の住民票.pdf"
    document_id = await at.stored(application, owner, pdf(50), file_name=name)
    link = (await at.download(document_id, owner)).json()["url"]
    await at.delete(document_id, owner)
    written = capsys.readouterr()
    assert "upload_settled" in written.out
    told = str(await at.events(application))
    for spelling in ("山田", quote("山田")):
        assert spelling not in told + link + written.out + written.err


async def test_every_download_is_in_the_access_log(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(50))
    await at.download(document_id, owner)
    entries = await at.rows(
        "SELECT at, account_id, role, action, document_id FROM access_log WHERE application_id = :id", id=application
    )
    assert [tuple(entry) for entry in entries] == [(at.clock.now, owner, "association", "download", document_id)]
