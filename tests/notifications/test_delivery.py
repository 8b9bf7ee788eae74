"""When a mail is tried again, and which state follows which: pure rules, and the database that agrees with them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notifications.delivery import (
    GIVE_UP_AFTER,
    LONGEST_PAUSE,
    TRANSITIONS,
    Fate,
    Outcome,
    State,
    is_stale_replay,
    may_become,
    next_try,
    step_after,
)
from sqlalchemy.exc import IntegrityError
from support.mailroom import Mailroom, Person

START = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
draws = st.floats(0, 1)
elapsed = st.timedeltas(timedelta(0), timedelta(hours=30))


@pytest.mark.parametrize(
    ("tries", "longest"),
    [
        (1, timedelta(seconds=30)),
        (2, timedelta(minutes=2)),
        (3, timedelta(minutes=8)),
        (4, timedelta(minutes=32)),
        (5, timedelta(hours=2, minutes=8)),
        (6, timedelta(hours=6)),
        (7, timedelta(hours=6)),
        (1000, timedelta(hours=6)),
    ],
)
def test_pauses_grow_fourfold_from_30_seconds_to_6_hours_and_vary_by_a_half(tries: int, longest: timedelta):
    assert next_try(tries, since=START, now=START, draw=0) == START + longest
    assert next_try(tries, since=START, now=START, draw=1) == START + longest / 2


@given(tries=st.integers(1, 10_000), after=elapsed, draw=draws)
def test_the_next_try_is_later_but_never_beyond_a_day_and_then_there_is_none(tries, after, draw):
    now = START + after
    again = next_try(tries, since=START, now=now, draw=draw)
    if after >= GIVE_UP_AFTER:
        assert again is None
    else:
        assert again is not None
        assert now < again <= START + GIVE_UP_AFTER
        assert again - now <= LONGEST_PAUSE


@given(draws=st.lists(draws, min_size=20, max_size=20))
def test_a_relay_that_never_takes_it_costs_a_bounded_number_of_tries_the_last_one_after_a_day(draws):
    now, tries = START, 1
    while (again := next_try(tries, since=START, now=now, draw=draws[tries - 1])) is not None:
        now, tries = again, tries + 1
    assert now == START + GIVE_UP_AFTER
    assert 8 <= tries <= 14


@given(
    fate=st.sampled_from([Fate.ACCEPTED, Fate.RETRY, Fate.FAILED, Fate.UNKNOWN]),
    resent=st.booleans(),
    after=elapsed,
    draw=draws,
)
def test_every_step_is_a_transition_of_the_table_and_ends_or_is_due_again(fate, resent, after, draw):
    step = step_after(Outcome(fate, "x"), resent=resent, tries=1, since=START, now=START + after, draw=draw)
    assert step.state in TRANSITIONS[State.SENDING]
    # A mail is either accepted, or due again, or others are told that it failed: never just forgotten.
    assert [step.state is State.ACCEPTED, step.due_at is not None, step.failed_code is not None].count(True) == 1


def test_what_nobody_knows_is_sent_again_only_where_that_is_said():
    facts = {"tries": 1, "since": START, "now": START, "draw": 0.0}
    unknown = Outcome(Fate.UNKNOWN, "connection")
    assert step_after(unknown, resent=True, **facts).due_at == START + timedelta(seconds=30)
    assert step_after(unknown, resent=False, **facts).failed_code == "unknown"


def test_accepted_and_expired_are_the_end_and_every_other_state_can_be_left():
    assert {state for state, targets in TRANSITIONS.items() if not targets} == {State.ACCEPTED, State.EXPIRED}
    assert set(TRANSITIONS) == set(State)
    assert set(may_become(State.SENDING)) == {State.QUEUED, State.RETRY, State.UNKNOWN}


@pytest.mark.parametrize(
    ("replay", "age", "stale"),
    [
        (False, timedelta(days=400), False),
        (True, timedelta(hours=24), False),
        (True, timedelta(hours=24, seconds=1), True),
    ],
)
def test_only_replays_grow_stale(replay: bool, age: timedelta, stale: bool):
    assert is_stale_replay(replay=replay, occurred_at=START, now=START + age) is stale


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "due_at = NULL",
        "state = 'accepted', due_at = NULL, finished_at = now(), recipient = 'x'",  # its link would stay in the row
        "state = 'accepted', due_at = NULL, finished_at = now(), content = NULL",  # to whom?
        "state = 'expired', due_at = NULL, content = NULL",  # when?
        "round_attempts = 1",
        "state = 'waiting_contact', due_at = NULL, account_id = NULL",
    ],
)
async def test_the_database_refuses_what_must_never_be(room: Mailroom, change: str):
    await room.hear(Person().asks_to_register(room.clock()))
    with pytest.raises(IntegrityError, match="ck_messages"):
        await room.rows(f"UPDATE messages SET {change} RETURNING 1")  # noqa: S608
