"""Handing one mail to an SMTP relay, and saying honestly what became of it.

A relay's word counts only at the end of DATA. What goes wrong before DATA leaves the mail with us, so the next relay
may have it; what goes wrong between DATA and the answer leaves nobody knowing, and no other relay is tried then.
"""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog
from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from notifications.delivery import Fate, Outcome

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0  # also for the banner: a relay that is slow to greet is passed over
COMMAND_SECONDS = 20.0
DATA_SECONDS = 60.0
IDLE_SECONDS = 15.0  # an unused connection is closed before the relay gets tired of it
REST_SECONDS = 30.0  # a relay that could not be spoken to is asked last for this long

_ADDRESS = re.compile(r"\S+@\S+")
_ANSWER_CHARACTERS = 200


class Relay(BaseModel):
    """A mail server that takes our mail. A password is only ever sent over TLS."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65_535)
    starttls: bool = False
    username: str | None = None
    password: SecretStr | None = None

    @model_validator(mode="after")
    def _login_is_whole_and_safe(self) -> Relay:
        if (self.username is None) != (self.password is None):
            raise ValueError("a relay needs both username and password, or neither")
        if self.password is not None and not self.starttls:
            raise ValueError("a relay with a password needs starttls")
        return self

    @property
    def name(self) -> str:
        """host:port, as logs and attempts name it."""
        return f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether the mail stays on this machine on its way there."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class Letter:
    """A mail ready for the wire. Addresses are in the form of the envelope (`rendering.envelope_address`)."""

    sender: str
    recipient: str
    content: bytes


BeforeData = Callable[[], Awaitable[bool]]


@dataclass
class _Line:
    """One relay: its idle connections, and until when it rests."""

    relay: Relay
    idle: list[tuple[SMTP, float]] = field(default_factory=list)
    rests_until: float = 0.0


class Relays:
    """The relays in their order of preference, with connections that are kept for the next mail."""

    def __init__(
        self, relays: Sequence[Relay], *, connect_seconds: float = CONNECT_SECONDS, data_seconds: float = DATA_SECONDS
    ) -> None:
        self._lines = [_Line(relay) for relay in relays]
        self._connect_seconds = connect_seconds
        self._data_seconds = data_seconds

    async def send(self, letter: Letter, before_data: BeforeData) -> Outcome:
        """Hand `letter` to the first relay that takes it.

        `before_data()` is awaited before each DATA, and records that from now on the outcome may be unknown; when
        it returns False the mail is no longer ours to send. Raises what `before_data` raises, with nothing sent.
        """
        now = time.monotonic()
        outcome = Outcome(Fate.RETRY, "no_relay")
        for line in sorted(self._lines, key=lambda line: line.rests_until > now):
            outcome = await self._through(line, letter, before_data)
            if outcome.fate is not Fate.RETRY:
                return outcome
        return outcome

    async def answers(self) -> None:
        """Raise ConnectionError while every relay rests: mails wait then."""
        now = time.monotonic()
        if all(line.rests_until > now for line in self._lines):
            raise ConnectionError

    def close_idle(self, older_than_seconds: float = IDLE_SECONDS) -> None:
        """Close connections that nobody used for a while."""
        limit = time.monotonic() - older_than_seconds
        for line in self._lines:
            for client, since in line.idle:
                if since <= limit:
                    client.close()
            line.idle = [(client, since) for client, since in line.idle if since > limit]

    async def _through(self, line: _Line, letter: Letter, before_data: BeforeData) -> Outcome:
        name = line.relay.name
        try:
            client = await self._envelope_taken(line, letter)
        except SMTPRecipientRefused as error:
            # A word about this recipient: 5xx will not change, 4xx (a full mailbox, greylisting) may.
            return _refused(error, name)
        except (SMTPException, OSError) as error:
            # Everything else, a 5xx included, is about the relay or our account there, not about this mail: were it
            # taken for the mail's fault, one wrong password would fail every mail in the queue.
            line.rests_until = time.monotonic() + REST_SECONDS
            log.warning("relay_failed", relay=name, error=type(error).__name__, code=_code(error))
            return Outcome(Fate.RETRY, _code(error), _answer(error), name)
        try:
            if not await before_data():
                client.close()
                return Outcome(Fate.SUPERSEDED, "lease_lost", relay=name)
            answer = await client.data(letter.content, timeout=self._data_seconds)
        except SMTPDataError as error:
            client.close()
            return _refused(error, name)
        except (SMTPException, OSError) as error:
            client.close()
            return Outcome(Fate.UNKNOWN, _code(error), _answer(error), name)
        except BaseException:
            client.close()
            raise
        line.rests_until = 0.0
        line.idle.append((client, time.monotonic()))
        return Outcome(Fate.ACCEPTED, str(answer.code), _redacted(answer.message), name)

    async def _envelope_taken(self, line: _Line, letter: Letter) -> SMTP:
        """A connection on which MAIL and RCPT were accepted; a kept one that went stale is replaced once."""
        while line.idle:
            client, _ = line.idle.pop()
            if not client.is_connected:
                continue
            try:
                return await _envelope(client, letter)
            except SMTPRecipientRefused:
                raise
            except (SMTPException, OSError):
                break  # the relay may have closed it for being idle: that says nothing about the relay
        return await _envelope(await self._connect(line.relay), letter)

    async def _connect(self, relay: Relay) -> SMTP:
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            start_tls=relay.starttls,
            username=relay.username,
            password=relay.password.get_secret_value() if relay.password else None,
            local_hostname=socket.gethostname(),
            timeout=COMMAND_SECONDS,
        )
        async with asyncio.timeout(self._connect_seconds):
            await client.connect()
        return client


async def _envelope(client: SMTP, letter: Letter) -> SMTP:
    try:
        await client.mail(letter.sender)
        await client.rcpt(letter.recipient)
    except BaseException:
        client.close()
        raise
    return client


def _refused(error: SMTPResponseException, relay: str) -> Outcome:
    """The relay's answer to a recipient or to the content; what is no clear no after DATA counts as unknown."""
    if 500 <= error.code < 600:
        fate = Fate.FAILED
    elif 400 <= error.code < 500 or isinstance(error, SMTPRecipientRefused):
        fate = Fate.RETRY
    else:
        fate = Fate.UNKNOWN
    return Outcome(fate, _code(error), _answer(error), relay)


def _code(error: BaseException) -> str:
    """A word for what happened: the relay's three digits, or the kind of trouble."""
    if isinstance(error, SMTPResponseException) and 200 <= error.code < 600:
        return str(error.code)
    if isinstance(error, (SMTPTimeoutError, TimeoutError)):
        return "timeout"
    return "connection" if isinstance(error, (ConnectionError, OSError)) else "protocol"


def _answer(error: BaseException) -> str:
    return _redacted(error.message) if isinstance(error, SMTPResponseException) else ""


def _redacted(message: str) -> str:
    """The relay's words without addresses, which it likes to repeat, and without control characters."""
    words = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return _ADDRESS.sub("<...>", words)[:_ANSWER_CHARACTERS]
