"""The areas of notifications: which mails a sequence of happenings sends."""

from __future__ import annotations

from typing import Annotated

from kit.areas import Answer, Area, Question
from pydantic import AfterValidator

from notifications.domain import HAPPENINGS, applicant_mails


def _known(happening: str) -> str:
    if happening not in HAPPENINGS:
        raise ValueError(f"one of {', '.join(sorted(HAPPENINGS))} is needed")
    return happening


class MailSequenceQuestion(Question):
    """What happens to one association, in this order."""

    events: list[Annotated[str, AfterValidator(_known)]]


class MailSequenceAnswer(Answer):
    """The mails the applicant gets, in order, by their rules."""

    mails: list[str]


def mail_sequence(question: MailSequenceQuestion) -> MailSequenceAnswer:
    """List the mails."""
    return MailSequenceAnswer(mails=[mail.value for mail in applicant_mails(question.events)])


AREAS = [
    Area(
        "bond/mail_sequence",
        tuple(f"NO-{number:02}" for number in range(2, 11)),
        MailSequenceQuestion,
        MailSequenceAnswer,
        mail_sequence,
    ),
]
