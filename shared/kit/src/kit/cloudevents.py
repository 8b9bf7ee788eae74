"""CloudEvents 1.0 over Kafka in binary mode: attributes in `ce_*` headers, the event's data as the JSON body.

- `ce_sequence` is the aggregate's version in decimal digits: a reader sees a gap. It counts within `ce_subject` and is
  compared as a number; the extension `sequence` of CloudEvents would have it count within `ce_source`, as a string.
- `ce_partitionkey` (extension `partitioning`) and the Kafka key are the aggregate id.
- `ce_traceparent` (extension `distributed tracing`) is the trace of what caused the event, and stays with it for ever.
  `traceparent`, without a prefix, is where instrumentations of Kafka clients look for the last hop, and may rewrite it;
  we send the event directly, so both begin alike, as the extension demands.
- `ce_replay` is our own: `true` on an event that is told again on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from kit.telemetry import valid_traceparent

T = TypeVar("T")
_MAX_SEQUENCE = 2**31 - 1  # a version is a PostgreSQL integer; more would fail in whoever stores it

Headers = list[tuple[str, bytes]]


class NotACloudEvent(Exception):
    """Headers that are missing or cannot be read; the text says which, and never what was in them."""


@dataclass(frozen=True)
class Envelope:
    """The attributes of one event."""

    event_id: UUID
    source: str
    type: str
    aggregate_id: UUID
    sequence: int
    time: datetime
    dataschema: str
    traceparent: str | None = None
    replay: bool = False


@lru_cache(maxsize=1024)
def constant_headers(type_name: str, source: str, dataschema: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that all events of a type share; cached, since the relay needs them for every event."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_source", source.encode()),
        ("ce_type", type_name.encode()),
        ("ce_dataschema", dataschema.encode()),
        ("content-type", b"application/json"),
    )


def build_headers(
    constant: Sequence[tuple[str, bytes]],
    *,
    event_id: str,
    subject: str,
    sequence: str,
    time: str,
    traceparent: str | None,
    replay: bool,
) -> Headers:
    """The Kafka headers of an event whose attributes are text already; `constant` as of `constant_headers`."""
    key = subject.encode()
    headers = [
        *constant,
        ("ce_id", event_id.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", key),
        ("ce_partitionkey", key),
        ("ce_sequence", sequence.encode()),
    ]
    if traceparent:
        headers += [("ce_traceparent", traceparent.encode()), ("traceparent", traceparent.encode())]
    if replay:
        headers.append(("ce_replay", b"true"))
    return headers


def encode(envelope: Envelope) -> Headers:
    """The Kafka headers of an event."""
    return build_headers(
        constant_headers(envelope.type, envelope.source, envelope.dataschema),
        event_id=str(envelope.event_id),
        subject=str(envelope.aggregate_id),
        sequence=str(envelope.sequence),
        time=envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        traceparent=envelope.traceparent,
        replay=envelope.replay,
    )


def decode(headers: Sequence[tuple[str, bytes | None]]) -> Envelope:
    """The attributes of a received record. Raises NotACloudEvent with the name of the header at fault.

    A traceparent that is not well-formed is left out: a broken trace is no reason to refuse an event.
    """
    found = {name: value for name, value in headers if value is not None}

    def read(name: str, meaning: Callable[[str], T]) -> T:
        if name not in found:
            raise NotACloudEvent(f"header {name} is missing")
        try:
            return meaning(found[name].decode())
        except (ValueError, OverflowError):
            raise NotACloudEvent(f"header {name} cannot be read") from None

    if read("ce_specversion", str) != "1.0":
        raise NotACloudEvent("header ce_specversion is not 1.0")
    trace = found.get("ce_traceparent") or found.get("traceparent") or b""
    return Envelope(
        event_id=read("ce_id", UUID),
        source=read("ce_source", str),
        type=read("ce_type", str),
        aggregate_id=read("ce_subject", UUID),
        sequence=read("ce_sequence", _version),
        time=read("ce_time", _moment),
        dataschema=read("ce_dataschema", str),
        traceparent=valid_traceparent(trace.decode(errors="replace")),
        replay=found.get("ce_replay") == b"true",
    )


def _version(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:11]) <= _MAX_SEQUENCE):
        raise ValueError("not a version")
    return int(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:  # it would fail later, where it is compared with our own times
        raise ValueError("a time without an offset")
    return moment.astimezone(UTC)
