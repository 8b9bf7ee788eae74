"""What can be asked of the rules about the Web service: who may use it, at which hours, and when again."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Literal

from kit.areas import Answer, Area, Day, Moment, Question
from pydantic import BeforeValidator, Field

from applications.programmes.green_loan.people import web
from applications.programmes.green_loan.procedure import channel, windows


class WebPerson(Question):
    """One of all applicants; `photo_id` NONE or missing is none of the documents."""

    mail: str = ""
    devices: list[web.Device] = Field(default_factory=list)
    photo_id: web.PhotoId | Literal["NONE"] = "NONE"
    verified_at_institution: bool = False


class WebQuestion(Question):
    """Who wants to apply by the Web service."""

    joint_debtors: Annotated[int, Field(ge=0)]
    people: list[WebPerson] = Field(default_factory=list)
    elderly_special: bool = False


class WebAnswer(Answer):
    """How these people can go on, and why not at once."""

    result: web.Route
    reason: str | None


def web_eligibility(question: WebQuestion) -> WebAnswer:
    """Judge who may use the Web service."""
    people = [
        web.Person(
            mail=one.mail,
            devices=frozenset(one.devices),
            photo_id=None if one.photo_id == "NONE" else one.photo_id,
            verified_at_institution=one.verified_at_institution,
        )
        for one in question.people
    ]
    use = web.web_use(people, joint_debtors=question.joint_debtors, elderly_special=question.elderly_special)
    return WebAnswer(result=use.route, reason=use.reason)


_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?")


def _time(value: object) -> time:
    # Pydantic would read numbers as seconds, and the parser of Python times of many forms.
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("a time such as 06:00 or 06:00:00 is needed")
    return time.fromisoformat(value)


class ServiceHours(Question):
    """A time in Japan."""

    local_time: Annotated[time, BeforeValidator(_time, json_schema_input_type=time)]


class ServiceHoursAnswer(Answer):
    """Whether the Web service is open."""

    open: bool


def service_hours(question: ServiceHours) -> ServiceHoursAnswer:
    """Tell whether the Web service is open."""
    return ServiceHoursAnswer(open=windows.is_open(question.local_time))


class Ban(Question):
    """The acceptance date of an application."""

    application_date: Day


class BanAnswer(Answer):
    """The last day without, and the first day with a new application."""

    ban_end: date
    first_new_application: date


def reapplication_ban(question: Ban) -> BanAnswer:
    """Tell when somebody may apply again."""
    applied = question.application_date
    return BanAnswer(ban_end=channel.ban_end(applied), first_new_application=channel.first_new_application(applied))


class Reapplication(Question):
    """An earlier application, what became of it, and the day of a new one."""

    previous_application_date: Day | None = None
    previous_outcome: channel.Outcome
    new_application_date: Day


class ReapplicationAnswer(Answer):
    """Whether the new application can be accepted."""

    allowed: bool


def reapplication_check(question: Reapplication) -> ReapplicationAnswer:
    """Judge a new application after an earlier one.

    Raises ValueError when its acceptance date is missing: only a draft has none, and one that was stopped (GL-086).
    """
    without_date = question.previous_application_date is None
    if without_date and question.previous_outcome in channel.BANNING - {channel.Outcome.STOPPED}:
        raise ValueError("previous_application_date is needed for what was accepted")
    allowed = channel.may_apply_again(
        question.previous_application_date, question.previous_outcome, question.new_application_date
    )
    return ReapplicationAnswer(allowed=allowed)


class ContactQuestion(Question):
    """Whether the application was confirmed, and when somebody wants to call."""

    confirmed: bool
    moment: Moment


class ContactAnswer(Answer):
    """Whom to call, whether the call is free, and whether the window answers then."""

    name: str
    phone: str
    is_free: bool
    other_phone: str | None
    answers: bool


def contact(question: ContactQuestion) -> ContactAnswer:
    """Tell whom to call."""
    window = windows.window_for(confirmed=question.confirmed)
    named = windows.CONTACTS[window]
    return ContactAnswer(
        name=named.name,
        phone=named.phone,
        is_free=named.is_free,
        other_phone=named.other_phone,
        answers=windows.answers(window, question.moment),
    )


AREAS = [
    Area("green_loan/contact", ("GL-057", "GL-058", "GL-059", "GL-065"), ContactQuestion, ContactAnswer, contact),
    Area(
        "green_loan/web_eligibility",
        ("GL-037", "GL-038", "GL-039", "GL-040", "GL-041", "GL-042", "GL-043", "GL-044", "GL-047", "GL-049"),
        WebQuestion,
        WebAnswer,
        web_eligibility,
    ),
    Area("green_loan/service_hours", ("GL-061", "GL-062"), ServiceHours, ServiceHoursAnswer, service_hours),
    Area("green_loan/reapplication_ban", ("GL-355", "GL-356"), Ban, BanAnswer, reapplication_ban),
    Area(
        "green_loan/reapplication_check",
        ("GL-355", "GL-356", "GL-357"),
        Reapplication,
        ReapplicationAnswer,
        reapplication_check,
    ),
]
