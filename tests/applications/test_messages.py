"""Messages between those who apply, organisations that take part, and the office; and its notices on a decision."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from applications.cases import lock
from applications.posting import post_notice
from applications.programmes import PROGRAMMES
from madoguchi_contracts import InvitationAccepted, Role
from sqlalchemy.exc import DBAPIError
from support import toy_programme
from support.counter import open_counter

REVIEWER, APPROVER = Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER
HELLO = {"subject": "提出書類について", "text": "源泉徴収票は、昨年分でよろしいでしょうか。"}
ANSWER = {"text": "はい、昨年分をお送りください。"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(postgres_url):
    """The service, with a programme besides that guests join and a company takes part in."""
    programmes = {**PROGRAMMES, toy_programme.PROGRAMME.name: toy_programme.PROGRAMME}
    async with open_counter(await postgres_url("applications"), programmes) as opened:
        yield opened


def place(application_id, thread_id=None, last=""):
    """The path of an application's threads, of one of them, or of what is done with it."""
    return "/".join(str(one) for one in (f"/v1/applications/{application_id}/threads", thread_id, last) if one)


async def begin(person, application_id, **changes):
    """Open a thread; returns it."""
    answer = await person.post(place(application_id), {**HELLO, **changes})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["thread_id"])


async def write(person, application_id, thread_id, **changes):
    """Write in a thread; returns the number of the message."""
    answer = await person.post(place(application_id, thread_id, "messages"), {**ANSWER, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


async def look(person, application_id, thread_id, after=0):
    """The thread as this person sees it."""
    answer = await person.get(f"{place(application_id, thread_id)}?after={after}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def unread(person, application_id):
    """What is unread, in the list of threads, and in the list of applications."""
    threads = (await person.get(place(application_id))).json()["items"]
    mine = await person.get("/v1/applications")
    listed = {one["application_id"]: one["unread"] for one in mine.json().get("items", ())}
    return sum(one["unread"] for one in threads), listed.get(str(application_id))


async def told(counter, application_id):
    """Of each message: whose side wrote, whom a mail tells of it, and whether the office's mailbox is told."""
    rows = await counter.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%MessagePosted%' ORDER BY version",
        id=application_id,
    )
    return [(row.data["sender"], [UUID(one) for one in row.data["notify"]], row.data["to_office"]) for row in rows]


@pytest.mark.rule("GL-052")
async def test_applicant_and_office_write_to_each_other_and_the_texts_are_encrypted(counter):
    filed = await counter.applied()
    application, officer = filed.application_id, counter.person(REVIEWER)
    thread = await begin(filed.owner, application)
    counter.clock.advance(minutes=1)
    assert await write(officer, application, thread) == 2
    seen = await look(filed.owner, application, thread)
    assert (seen["subject"], seen["last_number"], seen["next_after"]) == (HELLO["subject"], 2, None)
    assert [(one["number"], one["side"], one["own"], one["text"]) for one in seen["messages"]] == [
        (1, "applicant", True, HELLO["text"]),
        (2, "office", False, ANSWER["text"]),
    ]
    assert [one["author_id"] for one in seen["messages"]] == [str(filed.owner.account_id), None]
    authors = [one["author_id"] for one in (await look(officer, application, thread))["messages"]]
    assert authors == [str(filed.owner.account_id), str(officer.account_id)]
    stored = await counter.rows(
        "SELECT t.subject, m.content FROM threads t JOIN messages m ON m.thread_id = t.id WHERE t.id = :id", id=thread
    )
    events = await counter.rows("SELECT data::text FROM events WHERE aggregate_id = :id", id=application)
    everything = "".join(text for row in (*stored, *events) for text in row)
    assert not any(word in everything for word in ("源泉", "昨年", "提出書類"))


async def test_a_message_is_never_changed(counter):
    filed = await counter.applied()
    thread = await begin(filed.owner, filed.application_id)
    for sql in ("UPDATE messages SET content = 'x'", "DELETE FROM messages"):
        with pytest.raises(DBAPIError):
            await counter.rows(f"{sql} WHERE thread_id = :id RETURNING id", id=thread)


async def test_the_same_message_twice_is_one_message(counter):
    filed = await counter.applied()
    answers = [await filed.owner.post(place(filed.application_id), HELLO, key="once") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert len((await filed.owner.get(place(filed.application_id))).json()["items"]) == 1


async def test_a_subject_is_one_line(counter):
    filed = await counter.applied()
    thread = await begin(filed.owner, filed.application_id, subject=" 提出書類\nについて ")
    assert (await look(filed.owner, filed.application_id, thread))["subject"] == "提出書類 について"


async def test_messages_begin_when_something_was_handed_in(counter):
    owner = await counter.association()
    draft = await owner.start()
    answer = await owner.post(place(draft), HELLO)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yet_submitted")
    assert (await counter.person(REVIEWER).post(place(draft), HELLO)).status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"text": " 　\n"},
        {"text": "あ" * 4001},
        {"text": "\x00"},
        {"subject": " "},
        {"text": None},
    ],
)
async def test_a_message_says_something(counter, bad):
    filed = await counter.applied()
    assert (await filed.owner.post(place(filed.application_id), {**HELLO, **bad})).status_code == 422


# Who may


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plot(counter):
    """A granted request for a plot with everybody there is: owner, a guest, a company that is a party, the office."""
    owner = counter.person(Role.APPLICANT)
    firm = await counter.company()
    application = await owner.start("garden_plot")
    await owner.save(application, {"square_metres": 10, "surveyor": str(firm)})
    submitted = await owner.submit(application)
    assert submitted.status_code == 201, submitted.text
    filed = await counter.reviewed(owner, application)
    assert (await counter.approve(filed)).status_code == 200
    guest = counter.person(Role.JOINT_DEBTOR)
    await counter.hear(
        InvitationAccepted(
            account_id=guest.account_id,
            invitation_id=uuid4(),
            application_id=application,
            invited_by=owner.account_id,
            role="joint_debtor",
        )
    )
    return {
        "id": application,
        "owner": owner,
        "guest": guest,
        "firm": firm,
        "clerk": counter.clerk(firm),
        "officer": counter.person(REVIEWER),
        "approver": counter.person(APPROVER),
        "stranger": counter.person(Role.APPLICANT),
        "other_firm": counter.clerk(await counter.company("別の会社", "ベツノカイシャ")),
        "operator": counter.person(Role.OPERATOR),
    }


INSIDERS = ("owner", "guest", "officer", "approver")
EVERYBODY = (*INSIDERS, "clerk", "stranger", "other_firm", "operator")
OUTSIDERS = {"stranger": 404, "other_firm": 404, "operator": 403}


@pytest.mark.rule("GL-052")
@pytest.mark.parametrize("with_firm", [False, True])
@pytest.mark.parametrize("opener", INSIDERS)
@pytest.mark.parametrize("who", EVERYBODY)
async def test_who_may_read_and_write_in_a_thread(plot, who, opener, with_firm):
    named = {"organisations": [str(plot["firm"])]} if with_firm else {}
    thread = await begin(plot[opener], plot["id"], **named)
    expected = OUTSIDERS.get(who, 200)
    if who == "clerk" and not with_firm:
        expected = 404
    if who in {"owner", "guest"} and who != (opener if opener == "guest" else "owner"):
        expected = 404  # it is the thread of the person who opened it, or else the owner's
    person = plot[who]
    assert (await person.get(place(plot["id"], thread))).status_code == expected
    written = await person.post(place(plot["id"], thread, "messages"), ANSWER)
    assert written.status_code == (201 if expected == 200 else expected)
    assert (await person.post(place(plot["id"], thread, "read"), {"up_to": 1})).status_code == expected
    settled = await person.post(place(plot["id"], thread, "settle"), {"up_to": 1})
    assert settled.status_code == (200 if who in {"officer", "approver"} else 403)
    listed = await person.get("/v1/threads?state=waiting")
    assert listed.status_code == (200 if who in {"officer", "approver"} else 403)


@pytest.mark.parametrize("who", EVERYBODY)
async def test_who_may_open_a_thread_and_which_ones_are_listed(plot, who):
    without, with_firm = (
        await begin(plot["owner"], plot["id"]),
        await begin(plot["owner"], plot["id"], organisations=[str(plot["firm"])]),
    )
    answer = await plot[who].post(place(plot["id"]), HELLO)
    assert answer.status_code == OUTSIDERS.get(who, 201)
    listed = await plot[who].get(place(plot["id"]))
    assert listed.status_code == OUTSIDERS.get(who, 200)
    if listed.status_code == 200:
        found, following = {}, listed.json()
        while True:
            found |= {one["thread_id"]: one for one in following["items"]}
            if following["next_cursor"] is None:
                break
            following = (await plot[who].get(f"{place(plot['id'])}?cursor={following['next_cursor']}")).json()
        assert (str(with_firm) in found) is (who != "guest")
        assert (str(without) in found) is (who not in {"clerk", "guest"})
        opened = found[answer.json()["thread_id"]]
        assert opened["organisations"] == ([str(plot["firm"])] if who == "clerk" else [])
        assert opened["waiting_since"] is None or who not in {"officer", "approver"}


@pytest.mark.parametrize(("who", "shown"), [("owner", 2), ("guest", 1), ("clerk", 2), ("officer", 2)])
async def test_a_person_who_may_only_view_is_shown_what_asks_for_that_persons_papers(plot, counter, who, shown):
    filed = f"/v1/applications/{plot['id']}/corrections"
    size, sketch = {"field": "square_metres", "text": "広さ"}, {"slot": "sketch", "text": "見取図"}
    subject = {"subject": str(plot["guest"].account_id)}
    made = (await plot["officer"].post(filed, {"items": [size, {**sketch, **subject}]})).json()["correction_id"]
    await plot["officer"].post(filed, {"items": [size]})
    items = {one["correction_id"]: one["items"] for one in (await plot[who].get(filed)).json()["items"]}
    assert len(items[made]) == shown
    assert all(len(one) == 1 and one[0]["subject"] for one in items.values()) is (who == "guest")


async def test_nobody_is_brought_in_who_does_not_take_part(plot, counter):
    other = await counter.company("第三の会社", "ダイサンノカイシャ")
    for person, named in (("owner", other), ("officer", plot["guest"].account_id), ("clerk", other)):
        answer = await plot[person].post(place(plot["id"]), {**HELLO, "organisations": [str(named)]})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_of_this_application")


@pytest.mark.rule("GL-052")
async def test_others_are_let_into_a_thread_later_by_those_who_are_in_it_and_by_the_office(plot, counter):
    owner, guest, firm = plot["owner"], plot["guest"], str(plot["firm"])
    thread = await begin(guest, plot["id"])
    path = place(plot["id"], thread, "participants")
    before = (await unread(owner, plot["id"]))[1], (await unread(plot["clerk"], plot["id"]))[1]
    assert (await owner.post(path, {"persons": [str(owner.account_id)]})).status_code == 404  # nobody lets oneself in
    stranger = {"persons": [str(plot["stranger"].account_id)]}
    assert (await guest.post(path, stranger)).json()["code"] == "not_of_this_application"
    added = await guest.post(path, {"persons": [str(owner.account_id)]})
    assert (added.status_code, added.json()["persons"]) == (200, sorted([str(owner.account_id), str(guest.account_id)]))
    assert (await unread(owner, plot["id"]))[1] == before[0] + 1
    assert (await plot["officer"].post(path, {"organisations": [firm]})).json()["organisations"] == [firm]
    assert (await unread(plot["clerk"], plot["id"]))[1] == before[1] + 1
    assert (await plot["clerk"].post(path, {"persons": []})).status_code == 403
    rows = await counter.rows("SELECT account_id, added_by FROM thread_persons WHERE thread_id = :id", id=thread)
    assert {(one.account_id, one.added_by) for one in rows} == {
        (owner.account_id, guest.account_id),
        (guest.account_id, guest.account_id),
    }


@pytest.mark.rule("GL-052")
async def test_a_person_writes_so_much_in_a_day_of_japan_and_no_longer_messages(plot, counter, monkeypatch):
    monkeypatch.setitem(vars(counter.desk), "messages_per_day", 2)
    monkeypatch.setitem(vars(counter.desk), "message_length", 5)
    counter.clock.now = datetime(2026, 6, 1, 14, 58, tzinfo=UTC)  # two minutes before midnight in Japan
    owner = plot["owner"]
    thread = await begin(owner, plot["id"], text="一二三四五")
    messages = place(plot["id"], thread, "messages")
    long = await owner.post(messages, {"text": "一二三四五六"})
    assert (long.status_code, long.json()["code"]) == (422, "message_too_long")
    assert "5文字" in long.text
    assert (await owner.post(messages, {"text": "二通目"})).status_code == 201
    for path, body in ((messages, {"text": "三通目"}), (place(plot["id"]), {"subject": "件", "text": "三通目"})):
        refused = await owner.post(path, body)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_messages")
        assert "2件" in refused.text
    assert (await plot["officer"].post(messages, {"text": "事務局からの長い回答"})).status_code == 201
    assert (await plot["clerk"].post(place(plot["id"]), {"subject": "件", "text": "別の方"})).status_code == 201
    counter.clock.advance(minutes=2)
    assert (await owner.post(messages, {"text": "翌日"})).status_code == 201


async def test_a_thread_of_another_application_is_not_found(plot, counter):
    filed = await counter.applied()
    thread = await begin(filed.owner, filed.application_id)
    for person in (plot["owner"], plot["officer"]):
        assert (await person.get(place(plot["id"], thread))).status_code == 404
        assert (await person.post(place(plot["id"], thread, "messages"), ANSWER)).status_code == 404


async def test_who_does_not_take_part_any_more_reads_nothing_and_is_told_nothing(counter):
    managed = await counter.managed(1)
    application, firm = managed.application_id, managed.clerk.organisation_id
    thread = await begin(managed.owner, application, organisations=[str(firm)])
    await write(managed.clerk, application, thread)
    await counter.rows(
        "UPDATE application_parties SET until = :now WHERE application_id = :id RETURNING id",
        id=application,
        now=counter.clock(),
    )
    assert (await managed.clerk.get(place(application, thread))).status_code == 404
    counter.clock.advance(hours=1)
    await write(counter.person(REVIEWER), application, thread)
    assert (await told(counter, application))[-1] == ("office", [managed.owner.account_id], False)


async def test_reading_by_the_office_leaves_a_trace_and_writing_and_the_queue_do_not(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    thread = await begin(filed.owner, filed.application_id)
    await officer.get("/v1/threads?state=waiting")
    await write(officer, filed.application_id, thread)
    await look(officer, filed.application_id, thread)
    await officer.get(place(filed.application_id))
    rows = await counter.rows(
        "SELECT action FROM access_log WHERE application_id = :id ORDER BY id", id=filed.application_id
    )
    assert [row.action for row in rows] == ["view_thread", "list_threads"]


# Documents


async def test_a_message_refers_to_documents_of_the_application_alone(counter):
    filed = await counter.applied()
    application = filed.application_id
    rows = await counter.rows("SELECT documents FROM document_sets WHERE application_id = :id", id=application)
    documents = rows[0].documents
    ids = [one["document_id"] for one in documents]
    thread = await begin(filed.owner, application, documents=[ids[0], ids[1], ids[0]])
    (message,) = (await look(filed.owner, application, thread))["messages"]
    assert message["documents"] == [{"document_id": one["document_id"], "slot": one["slot"]} for one in documents]
    other = await counter.applied()
    refused = await other.owner.post(place(other.application_id), {**HELLO, "documents": [ids[0]]})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_of_this_application")
    assert (await other.owner.get(place(other.application_id))).json()["items"] == []


# Read marks


async def test_each_reader_has_read_what_that_reader_said(counter):
    filed = await counter.applied()
    application, owner, officer = filed.application_id, filed.owner, counter.person(REVIEWER)
    thread = await begin(owner, application)
    assert (await unread(owner, application), (await unread(officer, application))[0]) == ((0, 0), 1)
    for _ in range(3):
        await write(officer, application, thread)
    assert await unread(owner, application) == (3, 3)
    assert (await unread(officer, application))[0] == 1
    assert (await unread(counter.person(APPROVER), application))[0] == 1
    await owner.post(place(application, thread, "read"), {"up_to": 3})
    assert await unread(owner, application) == (1, 1)
    back = await owner.post(place(application, thread, "read"), {"up_to": 1})
    assert back.json()["up_to"] == 3  # what was read stays read
    beyond = await owner.post(place(application, thread, "read"), {"up_to": 100})
    assert beyond.json()["up_to"] == 4  # and what is still to come is not
    await write(officer, application, thread)
    assert await unread(owner, application) == (1, 1)


async def test_a_clerk_counts_the_messages_of_the_threads_of_the_clerks_organisation(plot, counter):
    filed = await counter.managed(1)
    application, firm = filed.application_id, filed.clerk.organisation_id
    await begin(filed.owner, application)
    assert await unread(filed.clerk, application) == (0, 0)
    thread = await begin(filed.owner, application, organisations=[str(firm)])
    assert await unread(filed.clerk, application) == (1, 1)
    await filed.clerk.post(place(application, thread, "read"), {"up_to": 1})
    assert await unread(filed.clerk, application) == (0, 0)
    assert await unread(counter.clerk(firm), application) == (1, 1)  # a colleague has not read it


async def test_replies_at_once_are_numbered_in_order_and_none_is_lost_from_the_count(counter):
    filed = await counter.applied()
    application, owner = filed.application_id, filed.owner
    thread = await begin(owner, application)
    officers = [counter.person(REVIEWER) for _ in range(4)]

    async def read_on() -> None:
        for _ in range(4):
            seen = await look(owner, application, thread)
            await owner.post(place(application, thread, "read"), {"up_to": seen["messages"][-1]["number"]})

    numbers = (
        await asyncio.gather(
            *(write(one, application, thread, text=f"返信{n}") for n, one in enumerate(officers)), read_on()
        )
    )[:-1]
    assert sorted(numbers) == [2, 3, 4, 5]
    (read,) = await counter.rows(
        "SELECT last_read FROM thread_readers WHERE thread_id = :id AND reader_id = :reader",
        id=thread,
        reader=owner.account_id,
    )
    assert await unread(owner, application) == (5 - max(read.last_read, 1),) * 2
    seen = await look(owner, application, thread)
    assert [one["number"] for one in seen["messages"]] == [1, 2, 3, 4, 5]


async def test_a_long_thread_is_read_in_pages(counter):
    filed = await counter.applied()
    thread = await begin(filed.owner, filed.application_id)
    for _ in range(51):
        await write(filed.owner, filed.application_id, thread)
    first = await look(filed.owner, filed.application_id, thread)
    assert (len(first["messages"]), first["next_after"]) == (50, 50)
    rest = await look(filed.owner, filed.application_id, thread, after=50)
    assert ([one["number"] for one in rest["messages"]], rest["next_after"]) == ([51, 52], None)


# What waits for the office


async def waiting(officer):
    """Every thread that waits, in order."""
    found, cursor = [], ""
    while cursor is not None:
        page = (await officer.get(f"/v1/threads?state=waiting{cursor and f'&cursor={cursor}'}")).json()
        found += page["items"]
        cursor = page["next_cursor"]
    return found


async def test_the_queue_has_what_waits_for_an_answer_oldest_first_and_without_subjects(counter):
    officer = counter.person(REVIEWER)
    first, second = await counter.applied(), await counter.applied()
    threads = []
    for filed in (first, second, first):
        counter.clock.advance(minutes=1)
        threads.append(await begin(filed.owner, filed.application_id))
    counter.clock.advance(minutes=1)
    await write(first.owner, first.application_id, threads[0])
    mine = {str(one) for one in threads}
    queue = [one for one in await waiting(officer) if one["thread_id"] in mine]
    assert [one["thread_id"] for one in queue] == [str(one) for one in threads]
    assert set(queue[0]) == {
        *("thread_id", "application_id", "reference", "programme", "waiting_since", "last_number"),
    }
    await write(officer, first.application_id, threads[0])
    await officer.post(place(second.application_id, threads[1], "settle"), {"up_to": 1})
    assert [one["thread_id"] for one in await waiting(officer) if one["thread_id"] in mine] == [str(threads[2])]


async def test_a_message_that_came_while_the_answer_was_written_goes_on_waiting(counter):
    filed = await counter.applied()
    application, officer = filed.application_id, counter.person(REVIEWER)
    thread = await begin(filed.owner, application)
    counter.clock.advance(minutes=1)
    await write(filed.owner, application, thread)
    later = counter.clock()
    counter.clock.advance(minutes=1)
    await write(officer, application, thread, seen=1)
    (waits,) = [one for one in await waiting(officer) if one["thread_id"] == str(thread)]
    assert waits["waiting_since"] == later.isoformat().replace("+00:00", "Z")
    await officer.post(place(application, thread, "settle"), {"up_to": 3})
    await write(counter.person(REVIEWER), application, thread, seen=1)  # an older answer opens nothing again
    assert str(thread) not in {one["thread_id"] for one in await waiting(officer)}


# Mails


@pytest.mark.rule("GL-052")
async def test_who_has_not_read_what_a_mail_told_of_is_told_again_after_ten_minutes_only(counter):
    filed = await counter.applied()
    application, owner, officer = filed.application_id, filed.owner, counter.person(REVIEWER)
    thread = await begin(officer, application)
    await write(officer, application, thread)
    counter.clock.advance(minutes=9, seconds=59)
    await write(officer, application, thread)
    counter.clock.advance(seconds=1)
    await write(officer, application, thread)
    await owner.post(place(application, thread, "read"), {"up_to": 4})
    await write(officer, application, thread)
    await begin(officer, application)  # another thread is another matter
    mailed, nobody = ("office", [owner.account_id], False), ("office", [], False)
    assert await told(counter, application) == [mailed, nobody, nobody, mailed, mailed, mailed]


async def test_the_mailbox_of_the_office_is_told_of_applicants_messages_until_somebody_has_answered(counter):
    filed = await counter.applied()
    application, owner, officer = filed.application_id, filed.owner, counter.person(REVIEWER)
    thread = await begin(owner, application)
    await write(owner, application, thread)
    counter.clock.advance(minutes=10)
    await write(owner, application, thread)
    await write(officer, application, thread)
    await write(owner, application, thread)
    mailed, quiet = ("applicant", [], True), ("applicant", [], False)
    assert await told(counter, application) == [
        *(mailed, quiet, mailed),
        ("office", [owner.account_id], False),
        mailed,
    ]


async def test_a_mail_tells_the_other_sides_and_of_an_organisation_those_who_worked_on_the_thread(plot, counter):
    owner, guest, clerk = plot["owner"], plot["guest"], plot["clerk"]
    before = len(await told(counter, plot["id"]))
    named = {"organisations": [str(plot["firm"])], "persons": [str(guest.account_id)]}
    thread = await begin(owner, plot["id"], **named)
    await write(clerk, plot["id"], thread)
    counter.clock.advance(minutes=10)
    await write(plot["officer"], plot["id"], thread)
    counter.clock.advance(minutes=10)
    await write(guest, plot["id"], thread)
    persons = sorted([owner.account_id, guest.account_id])
    assert (await told(counter, plot["id"]))[before:] == [
        ("applicant", [], True),
        ("organisation", persons, False),
        ("office", sorted([*persons, clerk.account_id]), False),
        ("applicant", [clerk.account_id], True),
    ]


# Notices on a decision


async def notify(counter, application_id, notice, **changes):
    """Post a notice as a step does, in its transaction."""
    async with counter.database.transaction() as session:
        application = await lock(session, counter.desk, application_id)
        return await post_notice(
            **{
                "session": session,
                "desk": counter.desk,
                "application": application,
                "topic": "decision",
                "subject": "審査結果のお知らせ",
                "notice": notice,
                "said": "融資承認通知書をお送りします。",
                "actor": None,
                "now": counter.clock(),
                **changes,
            }
        )


@pytest.mark.rule("GL-431", "GL-432")
async def test_the_notices_on_a_decision_come_into_one_thread_and_are_answered_there(counter):
    filed = await counter.applied()
    application, officer = filed.application_id, counter.person(APPROVER)
    first = await notify(counter, application, "approval_notice")
    second = await notify(counter, application, "repayment_notice", subject="another", said="返済額をご確認ください。")
    await write(filed.owner, application, first.thread_id, text="返済額を確認しました。")
    third = await notify(counter, application, "procedure_guidance")
    assert first.thread_id == second.thread_id == third.thread_id
    seen = await look(filed.owner, application, first.thread_id)
    assert (seen["topic"], seen["subject"]) == ("decision", "審査結果のお知らせ")
    assert [(one["side"], one["notice"], one["author_id"]) for one in seen["messages"]] == [
        ("office", "approval_notice", None),
        ("office", "repayment_notice", None),
        ("applicant", None, str(filed.owner.account_id)),
        ("office", "procedure_guidance", None),
    ]
    # The two notices of one step are one mail, and a notice answers no question.
    assert [one[1] for one in await told(counter, application)] == [[filed.owner.account_id], [], [], []]
    assert str(first.thread_id) in {one["thread_id"] for one in await waiting(officer)}
    assert await unread(filed.owner, application) == (3, 3)


@pytest.mark.rule("GL-431")
async def test_a_notice_of_a_step_that_fails_was_never_posted(counter):
    filed = await counter.applied()
    with pytest.raises(RuntimeError, match="the step failed"):
        async with counter.database.transaction() as session:
            application = await lock(session, counter.desk, filed.application_id)
            await post_notice(
                session=session,
                desk=counter.desk,
                application=application,
                topic="decision",
                subject="審査結果のお知らせ",
                notice="approval_notice",
                said="融資承認通知書をお送りします。",
                actor=None,
                now=counter.clock(),
            )
            raise RuntimeError("the step failed")
    assert (await filed.owner.get(place(filed.application_id))).json()["items"] == []
    assert await told(counter, filed.application_id) == []


@pytest.mark.rule("GL-361")
async def test_the_office_says_before_the_visit_which_originals_are_needed_and_the_applicant_is_told_to_log_in(counter):
    filed = await counter.applied()
    officer = counter.person(REVIEWER)
    said = {"subject": "ご来店時にお持ちいただく原本", "text": "本人確認書類の原本をお持ちください。"}
    thread = await begin(officer, filed.application_id, **said)
    (message,) = (await look(filed.owner, filed.application_id, thread))["messages"]
    assert (message["side"], message["text"]) == ("office", said["text"])
    assert await told(counter, filed.application_id) == [("office", [filed.owner.account_id], False)]


# Corrections of what is not part of a thread are in test_corrections.py; contact notes stay the office's own.


async def test_what_the_office_notes_for_itself_is_in_no_thread(counter):
    filed = await counter.applied()
    note = {"about": "name", "text": "お電話で確認しました。"}
    path = f"/v1/applications/{filed.application_id}/contact-notes"
    assert (await counter.person(REVIEWER).post(path, note)).status_code == 201
    assert (await filed.owner.get(place(filed.application_id))).json()["items"] == []
    assert await told(counter, filed.application_id) == []
