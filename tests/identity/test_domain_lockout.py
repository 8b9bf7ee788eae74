"""The lockout: the catalogue's timelines, and a second, naive implementation to compare with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from identity.domain.lockout import FRESH, LockState, after_password_reset, attempt, is_locked

ZERO = datetime(2026, 4, 1, tzinfo=UTC)
Attempt = tuple[float, bool]


def at(minutes: float) -> datetime:
    return ZERO + timedelta(minutes=minutes)


def play(attempts: list[Attempt], state: LockState = FRESH) -> list[str]:
    outcomes = []
    for minutes, ok in attempts:
        state, outcome = attempt(state, at(minutes), ok)
        outcomes.append(outcome.value)
    return outcomes


def bad(*minutes: float) -> list[Attempt]:
    return [(minute, False) for minute in minutes]


LOCKED_TO_32 = bad(0, 1, 2)
SETS_LOCK = ["wrong", "wrong", "locked"]


@pytest.mark.rule("ID-27")
def test_three_wrong_passwords_lock_for_exactly_30_minutes() -> None:
    assert play([*LOCKED_TO_32, (31, True), (31.999, True), (32, True)]) == [
        *SETS_LOCK,
        "refused",
        "refused",
        "accepted",
    ]


@pytest.mark.rule("ID-28")
def test_attempts_during_the_lock_count_for_nothing_and_do_not_prolong_it() -> None:
    assert play([*LOCKED_TO_32, *bad(3, 10, 31), (32, True)])[-4:] == ["refused"] * 3 + ["accepted"]


@pytest.mark.rule("ID-29")
def test_after_the_lock_one_wrong_password_locks_again() -> None:
    assert play(LOCKED_TO_32 + bad(40, 69, 70)) == [*SETS_LOCK, "locked", "refused", "locked"]
    assert play([*LOCKED_TO_32, *bad(40, 70), (99.999, True), (100, True)])[-2:] == ["refused", "accepted"]


@pytest.mark.rule("ID-30")
def test_twelve_hours_after_the_end_of_the_lock_there_are_three_tries_again() -> None:
    assert play(LOCKED_TO_32 + bad(751)) == [*SETS_LOCK, "locked"]
    assert play(LOCKED_TO_32 + bad(752, 753, 754)) == SETS_LOCK * 2


@pytest.mark.rule("ID-29", "ID-30")
def test_a_second_lock_moves_the_reset() -> None:
    assert play(LOCKED_TO_32 + bad(100, 800)) == [*SETS_LOCK, "locked", "locked"]
    assert play(LOCKED_TO_32 + bad(100, 849.999))[-1] == "locked"
    assert play(LOCKED_TO_32 + bad(100, 850))[-1] == "wrong"


@pytest.mark.rule("ID-27")
def test_a_right_password_sets_the_count_to_zero_and_time_alone_does_not() -> None:
    assert play([*bad(0, 1), (2, True), *bad(3, 4, 5)]) == ["wrong", "wrong", "accepted", *SETS_LOCK]
    assert play(bad(0, 10_000, 1_000_000)) == SETS_LOCK


@pytest.mark.rule("ID-31")
def test_a_right_password_in_the_one_strike_state_gives_three_tries() -> None:
    assert play([*LOCKED_TO_32, (33, True), *bad(34, 35, 36)]) == [*SETS_LOCK, "accepted", *SETS_LOCK]


@pytest.mark.rule("ID-31")
def test_in_the_literal_reading_only_the_twelve_hours_end_the_one_strike_state() -> None:
    state, _ = attempt(LockState(one_strike_until=at(752)), at(33), True, success_ends_one_strike=False)
    assert attempt(state, at(34), False)[1] == "locked"
    late, _ = attempt(LockState(one_strike_until=at(752)), at(752), True, success_ends_one_strike=False)
    assert late == FRESH


@pytest.mark.rule("ID-32")
def test_a_password_reset_keeps_the_running_lock_and_gives_three_tries_after_it() -> None:
    state, _ = attempt(LockState(wrong_in_a_row=2), at(2), False)
    state = after_password_reset(state)
    assert play([(31, True), *bad(32, 33, 34)], state) == ["refused", *SETS_LOCK]


@pytest.mark.rule("ID-32")
@pytest.mark.parametrize("state", [LockState(wrong_in_a_row=2), LockState(one_strike_until=at(752))])
def test_a_password_reset_without_a_lock_gives_three_tries(state: LockState) -> None:
    assert play(bad(40, 41, 42), after_password_reset(state)) == SETS_LOCK


def naive(attempts: list[Attempt]) -> list[str]:
    """The same rules, found by looking back over all earlier answers instead of keeping a state."""
    answers: list[str] = []
    for minutes, ok in attempts:
        locks = [i for i, answer in enumerate(answers) if answer == "locked"]
        turns = [i for i, answer in enumerate(answers) if answer in {"locked", "accepted"}]
        lock_end = attempts[locks[-1]][0] + 30 if locks else None
        if lock_end is not None and minutes < lock_end:
            answers.append("refused")
        elif ok:
            answers.append("accepted")
        else:
            last_turn_was_a_lock = bool(locks) and turns[-1] == locks[-1]
            one_strike = last_turn_was_a_lock and lock_end is not None and minutes < lock_end + 720
            wrong_before = answers[turns[-1] + 1 if turns else 0 :].count("wrong")
            answers.append("locked" if one_strike or wrong_before == 2 else "wrong")
    return answers


timelines = st.lists(
    st.tuples(st.sampled_from([0, 1, 5, 29, 30, 31, 60, 690, 719, 720, 721, 750, 900]), st.booleans()), max_size=40
).map(lambda steps: [(sum(step for step, _ in steps[: i + 1]), ok) for i, (_, ok) in enumerate(steps)])


@pytest.mark.rule("ID-27", "ID-28", "ID-29", "ID-30", "ID-31")
@given(timelines)
def test_the_state_machine_agrees_with_looking_back(attempts: list[Attempt]) -> None:
    assert play(attempts) == naive(attempts)


@pytest.mark.rule("ID-27", "ID-28")
@given(timelines)
def test_what_always_holds(attempts: list[Attempt]) -> None:
    state = FRESH
    for minutes, ok in attempts:
        before, now = state, at(minutes)
        state, outcome = attempt(state, now, ok)
        assert (outcome == "refused") == is_locked(before, now)
        assert outcome != "refused" or state == before
        assert (outcome == "accepted") == (ok and not is_locked(before, now))
        assert (outcome == "locked") == (is_locked(state, now) and not is_locked(before, now))
        assert state.wrong_in_a_row < 3
