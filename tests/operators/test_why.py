"""`madoguchi why`: one application in all services, as an operator sees it."""

import asyncio
import json
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from click.testing import Result
from documents.domain import Refusal
from kit.db import Database
from kit.why.cli import commands
from kit.why.words import NotAReport, of_json
from madoguchi_contracts import EVENTS, OtpEnrolled
from madoguchi_stack.layout import HOST, SERVICES
from sqlalchemy import text
from support.counter import MAIL, NAME, Counter, open_counter
from support.mailroom import Mailroom, open_mailroom
from support.network import free_port
from support.records import record_of
from support.servers import FreshDatabase
from support.smtp_faults import Fault
from typer.testing import CliRunner

PERSONAL = (MAIL, NAME, "見本", "ミホン", "0358009479", "後楽", "0123456")


@dataclass
class Case:
    """A submitted application, the databases of all services, and the folder with their environments."""

    counter: Counter
    room: Mailroom
    urls: dict[str, str]
    folder: Path
    application_id: UUID
    reference: str
    account_id: UUID

    async def why(self, *arguments: str, only: tuple[str, ...] = SERVICES, read: str | None = None) -> Result:
        """The command where the environments of `only` these services are."""
        for service in SERVICES:
            file = self.folder / f"{service}.sh"
            line = f"export MADOGUCHI_DATABASE_URL={shlex.quote(self.urls[service])}\n"
            await asyncio.to_thread(file.write_text, line if service in only else "")
        environment = {"MADOGUCHI_ENVIRONMENTS": str(self.folder), "MADOGUCHI_DATABASE_URL": None}
        done = await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), env=environment, input=read)
        for personal in PERSONAL:
            assert personal not in done.output
        return done

    async def execute(self, service: str, sql: str, **values: Any) -> None:
        """Something in a service's database."""
        database = Database(self.urls[service], pool_size=1)
        try:
            async with database.transaction() as session:
                await session.execute(text(sql), values)
        finally:
            await database.close()

    async def told(self) -> list[Any]:
        """The application's events, as records for its readers."""
        rows = await self.counter.rows(
            "SELECT event_id, type, version, data, recorded_at FROM events WHERE aggregate_id = :id ORDER BY version",
            id=self.application_id,
        )
        return [
            record_of(
                EVENTS[row.type].model_validate(row.data, strict=False),
                sequence=row.version,
                event_id=row.event_id,
                at=row.recorded_at,
            )
            for row in rows
        ]


@pytest_asyncio.fixture
async def case(postgres_url: FreshDatabase, tmp_path: Path) -> AsyncIterator[Case]:
    """Submitted, on the worklist, told to nobody yet."""
    urls = {service: await postgres_url(service) for service in SERVICES}
    async with open_counter(urls["applications"]) as counter, open_mailroom(urls["notifications"]) as room:
        filed = await counter.applied()
        (row,) = await counter.rows("SELECT reference, account_id FROM applications")
        yield Case(counter, room, urls, tmp_path, filed.application_id, row.reference, row.account_id)


def lines(done: Result, heading: str, service: str) -> list[str]:
    """What is said under a heading of a service."""
    assert done.exit_code == 0, done.output
    begin = f"{heading:<9} {service:<14} "
    return [line.removeprefix(begin) for line in done.output.splitlines() if line.startswith(begin)]


async def test_it_says_where_the_application_stands_and_whom_it_waits_on_by_reference_and_by_id(case: Case) -> None:
    done = await case.why(case.reference)
    assert done.output.splitlines()[0] == f"{case.reference}  {case.application_id}  owner {case.account_id}"
    state, *_ = lines(done, "state", "applications")
    assert state.startswith("bond.registration: applied; since 2026-04-01T01:00:00Z; by submit (申請)")
    (waits,) = lines(done, "waits on", "applications")
    assert waits.startswith("the office: nobody holds the review; since ")
    (due,) = lines(done, "due", "applications")
    assert due.startswith("review of submission 1, round 1; due_at 2026-")
    by_id = await case.why(str(case.application_id))
    assert by_id.output == done.output


async def test_it_says_who_holds_the_review_and_that_another_one_has_to_approve(case: Case) -> None:
    (review,) = await case.counter.rows("SELECT id FROM reviews")
    officer, first = uuid4(), uuid4()
    until = case.counter.clock() + timedelta(minutes=30)
    change = "UPDATE reviews SET claimed_by = :by, claimed_until = :until"
    await case.execute("applications", change, by=officer, until=until)
    (waits,) = lines(await case.why(case.reference), "waits on", "applications")
    assert waits.startswith(f"officer {officer}, who holds it; ")
    assert f"review {review.id}; held_until 2026-04-01T01:30:00Z" in waits
    await case.execute("applications", "UPDATE reviews SET recommended_by = :by", by=first)
    (waits,) = lines(await case.why(case.reference), "waits on", "applications")
    assert waits.startswith(f"office_approver, not {first}, who recommended; ")


async def test_a_draft_waits_on_its_owner_and_the_steps_are_named(case: Case) -> None:
    person = await case.counter.association()
    started = await person.start()
    waits = lines(await case.why(str(started)), "waits on", "applications")
    assert any(line.startswith("the owner (association); steps submit; since ") for line in waits)


async def test_events_that_were_not_told_or_not_consumed_are_pending_and_what_was_done_is_not(case: Case) -> None:
    done = await case.why(case.reference)
    untold = lines(done, "pending", "applications")
    assert len([line for line in untold if "recorded, not told" in line]) >= 3
    assert any(line.startswith("ApplicationSubmitted; ") for line in untold)
    gaps = lines(done, "pending", "notifications")
    assert [line.split("; ")[0] for line in gaps] == ["ApplicationSubmitted"]
    assert gaps[0].split("; ")[2] == "why not yet done by notifications"
    assert "madoguchi doctor    # why notifications does not consume" in lines(done, "do", "notifications")
    await case.execute("applications", "DELETE FROM outbox")
    await case.room.consumer.process(await case.told())
    done = await case.why(case.reference)
    assert lines(done, "pending", "applications") == []
    assert lines(done, "pending", "notifications") == []
    assert lines(done, "pending", "documents") != []


async def test_parked_events_are_shown_in_the_service_that_parked_them_with_the_commands(case: Case) -> None:
    submitted = next(record for record in await case.told() if b"content_sha256" in (record.value or b""))
    broken = record_of(
        EVENTS["madoguchi.applications.ApplicationSubmitted.v1"].model_validate_json(submitted.value),
        body=b"no event",
    )
    await case.room.consumer.process([broken, submitted])
    done = await case.why(case.reference)
    (parked,) = lines(done, "PARKED", "notifications")
    assert parked.startswith(f"applications.applications.v1; key {case.application_id}; since 2026-")
    assert parked.endswith("why Unparsable; events 2; behind_it 1")
    # It is kept, not lost: no gap.
    assert lines(done, "pending", "notifications") == []
    where = f"notifications applications.applications.v1 {case.application_id}"
    assert lines(done, "do", "notifications") == [
        f"madoguchi parked explain {where}    # see why it was parked",
        f"madoguchi parked retry {where}    # after the cause is mended",
    ]


async def test_mails_are_shown_with_state_tries_and_the_last_error(case: Case) -> None:
    case.room.smtp.on("rcpt", Fault("550 5.1.1 no such user"))
    for record in await case.told():
        await case.room.consumer.process([record])
    await case.room.deliver()
    done = await case.why(case.reference)
    (mail,) = lines(done, "mail", "notifications")
    assert mail.startswith("OFFICE-NEW-CASE: failed; to office; id ")
    assert "tries 1; last_error 550 5.1.1 no such user" in mail
    shown, redriven = lines(done, "do", "notifications")
    message = mail.partition("; id ")[2][:36]
    assert shown == f"madoguchi mail show {message}    # every try of it"
    assert redriven.startswith(f"madoguchi mail redrive {message} --reason ")


async def test_scans_are_shown_in_words_without_file_names(case: Case) -> None:
    await case.execute(
        "documents",
        """INSERT INTO document_sets (application_id, account_id, programme, slots, total_limit_bytes,
             keeps_unsubmitted, parties, version, frozen, created_at, state_since)
           VALUES (:id, :owner, 'bond', '[]', 1000, false, '{}', 3, false, now(), now())""",
        id=case.application_id,
        owner=case.account_id,
    )
    rows = {
        "a": ("pending", None, None, "now()", None),
        "b": ("pending", None, None, None, None),
        "c": ("stored", None, "clamd", None, "key-c"),
        "d": ("refused", Refusal.MALWARE_FOUND.value, None, None, None),
        "e": ("refused", Refusal.HASH_MISMATCH.value, None, None, None),
    }
    for slot, (status, refusal, scanner, asked, key) in rows.items():
        await case.execute(
            "documents",
            f"""INSERT INTO documents (id, application_id, slot, file_name, content_type, size_bytes, sha256,
                  standard_type, placeholder, status, refusal, scanned_by, object_key, created_at, expires_at,
                  completion_asked_at)
                VALUES (:document, :id, :slot, '見本.pdf', 'application/pdf', 1, repeat('0', 64), true, false, :status,
                  :refusal, :scanner, :key, now(), now(), {asked or "NULL"})""",  # noqa: S608
            id=case.application_id,
            document=uuid4(),
            slot=slot,
            status=status,
            refusal=refusal,
            scanner=scanner,
            key=key,
        )
    done = await case.why(case.reference)
    assert [line.split("; id")[0] for line in lines(done, "file", "documents")] == [
        "a; scan queued: uploaded, and no verdict yet",
        "b; scan waits for the applicant's upload",
        "c; scan stored, scanned by clamd",
        "d; scan infected: the scanner found malware, and nothing was kept",
        f"e; scan refused: {Refusal.HASH_MISMATCH.value}",
    ]
    assert lines(done, "waits on", "documents")[0].startswith("the scanner or the store; file ")
    assert lines(done, "state", "documents")[0].startswith("files: open; since ")


async def test_timers_are_shown_with_their_rules_and_whether_they_are_late(case: Case) -> None:
    (track,) = await case.counter.rows("SELECT id FROM tracks")
    await case.execute(
        "applications",
        """INSERT INTO deadlines (kind, subject_id, due_at, not_before, attempts, last_error)
           VALUES ('bond.registration.withdraw', :id, '2026-04-02T00:00:00Z', '2026-04-02T00:05:00Z', 2, 'KeyError')""",
        id=track.id,
    )
    due = lines(await case.why(case.reference), "due", "applications")[-1]
    assert due == (
        "bond.registration.withdraw; about track registration; due_at 2026-04-02T00:00:00Z; rules AS-83, AS-57; "
        "tries 2; last_error KeyError; again_at 2026-04-02T00:05:00Z; late yes"
    )


async def test_traces_of_the_last_steps_lead_to_the_logs(case: Case) -> None:
    trace = uuid4().hex
    await case.execute("applications", "ALTER TABLE events DISABLE TRIGGER USER")
    await case.execute(
        "applications",
        "UPDATE events SET traceparent = :it WHERE aggregate_id = :id AND type LIKE '%ApplicationSubmitted%'",
        it=f"00-{trace}-{'1' * 16}-01",
        id=case.application_id,
    )
    traces = lines(await case.why(case.reference), "trace", "applications")
    assert any(line.startswith("ApplicationSubmitted; at 2026-") and line.endswith(trace) for line in traces)


async def test_the_owners_account_is_told_by_identity_with_what_it_waits_for(case: Case) -> None:
    assert "there is no such account" in lines(await case.why(case.reference), "state", "identity")[0]
    await case.execute(
        "identity",
        """INSERT INTO accounts (id, role, user_id_hidden, user_id_index, name_kanji_hidden, mail_hidden, mail_index,
             secret_question, secret_answer_hash, issued_at, ekyc_status)
           VALUES (:id, 'association', 'x', 'i', 'x', 'x', 'i', 'q', 'h', now(), 'running')""",
        id=case.account_id,
    )
    await case.execute(
        "identity",
        """INSERT INTO ekyc_attempts (id, account_id, method, started_at, provider_status, provider_sequence, looks)
           VALUES (:attempt, :id, 'photo', '2026-04-01T00:00:00Z', 'running', 1, 7)""",
        attempt=uuid4(),
        id=case.account_id,
    )
    done = await case.why(case.reference)
    assert lines(done, "state", "identity")[0].startswith("account: open, no password yet; role association; ")
    (waits,) = lines(done, "waits on", "identity")
    assert waits == "the identity check by photo (running); since 2026-04-01T00:00:00Z; asked 7"


async def test_a_service_that_cannot_be_asked_is_named_with_the_reason_and_hinders_no_other(case: Case) -> None:
    case.urls["documents"] = f"postgresql+asyncpg://documents:x@{HOST}:{free_port()}/documents"
    done = await case.why(case.reference, only=("applications", "documents", "notifications"))
    assert lines(done, "not asked", "documents") == ["its database does not answer (ConnectionRefusedError)"]
    assert lines(done, "not asked", "identity") == ["its database is not in this environment"]
    assert lines(done, "state", "applications") != []
    assert lines(done, "state", "notifications") != []


async def test_a_database_of_another_release_is_no_reason_to_say_nothing(case: Case) -> None:
    await case.execute("documents", "ALTER TABLE document_sets DROP COLUMN state_since")
    done = await case.why(case.reference)
    assert lines(done, "not asked", "documents")[0].startswith("its database refuses to answer (")
    assert lines(done, "state", "applications") != []


async def test_pods_that_reach_one_database_each_add_their_parts_to_one_report(case: Case) -> None:
    """What the runbook types on Kubernetes: from pod to pod, through standard input."""
    whole = await case.why(case.reference)
    said = (await case.why(case.reference, "--json", only=("applications",))).output
    for service in ("documents", "notifications"):
        said = (await case.why("-", "--json", only=(service,), read=said)).output
    done = await case.why("-", only=("identity",), read=said)
    assert done.exit_code == 0
    assert done.output == whole.output
    assert "not asked" not in done.output


async def test_the_report_for_machines_holds_the_same_and_says_times_in_utc(case: Case) -> None:
    done = await case.why(case.reference, "--json")
    report = json.loads(done.output)
    assert report["reference"] == case.reference
    assert set(report["answers"]) == set(SERVICES)
    assert report["answers"]["applications"]["states"][0]["since"] == "2026-04-01T01:00:00Z"
    with pytest.raises(NotAReport):
        of_json('{"answers": {}}')


async def test_an_application_that_does_not_exist_and_a_broken_report_are_refused(case: Case) -> None:
    done = await case.why("B-0000-000000")
    assert (done.exit_code, "no such application" in done.output) == (1, True)
    done = await case.why("B-0000-000000", only=("documents",))
    assert (done.exit_code, "give the id here" in done.output) == (1, True)
    assert (await case.why("-", read="nothing")).exit_code == 2
    assert (await case.why(case.reference, only=())).exit_code == 2


async def test_an_owners_parked_events_count_as_the_applications(case: Case) -> None:
    event = OtpEnrolled(account_id=case.account_id)
    broken = record_of(event, type_name="madoguchi.identity.EkycStatusChanged.v1", body=b"no event")
    await case.counter.consumer.process([broken])
    (parked,) = lines(await case.why(case.reference), "PARKED", "applications")
    assert parked.startswith(f"identity.accounts.v1; key {case.account_id}; ")
