"""The readable catalogue of all events: `python -m madoguchi_contracts.catalogue > docs/events.md`."""

import json
import re
import sys
from collections.abc import Iterator
from inspect import getdoc

from madoguchi_contracts.envelope import Contract, Event
from madoguchi_contracts.fixtures import example_body
from madoguchi_contracts.registry import TOPICS
from madoguchi_contracts.schema import Schema, file_of, flat, schema_of
from madoguchi_contracts.sealed import CONTENTS

_HEAD = """# Events

Written by `python -m madoguchi_contracts.catalogue > docs/events.md` from the models; change those instead.
How to read events in your own program: `shared/contracts/README.md`. How to add one: `how-to-add-an-event.md`.

## What is promised

- **Place.** One topic per kind of aggregate. The key of a message is the aggregate's id, so that all events of an
  aggregate are in one partition.
- **Order.** The events of one aggregate come in the order in which they happened. `ce_sequence` counts them from 1
  without holes: a hole that you see is an event that you missed. Nothing is promised between aggregates.
- **Delivery.** At least once. A repeat has the same `ce_id` and the same `ce_sequence`; remember the `ce_id` in the
  transaction of its effect and pass over what you know. A replay from the beginning sends the same events again.
- **Form.** CloudEvents 1.0, binary mode: the attributes are headers, the body is the JSON described here.
- **Time.** All times are UTC and end in `Z`; days (`_on`) are days in Japan.
- **Growth.** Within a version, events only gain fields that may be missing. Pass over fields and types that you do
  not know. A value marked as open may be one that you have never seen. What would break you gets a new version,
  told beside the old one until every reader has moved.
- **Confidence.** Events carry ids and facts and no personal data. A sealed field is a compact JWE
  (ECDH-ES+A256KW, A256GCM) to one service; for everybody else it has no meaning.

| header | value |
|---|---|
| `ce_specversion` | `1.0` |
| `ce_id` | UUID of the event |
| `ce_source` | `/madoguchi/<service>` |
| `ce_type` | type name, below the title of each event |
| `ce_time` | when it was recorded |
| `ce_subject`, `ce_partitionkey` | id of the aggregate |
| `ce_sequence` | version of the aggregate after the event, in decimal digits |
| `ce_dataschema` | schema name, the `$id` of the released JSON Schema |
| `content-type` | `application/json` |
| `ce_traceparent` | W3C trace context of what caused the event, if it was traced |
| `traceparent` | the same, where instrumentations of Kafka clients look for it |
| `ce_replay` | `true` on an event that is told again on purpose; otherwise missing |
"""

_FORMATS = {"uuid": "UUID", "date-time": "time", "date": "day"}
_SHOWN = 24  # of a sealed string, which is long and means nothing to a reader


def catalogue() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    yield "## All events"
    yield ""
    yield "| topic | event | meaning | read by |"
    yield "|---|---|---|---|"
    for topic, events in TOPICS.items():
        for event in events:
            meaning = _paragraphs(event)[0]
            anchor = event.__name__.lower()
            yield f"| `{topic}` | [{event.__name__}](#{anchor}) | {meaning} | {_readers(event)} |"
    for topic, events in TOPICS.items():
        yield ""
        yield f"## `{topic}`"
        yield ""
        yield f"Told by {events[0].service}. Key: `{events[0].aggregate_field}`."
        for event in events:
            yield from _event(event)
    yield ""
    yield "## What is inside sealed fields"
    yield ""
    yield "Only the service for which a field is sealed sees this."
    for content in CONTENTS:
        yield ""
        yield f"### {content.__name__}"
        yield ""
        yield _paragraphs(content)[0]
        yield ""
        yield from _table(content)


def _event(event: type[Event]) -> Iterator[str]:
    meaning, when = _paragraphs(event)
    yield ""
    yield f"### {event.__name__}"
    yield ""
    yield f"`{event.type_name}`, schema `{file_of(event)}` (`{event.schema_name}`)"
    yield ""
    yield meaning
    yield ""
    yield f"- {when}"
    yield f"- Read by: {_readers(event)}"
    yield ""
    yield from _table(event)
    yield ""
    yield "```json"
    yield _example(event)
    yield "```"


def _paragraphs(contract: type[Contract]) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in (getdoc(contract) or "").split("\n\n")]


def _readers(event: type[Event]) -> str:
    return ", ".join(event.readers) or "no service of Madoguchi"


def _table(contract: type[Contract]) -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    yield from _rows("", flat(schema_of(contract)))


def _rows(prefix: str, node: Schema) -> Iterator[str]:
    for name, field in node["properties"].items():
        optional = "" if name in node.get("required", ()) else ", may be missing"
        text = f"{_type(field)}{optional}".replace("|", "\\|")
        yield f"| `{prefix}{name}` | {text} | {field['description']} |"
        inner, path = (field["items"], f"{prefix}{name}[].") if "items" in field else (field, f"{prefix}{name}.")
        if "properties" in inner:
            yield from _rows(path, inner)


def _type(node: Schema) -> str:
    if "x-sealed-model" in node:
        text = f"{node['x-sealed-model'].split(':')[-2]}, sealed for {node['x-sealed-for']}"
    elif "enum" in node:
        text = " or ".join(f"`{value}`" for value in node["enum"])
    elif "items" in node:
        text = f"list of {_type(node['items'])}"
    elif "format" in node:
        text = _FORMATS[node["format"]]
    elif "pattern" in node:
        text = f"text `{node['pattern']}`"
    elif "minimum" in node:
        text = f"{node['type']} from {node['minimum']}"
    else:
        text = "text" if node["type"] == "string" else node["type"]
    return f"{text} or null" if node.get("or_null") else text


def _example(event: type[Event]) -> str:
    """The example with its sealed strings cut short."""
    text = json.dumps(json.loads(example_body(event)), ensure_ascii=False, indent=2)
    return re.sub(rf'"(eyJ[\w-]{{{_SHOWN}}})[\w.-]+"', r'"\1…"', text)


if __name__ == "__main__":
    sys.stdout.write(catalogue())
