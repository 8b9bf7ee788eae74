"""What each release brought to those who read events, from the schemas alone: the page `docs/events-changelog.md`."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from madoguchi_contracts.schema import Schema, current, flat

from madoguchi_events import releases
from madoguchi_events.catalogue import INTRODUCTION, one_line, rows
from madoguchi_events.manifest import ROOT

NOT_RELEASED = "Not released yet: until it is, what is new here may still become other. What older releases have stays."


def markdown(root: Path = ROOT) -> str:
    """The whole page, the newest release first. A version that is not released stands there too, and says so."""
    done = releases.releases(root)
    version = releases.version_of(root)
    steps = [("", {}), *done.items(), *([] if version in done else [(version, current())])]
    chapters = [
        "# What each release of the events brought",
        INTRODUCTION,
        "Whatever an older reader does not know, it may pass over; what else is promised stands in `events.md`.",
    ]
    for (_, old), (name, new) in reversed(list(pairwise(steps))):
        chapters += [f"## {name}", *([] if name in done else [NOT_RELEASED])]
        chapters += _tables(old, new) if old else [f"The first release: {_count(new)}."]
    return "\n\n".join(chapters) + "\n"


def _count(schemas: dict[str, Schema]) -> str:
    events = sum(_topic(schema) != "" for schema in schemas.values())
    return f"{events} events, {len(schemas) - events} contents of sealed fields"


def _tables(old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[str]:
    """A table for each kind of news between two releases, if there is any."""
    added = sorted((new[name] for name in new.keys() - old.keys()), key=lambda one: (_topic(one), one["$id"]))
    both = [(old[name], new[name]) for name in sorted(old)]
    yield from _table(
        "New events",
        ("topic", "event", "meaning"),
        ((f"`{_topic(one)}`", _link(one), _meaning(one)) for one in added if _topic(one)),
    )
    yield from _table(
        "New fields, which older events lack",
        ("event", "field", "meaning"),
        (
            (_link(now), f"`{path}`", meaning)
            for before, now in both
            for path, meaning in _fields(now).items()
            if path not in _fields(before)
        ),
    )
    yield from _table(
        "Described anew, in the same form",
        ("event", "what", "it says now"),
        ((_link(now), what, meaning) for before, now in both for what, meaning in _described(before, now)),
    )
    yield from _table(
        "New inside sealed fields, for the services of Madoguchi alone",
        ("content", "meaning"),
        ((_link(one), _meaning(one)) for one in added if not _topic(one)),
    )


def _described(before: Schema, now: Schema) -> Iterator[tuple[str, str]]:
    """The parts of an event whose description is another one, and how it is now."""
    if before["description"] != now["description"]:
        yield "the event", one_line(now["description"])
    fields = _fields(before)
    yield from ((f"`{path}`", now) for path, now in _fields(now).items() if fields.get(path, now) != now)


def _topic(schema: Schema) -> str:
    """The topic of an event; empty for what is inside a sealed field."""
    topic: str = schema.get("x-topic", "")
    return topic


def _fields(schema: Schema) -> dict[str, str]:
    """The description of every field, however deep; by name, because models and kept files order them differently."""
    return dict(sorted((path, meaning) for path, _, meaning in rows("", flat(schema))))


def _link(schema: Schema) -> str:
    name = schema["$id"].split(":")[-2]
    return f"[{name}](events.md#{name.lower()})"


def _meaning(schema: Schema) -> str:
    return one_line(schema["description"].split("\n\n")[0])


def _table(title: str, head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> Iterator[str]:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in body]
    if lines:
        yield f"### {title}"
        yield "\n".join((f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines))
