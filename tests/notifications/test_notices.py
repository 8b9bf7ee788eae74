"""NO-11: notices of the agency, to one association or to all of a programme."""

import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import Result
from notifications import notices
from notifications.cli import commands
from notifications.notices import PREFIX, notice
from support.mailroom import VAULT, Mailroom, Person, body_of
from typer.testing import CliRunner

TEXT = "いつもご利用いただき、ありがとうございます。\n\n12月29日から1月3日まで、お電話の受付をお休みします。\n"
BANK_HOLIDAYS = notice("bond", "年末年始の営業について", TEXT)


async def send(room: Mailroom, file: Path, *arguments: str, text: str = TEXT) -> Result:
    """Run the command as an operator does."""
    await asyncio.to_thread(file.write_text, text, "utf-8")
    environment = {
        "MADOGUCHI_DATABASE_URL": room.database.url,
        "MADOGUCHI_VAULT_KEYS": json.dumps({"current": "1", "keys": {"1": base64.b64encode(b"k" * 32).decode()}}),
    }
    command = ["notice", str(file), "--subject", "年末年始の営業について", "--programme", "bond", "--by", "office-1"]
    return await asyncio.to_thread(CliRunner().invoke, commands, [*command, *arguments], env=environment)


async def approved(room: Mailroom, number: int) -> list[Person]:
    """People who take part in the programme; the mailbox is empty again."""
    people = [Person(mail=f"person{n}@example.jp") for n in range(number)]
    for person in people:
        await room.hear_and_deliver(person.gets_user_id(), person.is_approved(uuid4()))
    room.smtp.received.clear()
    return people


async def arrive(room: Mailroom) -> list[tuple[str, ...]]:
    """Send everything however late it is due; returns who got mail."""
    room.clock.now = (await room.rows("SELECT now() + interval '1 hour' AS at"))[0].at
    await room.deliver()
    return sorted(mail.recipients for mail in room.smtp.received)


# What a notice is


@pytest.mark.rule("NO-11")
def test_a_notice_has_the_agency_in_its_subject_and_paragraphs() -> None:
    assert BANK_HOLIDAYS.subject == "【住宅金融支援機構】年末年始の営業について"
    assert [part[:5] for part in BANK_HOLIDAYS.paragraphs] == ["いつもご利", "12月29"]
    assert notice("bond", f"{PREFIX}年末年始の営業について", TEXT.replace("\n", "\r\n")) == BANK_HOLIDAYS
    assert BANK_HOLIDAYS.id == notice("other", "年末年始の営業について", f"\n{TEXT}\n\n").id
    assert BANK_HOLIDAYS.id != notice("bond", "年始の営業について", TEXT).id


@pytest.mark.parametrize(("subject", "body"), [("", "x"), (PREFIX, "x"), ("x", ""), ("x", " \n\n ")])
def test_a_notice_that_says_nothing_is_refused(subject: str, body: str) -> None:
    with pytest.raises(ValueError, match="needs"):
        notice("bond", subject, body)


# To whom


@pytest.mark.rule("NO-11", "NO-13")
async def test_a_notice_goes_to_the_registered_address_of_one_association(room: Mailroom, tmp_path: Path):
    hanako, _ = await approved(room, 2)
    done = await send(room, tmp_path / "notice.txt", "--account", str(hanako.account_id))
    assert (done.exit_code, done.output) == (0, "1 queued\n")
    assert await arrive(room) == [(hanako.mail,)]
    (mail,) = room.smtp.accepted
    assert mail["Subject"] == BANK_HOLIDAYS.subject
    assert "青葉 花子 様" in body_of(mail)
    assert "お電話の受付をお休みします。" in body_of(mail, "html")
    (row,) = await room.rows("SELECT * FROM messages WHERE template = 'NO-11'")
    assert (row.subject, row.state, row.content) == (BANK_HOLIDAYS.subject, "accepted", None)
    assert row.cause_event_id == BANK_HOLIDAYS.id


@pytest.mark.rule("NO-11")
async def test_a_notice_to_a_programme_reaches_each_of_its_participants_once(
    room: Mailroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(notices, "BATCH", 2)
    people = await approved(room, 5)
    applicant = Person(mail="applicant@example.jp")  # registered, never approved
    await room.hear(applicant.gets_user_id())
    await room.deliver()
    room.smtp.received.clear()
    file = tmp_path / "notice.txt"
    assert (await send(room, file, "--account", str(people[0].account_id))).output == "1 queued\n"
    assert (await send(room, file)).output == "4 queued\n"
    assert (await send(room, file)).output == "0 queued\n"
    assert await arrive(room) == sorted((person.mail,) for person in people)
    rows = await room.rows("SELECT notice_id, account_id, mails, done_by, subject FROM notices ORDER BY id")
    assert [(row.account_id, row.mails, row.done_by) for row in rows] == [
        (people[0].account_id, 1, "office-1"),
        (None, 4, "office-1"),
        (None, 0, "office-1"),
    ]
    assert {row.notice_id for row in rows} == {BANK_HOLIDAYS.id}

    late = await approved(room, 1)
    assert (await send(room, file)).output == "1 queued\n"
    assert await arrive(room) == [(late[0].mail,)]
    assert (await send(room, file, text=TEXT + "\n追伸\n")).output == "6 queued\n"


@pytest.mark.rule("NO-11")
async def test_a_change_that_is_approved_again_makes_nobody_a_participant_twice(room: Mailroom):
    hanako = Person()
    application = uuid4()
    await room.hear(
        hanako.gets_user_id(), hanako.is_approved(application), hanako.is_approved(application, first=False)
    )
    rows = await room.rows("SELECT programme, account_id FROM participants")
    assert [tuple(row) for row in rows] == [("bond", hanako.account_id)]


async def test_nobody_is_written_to_whose_address_is_not_known_and_no_empty_notice_is_sent(
    room: Mailroom, tmp_path: Path
):
    await approved(room, 1)
    unknown = await send(room, tmp_path / "notice.txt", "--account", str(uuid4()))
    assert (unknown.exit_code, unknown.output) == (1, "no_such_contact\n")
    empty = await send(room, tmp_path / "notice.txt", text="\n")
    assert empty.exit_code == 2
    assert await room.rows("SELECT 1 FROM notices") == []
    assert await arrive(room) == []


# How fast, and beside what


@pytest.mark.rule("NO-11")
async def test_notices_go_out_at_the_rate_that_was_asked_for_and_hold_up_no_link(room: Mailroom):
    people = await approved(room, 4)
    ids = [person.account_id for person in people]
    assert await room.sends_notice(BANK_HOLIDAYS, *ids, per_minute=2) == 4
    await room.deliver()
    assert len(room.smtp.received) == 1
    await room.hear_and_deliver(people[3].gets_password_link(room.clock()))
    assert room.smtp.received[-1].recipients == (people[3].mail,)  # does not wait for the notice before it
    for seconds, sent in ((29, 2), (1, 3), (30, 4), (30, 5)):
        room.clock.now += timedelta(seconds=seconds)
        await room.deliver()
        assert len(room.smtp.received) == sent


@pytest.mark.rule("NO-12")
async def test_a_notice_waits_under_the_vault_until_it_is_sent(room: Mailroom):
    (hanako,) = await approved(room, 1)
    await room.sends_notice(BANK_HOLIDAYS, hanako.account_id)
    (row,) = await room.rows("SELECT * FROM messages WHERE template = 'NO-11'")
    content = json.loads(VAULT.decrypt(row.content, f"content:{row.id}"))
    assert content == {"subject": BANK_HOLIDAYS.subject, "paragraphs": list(BANK_HOLIDAYS.paragraphs)}
    told = [data for name, data in await room.told() if name == "MailQueued" and data["template"] == "NO-11"]
    assert [UUID(one["cause_event_id"]) for one in told] == [BANK_HOLIDAYS.id]
