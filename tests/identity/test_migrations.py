"""From an empty database to the models, with one head; and the constraints that state the invariants again."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from identity.models import metadata
from kit.db import Database
from kit.migrate import upgrade
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from support.identity import World
from support.servers import FreshDatabase

NOW = datetime(2026, 4, 1, tzinfo=UTC)


async def test_the_migrations_lead_from_nothing_to_the_models(postgres_url: FreshDatabase) -> None:
    database = Database(await postgres_url("identity"))
    try:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await database.close()


def _differences(connection: Connection) -> list[Any]:
    def ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
        return (kind, name) != ("table", "alembic_version")

    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
    differences: list[Any] = compare_metadata(context, metadata)
    return differences


async def test_the_checks_of_the_models_are_those_of_the_database(postgres_url: FreshDatabase) -> None:
    """Alembic does not compare CHECK constraints."""
    declared = {
        f"ck_{table.name}_{constraint.name}".replace(f"ck_{table.name}_ck_{table.name}_", f"ck_{table.name}_")
        for table in metadata.tables.values()
        for constraint in table.constraints
        if type(constraint).__name__ == "CheckConstraint"
    }
    database = Database(await postgres_url("identity"))
    try:
        async with database.transaction() as session:
            checks = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            found = await session.execute(text(checks))
            assert set(found.scalars()) == declared
    finally:
        await database.close()


ACCOUNT = {
    "id": "",
    "role": "company",
    "user_id_hidden": "x",
    "user_id_index": "x",
    "name_kanji_hidden": "x",
    "mail_hidden": "x",
    "mail_index": "x",
    "issued_at": NOW,
    "ekyc_status": "data_registered",
}
LINK = {"token_sha256": "t", "purpose": "reset", "issued_at": NOW, "expires_at": NOW + timedelta(hours=24)}


@pytest.mark.parametrize(
    ("table", "row", "constraint"),
    [
        ("accounts", {**ACCOUNT, "role": "king"}, "ck_accounts_role"),
        ("accounts", {**ACCOUNT, "role": "association"}, "ck_accounts_question_of_holder"),
        ("accounts", {**ACCOUNT, "secret_question": "q"}, "ck_accounts_secret_question"),
        ("accounts", {**ACCOUNT, "ekyc_status": "done"}, "ck_accounts_ekyc_status"),
        ("accounts", {**ACCOUNT, "last_otp_login_at": NOW}, "ck_accounts_otp_login"),
        (
            "login_locks",
            {"user_id_index": "x", "wrong_in_a_row": 3, "touched_at": NOW, "untold": False},
            "ck_login_locks_wrong_in_a_row",
        ),
        (
            "login_locks",
            {"user_id_index": "x", "wrong_in_a_row": 1, "locked_until": NOW, "touched_at": NOW, "untold": False},
            "ck_login_locks_locked",
        ),
        (
            "login_locks",
            {"user_id_index": "x", "wrong_in_a_row": 0, "touched_at": NOW, "untold": True},
            "ck_login_locks_untold",
        ),
        ("accounts", {**ACCOUNT, "role": "operator", "organisation_id": uuid4()}, "ck_accounts_organisation"),
        (
            "rate_limits",
            {"name": "n", "subject": "s", "window_started_at": NOW, "used": 0},
            "ck_rate_limits_used",
        ),
    ],
)
async def test_the_database_refuses_what_must_never_be(
    world: World, table: str, row: dict[str, Any], constraint: str
) -> None:
    if "id" in row:
        row = {**row, "id": uuid4()}
    with pytest.raises(IntegrityError, match=constraint):
        await _insert(world, table, row)


async def test_an_account_has_at_most_one_open_password_link_and_one_open_run(world: World) -> None:
    member = await world.member_without_password()
    second = {**LINK, "id": uuid4(), "account_id": member.account_id}
    with pytest.raises(IntegrityError, match="uq_password_links_open"):
        await _insert(world, "password_links", second)
    run = {"account_id": member.account_id, "method": "photo", "started_at": NOW}
    run |= {"provider_status": "pending", "provider_sequence": -1, "looks": 0}
    await _insert(world, "ekyc_attempts", {**run, "id": uuid4()})
    with pytest.raises(IntegrityError, match="uq_ekyc_attempts_open"):
        await _insert(world, "ekyc_attempts", {**run, "id": uuid4()})


async def _insert(world: World, table: str, row: dict[str, Any]) -> None:
    async with world.database.transaction() as session:
        await _insert_into(session, table, row)


async def _insert_into(session: AsyncSession, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    await session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608


@pytest.mark.rule("ID-12")
async def test_what_one_officer_began_before_there_were_four_eyes_ends_and_history_stays(
    empty_postgres_url: FreshDatabase,
) -> None:
    url = await empty_postgres_url("identity")
    await asyncio.to_thread(upgrade, "identity", url, "0006")
    account = {**ACCOUNT, "id": uuid4(), "role": "association", "secret_question": "q", "secret_answer_hash": "h"}
    row = {"account_id": account["id"], "started_by": uuid4(), "tries": 0, "started_at": NOW, "expires_at": NOW}
    row |= dict.fromkeys(("name_kanji_hidden", "name_kana_hidden", "mail_hidden"), "x")
    database = Database(url)
    try:
        async with database.transaction() as session:
            await _insert_into(session, "accounts", account)
            for token, role, ends in (
                ("open", "operator", {}),
                ("done", "office_reviewer", {"completed_at": NOW}),
                ("own", "association", {"withdrawn_at": NOW}),
            ):
                facts = {**row, "id": uuid4(), "token_sha256": token, "started_by_role": role, **ends}
                await _insert_into(session, "successions", facts)
        await asyncio.to_thread(upgrade, "identity", url)
        async with database.transaction() as session:
            columns = "started_by_role, token_sha256, withdrawn_because, completed_at IS NOT NULL"
            rows = await session.execute(text(f"SELECT {columns} FROM successions ORDER BY 1"))  # noqa: S608
            assert [tuple(one) for one in rows] == [
                ("association", "own", "before_four_eyes", False),
                ("office_reviewer", None, None, True),
                ("operator", None, "before_four_eyes", False),
            ]
    finally:
        await database.close()
