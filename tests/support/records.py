"""Records as a consumer receives them from Kafka, made without a broker."""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from kit.cloudevents import Envelope, encode
from madoguchi_contracts import Event

_offsets = itertools.count()


@dataclass(frozen=True)
class FakeRecord:
    """The fields of a Kafka record that the bus looks at."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    partition: int = 0
    offset: int = field(default_factory=lambda: next(_offsets))


def record_of(
    event: Event,
    *,
    sequence: int = 1,
    event_id: UUID | None = None,
    at: datetime = datetime(2026, 4, 1, 1, 0, tzinfo=UTC),
    body: bytes | None = None,
    type_name: str | None = None,
) -> FakeRecord:
    """The event as a record; `body` and `type_name` replace the right ones to make a malformed record.

    Call it once and process the result twice to have a duplicate: each call makes a new event id.
    """
    envelope = Envelope(
        event_id=event_id or uuid.uuid4(),
        source=f"/madoguchi/{event.service}",
        type=type_name or event.type_name,
        aggregate_id=event.aggregate_id,
        sequence=sequence,
        time=at,
        dataschema=event.schema_name,
    )
    key = str(event.aggregate_id).encode()
    value = event.model_dump_json().encode() if body is None else body
    return FakeRecord(event.topic, key, value, encode(envelope))
