"""Every revision of every service: the code before it works on its schema, it gives up instead of holding up requests,
and code that comes too early does not go on in silence. `support.compatibility` says what is guaranteed by that.
"""

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest
from kit.db import dsn_of
from kit.migrate import upgrade
from madoguchi_stack.layout import SERVICES
from support.compatibility import Schema, breaks, schema_of, silent
from support.servers import FreshDatabase

ROOT = Path(__file__).parents[2]

# What was there when the check was made, and breaks old code. Before such a revision the old processes have to be
# stopped; the runbook lists them. Nothing is added here any more: a further one has to be written otherwise.
STOP_FIRST = {
    ("identity", "0002"),
    ("identity", "0003"),
    ("identity", "0004"),
    ("identity", "0005"),
    ("identity", "0007"),
    ("applications", "0003"),
    ("documents", "0002"),
    ("notifications", "0003"),
}
# What cannot be told from the schema, with the reason for which no statement of old code fails.
ACCEPTED = {
    ("applications", "0008", "application_history has a new trigger: application_history_chain BEFORE INSERT"): (
        "it refuses nothing: tests/applications/test_chain.py writes the former release's steps"
    ),
    ("documents", "0003", "access_log has a new limit: CHECK (((action)::text = ANY"): "one value more than before",
    ("documents", "0006", "document_sets has a new limit: CHECK ((withdrawn_submission <= submission))"): "the same",
    ("documents", "0007", "documents has a new limit: btree (application_id, slot, subject) NULLS NOT DISTINCT"): (
        "one of a slot and no subject, as before; the code before knows no subject"
    ),
    ("documents", "0007", "documents lost what is unique: btree (application_id, slot) WHERE"): (
        "no statement of documents names it in ON CONFLICT"
    ),
}
# Limits that code which comes before its migration would not miss, and what then happens.
UNMISSED = {
    ("documents", "0003", "access_log has not yet the limit: CHECK (((action)::text = ANY"): (
        "the one before is narrower: it stops the new code with an error"
    ),
}


def revisions(service: str) -> list[str]:
    folder = ROOT / "services" / service / "src" / service / "migrations" / "versions"
    return sorted(path.name[:4] for path in folder.glob("[0-9]*.py"))


def unexplained(service: str, revision: str, found: set[str], explained: dict[tuple[str, str, str], str]) -> list[str]:
    known = [text for of, number, text in explained if (of, number) == (service, revision)]
    return sorted(one for one in found if not any(one.startswith(text) for text in known))


@pytest.mark.parametrize("service", SERVICES)
async def test_the_code_of_the_release_before_works_on_the_schema_of_every_revision(
    service: str, empty_postgres_url: FreshDatabase
) -> None:
    url = await empty_postgres_url(service)
    connection = await asyncpg.connect(dsn_of(url))
    before: Schema | None = None
    wrong: dict[str, list[str]] = {}
    for revision in revisions(service):
        await asyncio.to_thread(upgrade, service, url, revision)
        after = await schema_of(connection)
        if before is not None and (service, revision) not in STOP_FIRST:
            found = unexplained(service, revision, breaks(before, after), ACCEPTED)
            found += unexplained(service, revision, silent(before, after), {**ACCEPTED, **UNMISSED})
            if found:
                wrong[revision] = found
        before = after
    await connection.close()
    assert before is not None
    assert before.tables
    assert wrong == {}


@pytest.mark.parametrize("service", SERVICES)
def test_each_revision_follows_the_one_before_by_its_number(service: str) -> None:
    # Of two files of one number alembic runs one, and says nothing.
    numbers = revisions(service)
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    versions = ROOT / "services" / service / "src" / service / "migrations" / "versions"
    for before, number in pairwise([None, *numbers]):
        [path] = versions.glob(f"{number}_*.py")
        said = dict(re.findall(r"^(revision|down_revision)(?:: .+)? = (.+)$", path.read_text(), re.MULTILINE))
        assert said == {"revision": f'"{number}"', "down_revision": f'"{before}"' if before else "None"}, path.name


@pytest.mark.parametrize("service", SERVICES)
def test_no_revision_takes_away_the_limit_on_its_waiting_for_locks(service: str) -> None:
    folder = ROOT / "services" / service / "src" / service / "migrations"
    for path in [folder / "env.py", *folder.glob("versions/*.py")]:
        forbidden = re.search(
            r"lock_timeout|autocommit_block|\bCOMMIT\b|CONCURRENTLY|statement_timeout", path.read_text()
        )
        assert forbidden is None, f"{path.name}: {forbidden and forbidden[0]}"


BASE = """
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
CREATE TABLE people (
  id int PRIMARY KEY, name varchar(50) NOT NULL, mail text, born date, age int NOT NULL DEFAULT 0, mood mood,
  UNIQUE (mail), CHECK (age >= 0)
);
CREATE TABLE pets (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner_id int, name text NOT NULL);
CREATE VIEW elders AS SELECT id FROM people;
"""

BAD = {
    "DROP TABLE pets": "table pets is gone",
    "ALTER TABLE pets RENAME TO animals": "table pets is gone",
    "DROP VIEW elders": "table elders is gone",
    "ALTER TABLE people DROP COLUMN born": "people.born is gone",
    "ALTER TABLE people RENAME COLUMN born TO birthday": "people.born is gone",
    "ALTER TABLE people ALTER born SET NOT NULL": "people.born must have a value now",
    "ALTER TABLE people ADD phone text NOT NULL": "people.phone is new, and must have a value",
    "ALTER TABLE people ADD phone text NOT NULL DEFAULT ''; ALTER TABLE people ALTER phone DROP DEFAULT": (
        "people.phone is new, and must have a value"
    ),
    "ALTER TABLE people ALTER age DROP DEFAULT": "people.age lost its default",
    "ALTER TABLE pets ALTER id DROP IDENTITY": "pets.id lost its default",
    "ALTER TABLE people ALTER id ADD GENERATED ALWAYS AS IDENTITY": "people.id is made by the database now",
    "ALTER TABLE people ALTER name TYPE varchar(20)": (
        "people.name was character varying(50) and is character varying(20)"
    ),
    "ALTER TABLE people ALTER age TYPE smallint": "people.age was integer and is smallint",
    "ALTER TABLE people ALTER born TYPE text": "people.born was date and is text",
    "ALTER TABLE people ADD CHECK (age < 150)": "people has a new limit: CHECK ((age < 150))",
    "ALTER TABLE people DROP CONSTRAINT people_age_check, ADD CONSTRAINT people_age_check CHECK (age > 17)": (
        "people has a new limit: CHECK ((age > 17))"
    ),
    "ALTER TABLE pets ADD UNIQUE (owner_id)": "pets has a new limit: btree (owner_id)",
    "CREATE UNIQUE INDEX ON pets (lower(name))": "pets has a new limit: btree (lower(name))",
    "ALTER TABLE pets ADD FOREIGN KEY (owner_id) REFERENCES people": (
        "pets has a new limit: FOREIGN KEY (owner_id) REFERENCES people(id)"
    ),
    "ALTER TABLE people ADD tag int DEFAULT 1, ADD UNIQUE (tag)": "people has a new limit: btree (tag)",
    "ALTER TABLE people ADD tag int, ADD UNIQUE NULLS NOT DISTINCT (tag)": (
        "people has a new limit: btree (tag) NULLS NOT DISTINCT"
    ),
    "ALTER TABLE people ADD tag text, ADD CHECK (tag IS NOT NULL)": "people has a new limit: CHECK ((tag IS NOT NULL))",
    "ALTER TABLE people DROP CONSTRAINT people_mail_key": "people lost what is unique: btree (mail)",
    "DROP SEQUENCE numbers": "sequence numbers is gone",
    "DROP FUNCTION twice": "function twice(integer) is gone",
    "ALTER TYPE mood RENAME VALUE 'cross' TO 'angry'": "type mood cross is gone",
    "CREATE TRIGGER no BEFORE INSERT ON pets FOR EACH ROW EXECUTE FUNCTION refuse()": (
        "pets has a new trigger: no BEFORE INSERT ON public.pets FOR EACH ROW EXECUTE FUNCTION refuse()"
    ),
}

GOOD = (
    "CREATE TABLE others (id int PRIMARY KEY, n int NOT NULL CHECK (n > 0))",
    "ALTER TABLE people ADD phone text",
    "ALTER TABLE people ADD vip boolean NOT NULL DEFAULT false",
    "ALTER TABLE people ALTER name TYPE text",
    "ALTER TABLE people ALTER name TYPE varchar(80)",
    "ALTER TABLE pets ALTER owner_id TYPE bigint",
    "ALTER TABLE people ALTER age DROP NOT NULL",
    "ALTER TABLE people DROP CONSTRAINT people_age_check",
    "ALTER TABLE people ADD tag int, ADD CHECK (tag > 0), ADD UNIQUE (tag, mail)",
    "ALTER TABLE people ADD one int, ADD two int, ADD CHECK ((one IS NULL) = (two IS NULL)), ADD CHECK (one <> age)",
    "ALTER TABLE pets ADD home int REFERENCES people",
    "CREATE INDEX ON pets (owner_id)",
    "ALTER TYPE mood ADD VALUE 'merry'",
)


@pytest.fixture
async def base(empty_postgres_url: FreshDatabase):
    connection = await asyncpg.connect(dsn_of(await empty_postgres_url("notifications")))
    await connection.execute(BASE)
    yield connection
    await connection.close()


async def judged(connection: asyncpg.Connection, change: str) -> tuple[set[str], set[str]]:
    """What is said of a change, which is taken back."""
    before = await schema_of(connection)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(change)
    after = await schema_of(connection)
    await transaction.rollback()
    return breaks(before, after), silent(before, after)


async def test_a_change_that_old_code_trips_over_is_refused(base: asyncpg.Connection) -> None:
    said = {change: (await judged(base, change))[0] for change in BAD}
    assert {change: BAD[change] in found for change, found in said.items()} == dict.fromkeys(BAD, True), said


async def test_a_change_that_old_code_does_not_notice_is_accepted(base: asyncpg.Connection) -> None:
    assert {change: (await judged(base, change))[0] for change in GOOD} == {change: set() for change in GOOD}


async def test_what_code_that_comes_too_early_would_not_miss_is_named(base: asyncpg.Connection) -> None:
    _, unmissed = await judged(base, "ALTER TABLE pets ADD UNIQUE (owner_id)")
    assert unmissed == {"pets has not yet the limit: btree (owner_id)"}
    _, unmissed = await judged(base, "ALTER TABLE pets ADD chip int, ADD UNIQUE (chip)")
    assert unmissed == set()


async def test_old_code_really_trips_over_the_bad_and_not_over_the_good(base: asyncpg.Connection) -> None:
    """The judgement beside what happens: statements of old code, on rows of old code, after each change."""
    statements = (
        "INSERT INTO people (id, name, mail, born) "
        "VALUES (1, 'An uncommonly long name', 'a@b', NULL), (2, 'B', 'b@b', NULL)",
        "INSERT INTO people (id, name, mail) VALUES (1, 'A', 'a@b') ON CONFLICT (mail) DO NOTHING",
        "INSERT INTO pets (owner_id, name) VALUES (7, 'Tama'), (7, 'Tama')",
        "UPDATE people SET age = 40000 WHERE id = 1",
        "UPDATE people SET mood = 'cross', age = 3, born = DATE '2000-01-01' WHERE id = 2",
        "SELECT id, name, mail, born, age, mood, twice(age), nextval('numbers') FROM people",
        "SELECT id FROM elders",
    )

    async def works(change: str) -> bool:
        transaction = base.transaction()
        await transaction.start()
        try:
            await base.execute(change)
            for statement in statements:
                await base.execute(statement)
        except asyncpg.PostgresError:
            return False
        finally:
            await transaction.rollback()
        return True

    assert [change for change in GOOD if "ADD VALUE" not in change and not await works(change)] == []
    # A date that is written becomes a text; what old code reads then is no date.
    assert [change for change in BAD if await works(change)] == ["ALTER TABLE people ALTER born TYPE text"]
