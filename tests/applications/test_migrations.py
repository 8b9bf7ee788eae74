"""The migrations make exactly the tables of the models, and the tables refuse what must never be."""

from importlib.resources import files
from uuid import uuid4

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from applications.models import metadata
from kit.db import Database
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
    ours = {"applications", "application_history", "application_versions", "tracks", "reviews"}
    assert {one for one in made if one[0] in ours} == {one for one in declared if one[0] in ours}
    assert len(declared) > 10


def test_the_migrations_have_one_head():
    config = Config()
    config.set_main_option("script_location", str(files("applications") / "migrations"))
    config.set_main_option("path_separator", "os")
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


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
INSERT INTO reviews (id, application_id, submission, state, due_on, opened_at, recommended_by, decided_by, decided_at,
                     claimed_by)
VALUES (:review, :id, 1, :state, now(), now(), :first, :second, :decided_at, :claimed_by)
"""


async def insert(database, review):
    one = {"id": uuid4(), "account": uuid4(), "reference": str(uuid4()), "only_one": False}
    async with database.transaction() as session:
        await session.execute(text(APPLICATION), one)
        await session.execute(text(VERSION), {**one, "jti": uuid4()})
        await session.execute(text(REVIEW), {**one, "review": uuid4(), **review})


def decision(**changes):
    nobody = {"state": "waiting", "first": None, "second": None, "decided_at": None, "claimed_by": None}
    return {**nobody, **changes}


ONE, OTHER = uuid4(), uuid4()


@pytest.mark.rule("AS-80", "AS-82")
@pytest.mark.parametrize(
    ("review", "constraint"),
    [
        ({"state": "approved", "first": ONE, "second": ONE, "decided_at": "now"}, "ck_reviews_four_eyes"),
        ({"state": "approved", "second": ONE, "decided_at": "now"}, "ck_reviews_four_eyes"),
        ({"state": "approved", "first": ONE, "second": OTHER}, "ck_reviews_decided"),
        ({"state": "waiting", "second": ONE, "decided_at": "now"}, "ck_reviews_decided"),
        ({"state": "rejected", "decided_at": "now"}, "ck_reviews_decided_by"),
        ({"state": "lost"}, "ck_reviews_state"),
        ({"claimed_by": ONE}, "ck_reviews_claim"),
    ],
)
async def test_a_review_that_must_never_be_is_refused_by_the_table(database, review, constraint, counter):
    if review.get("decided_at"):
        review = {**review, "decided_at": counter.clock()}
    with pytest.raises(DBAPIError, match=constraint):
        await insert(database, decision(**review))


async def test_a_review_that_may_be_is_taken(database, counter):
    await insert(database, decision())
    await insert(database, decision(state="approved", first=ONE, second=OTHER, decided_at=counter.clock()))


@pytest.mark.rule("AS-70")
async def test_one_application_per_account_is_kept_by_the_table_where_the_programme_says_so(database):
    account = uuid4()

    async def start(only_one):
        row = {"id": uuid4(), "account": account, "reference": str(uuid4()), "only_one": only_one}
        async with database.transaction() as session:
            await session.execute(text(APPLICATION), row)

    for _ in range(2):
        await start(False)
    await start(True)
    with pytest.raises(DBAPIError, match="uq_applications_only_one"):
        await start(True)
