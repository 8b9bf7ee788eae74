"""How long things are in force. Every span is half-open (I-01): from its start until just before its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from kit.japan import to_jst


class Lifetime(StrEnum):
    """What has a limited life."""

    SECRET_QUESTION_LINK = "secret_question_link"  # noqa: S105 - the name of a link
    PASSWORD_LINK = "password_link"  # noqa: S105
    RESET_LINK = "reset_link"
    EKYC_PHOTO_LINK = "ekyc_photo_link"
    EKYC_MYNUMBER_LINK = "ekyc_mynumber_link"
    SESSION_IDLE = "session_idle"
    USER_ID = "user_id"


USER_ID_YEARS = 5
IDLE = timedelta(minutes=30)  # ID-38, I-58

_SPANS = {
    Lifetime.SECRET_QUESTION_LINK: timedelta(minutes=30),  # ID-10
    Lifetime.PASSWORD_LINK: timedelta(hours=24),  # ID-16
    Lifetime.RESET_LINK: timedelta(hours=24),  # ID-52; I-20: like the other password link
    Lifetime.EKYC_PHOTO_LINK: timedelta(minutes=30),  # ID-76
    Lifetime.SESSION_IDLE: IDLE,
}


def ends_at(what: Lifetime, start: datetime) -> datetime | None:
    """The first moment at which something started at `start` (aware) is no longer in force; None if it never
    ends.

    The My Number card link has no limit of time (ID-76, I-23). A user ID lapses at the same date and time of
    Japan 5 calendar years after its last complete login, or after its issue if there was none (ID-02, I-18).
    """
    if what is Lifetime.EKYC_MYNUMBER_LINK:
        return None
    if what is Lifetime.USER_ID:
        return _years_later(to_jst(start), USER_ID_YEARS)
    return start + _SPANS[what]


# interpretation: the source tells of the lapse and of no warning; a season before, and once more a month before.
LAPSE_NOTICES = (timedelta(days=90), timedelta(days=30))


def next_look(lapses_at: datetime, now: datetime) -> datetime:
    """When the timer of a user ID that lapses then is to fire next: for a notice, or for the lapse itself (ID-02)."""
    return min((at for before in LAPSE_NOTICES if (at := lapses_at - before) > now), default=lapses_at)


def notice_is_due(lapses_at: datetime, now: datetime) -> bool:
    """Whether the holder is to be told at `now`, when the timer fires, that the user ID will lapse."""
    return lapses_at - max(LAPSE_NOTICES) <= now < lapses_at


def in_force(what: Lifetime, start: datetime, now: datetime) -> bool:
    """Whether start <= now < end."""
    end = ends_at(what, start)
    return start <= now and (end is None or now < end)


def _years_later(moment: datetime, years: int) -> datetime:
    """The same date and time `years` later; 29 February becomes 1 March where there is none (ID-02, I-18)."""
    leap_day = (moment.month, moment.day) == (2, 29)
    later = (moment - timedelta(days=1) if leap_day else moment).replace(year=moment.year + years)
    return later + timedelta(days=1) if leap_day else later
