"""The migrations make exactly the tables of the models, and the tables refuse what must never be."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from applications.models import metadata
from kit.db import Database
from kit.migrate import upgrade
from sqlalchemy import CheckConstraint, text
from sqlalchemy.exc import DBAPIError


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(postgres_url):
    made = Database(await postgres_url("applications"))
    yield made
    await made.close()


async def test_the_migrated_database_is_what_the_models_say(database):
    def differences(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_checks_of_the_migrated_database_are_those_of_the_models(database):
    async with database.engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT conrelid::regclass::text AS table, conname FROM pg_constraint "
                "WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            )
        )
        made = {(row.table, row.conname) for row in rows}
    declared = {
        (table.name, str(constraint.name))
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    # The kit's own tables are the kit's to compare.
    ours = {
        "applications",
        "application_history",
        "application_versions",
        "tracks",
        "reviews",
        "application_parties",
        "contact_notes",
        "provisions",
        "history_starts",
        "history_roots",
        "history_heads",
        "threads",
        "messages",
        "thread_readers",
        "corrections",
        "correction_items",
        "rate_imports",
        "rates",
        "office_tasks",
        "certificate_postings",
        "maintenance_announcements",
    }
    assert {one for one in made if one[0] in ours} == {one for one in declared if one[0] in ours}
    assert len(declared) > 10


APPLICATION = """
INSERT INTO applications (id, programme, account_id, reference, only_one, submission, draft, draft_version,
                          draft_saved_at, draft_saved_by, started_at)
VALUES (:id, 'some', :account, :reference, :only_one, 1, '', 1, now(), :account, now())
"""
VERSION = """
INSERT INTO application_versions (application_id, submission, content, documents, content_sha256, consents, proof_jti,
                                  submitted_by, submitted_at)
VALUES (:id, 1, '', '[]', '', '{}', :jti, :account, now())
"""
REVIEW = """
INSERT INTO reviews (id, application_id, submission, round, due_on, opened_at, recommended_by, closed_by, closed_at,
                     outcome, four_eyes, claimed_by)
VALUES (:review, :id, 1, :round, now(), now(), :first, :second, cast(:closed AS timestamptz), :outcome, :four_eyes,
        :claimed_by)
"""


async def insert(database, *reviews):
    one = {"id": uuid4(), "account": uuid4(), "reference": str(uuid4()), "only_one": False}
    async with database.transaction() as session:
        await session.execute(text(APPLICATION), one)
        await session.execute(text(VERSION), {**one, "jti": uuid4()})
        for review in reviews:
            await session.execute(text(REVIEW), {**one, "review": uuid4(), **review})


def review_with(**changes):
    nothing = dict.fromkeys(("first", "second", "closed", "outcome", "claimed_by"))
    return {**nothing, "round": 1, "four_eyes": False, **changes}


ONE, OTHER = uuid4(), uuid4()
CLOSED = {"closed": datetime(2026, 4, 1, tzinfo=UTC), "outcome": "approve"}
BY_TWO = {**CLOSED, "four_eyes": True}


@pytest.mark.rule("AS-80", "AS-82")
@pytest.mark.parametrize(
    ("review", "constraint"),
    [
        ({**BY_TWO, "first": ONE, "second": ONE}, "ck_reviews_four_eyes"),
        ({**BY_TWO, "second": ONE}, "ck_reviews_four_eyes"),
        ({**BY_TWO, "first": ONE}, "ck_reviews_four_eyes"),
        ({"four_eyes": True, "first": ONE}, "ck_reviews_four_eyes"),
        ({"second": ONE}, "ck_reviews_closed_by"),
        ({"outcome": "approve"}, "ck_reviews_outcome"),
        ({"closed": CLOSED["closed"]}, "ck_reviews_outcome"),
        ({"round": 0}, "ck_reviews_round"),
        ({"claimed_by": ONE}, "ck_reviews_claim"),
    ],
)
async def test_a_review_that_must_never_be_is_refused_by_the_table(database, review, constraint):
    with pytest.raises(DBAPIError, match=constraint):
        await insert(database, review_with(**review))


async def test_a_review_that_may_be_is_taken(database):
    await insert(database, review_with())
    await insert(database, review_with(**CLOSED, second=ONE))  # one officer's act, or
    await insert(database, review_with(**CLOSED))  # the system's
    await insert(database, review_with(**BY_TWO, first=ONE, second=OTHER), review_with(round=2))


async def test_an_application_has_one_open_review_at_most(database):
    with pytest.raises(DBAPIError, match="uq_reviews_open"):
        await insert(database, review_with(), review_with(round=2))


async def test_what_became_of_a_review_is_kept_when_its_states_go(empty_postgres_url):
    url = await empty_postgres_url("applications")
    await asyncio.to_thread(upgrade, "applications", url, "0001")
    made = Database(url)
    one = {"account": uuid4(), "only_one": False}
    old = (
        "INSERT INTO reviews (id, application_id, submission, state, due_on, opened_at, recommended_by, decided_by, "
        "decided_at) VALUES (:review, :id, 1, :state, now(), now(), :first, :second, cast(:at AS timestamptz))"
    )
    ids = {state: uuid4() for state in ("waiting", "recommended", "approved", "rejected")}
    for state, review in ids.items():
        decided = state in {"approved", "rejected"}
        application = {**one, "id": uuid4(), "reference": str(uuid4()), "jti": uuid4()}
        facts = {
            "review": review,
            "state": state,
            "first": None if state in {"waiting", "rejected"} else ONE,
            "second": OTHER if decided else None,
            "at": CLOSED["closed"] if decided else None,
        }
        async with made.transaction() as session:
            await session.execute(text(APPLICATION), application)
            await session.execute(text(VERSION), application)
            await session.execute(text(old), {**application, **facts})
    await asyncio.to_thread(upgrade, "applications", url)
    async with made.transaction() as session:
        rows = (
            await session.execute(text("SELECT id, round, outcome, four_eyes, closed_at, closed_by FROM reviews"))
        ).all()
    await made.close()
    at = CLOSED["closed"]
    assert {row.id: tuple(row)[1:] for row in rows} == {
        ids["waiting"]: (1, None, False, None, None),
        ids["recommended"]: (1, None, False, None, None),
        ids["approved"]: (1, "approve", True, at, OTHER),
        ids["rejected"]: (1, "reject", False, at, OTHER),
    }
