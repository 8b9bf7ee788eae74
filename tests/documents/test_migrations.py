"""The migrations make exactly the tables of the models, and the tables refuse what must never be."""

import importlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from documents.models import Document, DocumentSet, metadata
from kit.db import Database
from madoguchi_stack.s3 import S3
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from support.documents import desk
from support.servers import FreshDatabase

NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest_asyncio.fixture(scope="module")
async def database(postgres_url: FreshDatabase) -> AsyncIterator[Database]:
    made = Database(await postgres_url("documents"))
    yield made
    await made.close()


async def test_the_migrated_database_is_what_the_models_say(database: Database) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def a_set(**changes: Any) -> DocumentSet:
    values = {
        "application_id": uuid4(),
        "account_id": uuid4(),
        "slots": [],
        "programme": "bond",
        "total_limit_bytes": 1,
        "version": 0,
        "frozen": False,
        "created_at": NOW,
        "state_since": NOW,
    }
    return DocumentSet(**{**values, **changes})


def a_document(application_id: UUID, **changes: Any) -> Document:
    values = {
        "id": uuid4(),
        "application_id": application_id,
        "slot": "other1",
        "file_name": "a.pdf",
        "content_type": "application/pdf",
        "size_bytes": 1,
        "sha256": "0" * 64,
        "standard_type": True,
        "placeholder": False,
        "status": "stored",
        "object_key": str(uuid4()),
        "created_at": NOW,
        "expires_at": NOW,
    }
    return Document(**{**values, **changes})


async def refuses(database: Database, constraint: str, *rows: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        async with database.transaction() as session:
            for row in rows:
                session.add(row)
                await session.flush()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"total_limit_bytes": 0}, "ck_document_sets_total_limit_bytes"),
        ({"version": -1}, "ck_document_sets_version"),
        ({"submission": 0}, "ck_document_sets_submission"),
        ({"frozen": True}, "ck_document_sets_frozen_by_submission"),
        ({"submission": 1, "approved_submission": 2}, "ck_document_sets_approved_submission"),
        ({"submission": 1, "withdrawn_submission": 2}, "ck_document_sets_withdrawn_submission"),
        ({"submission": 1, "editors": []}, "ck_document_sets_reopened_after_approval"),
        (
            {"submission": 1, "approved_submission": 1, "frozen": True, "editors": []},
            "ck_document_sets_reopened_after_approval",
        ),
    ],
)
async def test_a_set_that_cannot_be_is_refused(database: Database, changes: dict[str, Any], constraint: str) -> None:
    await refuses(database, constraint, a_set(**changes))


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"status": "lost"}, "ck_documents_status"),
        ({"size_bytes": -1}, "ck_documents_size_bytes"),
        ({"sha256": "0" * 63}, "ck_documents_sha256"),
        ({"object_key": None}, "ck_documents_has_object"),
        ({"status": "replaced", "object_key": None}, "ck_documents_has_object"),
        ({"status": "pending"}, "ck_documents_has_no_object"),
        ({"status": "purged"}, "ck_documents_has_no_object"),
        ({"status": "refused", "object_key": None}, "ck_documents_refusal"),
        ({"refusal": "TOTAL_OVER_LIMIT"}, "ck_documents_refusal"),
    ],
)
async def test_a_document_that_cannot_be_is_refused(
    database: Database, changes: dict[str, Any], constraint: str
) -> None:
    documents = a_set()
    await refuses(database, constraint, documents, a_document(documents.application_id, **changes))


@pytest.mark.rule("DO-03")
@pytest.mark.parametrize("subject", [None, uuid4()], ids=["nobody's", "a person's"])
async def test_a_slot_cannot_hold_two_files(database: Database, subject: UUID | None) -> None:
    documents = a_set()
    two = [a_document(documents.application_id, subject=subject) for _ in range(2)]
    await refuses(database, "uq_documents_stored_place", documents, *two)


@pytest.mark.rule("AS-56")
async def test_parties_from_before_kinds_were_kept_are_companies(database: Database) -> None:
    revision = importlib.import_module("documents.migrations.versions.0007_papers_per_person")
    alone, company = a_set(), str(uuid4())
    looked_after = a_set(parties={company: ["view"]})
    ids = [alone.application_id, looked_after.application_id]
    async with database.transaction() as session:
        session.add_all([alone, looked_after])
        await session.flush()
        await session.execute(text(revision.KINDS))
        found = await session.execute(
            text("SELECT application_id, parties FROM document_sets WHERE application_id = ANY(:ids)"), {"ids": ids}
        )
        known = {row.application_id: row.parties for row in found}
    assert known == {ids[0]: {}, ids[1]: {company: {"kind": "management_company", "grants": ["view"]}}}


async def test_two_documents_cannot_name_one_object(database: Database) -> None:
    documents = a_set()
    two = [a_document(documents.application_id, slot=slot, object_key="same") for slot in ("other1", "other2")]
    await refuses(database, "uq_documents_object_key", documents, *two)


@pytest.mark.real
@pytest.mark.rule("AS-83")
async def test_what_was_withdrawn_before_there_was_a_column_for_it_is_told_by_times(
    postgres_url: FreshDatabase, s3: S3
) -> None:
    revision = importlib.import_module("documents.migrations.versions.0006_withdrawn_submissions")
    async with desk(await postgres_url("documents"), s3) as at:
        owner, made = uuid4(), {}
        for case in ("withdrawn", "under review", "approved", "withdrawn before it was handed in"):
            application = made[case] = await at.started(owner)
            await at.submitted(application, owner)
            await at.approved(application, owner)
            at.clock.advance(seconds=1)
            await at.reopened(application, owner)
            if not case.endswith("handed in"):
                await at.submitted(application, owner, submission=2)
            at.clock.advance(seconds=1)
            if case.startswith("withdrawn"):
                await at.withdrawn(application, owner)
            if case == "approved":
                await at.approved(application, owner, submission=2)
        query = "SELECT application_id, withdrawn_submission FROM document_sets"
        known = {row.application_id: row.withdrawn_submission for row in await at.rows(query)}
        assert known == {id_: 2 if case == "withdrawn" else None for case, id_ in made.items()}
        async with at.database.transaction() as session:
            await session.execute(text("UPDATE document_sets SET withdrawn_submission = NULL"))
            await session.execute(text(revision.WITHDRAWN))
        assert {row.application_id: row.withdrawn_submission for row in await at.rows(query)} == known
