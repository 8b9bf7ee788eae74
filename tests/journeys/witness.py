"""What a run leaves behind, and what it must never leave: for whole journeys."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import httpx
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from madoguchi_stack.case.web import Web, text_of, until
from madoguchi_stack.layout import SERVICES
from support.stack import Stack

PROCESSES = [f"{service}-{part}" for service in SERVICES for part in ("api", "worker")]

# Where something confidential goes in or comes out of an API, by the name of the field.
CONFIDENTIAL = {
    *("password", "secret_answer", "code", "otpauth_uri", "secret_text", "proof"),
    *("token", "login_token", "session_token", "access_token", "user_id"),
    *("mail", "name_kanji", "name_kana", "family", "given", "birth_date", "address", "phone", "number", "holder_kana"),
    *("reason", "text"),
}


class Witness(Web):
    """A client that remembers whatever confidential passes through its hands.

    Between a mail and its reader sits a scanner, which fetches every link that it sees, more than once.
    """

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.servers.ports)
        self.secrets: set[tuple[str, str]] = set()
        self.scanned: list[tuple[str, int]] = []
        self._http = stack.http

    async def ask(self, method: str, service: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """As `Web.ask`."""
        answer = await super().ask(method, service, path, body, **options)
        self.secrets.update(_confidential(body))
        if answer.content and "json" in answer.headers.get("content-type", "") and path != "/v1/terms":
            self.secrets.update(_confidential(answer.json()))
        return answer

    async def mail(self, to: str, subject: str, after: int = 0, about: str = "") -> EmailMessage:
        """As `Web.mail`, after the scanner."""
        mail = await super().mail(to, subject, after, about)
        for link in links_in(mail):
            for method in ("GET", "HEAD", "GET"):
                answer = await self._http.request(method, link)
                self.scanned.append((link, answer.status_code))
        return mail


def links_in(mail: EmailMessage) -> list[str]:
    """Every address in the text of a mail."""
    return re.findall(r"https?://[^\s<>\"」)]+", text_of(mail))


def readable(mail: EmailMessage) -> str:
    """All of a mail as its reader may see it: headers, text, HTML."""
    parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*map(str, mail.values()), *parts])


def _confidential(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _confidential(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _confidential(inner, name)
    elif isinstance(value, str) and name in CONFIDENTIAL and len(value) >= 2:
        yield name, value


def occurs(secret: str, text: str) -> bool:
    """Whether a text holds a secret: as it is, with JSON's escapes, or as part of an address."""
    if secret.isdecimal():  # not inside a longer number, a time, or an id
        return re.search(rf"(?<![\w.:-]){secret}(?![\w.:-])", text) is not None
    return any(form in text for form in (secret, json.dumps(secret)[1:-1], quote(secret)))


@dataclass(frozen=True)
class Told:
    """One record of a topic, as a foreign client sees it."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, bytes]
    body: bytes

    @property
    def event(self) -> CloudEvent:
        """As the SDK of CloudEvents reads it. Raises for what is no CloudEvent in binary mode."""
        message = KafkaMessage(dict(self.headers), key=self.key.encode(), value=self.body)
        return from_binary(message, JSONFormat(), CloudEvent)

    @property
    def name(self) -> str:
        """The event's class, with the template of a mail."""
        name = self.headers["ce_type"].decode().split(".")[2]
        return f"{name} {self.data['template']}" if "template" in self.data else name

    @property
    def data(self) -> dict[str, Any]:
        """The body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def sequence(self) -> int:
        """The version of the aggregate."""
        return int(self.headers["ce_sequence"])

    @property
    def trace_id(self) -> str:
        """The trace that it belongs to."""
        return self.headers.get("traceparent", b"--").decode().split("-")[1]


def read_all(bootstrap: str, recorded: set[str]) -> list[Told]:
    """Every record on every topic, by partition and offset: until all `recorded` events were seen and a moment longer.

    Blocks. The end of a partition is not asked for: the broker from the wheel tells it too low after a batch.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "journeys", "enable.auto.commit": False})
    told: list[Told] = []
    unseen = set(recorded)
    try:
        # Kafka keeps its own books in topics whose names begin with two underscores.
        topics = [one for one in consumer.list_topics(timeout=30).topics.values() if not one.topic.startswith("__")]
        consumer.assign(
            [TopicPartition(one.topic, number, OFFSET_BEGINNING) for one in topics for number in one.partitions]
        )
        while (message := consumer.poll(60 if unseen else 1)) is not None:
            assert message.error() is None, message.error()
            told.append(
                Told(
                    str(message.topic()),
                    message.partition() or 0,
                    message.offset() or 0,
                    (message.key() or b"").decode(),
                    dict(message.headers() or []),
                    message.value() or b"",
                )
            )
            unseen.discard(told[-1].headers["ce_id"].decode())
    finally:
        consumer.close()
    assert not unseen, f"recorded and never told: {unseen}"
    return sorted(told, key=lambda one: (one.topic, one.partition, one.offset))


async def all_told(stack: Stack) -> list[Told]:
    """Everything on every topic, once no service has anything to tell or to send any more."""

    async def quiet() -> bool:
        untold = [await stack.count(service, "SELECT count(*) FROM outbox") for service in SERVICES]
        unsent = await stack.count("notifications", "SELECT count(*) FROM messages WHERE finished_at IS NULL")
        return sum(untold) + unsent == 0

    await until(quiet, "the end of what is told and sent")
    rows = [row for service in SERVICES for row in await stack.rows(service, "SELECT event_id FROM events")]
    return await asyncio.to_thread(read_all, stack.servers.kafka_bootstrap, {str(row.event_id) for row in rows})


async def left_behind(stack: Stack, told: list[Told]) -> dict[str, str]:
    """{place: text} of all logs, of everything that is measured, and of every record on the topics."""
    # The mailbox is the recipients' own; what it logs is theirs.
    logs = [file for file in sorted((stack.servers.folder / "logs").iterdir()) if file.stem != "mail"]
    places = {f"log {file.name}": file.read_text(errors="replace") for file in logs}
    for process in PROCESSES:
        places[f"metrics {process}"] = (await stack.http.get(stack.url(process, "/metrics"))).text
    for one in told:
        parts = [one.key, *(f"{name}: {value.decode()}" for name, value in one.headers.items()), one.body.decode()]
        places[f"{one.name} on {one.topic} {one.partition}/{one.offset}"] = "\n".join(parts)
    return places
