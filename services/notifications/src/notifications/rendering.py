"""From a template and its facts to the bytes on the wire.

One source per mail in `templates/` makes both the text and the HTML: a mail is written with the blocks of a layout
(`greeting`, `p`, `link`, ...), and there is a layout for each of the two. A template sees the fields of its context and
nothing else, so that a user ID or a link cannot get into a mail it does not belong in (NO-03, NO-07).
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from kit.japan import to_jst
from pydantic import AfterValidator, BaseModel, ConfigDict

from notifications.domain import Template
from notifications.programmes import wording_of

SENDER_NAME = "住宅金融支援機構"
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTABLE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN = re.compile(r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")


class BadAddress(Exception):
    """The address cannot be written to; it is not named here, because it is personal."""


def envelope_address(mail: str) -> str:
    """The address as SMTP takes it.

    Old addresses of mobile carriers such as `a..b@docomo.ne.jp` are against the grammar and yet in use: their first
    part is quoted. A domain in Japanese becomes its IDNA form. Raises BadAddress.
    """
    local, _, domain = mail.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        raise BadAddress from None
    if local.startswith('"') and local.endswith('"'):
        local = local[1:-1]  # quoted already
    if not _QUOTABLE.fullmatch(local) or len(local) > 64 or not _DOMAIN.fullmatch(domain):
        raise BadAddress
    return f"{local}@{domain}" if _DOT_ATOM.fullmatch(local) else f'"{local}"@{domain}'


# Contexts: what each mail is made of


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _lines(text: str) -> str:
    return "\n".join("".join(c for c in line if c.isprintable()).rstrip() for line in text.strip().splitlines())


def _jst(moment: datetime) -> datetime:
    return to_jst(moment)


OneLine = Annotated[str, AfterValidator(_one_line)]  # a line break in a name could pass for text of ours


class _Context(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Addressed(_Context):
    """A mail to a person."""

    name: OneLine


class WithUserId(Addressed):
    """Only NO-03 and NO-07: the user ID of ours."""

    user_id: OneLine


class WithLink(Addressed):
    """A mail with a one-time link; `expires_at` is None for a link without limit."""

    url: OneLine
    expires_at: Annotated[datetime, AfterValidator(_jst)] | None


class Objection(Addressed):
    """The link ends what was begun, for as long as it is open."""

    url: OneLine


class Invited(Addressed):
    """The link asks for login and has no limit of its own."""

    url: OneLine


class Contract(Addressed):
    """GL-484: the page that leads to the contract, which asks for login, and the video that comes before."""

    url: OneLine
    video_url: OneLine


class ServiceLogin(Addressed):
    """The way into another party's Web service: its login page, and the user ID there."""

    user_id: OneLine
    url: OneLine


class Correction(Addressed):
    """NO-10: the link asks for login and has no limit."""

    url: OneLine
    reason: Annotated[str, AfterValidator(_lines)]


class PaperRequest(Addressed):
    """What the office asks for, and by when; the link asks for login and has no limit."""

    url: OneLine
    label: OneLine
    due_on: date


class LapseNotice(Addressed):
    """The day after which the user ID cannot be used, unless its holder logs in."""

    lapses_at: Annotated[datetime, AfterValidator(_jst)]


class NewCase(_Context):
    """A notice to the office: the public number of the application alone."""

    reference: OneLine


class Notice(Addressed):
    """NO-11: what the agency tells, in paragraphs of its own."""

    subject: OneLine
    paragraphs: list[Annotated[str, AfterValidator(_lines)]]


CONTEXTS: dict[Template, type[_Context]] = {
    Template.REGISTRATION_LINK: WithLink,
    Template.USER_ID_ISSUED: WithUserId,
    Template.PASSWORD_LINK: WithLink,
    Template.PASSWORD_SET: Addressed,
    Template.PASSWORD_RESET_LINK: WithLink,
    Template.USER_ID_REMINDER: WithUserId,
    Template.EKYC_LINK: WithLink,
    Template.SERVICE_STARTED: Addressed,
    Template.CORRECTION_REQUESTED: Correction,
    Template.DOCUMENT_REQUESTED: PaperRequest,
    Template.CONTRACT_OFFERED: Contract,
    Template.INSURANCE_OFFERED: ServiceLogin,
    Template.APPLICATION_CLOSED: Addressed,
    Template.NOTICE: Notice,
    Template.OFFICE_NEW_CASE: NewCase,
    Template.MESSAGE_POSTED: Addressed,
    Template.OFFICE_NEW_MESSAGE: NewCase,
    Template.CORRECTION_ASKED: Addressed,
    Template.INVITATION: WithLink,
    Template.SUCCESSION: WithLink,
    Template.SUCCESSION_NOTICE: Objection,
    Template.SUCCESSION_DONE: Addressed,
    Template.LAPSE_NOTICE: LapseNotice,
    Template.DATA_REQUEST_CLOSED: Addressed,
}


# Rendering


def _japanese_time(moment: datetime) -> str:
    return f"{_japanese_day(moment)} {moment.hour}時{moment.minute:02}分"


def _japanese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("notifications", "templates"),
        # S701: the text form is no HTML, and would show &amp; to the reader.
        autoescape=html,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["layout"] = "layout.html.jinja" if html else "layout.txt.jinja"
    environment.filters["japanese_time"] = _japanese_time
    environment.filters["japanese_day"] = _japanese_day
    return environment


_TEXT = _environment(html=False)
_HTML = _environment(html=True)


@dataclass(frozen=True)
class Body:
    """A mail in its two forms."""

    subject: str
    text: str
    html: str


def render(template: Template, facts: dict[str, Any], programme: str) -> Body:
    """Write the mail in the words of the programme.

    Raises pydantic.ValidationError when `facts` lacks what the mail is made of.
    """
    wording = wording_of(programme)
    context = CONTEXTS[template].model_validate(facts).model_dump() | {"service": wording.service}
    names = [f"{folder}{template.value}.jinja" for folder in wording.folders]
    return Body(
        subject=context.get("subject", wording.subjects[template]),
        text=re.sub(r"\n{3,}", "\n\n", _TEXT.select_template(names).render(context)).strip() + "\n",
        html=re.sub(r"\n{2,}", "\n", _HTML.select_template(names).render(context)).strip() + "\n",
    )


def compose(body: Body, *, message_id: UUID, sender: str, recipient: str, written_at: datetime) -> bytes:
    """The mail as it goes over the wire: 7-bit, with both forms, the same bytes each time it is sent.

    Written out here, because the library's way costs several milliseconds a mail and makes encoded words of 76
    characters, where RFC 2047 allows 75. `sender` and `recipient` are envelope addresses; the recipient's name stays
    out of the header, which every server on the way writes to its log.
    """
    boundary = f"=_{message_id.hex}"
    headers = {
        "From": f"{_encoded_words(SENDER_NAME)} <{sender}>",
        "To": recipient,
        "Subject": _encoded_words(body.subject),
        "Date": format_datetime(to_jst(written_at)),
        "Message-ID": f"<{message_id}@{sender.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answering machine answers
        "Content-Language": "ja",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    for form, text in (("plain", body.text), ("html", body.html)):
        lines += [
            "",
            f"--{boundary}",
            f'Content-Type: text/{form}; charset="utf-8"',
            "Content-Transfer-Encoding: base64",
            "",
            _base64_lines(text),
        ]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("ascii")


@cache
def _encoded_words(text: str) -> str:
    """RFC 2047, folded, no character cut in two."""
    return Header(text, "utf-8", header_name="Subject", maxlinelen=75).encode(linesep="\r\n")


def _base64_lines(text: str) -> str:
    wire = text.replace("\n", "\r\n").encode()
    return base64.encodebytes(wire).decode().rstrip("\n").replace("\n", "\r\n")
