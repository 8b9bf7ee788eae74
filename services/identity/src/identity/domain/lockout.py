"""What wrong passwords cost (ID-27 to ID-33), as a state machine without clock or database.

    3 tries left ──wrong, wrong, wrong──> locked 30 minutes ──> one try for 12 hours ──> 3 tries left
                                             ^                        │
                                             └────────wrong───────────┘

Times are half-open (I-01): locked while now < locked_until, one try only while now < one_strike_until. Only
wrong passwords of the login screen come here (ID-33): wrong one-time passwords, secret answers and current
passwords do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

TRIES = 3
LOCK = timedelta(minutes=30)
ONE_STRIKE = timedelta(hours=12)


class Outcome(StrEnum):
    """The answers to a login attempt."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    LOCKED = "locked"
    REFUSED = "refused"


@dataclass(frozen=True)
class LockState:
    """What is remembered of a user ID: wrong passwords in a row, and when lock and one-strike time end."""

    wrong_in_a_row: int = 0
    locked_until: datetime | None = None
    one_strike_until: datetime | None = None


FRESH = LockState()


def is_locked(state: LockState, now: datetime) -> bool:
    """Whether attempts are refused at `now` (ID-27). Ask before the password is looked at (ID-28, I-11)."""
    return state.locked_until is not None and now < state.locked_until


def attempt(
    state: LockState, now: datetime, ok: bool, *, success_ends_one_strike: bool = True
) -> tuple[LockState, Outcome]:
    """The state after one attempt at `now` with a right (`ok`) or wrong password, and the answer to it.

    While locked nothing is examined or counted, and the lock is not prolonged (ID-28). In the one-strike time
    a single wrong password locks again, in full (ID-29, I-12). `success_ends_one_strike` is the switch of
    I-09: False is the literal reading, in which only the 12 hours give back the three tries.
    """
    if is_locked(state, now):
        return state, Outcome.REFUSED
    one_strike = state.one_strike_until is not None and now < state.one_strike_until
    if ok:
        kept = state.one_strike_until if one_strike and not success_ends_one_strike else None
        return LockState(one_strike_until=kept), Outcome.ACCEPTED
    wrong = state.wrong_in_a_row + 1
    if one_strike or wrong >= TRIES:
        end = now + LOCK
        return LockState(locked_until=end, one_strike_until=end + ONE_STRIKE), Outcome.LOCKED
    return LockState(wrong_in_a_row=wrong), Outcome.WRONG


def after_password_reset(state: LockState) -> LockState:
    """The state after a password reset (ID-32, I-13): a running lock stays; after it come three tries."""
    return replace(state, wrong_in_a_row=0, one_strike_until=None)
