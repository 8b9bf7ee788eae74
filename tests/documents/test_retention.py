"""How long files are kept, legal holds, and what the sweep deletes when a period is over."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from documents import commands, reconcile
from documents.cli import commands as cli
from documents.retention import PERIODS, Case, Periods, deleted_on, is_over
from documents.storage import Storage
from madoguchi_contracts import Role
from madoguchi_stack import s3 as stores
from madoguchi_stack.s3 import S3
from madoguchi_stack.servers import Servers
from minio.error import S3Error
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase
from typer.testing import CliRunner

ENDS = {"refused": 4, "withdrawn": 1, "done": 6}
SHORT = {
    "bond": Periods(abandoned=1, returned=2, superseded=3),
    "green_loan": Periods(abandoned=1, returned=2, superseded=3, ended=ENDS),
}


def quiet() -> None:
    """The loop's sign of life, which nobody looks at here."""


# The rule


@pytest.mark.parametrize(
    ("since", "months", "first_day"),
    [
        (datetime(2026, 1, 31, 3, tzinfo=UTC), 1, date(2026, 2, 28)),
        (datetime(2026, 1, 31, 14, 59, tzinfo=UTC), 1, date(2026, 2, 28)),
        (datetime(2026, 1, 31, 15, 0, tzinfo=UTC), 1, date(2026, 3, 1)),  # 1 February in Japan
        (datetime(2026, 4, 1, 3, tzinfo=UTC), 60, date(2031, 4, 1)),
    ],
)
def test_periods_are_calendar_months_of_days_in_japan(since: datetime, months: int, first_day: date) -> None:
    assert deleted_on(since, months) == first_day
    midnight = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC) - timedelta(hours=9)
    assert is_over(since, months, midnight)
    assert not is_over(since, months, midnight - timedelta(seconds=1))


def test_every_case_has_its_period_in_the_table() -> None:
    periods = PERIODS["bond"]
    known = [periods.abandoned, periods.returned, periods.superseded, None]
    assert [periods.of(case, "refused") for case in Case] == known


def test_what_ended_is_kept_for_as_long_as_its_outcome_says_and_without_end_where_it_says_nothing() -> None:
    periods = PERIODS["green_loan"]
    outcomes = ("withdrawn", "refused", "cancelled", "stopped", "done", "of another kind")
    assert [periods.of(Case.ENDED, outcome) for outcome in outcomes] == [12, 60, 60, 60, 120, None]


# At work


@pytest.fixture
def own_bucket(servers: Servers) -> S3:
    """A bucket for one test: a sweep deletes what its own database does not name, or refuses to."""
    bucket = f"retention-{uuid4().hex[:8]}"
    stores.admin(servers.ports, servers.secrets).make_bucket(bucket_name=bucket)
    return S3(servers.s3.url, servers.secrets.s3_admin_key, servers.secrets.s3_admin_secret, bucket)


@pytest_asyncio.fixture
async def at(postgres_url: FreshDatabase, own_bucket: S3) -> AsyncIterator[Desk]:
    async with desk(await postgres_url("documents"), own_bucket) as made:
        yield made


async def look(at: Desk, **moved: float) -> None:
    at.clock.advance(**moved)
    await reconcile.end_retention(at.intake, SHORT, beat=quiet)


async def log(at: Desk, application: UUID) -> list[tuple[UUID, str, int]]:
    rows = await at.rows(
        "SELECT document_id, reason, months FROM retention_log WHERE application_id = :id ORDER BY document_id",
        id=application,
    )
    return [tuple(row) for row in rows]


@pytest.mark.real
async def test_a_draft_that_nobody_touches_loses_its_files_and_may_be_filled_again(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.stored(application, owner, pdf(10))
    await look(at, days=27)
    assert len(at.objects(application, "files")) == 1
    await look(at, days=5)
    assert at.objects(application, "files") == []
    assert await log(at, application) == [(document_id, "abandoned", 1)]
    name, told = (await at.events(application))[-1]
    assert (name, told["document_id"], told["set"]) == ("DocumentRemoved", str(document_id), [])
    rows = await at.rows("SELECT status, file_name, object_key FROM documents WHERE id = :id", id=document_id)
    assert tuple(rows[0]) == ("purged", "", None)
    listed = (await at.list_(application, owner)).json()
    assert (listed["files_deleted_at"] is not None, listed["changeable"]) == (True, True)


@pytest.mark.real
async def test_no_row_of_a_forgotten_draft_remembers_the_name_of_a_file(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    replaced = await at.stored(application, owner, pdf(10))
    stored = await at.stored(application, owner, pdf(11))
    refused = await at.uploaded(application, owner, b"not a pdf at all", slot="other1")
    assert (await at.complete(refused, owner)).status_code == 409
    given_up = await at.uploaded(application, owner, pdf(12), slot="other1")
    assert (await at.delete(given_up, owner)).status_code == 204
    expired = await at.uploaded(application, owner, pdf(13), slot="other1")
    at.clock.advance(minutes=16)
    await reconcile.settle_waiting(at.intake, beat=quiet)
    begun = await at.uploaded(application, owner, pdf(14), slot="other1")
    await look(at, days=40)
    rows = await at.rows("SELECT id, status, file_name FROM documents WHERE application_id = :id", id=application)
    assert {row.id: (row.status, row.file_name) for row in rows} == {
        replaced: ("purged", ""),
        stored: ("purged", ""),
        refused: ("refused", ""),
        given_up: ("removed", ""),
        expired: ("expired", ""),
        begun: ("removed", ""),
    }


@pytest.mark.real
async def test_a_newer_file_prolongs_the_life_of_a_draft(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await look(at, days=20)
    rows = await at.rows("UPDATE documents SET created_at = :now RETURNING id", now=at.clock())
    assert len(rows) == 1
    await look(at, days=20)
    assert len(at.objects(application, "files")) == 1


@pytest.mark.real
async def test_what_was_rejected_and_not_handed_in_again_goes_with_all_that_was_submitted(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    first = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    await at.stored(application, owner, pdf(20))
    await look(at, days=40)
    assert len(at.objects(application, "files")) == 2
    await look(at, days=25)
    assert at.objects(application, "files") == []
    assert {reason for _, reason, _ in await log(at, application)} == {"returned"}
    officer = (await at.list_(application, uuid4(), Role.OFFICE_REVIEWER)).json()
    assert [slot["document"] for slot in officer["slots"]] == [None] * len(officer["slots"])
    assert (await at.download(first, owner)).status_code == 404


@pytest.mark.real
async def test_what_is_under_review_or_in_force_is_kept_and_what_was_replaced_goes(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    replaced = await at.stored(application, owner, pdf(10))
    kept = await at.stored(application, owner, pdf(11), slot="other1")
    await at.submitted(application, owner)
    await look(at, days=400)
    assert await log(at, application) == []
    await at.approved(application, owner)
    await at.reopened(application, owner)
    # Links of the store last as long as its own clock says.
    newer = await _replaced(at, application, owner, replaced)
    await at.submitted(application, owner, submission=2)
    await look(at, days=400)
    assert await log(at, application) == []  # still in force: the change is not approved yet
    await at.approved(application, owner, submission=2)
    await look(at, days=0)
    assert await log(at, application) == [(replaced, "superseded", 3)]
    assert len(at.objects(application, "files")) == 2
    assert [UUID(one["document_id"]) for one in await at.set_of(application, owner)] == [newer, kept]


@pytest.mark.real
@pytest.mark.rule("AS-83")
async def test_the_files_of_a_change_that_was_handed_in_and_withdrawn_go_as_if_they_were_replaced(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    kept = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    changed = await at.stored(application, owner, pdf(20))
    await at.submitted(application, owner, submission=2)
    await at.withdrawn(application, owner)
    await look(at, days=40)
    assert await log(at, application) == []
    await look(at, days=60)
    assert await log(at, application) == [(changed, "superseded", 3)]
    assert [UUID(one["document_id"]) for one in await at.set_of(application, owner)] == [kept]


async def _replaced(at: Desk, application: UUID, owner: UUID, former: UUID) -> UUID:
    """Another file in the slot of `former`, as if it had been uploaded now."""
    at.clock.now, later = datetime.now(UTC), at.clock.now
    newer = await at.stored(application, owner, pdf(30))
    at.clock.now = later
    await at.rows("UPDATE documents SET ended_at = :now WHERE id = :id RETURNING id", now=later, id=former)
    return newer


@pytest.mark.real
async def test_a_programme_without_periods_keeps_everything(at: Desk, owner: UUID) -> None:
    application = await at.started(owner, programme="not_here_yet")
    await at.stored(application, owner, pdf(10))
    await look(at, days=4000)
    assert len(at.objects(application, "files")) == 1


@pytest.mark.real
async def test_nothing_is_deleted_under_a_hold_and_all_that_is_over_after_its_release(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    left = await at.stored(application, owner, pdf(20), slot="other1")
    await at.delete(left, owner)
    async with at.database.transaction() as session:
        await commands.hold(session, application_id=application, reason="訴訟", by="legal", now=at.clock())
    await look(at, days=4000)
    await reconcile.purge_left(at.intake, beat=quiet)
    assert len(at.objects(application, "files")) == 2
    # Not even when a worker had read its list before the hold was set.
    async with at.database.transaction() as session:
        assert await commands.purge_document(session, document_id=left, now=at.clock()) is None
        periods = SHORT["bond"]
        assert (
            await commands.delete_unneeded(session, application_id=application, periods=periods, now=at.clock()) == []
        )
        await commands.release(session, application_id=application, reason="終結", by="legal", now=at.clock())
    await look(at)
    assert at.objects(application, "files") == []


@pytest.mark.real
async def test_a_worker_that_dies_before_the_objects_are_gone_leaves_them_to_the_sweep(at: Desk, owner: UUID) -> None:
    application, other = await at.started(owner), await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.stored(other, owner, pdf(10))
    at.clock.advance(days=40)
    async with at.database.transaction() as session:
        keys = await commands.delete_unneeded(
            session, application_id=application, periods=SHORT["bond"], now=at.clock()
        )
    assert at.objects(application, "files") == keys
    await look(at)
    assert at.objects(other, "files") == []
    await reconcile.sweep(at.intake, beat=quiet)
    assert at.objects(application, "files") == []


@pytest.mark.real
async def test_a_look_goes_through_more_applications_than_fit_into_one_batch(
    at: Desk, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "BATCH", 2)
    applications = [await at.started(owner) for _ in range(5)]
    for application in applications:
        await at.stored(application, owner, pdf(10))
    await look(at, days=40)
    assert [at.objects(application, "files") for application in applications] == [[]] * 5


@pytest.mark.real
async def test_operators_set_list_and_release_holds(postgres_url: FreshDatabase, s3: S3, owner: UUID) -> None:
    url = await postgres_url("documents")
    async with desk(url, s3) as at:
        application = str(await at.started(owner))

        async def run(*arguments: str) -> tuple[int, str]:
            environment = {"MADOGUCHI_DATABASE_URL": url, "MADOGUCHI_OPERATOR": ""}
            done = await asyncio.to_thread(CliRunner().invoke, cli, ["hold", *arguments], env=environment)
            return done.exit_code, done.output

        assert (await run("set", application, "--reason", "訴訟"))[0] == 2
        assert await run("set", application, "--reason", "訴訟", "--by", "legal") == (0, f"{application} held\n")
        assert await run("set", application, "--reason", "訴訟", "--by", "legal") == (1, "already_held\n")
        assert (await run("set", str(uuid4()), "--reason", "訴訟", "--by", "legal"))[0] == 1
        assert (await run("release", application, "--reason", "  "))[0] == 2
        (listed,) = (await run("list"))[1].splitlines()
        assert (json.loads(listed)["reason"], json.loads(listed)["set_by"]) == ("訴訟", "legal")
        released = await run("release", application, "--reason", "終結", "--by", "legal")
        assert released == (0, f"{application} released\n")
        assert await run("release", application, "--reason", "終結", "--by", "legal") == (1, "not_held\n")
        assert await run("list") == (0, "")
        (listed,) = (await run("list", "--all"))[1].splitlines()
        assert (json.loads(listed)["release_reason"], json.loads(listed)["released_by"]) == ("終結", "legal")


@pytest.mark.real
async def test_a_store_with_object_lock_holds_the_files_itself_and_deletes_every_version(
    postgres_url: FreshDatabase, s3: S3, servers: Servers, owner: UUID
) -> None:
    admin = stores.admin(servers.ports, servers.secrets)
    bucket = f"locked-{uuid4().hex[:8]}"
    storage = Storage(
        internal_url=s3.url,
        public_url=s3.url,
        access_key=servers.secrets.s3_admin_key,
        secret_key=servers.secrets.s3_admin_secret,
        bucket=bucket,
        region="us-east-1",
        object_lock=True,
    )
    await storage.ensure_bucket()
    secrets = servers.secrets
    locked = replace(s3, bucket=bucket, access_key=secrets.s3_admin_key, secret_key=secrets.s3_admin_secret)
    async with desk(await postgres_url("documents"), locked, object_lock=True) as at:
        application = await at.started(owner)
        await at.stored(application, owner, pdf(10))
        (key,) = at.objects(application, "files")
        version = admin.stat_object(bucket_name=bucket, object_name=key).version_id
        async with at.database.transaction() as session:
            await commands.hold(session, application_id=application, reason="訴訟", by="legal", now=at.clock())
        await reconcile.tell_holds(at.intake, beat=quiet)
        with pytest.raises(S3Error):
            admin.remove_object(bucket_name=bucket, object_name=key, version_id=version)

        async with at.database.transaction() as session:
            await commands.release(session, application_id=application, reason="終結", by="legal", now=at.clock())
        await reconcile.tell_holds(at.intake, beat=quiet)
        rows = await at.rows("SELECT lifted_at FROM legal_holds")
        assert rows[0].lifted_at == at.clock()
        await look(at, days=40)
        left = admin.list_objects(bucket_name=bucket, prefix="files/", recursive=True, include_version=True)
        assert list(left) == []


# The end of an application


@pytest.mark.real
@pytest.mark.parametrize("approved", [False, True])
async def test_the_files_of_an_application_that_ended_go_when_the_time_of_its_outcome_is_over(
    at: Desk, owner: UUID, approved: bool
) -> None:
    application = await at.started(owner, programme="green_loan")
    document_id = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    if approved:
        await at.approved(application, owner)
    await look(at, days=400)  # under review, or in force: kept without end
    outcome = "done" if approved else "refused"
    news = await at.closed(application, owner, outcome)
    await look(at, days=ENDS[outcome] * 28 - 1)
    assert len(at.objects(application, "files")) == 1
    await at.consumer.process([news])  # once more, and otherwise: the first news counts
    await at.closed(application, owner, "withdrawn")
    await look(at, days=4 * ENDS[outcome])
    assert at.objects(application, "files") == []
    assert await log(at, application) == [(document_id, "ended", ENDS[outcome])]
    assert (await at.events(application))[-1][0] == "DocumentRemoved"


@pytest.mark.real
async def test_a_draft_that_was_given_up_and_an_outcome_without_a_period(at: Desk, owner: UUID) -> None:
    given_up, held, kept = [await at.started(owner, programme="green_loan") for _ in range(3)]
    for application in (given_up, held, kept):
        await at.stored(application, owner, pdf(10))
    async with at.database.transaction() as session:
        await commands.hold(session, application_id=held, reason="訴訟", by="legal", now=at.clock())
    await at.closed(given_up, owner, "withdrawn", submission=0)
    await at.closed(held, owner, "withdrawn", submission=0)
    await at.submitted(kept, owner)
    await at.closed(kept, owner, "of_another_kind")
    await look(at, days=1000)
    assert [len(at.objects(one, "files")) for one in (given_up, held, kept)] == [0, 1, 1]


@pytest.mark.real
async def test_news_of_an_end_after_a_submission_that_was_not_heard_of_waits_for_an_operator(
    at: Desk, owner: UUID
) -> None:
    application = await at.started(owner)
    await at.closed(application, owner, submission=1)
    rows = await at.rows("SELECT error FROM parked_events WHERE key = :key", key=str(application))
    assert "not heard of" in rows[0].error


@pytest.mark.real
async def test_an_upload_that_is_under_way_when_the_application_ends_is_refused(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    begun = await at.uploaded(application, owner, pdf(10))
    await at.closed(application, owner, "withdrawn", submission=0)
    assert (await at.complete(begun, owner)).json()["findings"][0]["code"] == "SET_FROZEN"
