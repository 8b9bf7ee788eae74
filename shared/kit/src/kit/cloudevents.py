"""CloudEvents 1.0 over Kafka in binary mode: attributes in `ce_*` headers, the event's data as the JSON body.

`ce_sequence` is the aggregate's version: a reader sees a gap. `ce_partitionkey` and the Kafka key are the aggregate id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

Headers = list[tuple[str, bytes]]


class NotACloudEvent(Exception):
    """Headers that are missing or cannot be read; the text says which."""


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


def encode(envelope: Envelope) -> Headers:
    """The Kafka headers of an event."""
    aggregate_id = str(envelope.aggregate_id).encode()
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(envelope.event_id).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("ce_subject", aggregate_id),
        ("ce_partitionkey", aggregate_id),
        ("ce_sequence", b"%d" % envelope.sequence),
        ("ce_dataschema", envelope.dataschema.encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    if envelope.replay:
        headers.append(("ce_replay", b"true"))
    return headers


def decode(headers: Sequence[tuple[str, bytes | None]]) -> Envelope:
    """The attributes of a received record. Raises NotACloudEvent with the name of the header at fault."""
    found = {name: value for name, value in headers if value is not None}

    def read(name: str) -> str:
        try:
            return found[name].decode()
        except KeyError:
            raise NotACloudEvent(f"header {name} is missing") from None
        except UnicodeDecodeError:
            raise NotACloudEvent(f"header {name} is not UTF-8") from None

    if (version := read("ce_specversion")) != "1.0":
        raise NotACloudEvent(f"ce_specversion is {version!r}, not 1.0")
    try:
        return Envelope(
            event_id=UUID(read("ce_id")),
            source=read("ce_source"),
            type=read("ce_type"),
            aggregate_id=UUID(read("ce_subject")),
            sequence=int(read("ce_sequence")),
            time=datetime.fromisoformat(read("ce_time")),
            dataschema=read("ce_dataschema"),
            traceparent=found["ce_traceparent"].decode() if "ce_traceparent" in found else None,
            replay=found.get("ce_replay") == b"true",
        )
    except ValueError as error:
        raise NotACloudEvent(f"a header cannot be read: {error}") from error
