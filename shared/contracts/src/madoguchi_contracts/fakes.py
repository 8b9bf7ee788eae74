"""Made-up events for the tests of those who read them: as many as wanted, valid, and all different.

    fakes = Fakes(seed=1)
    approved = fakes.make(ApplicationApproved, first_approval=True)
    records = fakes.history(
        ApplicationSubmitted, ApplicationApproved, application_id=some_id
    )  # as they come from Kafka

The same seed gives the same events. `madoguchi_contracts.fixtures` has one fixed example of each event instead.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from madoguchi_contracts.envelope import Contract, Event
from madoguchi_contracts.fixtures import example_body
from madoguchi_contracts.schema import Schema, flat, schema_of

AnyContract = TypeVar("AnyContract", bound=Contract)

_BEGIN = datetime(2026, 4, 1, 0, 0, tzinfo=UTC)
_SPAN_SECONDS = 365 * 86_400
_DIGEST = "^[0-9a-f]{64}$"
_PLAIN = TypeAdapter(dict[str, Any])


@dataclass(frozen=True)
class Record:
    """An event as it comes from Kafka: what every client library gives, under whatever names."""

    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


class Fakes:
    """A source of made-up events. Ids, times, digests, numbers and choices are drawn; other text is the example's."""

    def __init__(self, seed: int = 0) -> None:
        """The same seed gives the same events in the same order."""
        self._dice = random.Random(seed)  # noqa: S311 - it makes test data, no secret

    def make(self, contract: type[AnyContract], **given: Any) -> AnyContract:
        """A valid event (or sealed content) with the given fields, the others made up.

        A field that may be null sometimes is. Raises pydantic.ValidationError for a given value that the event does not
        allow, TypeError for a field that it does not have.
        """
        if unknown := given.keys() - contract.model_fields.keys():
            raise TypeError(f"{contract.__name__} has no field {', '.join(sorted(unknown))}")
        body = self._value(flat(schema_of(contract)), json.loads(example_body(contract)))
        body.update(_PLAIN.dump_python(given, mode="json"))
        return contract.model_validate_json(json.dumps(body), strict=True)

    def record(self, event: Event, *, sequence: int = 1, event_id: UUID | None = None, replay: bool = False) -> Record:
        """The event as it comes from Kafka, as event number `sequence` of its aggregate.

        Call it once and read the result twice for a repeat; give it `replay` and the same `event_id` for a replay.
        """
        key = str(event.aggregate_id)
        at = _BEGIN + timedelta(seconds=self._dice.randrange(_SPAN_SECONDS))
        headers = {
            "ce_specversion": "1.0",
            "ce_source": f"/madoguchi/{event.service}",
            "ce_type": event.type_name,
            "ce_dataschema": event.schema_name,
            "content-type": "application/json",
            "ce_id": str(event_id or self._uuid()),
            "ce_time": at.isoformat().replace("+00:00", "Z"),
            "ce_subject": key,
            "ce_partitionkey": key,
            "ce_sequence": str(sequence),
            **({"ce_replay": "true"} if replay else {}),
        }
        encoded = tuple((name, value.encode()) for name, value in headers.items())
        return Record(event.topic, key.encode(), encoded, event.model_dump_json().encode())

    def history(self, *events: type[Event], **given: Any) -> list[Record]:
        """What happened to one aggregate, in order: a record for each event, numbered from 1.

        `given` are fields that the events share, at least the aggregate's id; an event without such a field does
        without. Raises TypeError when the events are not of one topic.
        """
        if len({event.topic for event in events}) != 1:
            raise TypeError("a history is of one topic")
        key = events[0].aggregate_field
        shared: Mapping[str, Any] = {key: self._uuid(), **given}
        return [
            self.record(
                self.make(event, **{name: value for name, value in shared.items() if name in event.model_fields}),
                sequence=number,
            )
            for number, event in enumerate(events, 1)
        ]

    def _value(self, node: Schema, example: Any) -> Any:
        if node.get("or_null") and self._dice.random() < 0.3:
            return None
        if "properties" in node:
            return {name: self._value(field, example[name]) for name, field in node["properties"].items()}
        if "items" in node:
            return [self._value(node["items"], one) for one in example]
        if "enum" in node:
            return self._dice.choice(node["enum"])
        if node["type"] == "integer":
            low = node.get("minimum", 0)
            return self._dice.randint(low, node.get("maximum", low + 1000))
        if node["type"] == "boolean":
            return self._dice.random() < 0.5
        return self._text(node, example)

    def _text(self, node: Schema, example: str) -> str:
        at = timedelta(seconds=self._dice.randrange(_SPAN_SECONDS))
        if node.get("format") == "uuid":
            return str(self._uuid())
        if node.get("format") == "date-time":
            return (_BEGIN + at).isoformat().replace("+00:00", "Z")
        if node.get("format") == "date":
            return date.isoformat((_BEGIN + at).date())
        if node.get("pattern") == _DIGEST:
            return f"{self._dice.getrandbits(256):064x}"
        return example

    def _uuid(self) -> UUID:
        return UUID(int=self._dice.getrandbits(128), version=4)
