"""Rows and objects come into step again, wherever the process died."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from documents import commands, reconcile
from documents.completion import complete_upload
from documents.errors import StorageUnavailable
from documents.metrics import files_missing, sweep_refused
from documents.scanner import Clamd, NoScanner
from documents.storage import Storage, StoredObject
from kit.tokens import Actor
from madoguchi_contracts import Role
from madoguchi_stack import s3 as stores
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers
from madoguchi_stack.topics import read_topics
from support.clamd import fake_clamd
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def own_bucket(servers: Servers) -> S3:
    """A bucket for this module alone: a sweep deletes what its own database does not name."""
    store = stores.admin(servers.ports, servers.secrets)
    bucket = f"reconcile-{uuid4().hex[:8]}"
    store.make_bucket(bucket_name=bucket)
    return S3(servers.s3.url, servers.secrets.s3_admin_key, servers.secrets.s3_admin_secret, bucket)


@pytest_asyncio.fixture
async def at(postgres_url: FreshDatabase, own_bucket: S3) -> AsyncIterator[Desk]:
    async with desk(await postgres_url("documents"), own_bucket) as made:
        yield made
        for prefix in ("quarantine/", "files/"):
            for one in made.store.list_objects(bucket_name=made.bucket, prefix=prefix, recursive=True):
                made.store.remove_object(bucket_name=made.bucket, object_name=str(one.object_name))


class Crash(BaseException):
    """The process dies here: no handler of ours runs, as after kill -9."""


class Mortal(Storage):
    """A store at whose call the process dies."""

    def __init__(self, at: Desk, *, dies_at: str) -> None:
        self.__dict__.update(at.intake.storage.__dict__)
        self._dies_at = dies_at

    async def size(self, key: str) -> int:
        if self._dies_at == "size":
            raise Crash
        return await super().size(key)

    async def copy(self, source: str, target: str, *, content_type: str, disposition: str) -> None:
        await super().copy(source, target, content_type=content_type, disposition=disposition)
        if self._dies_at == "copied":
            raise Crash

    async def remove(self, key: str) -> None:
        if self._dies_at == "remove":
            raise Crash
        await super().remove(key)


class MortalScanner(NoScanner):
    """A scanner during whose work the process dies."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> str | None:
        await super().scan(chunks)
        raise Crash


def clock_that_dies(at: Desk, *, after: int) -> Callable[[], datetime]:
    """Dies when the time is asked for the next time after `after`: in the midst of a transaction."""
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        if asked > after:
            raise Crash
        return at.clock()

    return clock


def beat() -> None:
    """Nobody listens."""


async def reconciled(at: Desk) -> None:
    """One round and one sweep of the worker's loop."""
    await reconcile.settle_waiting(at.intake, beat=beat)
    await reconcile.purge_left(at.intake, beat=beat)
    await reconcile.sweep(at.intake, beat=beat)


CRASHES = ["before the copy", "after the copy", "during the scan", "before the commit", "after the commit"]


@pytest.mark.parametrize("where", CRASHES)
async def test_a_completion_that_died_is_finished_and_leaves_nothing_behind(at: Desk, owner: UUID, where: str) -> None:
    application = await at.started(owner)
    former = await at.stored(application, owner, pdf(900))
    document_id = await at.uploaded(application, owner, pdf(1000))
    dying = {
        "before the copy": replace(at.intake, storage=Mortal(at, dies_at="size")),
        "after the copy": replace(at.intake, storage=Mortal(at, dies_at="copied")),
        "during the scan": replace(at.intake, scanner=MortalScanner()),
        "before the commit": replace(at.intake, clock=clock_that_dies(at, after=1)),
        "after the commit": replace(at.intake, storage=Mortal(at, dies_at="remove")),
    }[where]
    with pytest.raises(Crash):
        await complete_upload(dying, actor=Actor(owner, Role.ASSOCIATION, uuid4()), document_id=document_id)
    assert await at.status_of(document_id) == ("stored" if where == "after the commit" else "pending")

    at.clock.advance(hours=1, minutes=1)
    await reconciled(at)

    assert await at.status_of(document_id) == "stored"
    assert await at.status_of(former) == "replaced"
    assert [name for name, _ in await at.events(application)] == ["DocumentStored", "DocumentStored"]
    assert [one["document_id"] for one in await at.set_of(application, owner)] == [str(document_id)]
    named = await at.rows("SELECT object_key FROM documents WHERE object_key IS NOT NULL")
    assert sorted(at.objects(application)) == sorted(row.object_key for row in named)
    assert len(named) == 2
    assert files_missing._value.get() == 0


async def test_a_completion_under_way_is_left_alone(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(1000))
    dying = replace(at.intake, storage=Mortal(at, dies_at="copied"))
    with pytest.raises(Crash):
        await complete_upload(dying, actor=Actor(owner, Role.ASSOCIATION, uuid4()), document_id=document_id)
    await reconciled(at)
    assert await at.status_of(document_id) == "pending"
    assert len(at.objects(application, "files")) == 1
    at.clock.advance(minutes=2, seconds=-1)
    await reconciled(at)
    assert await at.status_of(document_id) == "pending"
    at.clock.advance(seconds=1)
    await reconciled(at)
    assert await at.status_of(document_id) == "stored"


async def test_the_wish_to_complete_outlives_a_scanner_that_is_down(
    postgres_url: FreshDatabase, own_bucket: S3, owner: UUID
) -> None:
    async with (
        fake_clamd() as clamd,
        desk(await postgres_url("documents"), own_bucket, scanner=Clamd("127.0.0.1", clamd.port)) as at,
    ):
        application = await at.started(owner)
        waiting = await at.uploaded(application, owner, pdf(10))
        hopeless = await at.uploaded(application, owner, pdf(20), slot="other1")
        clamd.behave = "error"
        assert (await at.complete(waiting, owner)).status_code == 503
        at.clock.advance(minutes=30)
        await reconciled(at)
        assert await at.status_of(waiting) == "pending"
        clamd.behave = "scan"
        at.clock.advance(seconds=30)
        await reconciled(at)
        assert await at.status_of(waiting) == "stored"
        assert await at.status_of(hopeless) == "expired"  # nobody asked for it
        assert len(at.objects(application)) == 1


async def test_a_wish_without_a_verdict_for_a_day_is_given_up(
    postgres_url: FreshDatabase, own_bucket: S3, owner: UUID
) -> None:
    async with desk(await postgres_url("documents"), own_bucket, scanner=Clamd("127.0.0.1", 1)) as at:
        application = await at.started(owner)
        document_id = await at.uploaded(application, owner, pdf(10))
        assert (await at.complete(document_id, owner)).status_code == 503
        at.clock.advance(hours=24, seconds=-30)  # the scanner is asked every thirty seconds
        await reconcile.settle_waiting(at.intake, beat=beat)
        assert await at.status_of(document_id) == "pending"
        at.clock.advance(seconds=30)
        await reconcile.settle_waiting(at.intake, beat=beat)
        assert await at.status_of(document_id) == "expired"
        assert at.objects(application) == []


async def test_a_document_that_breaks_the_checks_keeps_no_other_waiting(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconcile, "BATCH", 2)
    application = await at.started(owner)
    slots = ("kanri_kiyaku", "other1", "other2")
    waiting = [await at.uploaded(application, owner, pdf(10), slot=slot) for slot in slots]
    for document_id in waiting:
        with pytest.raises(Crash):
            await complete_upload(
                replace(at.intake, scanner=MortalScanner()),
                actor=Actor(owner, Role.ASSOCIATION, uuid4()),
                document_id=document_id,
            )
        at.clock.advance(seconds=1)
    broken = waiting[0]

    class Breaks(Mortal):
        async def size(self, key: str) -> int:
            if key.endswith(str(broken)):
                raise RuntimeError("管理規約.pdf")
            return await super().size(key)

    intake = replace(at.intake, storage=Breaks(at, dies_at="never"))
    at.clock.advance(minutes=2)
    await reconcile.settle_waiting(intake, beat=beat)
    assert [await at.status_of(one) for one in waiting] == ["pending", "stored", "pending"]
    logged = capsys.readouterr().out
    for word in ("document_not_reconciled", "RuntimeError", str(broken)):
        assert word in logged
    assert "管理規約" not in logged
    # The last try counts, not the age: with room for one, the one not tried since comes first.
    monkeypatch.setattr(reconcile, "BATCH", 1)
    at.clock.advance(minutes=2)
    await reconcile.settle_waiting(intake, beat=beat)
    assert [await at.status_of(one) for one in waiting] == ["pending", "stored", "stored"]
    await reconcile.settle_waiting(at.intake, beat=beat)
    assert await at.status_of(broken) == "stored"


async def test_a_wish_for_a_file_that_never_came_ends_with_its_permit(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = UUID((await at.start(application, owner, pdf(10))).json()["document_id"])
    assert (await at.complete(document_id, owner)).json()["code"] == "not_uploaded"
    at.clock.advance(minutes=15, seconds=-1)
    await reconciled(at)
    assert await at.status_of(document_id) == "pending"
    at.clock.advance(seconds=1)
    await reconciled(at)
    assert await at.status_of(document_id) == "expired"


async def test_an_upload_nobody_completed_expires_with_its_object(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(10))
    at.clock.advance(minutes=15, seconds=-1)
    await reconciled(at)
    assert await at.status_of(document_id) == "pending"
    at.clock.advance(seconds=1)
    await reconciled(at)
    assert await at.status_of(document_id) == "expired"
    assert at.objects(application) == []
    assert await at.events(application) == []


async def test_a_crash_after_expiring_leaves_an_object_for_the_sweep(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.uploaded(application, owner, pdf(10))
    at.clock.advance(minutes=16)
    with pytest.raises(Crash):
        await reconcile.settle_waiting(replace(at.intake, storage=Mortal(at, dies_at="remove")), beat=beat)
    assert len(at.objects(application)) == 1
    at.clock.advance(hours=1)
    await reconciled(at)
    assert at.objects(application) == []


async def test_an_object_that_no_row_names_is_deleted_when_it_is_an_hour_old(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    waiting = await at.uploaded(application, owner, pdf(20))
    strangers = [f"files/{uuid4()}/{uuid4()}/{uuid4()}", f"quarantine/{application}/{uuid4()}", "quarantine/odd name"]
    for key in strangers:
        at.store.put_object(bucket_name=at.bucket, object_name=key, data=io.BytesIO(b"x"), length=1)

    def left() -> set[str]:
        found = at.store.list_objects(bucket_name=at.bucket, recursive=True)
        return {str(one.object_name) for one in found}

    at.clock.advance(minutes=14)
    await reconcile.sweep(at.intake, beat=beat)
    assert set(strangers) < left()
    at.clock.advance(hours=1)
    await reconcile.sweep(at.intake, beat=beat)
    assert left() == set(at.objects(application))
    assert len(left()) == 2
    assert await at.status_of(kept) == "stored"
    assert await at.status_of(waiting) == "pending"


def put(at: Desk, *keys: str) -> None:
    for key in keys:
        at.store.put_object(bucket_name=at.bucket, object_name=key, data=io.BytesIO(b"x"), length=1)


async def test_a_sweep_against_an_empty_database_deletes_nothing_until_the_operator_says_so(
    at: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    application = uuid4()
    put(at, f"files/{application}/{uuid4()}/{uuid4()}", f"quarantine/{application}/{uuid4()}")
    at.clock.advance(hours=1, minutes=1)
    await reconcile.sweep(at.intake, beat=beat)
    assert len(at.objects(application)) == 2
    assert sweep_refused._value.get() == 2
    assert "sweep_refused" in capsys.readouterr().out
    await reconcile.sweep(at.intake, beat=beat, anyway=True)
    assert at.objects(application) == []
    assert sweep_refused._value.get() == 0


async def test_a_sweep_that_would_delete_suspiciously_many_files_deletes_nothing(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    strangers = [f"files/{application}/{uuid4()}/{uuid4()}" for _ in range(reconcile.UNNAMED_FILES + 1)]
    put(at, *strangers, f"quarantine/{application}/{uuid4()}")
    at.clock.advance(hours=1, minutes=1)
    await reconcile.sweep(at.intake, beat=beat)
    assert len(at.objects(application)) == len(strangers) + 2
    assert sweep_refused._value.get() == len(strangers) + 1
    at.store.remove_object(bucket_name=at.bucket, object_name=strangers[0])
    await reconcile.sweep(at.intake, beat=beat)
    assert len(at.objects(application)) == 1
    assert await at.status_of(kept) == "stored"
    assert sweep_refused._value.get() == 0


@pytest.mark.parametrize(
    ("unnamed", "listed", "refused"),
    [(0, 0, False), (20, 20, False), (21, 21, True), (21, 419, True), (21, 420, False), (50, 1000, False)],
)
def test_a_sweep_is_suspicious_above_a_number_and_a_share(unnamed: int, listed: int, refused: bool) -> None:
    assert reconcile.too_many(unnamed, listed) is refused


async def test_what_a_look_at_the_store_left_is_swept_when_it_is_an_hour_old(at: Desk) -> None:
    def left() -> list[str | None]:
        found = at.store.list_objects(bucket_name=at.bucket, prefix="health/", recursive=True)
        return [one.object_name for one in found]

    put(at, "health/0123")
    at.clock.advance(minutes=59)
    await reconcile.sweep(at.intake, beat=beat)
    assert left() == ["health/0123"]
    at.clock.advance(minutes=2)
    await reconcile.sweep(at.intake, beat=beat)
    assert left() == []


async def test_the_sweep_compares_page_by_page_and_counts_files_that_are_gone(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("documents.storage.PAGE_OBJECTS", 2)
    applications = [await at.started(owner) for _ in range(5)]
    for application in applications:
        await at.stored(application, owner, pdf(10))
    at.clock.advance(hours=2)
    await reconcile.sweep(at.intake, beat=beat)
    assert files_missing._value.get() == 0
    keys = [row.object_key for row in await at.rows("SELECT object_key FROM documents ORDER BY object_key")]
    for key in (keys[0], keys[2], keys[4]):
        at.store.remove_object(bucket_name=at.bucket, object_name=key)
    await reconcile.sweep(at.intake, beat=beat)
    assert files_missing._value.get() == 3
    assert [len(at.objects(application)) for application in applications].count(1) == 2


async def test_a_file_stored_while_the_sweep_is_under_way_is_not_counted_as_gone(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)

    class Slow(Mortal):
        async def pages(self, prefix: str) -> AsyncIterator[list[StoredObject]]:
            async for page in super().pages(prefix):
                yield page
            await at.stored(application, owner, pdf(10), slot="other1" if prefix == "files/" else "other2")

    await reconcile.sweep(replace(at.intake, storage=Slow(at, dies_at="never")), beat=beat)
    assert len(await at.set_of(application, owner)) == 2
    assert files_missing._value.get() == 0


@pytest.mark.rule("DO-08")
def test_a_file_that_left_a_set_stays_as_long_as_a_submission_that_names_it_can_be_heard_of() -> None:
    kept = {topic.name: topic.retention_days for topic in read_topics()}["applications.applications.v1"]
    assert timedelta(days=kept) <= reconcile.KEEP_AFTER_LEAVING


@pytest.mark.rule("DO-03", "DO-08")
async def test_a_file_that_left_the_set_is_deleted_after_a_month_unless_it_was_submitted(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "BATCH", 1)  # what is kept must not stand in the way of what is not
    application = await at.started(owner)
    submitted = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    replaced = await at.stored(application, owner, pdf(20))
    at.clock.advance(seconds=1)
    newest = await at.stored(application, owner, pdf(30))
    deleted = await at.stored(application, owner, pdf(40), slot="other1")
    at.clock.advance(seconds=1)
    await at.delete(deleted, owner)

    at.clock.advance(days=30, seconds=-2)
    await reconciled(at)
    assert [await at.status_of(one) for one in (replaced, deleted)] == ["replaced", "removed"]
    at.clock.advance(seconds=1)
    await reconciled(at)
    assert [await at.status_of(one) for one in (replaced, deleted)] == ["purged", "removed"]
    at.clock.advance(seconds=1)
    await reconciled(at)

    statuses = [await at.status_of(one) for one in (submitted, replaced, newest, deleted)]
    assert statuses == ["replaced", "purged", "stored", "purged"]
    assert len(at.objects(application)) == 2
    link = (await at.download(submitted, owner)).json()["url"]
    assert (await at.outside.get(link)).content == pdf(10)
    # Also when the submission arrives between the worker's look and its deed.
    async with at.database.transaction() as session:
        assert await commands.purge_document(session, document_id=submitted, now=at.clock()) is None


async def test_a_crash_while_purging_leaves_an_object_for_the_sweep(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(10))
    await at.delete(document_id, owner)
    at.clock.advance(days=31)
    with pytest.raises(Crash):
        await reconcile.purge_left(replace(at.intake, storage=Mortal(at, dies_at="remove")), beat=beat)
    assert await at.status_of(document_id) == "purged"
    await reconciled(at)
    assert at.objects(application) == []
    assert files_missing._value.get() == 0


async def test_a_file_restored_by_a_submission_is_not_purged(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(10))
    submission = await at.submission_event(application, owner)
    await at.delete(document_id, owner)
    at.clock.advance(days=31)
    await at.hears(submission)
    async with at.database.transaction() as session:
        assert await commands.purge_document(session, document_id=document_id, now=at.clock()) is None
    await reconciled(at)
    assert await at.status_of(document_id) == "stored"
    assert len(at.objects(application)) == 1


async def test_a_settled_upload_stays_settled_when_cleaning_up_fails(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(10))

    class Untidy(Mortal):
        async def remove(self, key: str) -> None:
            raise StorageUnavailable

    intake = replace(at.intake, storage=Untidy(at, dies_at="never"))
    actor = Actor(owner, Role.ASSOCIATION, uuid4())
    assert (await complete_upload(intake, actor=actor, document_id=document_id)).status == "stored"
    assert len(at.objects(application, "quarantine")) == 1
    at.clock.advance(hours=1, minutes=1)
    await reconciled(at)
    assert at.objects(application, "quarantine") == []


async def test_the_loop_works_until_it_is_told_to_stop_and_survives_a_store_that_is_down(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "ROUND_SECONDS", 0.05)
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, pdf(10))
    beats = 0

    def counted() -> None:
        nonlocal beats
        beats += 1

    class Flaky(Mortal):
        down = True

        async def pages(self, prefix: str) -> AsyncIterator[list[StoredObject]]:
            if self.down:
                raise StorageUnavailable
            async for page in super().pages(prefix):
                yield page

    flaky = Flaky(at, dies_at="never")
    stop = asyncio.Event()
    loop = asyncio.create_task(
        reconcile.run(replace(at.intake, storage=flaky), stop, beat=counted, sweep_anyway=False, periods={})
    )
    async with asyncio.timeout(20):
        while beats < 3:
            await asyncio.sleep(0.05)
        flaky.down = False
        at.clock.advance(minutes=16)
        while await at.status_of(document_id) == "pending":
            await asyncio.sleep(0.05)
        stop.set()
        await loop
    assert await at.status_of(document_id) == "expired"


async def test_two_workers_at_once_do_no_harm(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    waiting = [await at.uploaded(application, owner, pdf(10), slot=slot) for slot in ("other1", "other2")]
    for document_id in waiting:
        with pytest.raises(Crash):
            await complete_upload(
                replace(at.intake, scanner=MortalScanner()),
                actor=Actor(owner, Role.ASSOCIATION, uuid4()),
                document_id=document_id,
            )
    at.clock.advance(minutes=5)
    await asyncio.gather(*(reconcile.settle_waiting(at.intake, beat=beat) for _ in range(3)))
    assert [await at.status_of(one) for one in waiting] == ["stored", "stored"]
    assert [name for name, _ in await at.events(application)] == ["DocumentStored", "DocumentStored"]
    at.clock.advance(hours=2)
    await reconcile.sweep(at.intake, beat=beat)
    assert len(at.objects(application)) == 2
