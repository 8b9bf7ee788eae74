"""The catalogue of all events, as facts to be laid out, and as the Markdown page `docs/events.md`.

    python -m madoguchi_events.catalogue docs

writes `events.md`, `events.html`, `asyncapi.json` and `events-changelog.md` into the folder; `make catalogue` does it
in the checkout.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import getdoc
from pathlib import Path

from madoguchi_contracts.envelope import Contract, Event
from madoguchi_contracts.fixtures import example_body
from madoguchi_contracts.registry import TOPICS
from madoguchi_contracts.schema import Schema, file_of, flat, schema_of
from madoguchi_contracts.sealed import CONTENTS

from madoguchi_events.manifest import Manifest, Topic, read_manifest

INTRODUCTION = "Written by `make catalogue` from the models and the manifest of topics; change those instead."

PROMISES = {
    "Place": """One topic per kind of aggregate. The key of a message is the aggregate's id, so that all events of an
        aggregate are in one partition.""",
    "Order": """The events of one aggregate come in the order in which they happened. `ce_sequence` counts them from 1
        without holes: a hole that you see is an event that you missed. Nothing is promised between aggregates.""",
    "Delivery": """At least once. A repeat has the same `ce_id` and the same `ce_sequence`; remember the `ce_id` in the
        transaction of its effect and pass over what you know. A replay from the beginning sends the same events
        again.""",
    "Retention": """A topic keeps its events for the time that is named with it. The services keep them for ever:
        whoever was away longer, or is new, starts from a snapshot or asks for a replay.""",
    "Access": """Every team may read every event, and gets the topics that it asks for: no topic can be read without an
        entry in `deploy/topics.yaml`. Tell with it which events and fields you use, in
        `shared/contracts/consumers/<team>.yaml`: then no change that breaks you is released without a talk.""",
    "Form": "CloudEvents 1.0, binary mode: the attributes are headers, the body is the JSON described here.",
    "Time": "All times are UTC and end in `Z`; days (`_on`) are days in Japan.",
    "Growth": """Within a version, events only gain fields that may be missing. Pass over fields and types that you do
        not know. A value marked as open may be one that you have never seen. What would break you gets a new version,
        told beside the old one until every reader has moved.""",
    "Confidence": """Events carry ids and facts and no personal data. A sealed field is a compact JWE
        (ECDH-ES+A256KW, A256GCM) to one service; for everybody else it has no meaning.""",
}
"""What is promised of every event, by catchword."""

HEADERS = {
    "ce_specversion": "`1.0`",
    "ce_id": "UUID of the event",
    "ce_source": "`/madoguchi/<service>`",
    "ce_type": "type name, below the title of each event",
    "ce_time": "when it was recorded",
    "ce_subject": "id of the aggregate",
    "ce_partitionkey": "the same",
    "ce_sequence": "version of the aggregate after the event, in decimal digits",
    "ce_dataschema": "schema name, the `$id` of the released JSON Schema",
    "content-type": "`application/json`",
    "ce_traceparent": "W3C trace context of what caused the event, if it was traced",
    "traceparent": "the same, where instrumentations of Kafka clients look for it",
    "ce_replay": "`true` on an event that is told again on purpose; otherwise missing",
}

_FORMATS = {"uuid": "UUID", "date-time": "time", "date": "day"}
_SHOWN = 24  # of a sealed string, which is long and means nothing to a reader

Row = tuple[str, str, str]
"""A field: its path, its type in words with code in backticks, its meaning."""


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one event or sealed content."""

    name: str
    type_name: str
    schema_file: str
    schema_name: str
    meaning: str
    when: str
    readers: str
    rows: tuple[Row, ...]
    example: str


@dataclass(frozen=True)
class Chapter:
    """What the catalogue says of one topic."""

    topic: Topic
    key: str
    teams: str
    entries: tuple[Entry, ...]

    @property
    def facts(self) -> str:
        """One paragraph about the topic, with code in backticks."""
        days = self.topic.retention_days
        kept = f"Kept for {days} days." if days else "Kept for ever."
        parts = f"{self.topic.partitions} partitions."
        return f"Told by {self.topic.owner}. Key: `{self.key}`. {parts} {kept} Teams that read it: {self.teams}."


def one_line(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


def chapters(manifest: Manifest) -> list[Chapter]:
    """All topics with their events. Raises KeyError for a topic that is not in the manifest."""
    return [
        Chapter(
            manifest.topic(topic),
            events[0].aggregate_field,
            ", ".join(manifest.teams_of(topic)) or "none",
            tuple(_entry(event) for event in events),
        )
        for topic, events in TOPICS.items()
    ]


def contents() -> list[Entry]:
    """What is inside sealed fields."""
    return [_entry(content) for content in CONTENTS]


def _entry(contract: type[Contract]) -> Entry:
    meaning, *when = (one_line(paragraph) for paragraph in (getdoc(contract) or "").split("\n\n"))
    event = contract if issubclass(contract, Event) else None
    return Entry(
        name=contract.__name__,
        type_name=event.type_name if event else "",
        schema_file=file_of(contract),
        schema_name=contract.schema_name,
        meaning=meaning,
        when="".join(when),
        readers=(", ".join(event.readers) or "no service of Madoguchi") if event else "",
        rows=tuple(rows("", flat(schema_of(contract)))),
        example=_example(event) if event else "",
    )


def rows(prefix: str, node: Schema) -> Iterator[Row]:
    """Every field of a flat schema, however deep, below the path `prefix`."""
    for name, field in node["properties"].items():
        optional = "" if name in node.get("required", ()) else ", may be missing"
        yield f"{prefix}{name}", f"{_type(field)}{optional}", field["description"]
        inner, path = (field["items"], f"{prefix}{name}[].") if "items" in field else (field, f"{prefix}{name}.")
        if "properties" in inner:
            yield from rows(path, inner)


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


def markdown(manifest: Manifest) -> str:
    """The whole catalogue as Markdown."""
    return "\n".join(_lines(manifest)) + "\n"


def _lines(manifest: Manifest) -> Iterator[str]:
    all_chapters = chapters(manifest)
    yield "# Events"
    yield ""
    yield INTRODUCTION
    yield "The same as a page: `events.html`; for programs: `asyncapi.json`; what each release brought:"
    yield "`events-changelog.md`. How to read events: `for-other-teams.md`; to add one: `how-to-add-an-event.md`."
    yield ""
    yield "## What is promised"
    yield ""
    for catchword, promise in PROMISES.items():
        yield f"- **{catchword}.** {one_line(promise)}"
    yield ""
    yield "| header | value |"
    yield "|---|---|"
    for header, value in HEADERS.items():
        yield f"| `{header}` | {value} |"
    yield ""
    yield "## All events"
    yield ""
    yield "| topic | event | meaning | read by |"
    yield "|---|---|---|---|"
    for chapter in all_chapters:
        for entry in chapter.entries:
            link = f"[{entry.name}](#{entry.name.lower()})"
            yield f"| `{chapter.topic.name}` | {link} | {entry.meaning} | {entry.readers} |"
    for chapter in all_chapters:
        yield ""
        yield f"## `{chapter.topic.name}`"
        yield ""
        yield chapter.facts
        for entry in chapter.entries:
            yield ""
            yield f"### {entry.name}"
            yield ""
            yield f"`{entry.type_name}`, schema `{entry.schema_file}` (`{entry.schema_name}`)"
            yield ""
            yield entry.meaning
            yield ""
            yield f"- {entry.when}"
            yield f"- Read by: {entry.readers}"
            yield ""
            yield from _table(entry)
            yield ""
            yield "```json"
            yield entry.example
            yield "```"
    yield ""
    yield "## What is inside sealed fields"
    yield ""
    yield "Only the service for which a field is sealed sees this."
    for content in contents():
        yield ""
        yield f"### {content.name}"
        yield ""
        yield content.meaning
        yield ""
        yield from _table(content)


def _table(entry: Entry) -> Iterator[str]:
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for path, kind, meaning in entry.rows:
        kind = kind.replace("|", "\\|")  # noqa: PLW2901 - in Markdown only
        yield f"| `{path}` | {kind} | {meaning} |"


def main(arguments: list[str] | None = None) -> int:
    """Write the catalogue in all its forms into a folder."""
    # Here, because all are written from what is above.
    from madoguchi_events import changelog  # noqa: PLC0415
    from madoguchi_events.asyncapi import asyncapi  # noqa: PLC0415
    from madoguchi_events.page import page  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m madoguchi_events.catalogue", description="Write the catalogue.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    manifest = read_manifest()
    for name, text in {
        "events.md": markdown(manifest),
        "events.html": page(manifest),
        "events-changelog.md": changelog.markdown(),
        "asyncapi.json": json.dumps(asyncapi(manifest), ensure_ascii=False, indent=1) + "\n",
    }.items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
