"""From a template and its facts to the bytes on the wire.

One source per mail in `templates/` makes both the text and the HTML: a mail is written with the blocks of a layout
(`greeting`, `p`, `link`, ...), and there is a layout for each of the two. A template sees the fields of its context and
nothing else, so that a user ID or a link cannot get into a mail it does not belong in (NO-03, NO-07).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from kit.japan import to_jst
from pydantic import AfterValidator, BaseModel, ConfigDict

from notifications.domain import SUBJECTS, Template

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
    """Only NO-03 and NO-07."""

    user_id: OneLine


class WithLink(Addressed):
    """A mail with a one-time link; `expires_at` is None for a link without limit."""

    url: OneLine
    expires_at: Annotated[datetime, AfterValidator(_jst)] | None


class Correction(Addressed):
    """NO-10: the link asks for login and has no limit."""

    url: OneLine
    reason: Annotated[str, AfterValidator(_lines)]


class NewCase(_Context):
    """The notice to the office: the public number of the application alone."""

    reference: OneLine


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
    Template.OFFICE_NEW_CASE: NewCase,
}


# Rendering


def _japanese_time(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment.hour}時{moment.minute:02}分"


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
    return environment


_TEXT = _environment(html=False)
_HTML = _environment(html=True)


@dataclass(frozen=True)
class Body:
    """A mail in its two forms."""

    subject: str
    text: str
    html: str


def render(template: Template, facts: dict[str, Any]) -> Body:
    """Write the mail. Raises pydantic.ValidationError when `facts` lacks what the mail is made of."""
    context = CONTEXTS[template].model_validate(facts).model_dump()
    name = f"{template.value}.jinja"
    return Body(
        subject=SUBJECTS[template],
        text=re.sub(r"\n{3,}", "\n\n", _TEXT.get_template(name).render(context)).strip() + "\n",
        html=re.sub(r"\n{2,}", "\n", _HTML.get_template(name).render(context)).strip() + "\n",
    )


def compose(body: Body, *, message_id: UUID, sender: str, recipient: str, written_at: datetime) -> bytes:
    """The mail as it goes over the wire: 7-bit, with both forms, the same bytes each time it is sent.

    `sender` and `recipient` are envelope addresses; the recipient's name stays out of the header, which every server
    on the way writes to its log.
    """
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message["From"] = str(Address(display_name=SENDER_NAME, addr_spec=sender))
    message["To"] = recipient
    message["Subject"] = body.subject
    message["Date"] = format_datetime(to_jst(written_at))
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message["Content-Language"] = "ja"
    message.set_content(body.text, charset="utf-8", cte="base64")
    message.add_alternative(body.html, subtype="html", charset="utf-8", cte="base64")
    message.set_boundary(f"=_{message_id.hex}")
    return message.as_bytes()
