"""An SMTP server that follows a script: which command is answered how, or not at all. Real, on a real socket."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Literal, Self, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

Stage = Literal["banner", "mail", "rcpt", "data"]
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Fault:
    """What the server does at one stage, once: wait, then answer with `reply`, or hang up.

    At the stage `data` the content has been received when the fault strikes.
    """

    reply: str = ""
    wait_seconds: float = 0.0
    hang_up: bool = False


FINE = Fault()  # behave, this time


@dataclass(frozen=True)
class Received:
    """A mail whose content reached the server; `accepted` says whether the client was told so."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    accepted: bool

    @property
    def message(self) -> EmailMessage:
        """The mail as a mail program reads it."""
        return cast(EmailMessage, email.message_from_bytes(self.content, policy=email.policy.default))


class ScriptedSmtp:
    """`async with ScriptedSmtp() as smtp:`; then `smtp.on("rcpt", Fault("451 4.7.1 later"))` for the next RCPT."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.visits: Counter[Stage] = Counter()
        self._script: dict[Stage, deque[Fault]] = defaultdict(deque)
        self._server: asyncio.Server | None = None
        self._clients: set[_Client] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Refuse connections from now on, and hang up on everybody; the port stays known."""
        if self._server is not None:
            self._server.close()
            for client in list(self._clients):
                client.hang_up()
            await asyncio.sleep(0)
            self._server = None

    async def start_again(self) -> None:
        """Listen on the same port again."""
        await self.__aenter__()

    def on(self, stage: Stage, *faults: Fault) -> None:
        """The next visits of `stage` meet these faults, one each."""
        self._script[stage].extend(faults)

    @property
    def accepted(self) -> list[EmailMessage]:
        """The mails taken over, oldest first."""
        return [one.message for one in self.received if one.accepted]

    def fault(self, stage: Stage) -> Fault:
        """What the script says now."""
        self.visits[stage] += 1
        script = self._script[stage]
        return script.popleft() if script else FINE

    def came(self, client: _Client) -> None:
        """A client connected."""
        self.connections += 1
        self._clients.add(client)

    def went(self, client: _Client) -> None:
        """A client is gone."""
        self._clients.discard(client)


class _Client(SMTP):
    """One connection."""

    def __init__(self, script: ScriptedSmtp) -> None:
        super().__init__(self, hostname="scripted.test", ident="scripted", timeout=60)
        self._scripted = script

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._scripted.came(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._scripted.went(self)
        super().connection_lost(error)

    async def _handle_client(self) -> None:
        fault = self._scripted.fault("banner")
        await asyncio.sleep(fault.wait_seconds)
        if fault.reply:
            await self.push(fault.reply)
        if fault.reply or fault.hang_up:
            self.hang_up() if fault.hang_up else self.transport.close()
            return
        await super()._handle_client()

    async def _play(self, stage: Stage) -> str | None:
        """The scripted answer, or None to go on. Hanging up ends the conversation."""
        fault = self._scripted.fault(stage)
        await asyncio.sleep(fault.wait_seconds)
        if fault.hang_up:
            self.hang_up()
            raise ConnectionResetError
        return fault.reply or None

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[Any]) -> str:
        answer = await self._play("mail")
        if answer:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[Any]) -> str:
        answer = await self._play("rcpt")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        content = cast(bytes, envelope.original_content)
        facts = (str(envelope.mail_from), tuple(envelope.rcpt_tos), content)
        try:
            answer = await self._play("data")
        except ConnectionResetError:
            self._scripted.received.append(Received(*facts, accepted=False))
            raise
        self._scripted.received.append(Received(*facts, accepted=answer is None or answer.startswith("2")))
        return answer or "250 2.0.0 taken"
