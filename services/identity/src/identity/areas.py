"""The areas of identity: password policy, lockout, one-time password, durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from kit.areas import Answer, Area, Moment, Question
from pydantic import Field

from identity.domain.durations import Lifetime, in_force
from identity.domain.lockout import FRESH, Outcome, attempt
from identity.domain.otp import otp_needed
from identity.domain.passwords import password_reasons


class PasswordQuestion(Question):
    """A new password and those registered before; the last of them is the current one."""

    password: str
    history_oldest_first: tuple[str, ...] = ()


class PasswordAnswer(Answer):
    """Whether the password may be registered, and all reasons against it."""

    accepted: bool
    reasons: list[str]


def password(question: PasswordQuestion) -> PasswordAnswer:
    """Judge a new password."""
    reasons = password_reasons(question.password, question.history_oldest_first)
    return PasswordAnswer(accepted=not reasons, reasons=reasons)


Minutes = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


def lockout(attempts: list[tuple[Minutes, Literal["ok", "bad"]]]) -> list[Outcome]:
    """Play login attempts, each [minutes since some zero, "ok" or "bad"], against a fresh user ID."""
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    state = FRESH
    outcomes = []
    for minutes, result in attempts:
        state, outcome = attempt(state, zero + timedelta(minutes=minutes), result == "ok")
        outcomes.append(outcome)
    return outcomes


class OtpQuestion(Question):
    """Who does what, and when. The last login and the last code at a submission are listed, and do not matter."""

    role: Literal["association", "company"]
    event: Literal[
        "login",
        "submit",
        "approve_proxy",
        "proxy_input",
        "save_draft",
        "change_password",
        "reset_password",
        "remind_user_id",
        "logout",
        "view",
    ]
    last_otp_login: Moment | None = None
    now: Moment
    last_login: Moment | None = None
    last_otp_submission: Moment | None = None


class OtpAnswer(Answer):
    """Whether a one-time password is asked for."""

    otp: bool


def otp(question: OtpQuestion) -> OtpAnswer:
    """Decide on the one-time password."""
    return OtpAnswer(otp=otp_needed(question.role, question.event, question.last_otp_login, question.now))


class DurationQuestion(Question):
    """What has a limited life, when it started, and the moment asked about."""

    what: Lifetime
    start: Moment
    now: Moment


class DurationAnswer(Answer):
    """Whether it is in force."""

    in_force: bool


def duration(question: DurationQuestion) -> DurationAnswer:
    """Decide whether something is in force."""
    return DurationAnswer(in_force=in_force(question.what, question.start, question.now))


AREAS = [
    Area(
        "bond/password",
        ("ID-20", "ID-21", "ID-22", "ID-23", "ID-24", "ID-25"),
        PasswordQuestion,
        PasswordAnswer,
        password,
    ),
    Area(
        "bond/lockout",
        ("ID-27", "ID-28", "ID-29", "ID-30", "ID-31"),
        list[tuple[Minutes, Literal["ok", "bad"]]],
        list[Outcome],
        lockout,
    ),
    Area("bond/otp_needed", ("ID-40", "ID-41", "ID-42"), OtpQuestion, OtpAnswer, otp),
    Area(
        "bond/duration",
        ("ID-02", "ID-10", "ID-16", "ID-38", "ID-52", "ID-76"),
        DurationQuestion,
        DurationAnswer,
        duration,
    ),
]
