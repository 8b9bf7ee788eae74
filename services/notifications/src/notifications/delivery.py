"""How a mail is delivered: its states, what each outcome of a try leads to, and when to try again. Pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifications.domain import Template


class State(StrEnum):
    """Where a mail stands."""

    WAITING_CONTACT = "waiting_contact"
    QUEUED = "queued"
    SENDING = "sending"
    RETRY = "retry"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


# From each state, the states that may follow. A mail is never deleted; accepted and expired are the end of it.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.WAITING_CONTACT: frozenset({State.QUEUED, State.EXPIRED}),
    State.QUEUED: frozenset({State.SENDING, State.EXPIRED}),
    State.SENDING: frozenset({State.ACCEPTED, State.RETRY, State.FAILED, State.UNKNOWN}),
    State.RETRY: frozenset({State.SENDING, State.QUEUED, State.EXPIRED}),
    # To accepted: the relay's answer came after the lease had run out.
    State.UNKNOWN: frozenset({State.SENDING, State.QUEUED, State.ACCEPTED, State.EXPIRED}),
    State.FAILED: frozenset({State.QUEUED}),
    State.ACCEPTED: frozenset(),
    State.EXPIRED: frozenset(),
}


def may_become(state: State) -> list[State]:
    """The states from which `state` can be reached."""
    return [origin for origin, targets in TRANSITIONS.items() if state in targets]


class Fate(StrEnum):
    """What a try came to."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"  # another process has the mail now: nothing was sent, nothing is recorded


@dataclass(frozen=True)
class Outcome:
    """The end of a try: `code` is a word or the relay's three digits, `answer` the relay's words without addresses."""

    fate: Fate
    code: str
    answer: str = ""
    relay: str = ""


# After a lost connection nobody knows whether the relay has the mail. These are sent again, with the same Message-ID:
# without them the reader is stuck, or would not hear that an account is given away, and getting one twice does no harm.
# The others only report what can also be seen after logging in; they wait for an operator.
RESENT_WHEN_UNKNOWN = frozenset(
    {
        Template.REGISTRATION_LINK,
        Template.USER_ID_ISSUED,
        Template.PASSWORD_LINK,
        Template.PASSWORD_RESET_LINK,
        Template.USER_ID_REMINDER,
        Template.EKYC_LINK,
        Template.CORRECTION_REQUESTED,
        Template.DOCUMENT_REQUESTED,
        Template.CONTRACT_OFFERED,
        Template.INSURANCE_OFFERED,
        Template.MESSAGE_POSTED,
        Template.CORRECTION_ASKED,
        Template.INVITATION,
        Template.SUCCESSION,
        Template.SUCCESSION_NOTICE,
        Template.SUCCESSION_DONE,
    }
)

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(hours=24)


def next_try(tries: int, *, since: datetime, now: datetime, draw: float) -> datetime | None:
    """When to try again after `tries` failed tries (1, 2, ...) since `since`, or None to give up.

    30 s, 2 min, 8 min, 32 min, 2 h 8 min, then every 6 h, each shortened by up to a half: `draw` from 0 to 1 keeps
    mails that failed together from coming back together. The last try is at 24 hours.
    """
    end = since + GIVE_UP_AFTER
    if now >= end:
        return None
    pause = min(FIRST_PAUSE * int(4 ** min(tries - 1, 10)), LONGEST_PAUSE)
    return min(now + pause * (1 - draw / 2), end)


@dataclass(frozen=True)
class Step:
    """What follows a try: the new state, when the mail is due again if it is, and the code by which others are told
    that it will not be sent any more.
    """

    state: State
    due_at: datetime | None = None
    failed_code: str | None = None


def step_after(outcome: Outcome, *, resent: bool, tries: int, since: datetime, now: datetime, draw: float) -> Step:
    """The step after a try with `outcome`, the `tries`th since `since`.

    `resent` says whether this mail is sent again when nobody knows what became of it. Outcomes of fate SUPERSEDED
    have no step: the mail is another process's.
    """
    if outcome.fate is Fate.ACCEPTED:
        return Step(State.ACCEPTED)
    if outcome.fate is Fate.FAILED:
        return Step(State.FAILED, failed_code=outcome.code)
    again = next_try(tries, since=since, now=now, draw=draw)
    if outcome.fate is Fate.UNKNOWN:
        if resent and again:
            return Step(State.UNKNOWN, due_at=again)
        return Step(State.UNKNOWN, failed_code="unknown")
    return Step(State.RETRY, due_at=again) if again else Step(State.FAILED, failed_code="gave_up")


def is_stale_replay(*, replay: bool, occurred_at: datetime, now: datetime) -> bool:
    """Whether an event told again is too old to cause a mail.

    Replays are for readers that start anew. What happened within the last day may really have been missed, and is
    mailed; nobody wants last year's mails again.
    """
    return replay and now - occurred_at > GIVE_UP_AFTER
