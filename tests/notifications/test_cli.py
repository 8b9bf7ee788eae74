"""`madoguchi mail`: what operators see and do."""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from kit.clock import system_clock
from notifications.cli import commands
from notifications.previews import previews
from support.mailroom import Mailroom, Person
from support.smtp_faults import Fault
from typer.testing import CliRunner


async def mail(room: Mailroom, *arguments: str) -> Result:
    """Run the command as an operator does, with a loop of its own."""
    environment = {"MADOGUCHI_DATABASE_URL": room.database.url, "MADOGUCHI_OPERATOR": "operator-2"}
    return await asyncio.to_thread(CliRunner().invoke, commands, list(arguments), env=environment)


async def failed_mail(room: Mailroom) -> UUID:
    room.clock.now = system_clock()  # the command knows only the real time
    room.smtp.on("rcpt", Fault("550 5.1.1 no such user"))
    await room.hear_and_deliver(Person().asks_to_register(room.clock()))
    (row,) = await room.rows()
    assert row.state == "failed"
    return row.id


async def test_mails_are_listed_and_shown_with_every_try_and_nothing_personal(room: Mailroom):
    message_id = await failed_mail(room)
    await room.hear_and_deliver(Person().gets_user_id())
    listed = await mail(room, "list")
    assert [json.loads(line)["id"] for line in listed.output.splitlines()] == [str(message_id)]
    accepted = await mail(room, "list", "--state", "accepted")
    assert [json.loads(line)["template"] for line in accepted.output.splitlines()] == ["NO-03"]
    shown = await mail(room, "show", str(message_id))
    facts = json.loads(shown.output)
    assert facts["subject"].startswith("【住宅金融支援機構】")
    assert [(t["outcome"], t["code"], t["answer"]) for t in facts["tries"]] == [("failed", "550", "5.1.1 no such user")]
    for personal in ("hanako", "青葉", "token"):
        assert personal not in listed.output + shown.output


async def test_a_failed_mail_is_redriven_with_a_reason_and_then_accepted(room: Mailroom):
    message_id = await failed_mail(room)
    done = await mail(room, "redrive", str(message_id), "--reason", "mailbox exists now", "--by", "operator-1")
    assert done.exit_code == 0, done.output
    room.clock.now = system_clock()
    await room.deliver()
    assert await room.states() == [("NO-02", "accepted")]
    facts = json.loads((await mail(room, "show", str(message_id))).output)
    assert [t["number"] for t in facts["tries"]] == [1, 2]
    (redrive,) = facts["redrives"]
    assert (redrive["from_state"], redrive["reason"], redrive["done_by"]) == (
        "failed",
        "mailbox exists now",
        "operator-1",
    )
    assert datetime.fromisoformat(redrive["done_at"]).tzinfo is not None


async def test_a_redriven_mail_has_a_new_day_of_tries(room: Mailroom):
    message_id = await failed_mail(room)
    await room.rows(
        "UPDATE messages SET round_started_at = now() - interval '25 hours', round_attempts = 1 RETURNING 1"
    )
    await mail(room, "redrive", str(message_id), "--reason", "again")
    room.clock.now = system_clock()
    room.smtp.on("rcpt", Fault("451 not now"))
    await room.deliver()
    (row,) = await room.rows()
    assert (row.state, row.attempts, row.round_attempts) == ("retry", 2, 1)
    assert row.due_at - room.clock() <= timedelta(seconds=30)


async def test_all_mails_of_a_state_are_redriven_at_once(room: Mailroom):
    await failed_mail(room)
    done = await mail(room, "redrive", "--state", "failed", "--reason", "relay was misconfigured")
    assert done.exit_code == 0, done.output
    assert await room.states() == [("NO-02", "queued")]


async def test_what_is_done_or_dead_is_not_redriven(room: Mailroom):
    message_id = await failed_mail(room)
    await room.rows("UPDATE messages SET link_expires_at = now() - interval '1 second' RETURNING 1")
    dead = await mail(room, "redrive", str(message_id), "--reason", "again")
    assert (dead.exit_code, "not_redrivable" in dead.output) == (1, True)
    taro = Person()
    await room.hear_and_deliver(taro.gets_user_id())
    accepted = (await room.rows())[-1]
    again = await mail(room, "redrive", str(accepted.id), "--reason", "again")
    assert (again.exit_code, "not_redrivable accepted" in again.output) == (1, True)
    nobody = await mail(room, "redrive", str(uuid4()), "--reason", "again")
    assert (nobody.exit_code, "no_such_mail" in nobody.output) == (1, True)
    assert await room.rows("SELECT 1 FROM redrives") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("redrive", str(uuid4())),
        ("redrive", str(uuid4()), "--reason", " "),
        ("redrive", "--reason", "all of them"),
        ("redrive", str(uuid4()), "--state", "failed", "--reason", "both"),
        ("redrive", str(uuid4()), "--reason", "again", "--by", " "),
    ],
)
async def test_a_redrive_needs_a_reason_a_name_and_one_choice_of_mails(room: Mailroom, arguments: tuple[str, ...]):
    assert (await mail(room, *arguments)).exit_code == 2


async def test_showing_what_is_not_there_says_so(room: Mailroom):
    shown = await mail(room, "show", str(uuid4()))
    assert (shown.exit_code, "no such mail" in shown.output) == (1, True)


async def test_previews_are_written_where_one_asks(room: Mailroom, tmp_path: Path):
    await mail(room, "preview", str(tmp_path / "previews"))
    written = {str(path.relative_to(tmp_path / "previews")) for path in (tmp_path / "previews").rglob("*.*")}
    assert written == set(previews())
