"""The restore drill, with a case in it: it ends well, and does not when a row, a file or a key is not what it was."""

import asyncio
import base64
import io
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from applications import roots
from applications.history_verifier import read_roots
from kit.db import Database, dsn_of
from kit.deadlines import fire_one
from kit.doctor.examination import practices
from kit.drill import backup, proof
from kit.drill.cli import commands
from kit.drill.extra import extra_of
from madoguchi_stack.layout import SERVICES
from madoguchi_stack.postgres import BINARIES
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from support.counter import NOTIFICATIONS_KEY, OUR_KEY, open_counter
from support.documents import desk, pdf
from support.servers import MADOGUCHI, FreshDatabase
from typer.testing import CliRunner, Result

SCRIPT = Path(__file__).parents[2] / "deploy" / "drill.sh"
# What open_counter hides and is sealed to.
KEYS = {
    "MADOGUCHI_VAULT_KEYS": json.dumps({"current": "test", "keys": {"test": base64.b64encode(bytes(32)).decode()}}),
    "MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(OUR_KEY.as_dict(private=True)),
}


@dataclass
class House:
    """Four services with their databases, a case of two of them, and the backup that was taken of all."""

    environments: dict[str, dict[str, str]]
    folder: Path
    application_id: UUID
    document_id: UUID
    object_key: str
    empty: FreshDatabase
    monkeypatch: pytest.MonkeyPatch

    def settings(self, service: str, **other: str) -> Any:
        """As the service's process would read them."""
        with self.monkeypatch.context() as patch:
            for name, value in {**self.environments[service], **other}.items():
                patch.setenv(name, value)
            return practice(service).settings()

    async def taken(self, service: str) -> str:
        return await backup.take(service, self.settings(service), extra_of(service), self.folder, BINARIES)

    async def proved(self, service: str, *harm: str, folder: Path | None = None, **other: str) -> list[str]:
        """What is wrong with the backup after it was restored, and after some harm to what was restored."""
        folder = folder or self.folder
        url = await self.empty(service)
        await backup.restore(service, folder, url, BINARIES)
        connection = await asyncpg.connect(dsn_of(url))
        for statement in harm:
            await connection.execute(statement)
        await connection.close()
        settings = self.settings(service, **other)
        looked = await proof.prove(service, settings, practice(service).hidden, extra_of(service), folder, url)
        return [line for one in looked for line in one.wrong]

    def copy(self, change: Callable[[str], str], name: str) -> Path:
        """The same backup with another text in one of its files."""
        other = self.folder.with_name(f"copy-{uuid4().hex[:8]}")
        shutil.copytree(self.folder, other)
        file = other / name
        before = file.read_text()
        file.write_text(change(before))
        assert file.read_text() != before
        return other


def practice(service: str) -> Any:
    return next(one for one in practices() if one.service == service)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    servers: Servers, postgres_url: FreshDatabase, empty_postgres_url: FreshDatabase, tmp_path_factory: Any
) -> AsyncIterator[House]:
    urls = {service: await postgres_url(service) for service in SERVICES}
    environments = {
        service: {**service_environment(service, servers), "MADOGUCHI_DATABASE_URL": urls[service]}
        for service in SERVICES
    }
    environments["applications"] |= KEYS
    environments["notifications"] |= {"MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(NOTIFICATIONS_KEY.as_dict(private=True))}
    async with open_counter(urls["applications"]) as counter:
        filed = await counter.approved()
        await counter.reject(await counter.applied())
    connection = await asyncpg.connect(dsn_of(urls["applications"]))
    await connection.execute("UPDATE deadlines SET due_at = now(), not_before = now() WHERE kind = 'history.root'")
    await connection.close()
    await take_root(urls["applications"])
    async with desk(urls["documents"], servers.s3) as at:
        owner = uuid4()
        application = await at.started(owner)
        document = await at.stored(application, owner, pdf(2000))
        await at.stored(application, owner, pdf(3000), slot="sokai_gijiroku")
        await at.submitted(application, owner)
        (row,) = await at.rows("SELECT object_key FROM documents WHERE id = :id", id=document)
    folder = tmp_path_factory.mktemp("drill") / "backup"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = House(
            environments, folder, filed.application_id, document, row.object_key, empty_postgres_url, monkeypatch
        )
        for service in SERVICES:
            await made.taken(service)
        (folder / "roots.jsonl").write_text(await told_roots(urls["applications"]))
        yield made


async def take_root(url: str) -> None:
    database = Database(url)
    assert await fire_one(database, {roots.TIMER: roots.on_due}, datetime.now(UTC))
    await database.close()


async def told_roots(url: str) -> str:
    """What somebody outside has kept of the topic."""
    connection = await asyncpg.connect(dsn_of(url))
    rows = await connection.fetch("SELECT data::text AS data FROM events WHERE topic = 'applications.history.v1'")
    await connection.close()
    told = [row["data"] for row in rows]
    assert len(read_roots(told)) == 1
    return "\n".join(told)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_backup_as_it_was_taken_proves_itself(house, service):
    assert await house.proved(service) == []


async def test_it_says_what_it_looked_at(house):
    url = await house.empty("applications")
    await backup.restore("applications", house.folder, url, BINARIES)
    extra, hidden = extra_of("applications"), practice("applications").hidden
    looked = await proof.prove("applications", house.settings("applications"), hidden, extra, house.folder, url)
    said = [one.at for one in looked]
    assert any("columns under the vault" in one and not one.startswith("0 ") for one in said)
    assert any("steps of the history, 1 published roots" in one for one in said)
    assert "2 submitted contents" in said
    assert any("sealed to applications" in one for one in said)


HARM = {
    "DELETE FROM tracks WHERE id = (SELECT id FROM tracks LIMIT 1)": "table tracks had",
    "UPDATE applications SET reference = reference || '0'": "applications has as many rows as before, and not the same",
    "ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM outbox; DELETE FROM events WHERE version = 2": "have gaps",
    "ALTER TABLE application_history DISABLE TRIGGER USER; UPDATE application_history SET actor_id = gen_random_uuid() "
    "WHERE position = 2 AND actor_id IS NOT NULL": "step 2: it was changed",
    "ALTER TABLE application_versions DISABLE TRIGGER USER; UPDATE application_versions SET documents = '[]'": (
        "has another digest"
    ),
    "ALTER TABLE application_versions DISABLE TRIGGER USER; "
    "UPDATE application_versions SET content = overlay(content placing 'AAAA' from 30)": (
        "application_versions.content, key 'test', do not open"
    ),
    "ALTER TABLE history_roots DISABLE TRIGGER USER; UPDATE history_roots SET root = repeat('0', 64)": (
        "root 1 is not the one that was published"
    ),
}


@pytest.mark.parametrize("harm", HARM)
async def test_a_row_that_is_not_what_it_was_is_told(house, harm):
    wrong = await house.proved("applications", harm)
    assert any(HARM[harm] in one for one in wrong), wrong


async def test_a_dump_that_was_damaged_on_its_way_is_told(house):
    reference = "B-2026-000001"
    other = house.copy(lambda dump: dump.replace(reference, "B-2026-000009", 1), "applications.sql")
    wrong = await house.proved("applications", folder=other)
    assert "table applications has as many rows as before, and not the same" in wrong


async def test_a_dump_that_was_cut_off_cannot_be_restored_or_is_told(house):
    other = house.copy(lambda dump: dump[: dump.index("COPY public.tracks") + 200], "applications.sql")
    try:
        wrong = await house.proved("applications", folder=other)
    except backup.DrillFailed as failure:
        wrong = [str(failure)]
    assert wrong


async def test_a_lost_key_of_the_vault_is_told(house):
    ring = json.dumps({"current": "other", "keys": {"other": base64.b64encode(bytes(32)).decode()}})
    wrong = await house.proved("applications", MADOGUCHI_VAULT_KEYS=ring)
    assert any("key 'test', do not open" in one for one in wrong)


async def test_a_lost_sealing_key_is_told_by_who_cannot_open(house):
    key = json.dumps(OUR_KEY.as_dict(private=True))
    (wrong,) = await house.proved("notifications", MADOGUCHI_SEAL_PRIVATE_KEY=key)
    assert wrong.startswith("what event ")
    assert wrong.endswith(" of applications has sealed does not open")


async def test_a_file_that_is_gone_or_another_one_is_told(house, s3):
    there = s3.client.get_object(bucket_name=s3.bucket, object_name=house.object_key).read()

    def put(data: bytes) -> None:
        s3.client.put_object(
            bucket_name=s3.bucket, object_name=house.object_key, data=io.BytesIO(data), length=len(data)
        )

    await asyncio.to_thread(put, there[:-1] + b"!")
    changed = await house.proved("documents")
    await asyncio.to_thread(s3.client.remove_object, bucket_name=s3.bucket, object_name=house.object_key)
    gone = await house.proved("documents")
    await asyncio.to_thread(put, there)
    assert changed == [f"document {house.document_id}: its file is not the one that was uploaded"]
    assert gone == [
        f"document {house.document_id}: its file is not in the store; when the backup was taken it was there"
    ]
    assert await house.proved("documents") == []


async def test_nothing_is_restored_over_what_is_there(house, postgres_url):
    with pytest.raises(backup.DrillFailed, match="not empty"):
        await backup.restore("documents", house.folder, await postgres_url("documents"), BINARIES)


async def test_what_is_missing_on_the_machine_is_said(house, tmp_path: Path):
    with pytest.raises(backup.DrillFailed, match=r"there is no .*pg_dump"):
        settings = house.settings("documents")
        await backup.take("documents", settings, extra_of("documents"), tmp_path, tmp_path)


@pytest.mark.slow
async def test_the_script_does_all_of_it_for_an_operator(house, servers: Servers, tmp_path: Path):
    environments = tmp_path / "environments"
    environments.mkdir()
    for service, environment in house.environments.items():
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        (environments / f"{service}.sh").write_text("\n".join(lines))
    done = await asyncio.to_thread(
        subprocess.run,
        [SCRIPT, environments, tmp_path / "backup", servers.admin_dsn],
        env={**os.environ, "MADOGUCHI": MADOGUCHI, "MADOGUCHI_PG_PROGRAMS": str(BINARIES)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "the service could go on from these backups"
    assert "WRONG" not in done.stdout
    connection = await asyncpg.connect(servers.admin_dsn)
    assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname LIKE 'drill_%'") == 0
    await connection.close()


async def command(house: House, service: str, *arguments: str, **other: str) -> Result:
    environment = {**house.environments[service], "MADOGUCHI_PG_PROGRAMS": str(BINARIES), **other}
    return await asyncio.to_thread(CliRunner().invoke, commands, arguments, env=environment)


async def test_the_commands_end_with_1_when_something_is_wrong_and_with_2_when_they_cannot_look(house):
    url, folder = await house.empty("applications"), str(house.folder)
    own = house.environments["applications"]["MADOGUCHI_DATABASE_URL"]
    restored = await command(house, "applications", "restore", "applications", folder, "--into", url)
    assert (restored.exit_code, restored.stdout) == (0, "applications: restored\n")
    assert (await command(house, "applications", "restore", "applications", folder, "--into", url)).exit_code == 2
    assert (await command(house, "applications", "restore", "applications", folder, "--into", own)).exit_code == 2
    prove = ("prove", "applications", folder, "--into", url)
    assert (await command(house, "applications", *prove)).exit_code == 0
    ring = json.dumps({"current": "x", "keys": {"x": base64.b64encode(bytes(32)).decode()}})
    lost = await command(house, "applications", *prove, MADOGUCHI_VAULT_KEYS=ring)
    assert lost.exit_code == 1
    assert "key 'test', do not open" in lost.stdout
    unknown = await command(house, "applications", "prove", "nobody", folder, "--into", url)
    assert unknown.exit_code == 2
