"""Events in: once, twice, late, broken, in the wrong order between topics, at the same time."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey
from kit.sealed import seal
from madoguchi_contracts import Event, Sealed
from madoguchi_contracts.identity import AccountLocked, PasswordLinkIssued
from madoguchi_contracts.sealed import Contact, Link
from notifications.delivery import GIVE_UP_AFTER
from support.clock import FakeClock
from support.mailroom import VAULT, Mailroom, Person

HANAKO = Person()
NOW = FakeClock().now


def events() -> list[Event]:
    """Every event that causes a mail."""
    application = uuid4()
    return [
        HANAKO.asks_to_register(NOW),
        HANAKO.gets_user_id(),
        HANAKO.gets_password_link(NOW),
        HANAKO.gets_password_link(NOW, "reset"),
        HANAKO.sets_password(),
        HANAKO.is_reminded(),
        HANAKO.starts_ekyc(None),
        HANAKO.submits(application),
        HANAKO.is_rejected(application),
        HANAKO.is_approved(application),
        HANAKO.is_written_to(application),
        HANAKO.is_asked_to_mend(application),
        HANAKO.is_asked_for_a_paper(application),
    ]


@pytest.mark.rule("NO-12")
@pytest.mark.parametrize("event", events(), ids=lambda event: type(event).__name__)
async def test_an_event_heard_twice_sends_one_mail(room: Mailroom, event: Event):
    await room.hear(HANAKO.gets_user_id())
    await room.deliver()
    room.smtp.received.clear()
    record = room.record(event)
    await room.consumer.process([record, record])
    await room.deliver()
    await room.consumer.process([record])
    await room.deliver()
    assert len(room.smtp.received) == 1


@pytest.mark.rule("NO-12")
async def test_a_duplicate_sends_no_second_mail_even_if_the_inbox_was_lost(room: Mailroom):
    record = room.record(HANAKO.asks_to_register(NOW))
    await room.consumer.process([record])
    await room.rows("DELETE FROM inbox RETURNING 1")
    await room.consumer.process([record])
    await room.deliver()
    assert len(room.smtp.received) == 1
    assert [name for name, _ in await room.told()] == ["MailQueued", "MailAccepted"]


async def test_mails_wait_for_a_contact_that_comes_later_and_then_go_out_in_order(room: Mailroom):
    hanako, application = Person(), uuid4()
    await room.hear_and_deliver(hanako.is_rejected(application), hanako.is_approved(application))
    assert await room.states() == [("NO-10", "waiting_contact"), ("NO-09", "waiting_contact")]
    assert room.smtp.received == []
    room.clock.advance(hours=30)  # waiting costs a mail nothing of its day of tries
    await room.hear_and_deliver(hanako.gets_user_id())
    assert await room.states() == [("NO-10", "accepted"), ("NO-09", "accepted"), ("NO-03", "accepted")]
    assert [row.round_started_at for row in await room.rows()] == [room.clock()] * 3


async def test_a_contact_kept_at_the_same_moment_as_a_mail_is_queued_releases_it(room: Mailroom):
    # Both transactions run at once, again and again: whichever is first, no mail may be left waiting.
    for _ in range(25):
        hanako = Person()
        await asyncio.gather(
            room.consumer.process([room.record(hanako.is_approved(uuid4()))]),
            room.consumer.process([room.record(hanako.changes_contact())]),
        )
    assert {state for _, state in await room.states()} == {"queued"}


async def test_mails_not_yet_sent_go_to_the_new_address(room: Mailroom):
    hanako = Person()
    await room.hear(hanako.gets_user_id())
    hanako.mail = "new@example.jp"
    await room.hear(hanako.changes_contact())
    await room.deliver()
    assert [one.recipients for one in room.smtp.received] == [("new@example.jp",)]


async def test_a_contact_told_late_does_not_replace_a_newer_one(room: Mailroom):
    old, new = Person(mail="old@example.jp"), Person(mail="new@example.jp")
    new.account_id = old.account_id
    late = room.record(old.gets_user_id(), sequence=1)
    await room.consumer.process([room.record(new.changes_contact(), sequence=2)])
    await room.consumer.process([late])
    (row,) = await room.rows("SELECT contact, sequence FROM contacts")
    assert row.sequence == 2
    kept = Contact.model_validate_json(VAULT.decrypt(row.contact, f"contact:{old.account_id}"))
    assert kept.mail == "new@example.jp"


async def test_a_mail_caused_late_is_sent_all_the_same_unless_its_link_is_dead(room: Mailroom):
    late = [room.record(HANAKO.gets_user_id()), room.record(HANAKO.gets_password_link(NOW))]
    room.clock.advance(days=3)
    await room.consumer.process(late)
    await room.courier.sweep()
    await room.deliver()
    assert await room.states() == [("NO-03", "accepted"), ("NO-04", "expired")]


async def test_an_event_that_cannot_be_read_parks_its_own_key_only(room: Mailroom):
    hanako, taro = Person(), Person(mail="taro@example.jp")
    broken = room.record(hanako.gets_user_id(), body=b'{"account_id": 1}')
    await room.consumer.process([broken, room.record(hanako.sets_password()), room.record(taro.gets_user_id())])
    await room.deliver()
    assert [one.recipients for one in room.smtp.received] == [(taro.mail,)]
    (parked,) = await room.rows("SELECT key, error_class FROM parked_keys")
    assert parked.key == str(hanako.account_id)


async def test_a_field_sealed_to_somebody_else_parks_the_key_without_showing_it(room: Mailroom):
    hanako = Person()
    other = ECKey.generate_key("P-256").as_dict(private=False)
    link = Sealed(seal(Link(url="https://secret.example.jp"), other))
    event = PasswordLinkIssued(
        account_id=hanako.account_id, purpose="first", link=link, link_expires_at=NOW + timedelta(hours=1)
    )
    await room.hear(event)
    (parked,) = await room.rows("SELECT error FROM parked_events")
    assert parked.error.startswith("CannotUnseal: Link")
    assert "secret" not in parked.error


async def test_a_link_that_runs_out_while_its_mail_waits_for_a_contact_is_given_up(room: Mailroom):
    hanako = Person()
    await room.hear(hanako.gets_password_link(NOW))
    room.clock.advance(hours=24)
    await room.courier.sweep()
    await room.hear_and_deliver(hanako.changes_contact())
    assert await room.states() == [("NO-04", "expired")]
    assert room.smtp.received == []


async def test_the_trace_of_the_click_goes_on_to_the_mail(room: Mailroom):
    record = room.record(HANAKO.gets_user_id())
    record.headers.append(("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    await room.consumer.process([record])
    await room.deliver()
    told = await room.rows("SELECT type, traceparent FROM events ORDER BY id")
    assert [row.type.split(".")[2] for row in told] == ["MailQueued", "MailAccepted"]
    assert {row.traceparent.split("-")[1] for row in told} == {"0af7651916cd43dd8448eb211c80319c"}


async def test_events_without_a_mail_are_passed_over(room: Mailroom):
    await room.hear(AccountLocked(account_id=HANAKO.account_id, until=NOW))
    assert await room.states() == []


@pytest.mark.parametrize(
    ("age", "mails"),
    [(GIVE_UP_AFTER, 1), (GIVE_UP_AFTER + timedelta(seconds=1), 0)],
    ids=["a day old", "older than a day"],
)
async def test_a_replay_mails_what_may_have_been_missed_and_nothing_older(room: Mailroom, age: timedelta, mails: int):
    record = room.record(HANAKO.gets_user_id())
    record.headers.append(("ce_replay", b"true"))
    room.clock.now += age
    await room.consumer.process([record])
    assert len(await room.states()) == mails
    assert len(await room.rows("SELECT 1 FROM contacts")) == 1
