"""Sending: what the relay answers, what it does not answer, and what a crash leaves behind."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from notifications.commands import LEASE
from notifications.courier import Pacer
from notifications.delivery import FIRST_PAUSE, GIVE_UP_AFTER, LONGEST_PAUSE
from support.mailroom import Mailroom, Person, courier_on, relay_at
from support.smtp_faults import FINE, Fault, ScriptedSmtp

HANG_UP = Fault(hang_up=True)


async def attempts(room: Mailroom) -> list[tuple[int, str, str]]:
    rows = await room.rows("SELECT number, outcome, code FROM attempts ORDER BY started_at, number")
    return [tuple(row) for row in rows]


async def user_id_mail(room: Mailroom) -> Person:
    """One mail that is sent again when its outcome is unknown (NO-03)."""
    hanako = Person()
    await room.hear(hanako.gets_user_id())
    return hanako


async def password_mail(room: Mailroom) -> None:
    """One mail that is not sent again when its outcome is unknown (NO-05); the mailbox is empty."""
    hanako = await user_id_mail(room)
    await room.deliver()
    await room.hear(hanako.sets_password())
    room.smtp.received.clear()
    room.courier.relays.close_idle(0)  # so that scripts of the banner meet the next mail


async def until(condition, seconds: float = 5.0) -> None:
    """Wait for a server or a task to get somewhere."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


# Answers


@pytest.mark.parametrize("stage", ["banner", "mail", "rcpt", "data"])
@pytest.mark.parametrize("code", ["421", "451"])
async def test_a_no_for_now_is_tried_again_later_and_accepted_once(room: Mailroom, stage, code: str):
    await user_id_mail(room)
    room.smtp.on(stage, Fault(f"{code} 4.3.0 not now"))
    await room.deliver()
    assert await room.states() == [("NO-03", "retry")]
    (row,) = await room.rows()
    assert FIRST_PAUSE / 2 <= row.due_at - room.clock() <= FIRST_PAUSE
    room.clock.now = row.due_at - timedelta(milliseconds=1)
    await room.deliver()
    assert len(room.smtp.accepted) == 0
    room.clock.now = row.due_at
    await room.deliver()
    assert len(room.smtp.accepted) == 1
    assert await attempts(room) == [(1, "retry", code), (2, "accepted", "250")]
    assert (await room.told())[-1] == ("MailAccepted", {**(await room.told())[-1][1], "attempts": 2})


@pytest.mark.rule("NO-12")
@pytest.mark.parametrize("stage", ["rcpt", "data"])
async def test_a_no_for_good_is_not_tried_again_and_is_told(room: Mailroom, stage):
    hanako = await user_id_mail(room)
    room.smtp.on(stage, Fault(f"550 5.1.1 <{hanako.mail}>: no such user"))
    await room.deliver()
    room.clock.advance(days=2)
    await room.deliver()
    assert await room.states() == [("NO-03", "failed")]
    assert await attempts(room) == [(1, "failed", "550")]
    assert [(name, data.get("code")) for name, data in await room.told()][-1] == ("MailFailed", "550")
    (row,) = await room.rows("SELECT answer FROM attempts")
    assert row.answer == "5.1.1 <...> no such user"


async def test_a_relay_that_refuses_us_is_not_taken_for_a_fault_of_the_mail(room: Mailroom):
    # A wrong password or a blocked sender would else fail every mail in the queue for good.
    await user_id_mail(room)
    room.smtp.on("mail", Fault("550 5.7.1 sender not allowed"))
    await room.deliver()
    assert await room.states() == [("NO-03", "retry")]


async def test_an_address_that_no_server_takes_fails_without_a_try_at_a_relay(room: Mailroom):
    await room.hear(Person(mail="hanako@bad_domain").gets_user_id())
    await room.deliver()
    assert await room.states() == [("NO-03", "failed")]
    assert await attempts(room) == [(1, "failed", "bad_address")]
    assert room.smtp.connections == 0


async def test_after_a_day_of_tries_the_mail_is_given_up_and_kept(room: Mailroom):
    await user_id_mail(room)
    await room.smtp.stop()
    started, pauses = room.clock(), []
    while (row := (await room.rows())[0]).due_at is not None:
        pauses.append(row.due_at - room.clock())
        room.clock.now = row.due_at
        await room.deliver()
    assert await room.states() == [("NO-03", "failed")]
    assert room.clock() - started == GIVE_UP_AFTER
    assert max(pauses) <= LONGEST_PAUSE
    assert [(name, data.get("code")) for name, data in await room.told()][-1] == ("MailFailed", "gave_up")


async def test_a_new_mail_gives_the_waiting_one_before_it_a_try_at_once(room: Mailroom):
    hanako = await user_id_mail(room)
    room.smtp.on("rcpt", Fault("452 4.2.2 mailbox full"))
    await room.deliver()
    await room.hear(hanako.is_reminded())
    await room.deliver()
    assert await room.states() == [("NO-03", "accepted"), ("NO-07", "accepted")]


# Several relays


@pytest.mark.parametrize(
    ("stage", "fault"),
    [
        ("banner", Fault("421 4.3.2 closing")),
        ("banner", Fault("554 5.3.2 no service")),
        ("banner", Fault(wait_seconds=30)),
        ("banner", HANG_UP),
        ("mail", HANG_UP),
        ("mail", Fault("452 4.3.1 no space")),
        ("rcpt", HANG_UP),
        ("rcpt", Fault("451 4.7.1 not now")),
        ("data", Fault("451 4.3.0 not now")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.reply[:3] or ("slow", "hang up")[value.hang_up],
)
async def test_the_second_relay_takes_what_the_first_one_did_not(room: Mailroom, stage, fault: Fault):
    async with ScriptedSmtp() as second:
        room.courier.relays = courier_on(
            room.database, room.clock, [relay_at(room.smtp.port), relay_at(second.port)]
        ).relays
        room.smtp.on(stage, fault)
        await user_id_mail(room)
        await room.deliver()
        assert (len(room.smtp.accepted), len(second.accepted)) == (0, 1)
        assert await room.states() == [("NO-03", "accepted")]
        room.courier.relays.close_idle(0)


async def test_a_relay_that_is_down_is_asked_last_for_a_while_and_mails_go_on(room: Mailroom):
    async with ScriptedSmtp() as second:
        relays = courier_on(room.database, room.clock, [relay_at(room.smtp.port), relay_at(second.port)]).relays
        room.courier.relays = relays
        await room.smtp.stop()
        await user_id_mail(room)
        await room.deliver()
        await room.smtp.start_again()
        await user_id_mail(room)
        await room.deliver()
        assert len(second.accepted) == 2
        await second.stop()
        relays.close_idle(0)
        await user_id_mail(room)
        await room.deliver()
        assert len(room.smtp.accepted) == 1  # better a resting relay than none
        relays.close_idle(0)


async def test_readiness_says_when_no_relay_can_be_spoken_to(room: Mailroom):
    await room.courier.relays.answers()
    await room.smtp.stop()
    await user_id_mail(room)
    await room.deliver()
    with pytest.raises(ConnectionError):
        await room.courier.relays.answers()


async def test_a_connection_that_went_stale_is_replaced_at_once(room: Mailroom):
    hanako = await user_id_mail(room)
    await room.deliver()
    room.smtp.on("mail", HANG_UP, FINE)
    await room.hear_and_deliver(hanako.sets_password())
    assert await attempts(room) == [(1, "accepted", "250"), (1, "accepted", "250")]


# Nobody knows


async def test_a_mail_lost_after_data_is_sent_again_as_the_very_same_mail(room: Mailroom):
    await user_id_mail(room)
    room.smtp.on("data", HANG_UP)
    await room.deliver()
    assert await room.states() == [("NO-03", "unknown")]
    room.clock.advance(seconds=30)
    await room.deliver()
    assert await room.states() == [("NO-03", "accepted")]
    lost, again = room.smtp.received
    assert (lost.accepted, again.accepted) == (False, True)
    assert lost.content == again.content  # with its Message-ID: a mailbox that has both can tell
    assert [name for name, _ in await room.told()] == ["MailQueued", "MailAccepted"]


async def test_no_other_relay_is_tried_once_nobody_knows(room: Mailroom):
    async with ScriptedSmtp() as second:
        relays = courier_on(room.database, room.clock, [relay_at(room.smtp.port), relay_at(second.port)]).relays
        room.courier.relays = relays
        room.smtp.on("data", HANG_UP)
        await user_id_mail(room)
        await room.deliver()
        assert second.connections == 0
        assert await room.states() == [("NO-03", "unknown")]


async def test_a_relay_that_takes_the_content_and_says_nothing_leaves_the_mail_unknown(room: Mailroom):
    await user_id_mail(room)
    room.smtp.on("data", Fault(wait_seconds=30))
    await room.deliver()
    assert await room.states() == [("NO-03", "unknown")]
    assert await attempts(room) == [(1, "unknown", "timeout")]


async def test_a_mail_that_only_informs_is_not_sent_again_when_nobody_knows(room: Mailroom):
    await password_mail(room)
    room.smtp.on("data", HANG_UP)
    await room.deliver()
    room.clock.advance(days=2)
    await room.deliver()
    assert (await room.states())[1] == ("NO-05", "unknown")
    assert len(room.smtp.received) == 1
    assert [(name, data.get("code")) for name, data in await room.told()][-1] == ("MailFailed", "unknown")


# Crashes


async def kill_during(room: Mailroom, stage) -> None:
    """Start to send, and kill the courier while the relay takes its time at `stage`."""
    before = room.smtp.visits[stage]
    room.smtp.on(stage, Fault(wait_seconds=0.3))
    (task,) = await room.courier.start_due()
    await until(lambda: room.smtp.visits[stage] > before)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.4)


async def test_a_courier_killed_before_data_loses_nothing_and_doubles_nothing(room: Mailroom):
    await password_mail(room)
    await kill_during(room, "mail")
    await room.deliver()
    assert room.smtp.received == []
    assert (await room.states())[1] == ("NO-05", "sending")
    room.clock.now += LEASE
    await room.deliver()
    assert (await room.states())[1] == ("NO-05", "retry")
    room.clock.now += FIRST_PAUSE
    await room.deliver()
    assert (await room.states())[1] == ("NO-05", "accepted")
    assert len(room.smtp.received) == 1
    assert [(n, outcome, code) for n, outcome, code in await attempts(room)][1:] == [
        (1, "retry", "crashed"),
        (2, "accepted", "250"),
    ]


async def test_a_courier_killed_after_data_leaves_the_mail_unknown_and_says_so(room: Mailroom):
    await password_mail(room)
    await kill_during(room, "data")
    room.clock.now += LEASE
    await room.deliver()
    assert (await room.states())[1] == ("NO-05", "unknown")
    room.clock.advance(days=1)
    await room.deliver()
    assert len(room.smtp.received) <= 1
    assert (await attempts(room))[1:] == [(1, "unknown", "crashed")]


async def test_a_courier_killed_after_data_sends_a_needed_mail_again(room: Mailroom):
    await user_id_mail(room)
    await kill_during(room, "data")
    room.clock.now += LEASE
    await room.deliver()
    room.clock.now += FIRST_PAUSE
    await room.deliver()
    assert await room.states() == [("NO-03", "accepted")]
    assert len({one.message["Message-ID"] for one in room.smtp.received}) == 1


async def test_a_second_try_killed_before_data_is_not_unknown_because_the_first_one_was(room: Mailroom):
    await user_id_mail(room)
    room.smtp.on("data", HANG_UP)
    await room.deliver()
    room.clock.now += FIRST_PAUSE
    await kill_during(room, "mail")
    room.clock.now += LEASE
    await room.deliver()
    assert await room.states() == [("NO-03", "retry")]
    assert await attempts(room) == [(1, "unknown", "connection"), (2, "retry", "crashed")]


async def test_an_accepted_mail_is_never_sent_again(room: Mailroom):
    await user_id_mail(room)
    await room.deliver()
    room.clock.advance(days=30)
    await room.courier.sweep()
    await room.deliver()
    assert len(room.smtp.received) == 1


async def test_a_courier_that_slept_through_its_lease_finds_the_mail_gone_before_it_sends(room: Mailroom):
    await password_mail(room)
    room.smtp.on("mail", Fault(wait_seconds=1.5))
    before = room.smtp.visits["mail"]
    (sleeper,) = await room.courier.start_due()
    await until(lambda: room.smtp.visits["mail"] > before)
    room.clock.now += LEASE
    other = courier_on(room.database, room.clock, [relay_at(room.smtp.port)])
    assert await other.start_due() == []  # settles what looks like a crash; the next try is due later
    await sleeper
    assert room.smtp.received == []
    assert (await room.states())[1] == ("NO-05", "retry")


async def test_an_answer_that_comes_after_the_lease_still_counts(room: Mailroom):
    await password_mail(room)
    room.smtp.on("data", Fault(wait_seconds=1.5))
    before = room.smtp.visits["data"]
    (slow,) = await room.courier.start_due()
    await until(lambda: room.smtp.visits["data"] > before)
    room.clock.now += LEASE
    assert await courier_on(room.database, room.clock, [relay_at(room.smtp.port)]).start_due() == []
    assert (await room.states())[1] == ("NO-05", "unknown")
    await slow
    assert (await room.states())[1] == ("NO-05", "accepted")
    assert (await attempts(room))[-1] == (1, "accepted", "250")


async def test_an_answer_that_comes_while_the_database_is_gone_is_not_forgotten(room: Mailroom):
    await password_mail(room)
    before = room.smtp.visits["data"]
    room.smtp.on("data", Fault(wait_seconds=0.5))
    (task,) = await room.courier.start_due()
    await until(lambda: room.smtp.visits["data"] > before)
    killer = await asyncpg.connect(room.database.dsn)
    killed = await killer.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
    )
    await killer.close()
    assert killed
    await task
    assert (await room.states())[1] == ("NO-05", "accepted")


async def test_two_couriers_share_the_work_and_send_each_mail_once_and_in_order(room: Mailroom):
    people = [Person(mail=f"person{number}@example.jp") for number in range(12)]
    for person in people:
        await room.hear(person.gets_user_id(), person.sets_password(), person.is_reminded())
    other = courier_on(room.database, room.clock, [relay_at(room.smtp.port)])

    async def work(courier) -> None:
        while any(state != "accepted" for _, state in await room.states()):
            await asyncio.gather(*await courier.start_due())

    async with asyncio.timeout(30):
        await asyncio.gather(work(room.courier), work(other))
    by_person: dict[str, list[str]] = {}
    for mail in room.smtp.accepted:
        by_person.setdefault(str(mail["To"]), []).append(str(mail["Subject"])[-10:])
    assert len(by_person) == 12
    assert len({tuple(subjects) for subjects in by_person.values()}) == 1
    assert len(room.smtp.received) == 36
    other.relays.close_idle(0)


# Links


@pytest.mark.rule("NO-02", "ID-10")
@pytest.mark.parametrize(("seconds", "mails"), [(-1, 1), (0, 0)], ids=["a second before", "at the moment"])
async def test_a_dead_link_is_not_sent(room: Mailroom, seconds: int, mails: int):
    await room.hear(Person().asks_to_register(room.clock()))
    room.clock.advance(minutes=30, seconds=seconds)
    await room.deliver()
    await room.courier.sweep()
    assert len(room.smtp.received) == mails
    (row,) = await room.rows()
    assert row.state == ("accepted" if mails else "expired")
    assert row.content is None
    if not mails:
        assert [(name, data.get("code")) for name, data in await room.told()][-1] == ("MailFailed", "link_expired")


async def test_an_expired_mail_lets_the_next_one_of_the_same_person_go(room: Mailroom):
    hanako = Person()
    room.smtp.on("rcpt", Fault("451 4.7.1 not now"))
    await room.hear_and_deliver(hanako.asks_to_register(room.clock(), "old"))
    room.clock.advance(minutes=31)
    await room.hear(hanako.asks_to_register(room.clock(), "new"))
    await room.courier.sweep()
    await room.deliver()
    assert await room.states() == [("NO-02", "expired"), ("NO-02", "accepted")]


async def test_a_failed_link_is_kept_for_a_redrive_as_long_as_it_works_and_then_forgotten(room: Mailroom):
    room.smtp.on("rcpt", Fault("550 5.1.1 no"))
    await room.hear_and_deliver(Person().asks_to_register(room.clock()))
    await room.courier.sweep()
    assert (await room.rows())[0].content is not None
    room.clock.advance(minutes=30)
    await room.courier.sweep()
    (row,) = await room.rows()
    assert (row.state, row.content) == ("failed", None)


# The loop


async def test_the_running_courier_sends_at_once_when_the_bell_rings_and_stops_when_asked(
    room: Mailroom, monkeypatch: pytest.MonkeyPatch
):
    stop, beats = asyncio.Event(), []
    monkeypatch.setattr(room.database, "after_events", room.courier.ring)
    running = asyncio.create_task(room.courier.run(stop, lambda: beats.append(1)))
    await asyncio.sleep(0.2)
    await room.hear(Person().gets_user_id())
    await until(lambda: room.smtp.accepted, 0.9)  # sooner than its own look
    stop.set()
    await asyncio.wait_for(running, 5)
    assert beats
    assert await room.states() == [("NO-03", "accepted")]


async def test_a_courier_with_its_hands_full_takes_the_next_mail_as_soon_as_one_is_free(room: Mailroom):
    courier = courier_on(room.database, room.clock, [relay_at(room.smtp.port)], parallel=1)
    for _ in range(8):
        await user_id_mail(room)
    room.smtp.on("rcpt", *[Fault("451 4.7.1 not now")] * 7)
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop, lambda: None))
    await until(lambda: room.smtp.accepted, 5)  # its own look alone would take eight seconds
    stop.set()
    await running


async def test_the_running_courier_finds_by_itself_what_no_bell_announced(room: Mailroom):
    stop = asyncio.Event()
    running = asyncio.create_task(room.courier.run(stop, lambda: None))
    await asyncio.sleep(0.2)
    await room.hear(Person().gets_user_id())
    await until(lambda: room.smtp.accepted, 3)
    stop.set()
    await running


async def test_stopping_finishes_what_is_being_sent(room: Mailroom):
    stop = asyncio.Event()
    room.smtp.on("data", Fault(wait_seconds=0.5))
    await user_id_mail(room)
    running = asyncio.create_task(room.courier.run(stop, lambda: None))
    await until(lambda: room.smtp.connections)
    stop.set()
    await running
    assert await room.states() == [("NO-03", "accepted")]


async def test_a_key_that_is_missing_from_the_ring_delays_the_mail_and_stops_no_other(room: Mailroom):
    hanako = await user_id_mail(room)
    await room.rows(
        "UPDATE contacts SET contact = '2' || substr(contact, 2) WHERE account_id = :id RETURNING 1",
        id=hanako.account_id,
    )
    await user_id_mail(room)
    await room.deliver()
    assert await room.states() == [("NO-03", "retry"), ("NO-03", "accepted")]


def test_mails_to_one_domain_are_spread_and_other_domains_do_not_wait():
    now = 0.0
    pacer = Pacer(2, clock=lambda: now)
    assert [pacer.pause_for("a.jp") for _ in range(3)] == [0, 0, 0.5]
    assert pacer.pause_for("b.jp") == 0
    now = 0.5
    assert [pacer.pause_for("a.jp"), pacer.pause_for("a.jp")] == [0, 0.5]


async def test_a_mail_put_off_for_its_domain_goes_out_a_little_later_without_counting_a_try(room: Mailroom):
    room.courier.pacer = Pacer(1)
    await room.hear(*(Person(mail=f"{uuid4().hex}@example.jp").gets_user_id() for _ in range(2)))
    await room.hear(Person(mail="c@example.com").gets_user_id())
    await room.deliver()
    assert sorted(await room.states()) == [("NO-03", "accepted"), ("NO-03", "accepted"), ("NO-03", "queued")]
    assert [row.attempts for row in await room.rows() if row.state == "queued"] == [0]
    await asyncio.sleep(1)
    room.clock.advance(seconds=1)
    await room.deliver()
    assert {state for _, state in await room.states()} == {"accepted"}
