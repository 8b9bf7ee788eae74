"""The gate in front of a release: which changes of events would break a reader, and in which direction.

Two directions count, because writers and readers are never updated together and every event is kept: readers
of yesterday meet events of today, and readers of today meet events of last year (replay). What passes in both
directions is little, on purpose: another description, and a new field that may be missing. Since everything
that passes only ever adds such fields, passing is transitive: to compare with the latest release is to
compare with all of them.

The comparison knows the keywords of JSON Schema that our models produce. Any other keyword is refused until
somebody teaches the gate what a change of it means.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from madoguchi_contracts.schema import NotFlat, Schema, flat


class Breaks(StrEnum):
    """Who stumbles."""

    OLD_READERS = "old readers of new events"
    NEW_READERS = "new readers of old events"
    BOTH = "old readers of new events and new readers of old events"


@dataclass(frozen=True)
class Change:
    """A change that must not be released: schema name, dotted path of the field, what it is, whom it breaks."""

    contract: str
    field: str
    what: str
    breaks: Breaks

    def __str__(self) -> str:
        """One line for a person: `<schema name> <field>: <what>; breaks <whom>`."""
        return f"{f'{self.contract} {self.field}'.strip()}: {self.what}; breaks {self.breaks}"


_NOTES = ("$schema", "$id", "title", "description", "examples", "deprecated")  # explain, and bind nobody
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_FILTERS = ("pattern", "format")  # of two values nobody can say which one lets more through
_ADDRESSES = ("x-topic", "x-key", "x-sealed-for", "x-sealed-model")  # where it is found, who can open it
_STRUCTURE = ("type", "or_null", "enum", "const", "items", "properties", "required", "default")
_KNOWN = {*_NOTES, *_LOWER_BOUNDS, *_UPPER_BOUNDS, *_FILTERS, *_ADDRESSES, *_STRUCTURE}
_TYPES = ("string", "integer", "number", "boolean", "array", "object")

_Found = tuple[str, str, Breaks]  # field, what, breaks


def judge(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[Change]:
    """All breaking changes from the released schemas to the new ones, both by schema name; empty is good.

    A new event breaks nobody: readers pass over events that they do not know.
    """
    changes: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        if name in new:
            changes += compare(name, old.get(name, new[name]), new[name])
        else:
            twins = [other for other in sorted(new.keys() - old.keys()) if _alike(old[name], new[other])]
            changes.append(Change(name, "", f"renamed to {twins[0]}" if twins else "removed", Breaks.BOTH))
    return changes


def compare(name: str, old: Schema, new: Schema) -> list[Change]:
    """All breaking changes from one released schema to its successor."""
    try:
        before, after = flat(old), flat(new)
    except NotFlat as error:
        return [Change(name, "", f"the gate cannot judge it: {error}", Breaks.BOTH)]
    found = list(dict.fromkeys((*_not_understood("", before), *_not_understood("", after))))
    return [Change(name, *one) for one in found or _differences("", before, after)]


def _alike(one: Schema, other: Schema) -> bool:
    return one.get("properties") == other.get("properties") and one.get("required") == other.get("required")


def _not_understood(path: str, node: Any) -> Iterator[_Found]:
    """What the gate cannot judge, and so refuses: a keyword or a form of one that it was not taught."""
    if not isinstance(node, dict):
        yield path, "the gate does not know schemas that are no objects", Breaks.BOTH
        return
    for keyword in sorted(node.keys() - _KNOWN):
        yield path, f"the gate does not know the keyword {keyword}", Breaks.BOTH
    if node.get("type") not in _TYPES:
        yield path, "the gate needs exactly one type", Breaks.BOTH
    for name, field in node.get("properties", {}).items():
        yield from _not_understood(_join(path, name), field)
    if "items" in node:
        yield from _not_understood(f"{path}[]", node["items"])


def _differences(path: str, old: Schema, new: Schema) -> Iterator[_Found]:
    if old["type"] != new["type"]:
        widened = {("integer", "number"): Breaks.OLD_READERS, ("number", "integer"): Breaks.NEW_READERS}
        breaks = widened.get((old["type"], new["type"]), Breaks.BOTH)
        yield path, f"type changed from {old['type']} to {new['type']}", breaks
        if breaks is Breaks.BOTH:
            return  # limits and fields of the one type say nothing about the other
    if old.get("or_null", False) != new.get("or_null", False):
        if new.get("or_null"):
            yield path, "may now be null", Breaks.OLD_READERS
        else:
            yield path, "may no longer be null", Breaks.NEW_READERS
    for keyword in _ADDRESSES:
        if old.get(keyword) != new.get(keyword):
            yield path, f"{keyword} changed from {old.get(keyword)} to {new.get(keyword)}", Breaks.BOTH
    yield from _choices(path, old, new)
    yield from _limits(path, old, new)
    yield from _fields(path, old, new)
    if "items" in old and "items" in new:
        yield from _differences(f"{path}[]", old["items"], new["items"])
    elif "items" in new:
        yield f"{path}[]", "type of the items limited", Breaks.NEW_READERS
    elif "items" in old:
        yield f"{path}[]", "type of the items no longer limited", Breaks.OLD_READERS


def _choices(path: str, old: Schema, new: Schema) -> Iterator[_Found]:
    before, after = _values(old), _values(new)
    if before is None and after is not None:
        yield path, "limited to listed values", Breaks.NEW_READERS
    if before is not None and after is None:
        yield path, "no longer limited to listed values", Breaks.OLD_READERS
    if before is not None and after is not None:
        for value in sorted(after - before):
            yield path, f"{value} added", Breaks.OLD_READERS
        for value in sorted(before - after):
            yield path, f"{value} removed", Breaks.NEW_READERS


def _values(node: Schema) -> set[str] | None:
    """The listed values as JSON text, in which 1, 1.0 and true differ; None when any value goes."""
    if "const" in node:
        return {json.dumps(node["const"])}
    return {json.dumps(value) for value in node["enum"]} if "enum" in node else None


def _limits(path: str, old: Schema, new: Schema) -> Iterator[_Found]:
    for keyword in (*_LOWER_BOUNDS, *_UPPER_BOUNDS, *_FILTERS):
        before, after = old.get(keyword), new.get(keyword)
        if before == after:
            continue
        if before is None:
            breaks = Breaks.NEW_READERS
        elif after is None:
            breaks = Breaks.OLD_READERS
        elif keyword in _FILTERS:
            breaks = Breaks.BOTH
        else:
            tighter = after > before if keyword in _LOWER_BOUNDS else after < before
            breaks = Breaks.NEW_READERS if tighter else Breaks.OLD_READERS
        yield path, f"{keyword} changed from {before} to {after}", breaks


def _fields(path: str, old: Schema, new: Schema) -> Iterator[_Found]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in before.keys() - after.keys():
        yield _join(path, name), "removed", Breaks.OLD_READERS
    for name in after.keys() - before.keys():
        if name in is_required:
            yield _join(path, name), "new and required", Breaks.NEW_READERS
    for name in before.keys() & after.keys():
        place = _join(path, name)
        if name in is_required - was_required:
            yield place, "now required", Breaks.NEW_READERS
        elif name in was_required - is_required:
            yield place, "no longer required", Breaks.OLD_READERS
        elif name not in is_required and _default(before[name]) != _default(after[name]):
            yield place, "another default, so old events say something else", Breaks.NEW_READERS
        yield from _differences(place, before[name], after[name])


def _default(field: Schema) -> str:
    return json.dumps(field["default"], sort_keys=True) if "default" in field else ""


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
