"""Does the history of the applications stand as it was written? A check for auditors, in one file.

It needs Python 3.11 and nothing of Madoguchi: copy this file to a machine that you trust, and give it

- a dump: what `pg_dump` writes as plain text, whole or of the tables below (`--table=...`), or
- the database itself, which it only reads (then also the package `asyncpg`),
- the roots that were published: the events of the topic `applications.history.v1` as JSON lines, from your own copy
  and not from whom you check. `madoguchi snapshot` and every Kafka client write such a file.

    python history_verifier.py --dump applications.sql --roots roots.jsonl
    python history_verifier.py --database postgresql://auditor@host/applications --roots roots.jsonl

It says in a line each what does not fit: which application, which step. It ends with 0 when everything fits, 1 when
something does not, 2 when it could not look.

How the chain is made. A text is the list of its values, each as `<length in bytes>:<value>` or `-` for none, joined by
commas; a digest is the SHA-256 of such a text, in hexadecimal.

- Step: `madoguchi step 1`, id, application_id, position, track, subject, source, target, command, actor_id, role,
  submission, content_sha256, reason, facts, at. The reason and the facts are those of the row: encrypted.
- Digest of a step: the digest of [digest of the step before (empty for the first), text of the step].
- Start, for an application that was there before there were chains: the digest of [the texts of its steps, in the order
  of their ids, joined by line feeds]. Its chain goes on from there.
- Root: the digest of [`madoguchi root 1`, number, at, root before (none for the first), heads]. Heads: the texts of
  [application_id, position, digest] of the chains that had gone on, in the order of their ids, joined by line feeds;
  none when there were none.

Times are UTC, as in 2026-04-07T15:00:00.120000Z.

What it cannot see: a false step that was written at its own time, through the service or beside it; what happened after
the last root, as far as the tables agree with each other; and what was changed before the chains began. It reads
nothing that is encrypted: of a submitted content it proves the digest that the applicant's one-time password was for.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = Mapping[str, str | None]
Tables = Mapping[str, Sequence[Row]]

STEP_COLUMNS = (
    "id",
    "application_id",
    "position",
    "track",
    "subject",
    "source",
    "target",
    "command",
    "actor_id",
    "role",
    "submission",
    "content_sha256",
    "reason",
    "facts",
    "at",
)
COLUMNS = {
    "application_history": (*STEP_COLUMNS, "digest"),
    "history_starts": ("application_id", "steps", "digest", "at"),
    "history_roots": ("number", "at", "heads", "root"),
    "history_heads": ("application_id", "number", "position", "digest"),
    "application_versions": ("application_id", "submission", "content_sha256", "submitted_by", "submitted_at"),
    "tracks": ("application_id", "track", "subject", "state", "entered_step"),
}
EVENT = "madoguchi.applications.HistoryRootPublished.v1"
# A step has its time from when its work began; it is committed a little later, perhaps after a root.
SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class Problem:
    """What does not fit. `step` is the position in the application's chain, or None when it is not one step."""

    what: str
    application: str | None = None
    step: int | None = None

    def __str__(self) -> str:
        where = [f"application {self.application}"] if self.application else []
        where += [f"step {self.step}"] if self.step is not None else []
        return ": ".join([", ".join(where), self.what] if where else [self.what])


class Unreadable(Exception):
    """What was given is not what it should be."""


# How the chain is made.


def text_of(*parts: str | None) -> str:
    """A list of values as one text; no two lists have the same."""
    return ",".join("-" if part is None else f"{len(part.encode())}:{part}" for part in parts)


def digest_of(*parts: str | None) -> str:
    """The digest of a list of values."""
    return hashlib.sha256(text_of(*parts).encode()).hexdigest()


def step_text(step: Row) -> str:
    """The text of a row of application_history."""
    return text_of("madoguchi step 1", *(step[name] for name in STEP_COLUMNS[:-1]), time_text(str(step["at"])))


def time_text(written: str) -> str:
    """A time as the digests have it, from what PostgreSQL writes in any zone."""
    return _time(written).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def root_of(number: int, at: str, before: str | None, heads: Iterable[Row]) -> str:
    """The root over the one before and the heads of the chains that had gone on."""
    in_order = sorted(heads, key=lambda one: str(one["application_id"]))
    lines = "\n".join(text_of(one["application_id"], one["position"], one["digest"]) for one in in_order)
    return digest_of("madoguchi root 1", str(number), time_text(at), before, lines or None)


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


# What is checked.


def verify(tables: Tables, published: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Everything that does not fit, in the tables of `COLUMNS` and the published roots (their events' data)."""
    steps = _by_application(tables["application_history"])
    starts = {str(one["application_id"]): one for one in tables["history_starts"]}
    heads = _by_application(tables["history_heads"])
    roots = sorted(tables["history_roots"], key=lambda one: _number(one, "number"))
    problems = [*_roots(roots, tables["history_heads"]), *_published(roots, published)]
    for application in sorted({*steps, *starts, *heads}):
        chained = [one for one in steps[application] if one["position"] is not None]
        problems += _start(application, [one for one in steps[application] if one["position"] is None], starts, chained)
        problems += _chain(application, chained, starts.get(application))
        problems += _heads(application, chained, starts.get(application), heads[application], roots)
    problems += _versions(steps, _by_application(tables["application_versions"]))
    problems += _tracks(steps, _by_application(tables["tracks"]))
    return problems


def _start(
    application: str, loose: Sequence[Row], starts: Mapping[str, Row], chained: Sequence[Row]
) -> Iterator[Problem]:
    """The steps from before there were chains are those that were found then."""
    start = starts.get(application)
    if start is None:
        for one in loose:
            yield Problem(f"the step with the id {one['id']} stands outside the chain", application)
        return
    in_order = sorted(loose, key=lambda one: _number(one, "id"))
    if digest_of("\n".join(step_text(one) for one in in_order)) != start["digest"]:
        counted = f"{start['steps']} were found then, {len(loose)} are there"
        yield Problem(
            f"the steps from before {start['at']}, when the chain began, are not those that were found: {counted}",
            application,
        )
    if loose and chained and _number(in_order[-1], "id") > min(_number(one, "id") for one in chained):
        yield Problem(f"the step with the id {in_order[-1]['id']} stands outside the chain", application)


def _chain(application: str, chained: Sequence[Row], start: Row | None) -> Iterator[Problem]:
    """Every step is there once, and has the digest that follows from itself and from the step before it."""
    by_position: dict[int, list[Row]] = defaultdict(list)
    for one in chained:
        by_position[_number(one, "position")].append(one)
    first = (_number(start, "steps") if start else 0) + 1
    before = start["digest"] if start else ""
    last_id = 0
    for position in range(first, max(by_position, default=0) + 1):
        here = by_position.get(position, [])
        if not here:
            yield Problem("it is missing", application, position)
            before = None  # what follows cannot be compared with it
            continue
        if len(here) > 1:
            yield Problem(f"there are {len(here)} of it", application, position)
        for one in here:
            if before is not None and digest_of(before, step_text(one)) != one["digest"]:
                yield Problem("it was changed, or does not follow from the one before it", application, position)
            if _number(one, "id") <= last_id:
                yield Problem(f"its id {one['id']} is not above that of the one before it", application, position)
            last_id = _number(one, "id")
        before = here[-1]["digest"]
    for position in sorted(one for one in by_position if one < first):
        yield Problem("it stands before the beginning of its chain", application, position)


def _heads(
    application: str, chained: Sequence[Row], start: Row | None, heads: Sequence[Row], roots: Sequence[Row]
) -> Iterator[Problem]:
    """What a root saw of the chain is still there, and what claims to be older than a root was seen by it."""
    digests = {_number(one, "position"): one["digest"] for one in chained}
    if start:
        digests[_number(start, "steps")] = start["digest"]
    in_order = sorted(heads, key=lambda one: _number(one, "number"))
    for head in in_order:
        position, saw = _number(head, "position"), f"root {head['number']}"
        if position not in digests:
            yield Problem(f"it is missing, and {saw} saw it", application, position)
        elif digests[position] != head["digest"]:
            yield Problem(f"it is another one than {saw} saw: it, or one before it, was changed", application, position)
    for one in sorted(chained, key=lambda one: _number(one, "position")):
        position, at = _number(one, "position"), _time(str(one["at"]))
        later = next((root for root in roots if _time(str(root["at"])) > at + SLACK), None)
        if later is None:
            continue
        number = _number(later, "number")
        known = [_number(head, "position") for head in in_order if _number(head, "number") <= number]
        if position > max(known, default=0):
            said = f"it is said to be of {one['at']}, and root {number} of {later['at']} did not see it"
            yield Problem(said, application, position)


def _roots(roots: Sequence[Row], heads: Sequence[Row]) -> Iterator[Problem]:
    """Every root follows from the one before it and from the heads that are kept with it."""
    by_root: dict[int, list[Row]] = defaultdict(list)
    for head in heads:
        by_root[_number(head, "number")].append(head)
    before: str | None = None
    for place, root in enumerate(roots, 1):
        number = _number(root, "number")
        if number != place and (place == 1 or _number(roots[place - 2], "number") != number - 1):
            yield Problem(f"root {number - 1} is missing in the database")
        elif root_of(number, str(root["at"]), before, by_root[number]) != root["root"]:
            yield Problem(
                f"root {number}: it does not follow from root {number - 1} and the heads that are kept with it"
            )
        before = root["root"]
    for number in sorted(by_root.keys() - {_number(root, "number") for root in roots}):
        yield Problem(f"root {number} is missing in the database, and heads of it are there")


def _published(roots: Sequence[Row], published: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """The roots of the database are those that were told, as far as they were told."""
    kept = {_number(root, "number"): root for root in roots}
    told: dict[int, set[str]] = defaultdict(set)
    for one in published:
        told[int(one["number"])].add(str(one["root"]))
    for number, values in sorted(told.items()):
        if len(values) > 1:
            yield Problem(f"root {number} was published {len(values)} times, each time another one")
        if number not in kept:
            yield Problem(f"root {number} was published and is not in the database, which is older, or was cut")
        elif kept[number]["root"] not in values:
            yield Problem(f"root {number} is not the one that was published")
    for number in sorted(one for one in kept if one not in told and one < max(told, default=0)):
        yield Problem(f"root {number} is not among those that were published, and a later one is")


def _versions(steps: Mapping[str, Sequence[Row]], versions: Mapping[str, Sequence[Row]]) -> Iterator[Problem]:
    """What is kept as submitted has its step, with the same digest, and the reverse."""
    for application in sorted({*steps, *versions}):
        kept = {_number(one, "submission"): one for one in versions.get(application, ())}
        for number, version in sorted(kept.items()):
            found = [
                one
                for one in steps.get(application, ())
                if _number(one, "submission") == number
                and one["actor_id"] == version["submitted_by"]
                and _time(str(one["at"])) == _time(str(version["submitted_at"]))
            ]
            if not found:
                yield Problem(f"submission {number} has no step in the history", application)
        for one in steps.get(application, ()):
            if one["content_sha256"] is None:  # no submission, or one that a release before the chain wrote
                continue
            number = _number(one, "submission")
            position = None if one["position"] is None else int(one["position"])
            if number not in kept:
                yield Problem(f"the submission {number} that it tells of is not kept", application, position)
            elif kept[number]["content_sha256"] != one["content_sha256"]:
                yield Problem(f"the submission {number} is not the one that is kept", application, position)


def _tracks(steps: Mapping[str, Sequence[Row]], tracks: Mapping[str, Sequence[Row]]) -> Iterator[Problem]:
    """Every track stands where its last step to another state has led; so no step is missing at the end."""
    for application in sorted({*steps, *tracks}):
        last: dict[tuple[str | None, str | None], Row] = {}
        for one in sorted(steps.get(application, ()), key=lambda one: _number(one, "id")):
            key = (one["track"], one["subject"])
            if one["source"] != one["target"] or one["content_sha256"] is not None or key not in last:
                last[key] = one
        rows = {(one["track"], one["subject"]): one for one in tracks.get(application, ())}
        for key in sorted({*last, *rows}, key=str):
            step, track = last.get(key), rows.get(key)
            if track is None:
                yield Problem(f"it has no track {key[0]} of {key[1]}, and steps of it", application)
            elif step is None:
                yield Problem(f"its track {key[0]} of {key[1]} has no step in the history", application)
            elif (track["state"], track["entered_step"]) != (step["target"], step["id"]):
                said = (
                    f"its track {key[0]} of {key[1]} stands at {track['state']!r} by the step with the id "
                    f"{track['entered_step']}, and the history ends at {step['target']!r} by {step['id']}"
                )
                yield Problem(said, application)


def _by_application(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["application_id"])].append(row)
    return found


def _number(row: Row, column: str) -> int:
    return int(str(row[column]))


# Where it comes from.

_COPY = re.compile(r"COPY (?:\S+\.)?\"?(\w+)\"? \((.*)\) FROM stdin;")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MEANING = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def read_dump(lines: Iterable[str]) -> dict[str, list[Row]]:
    """The tables of a dump that pg_dump wrote as plain text. Raises Unreadable when one is missing."""
    found: dict[str, list[Row]] = {}
    names: Sequence[str] | None = None
    table = ""
    for ended in lines:
        line = ended.removesuffix("\n")
        if names is None:
            if (match := _COPY.fullmatch(line)) and match[1] in COLUMNS:
                table, names = match[1], [name.strip('" ') for name in match[2].split(",")]
                found.setdefault(table, [])
        elif line == "\\.":
            names = None
        else:
            found[table].append(_row(table, names, line))
    if names is not None:
        raise Unreadable(f"the dump ends in the middle of {table}")
    if missing := sorted(COLUMNS.keys() - found.keys()):
        raise Unreadable(f"the dump has no data of {', '.join(missing)}; is it plain text (pg_dump --format=plain)?")
    return found


def _row(table: str, names: Sequence[str], line: str) -> Row:
    values = [None if one == "\\N" else _ESCAPED.sub(_unescape, one) for one in line.split("\t")]
    if len(values) != len(names):
        raise Unreadable(f"a row of {table} has {len(values)} values and not {len(names)}")
    row = dict(zip(names, values, strict=True))
    if missing := [name for name in COLUMNS[table] if name not in row]:
        raise Unreadable(f"{table} has no column {', '.join(missing)}")
    return {name: row[name] for name in COLUMNS[table]}


def _unescape(match: re.Match[str]) -> str:
    return _MEANING.get(match[1], match[1])


async def read_database(url: str) -> dict[str, list[Row]]:
    """The same tables of a database, as they are at one moment."""
    import asyncpg  # noqa: PLC0415 - a dump is checked without it

    connection = await asyncpg.connect(url, timeout=10)
    found: dict[str, list[Row]] = {}
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for table, names in COLUMNS.items():
                copied = io.BytesIO()
                await connection.copy_from_table(table, columns=names, output=copied)
                lines = copied.getvalue().decode().split("\n")[:-1]
                found[table] = [_row(table, names, line) for line in lines]
    finally:
        await connection.close()
    return found


def read_roots(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The published roots, from JSON lines: events in CloudEvents' JSON format, or their data alone. Other events are
    passed over. Raises Unreadable.
    """
    found = []
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            if "snapshot" in said or said.get("type", EVENT) != EVENT:
                continue
            root = said.get("data", said)
            found.append({"number": int(root["number"]), "root": str(root["root"])})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unreadable(f"line {place} of the roots is no published root ({type(error).__name__})") from None
    return found


def report(tables: Tables, published: Sequence[Mapping[str, Any]] | None) -> tuple[list[str], bool]:
    """What to tell whoever asks, a line each, and whether everything fits. `published` None: none were given."""
    problems = verify(tables, published or ())
    history, starts, roots = (tables[name] for name in ("application_history", "history_starts", "history_roots"))
    chained = sum(one["position"] is not None for one in history)
    applications = {one["application_id"] for one in history}
    lines = [str(one) for one in problems]
    lines.append(f"{chained} steps of {len(applications)} applications in chains, {len(roots)} roots")
    if starts:
        since, loose = min(str(one["at"]) for one in starts), len(history) - chained
        lines.append(
            f"{len(starts)} applications are older than the chains: {loose} steps are proved since {since}, not before"
        )
    seen: dict[str | None, int] = defaultdict(int)
    for head in tables["history_heads"]:
        seen[head["application_id"]] = max(seen[head["application_id"]], _number(head, "position"))
    unseen = sum(one["position"] is not None and int(one["position"]) > seen[one["application_id"]] for one in history)
    if unseen:
        lines.append(
            f"{unseen} steps came after the last root: they agree with the tables, and no root proves them yet"
        )
    if published is None:
        lines.append("no published roots were given: this proves only that the database agrees with itself")
    else:
        lines.append(f"{len({one['number'] for one in published})} published roots were compared")
    lines.append(f"{len(problems)} things do not fit" if problems else "everything fits")
    return lines, not problems


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns what it ends with: 0 fits, 1 does not fit, 2 could not look."""
    parser = argparse.ArgumentParser(description="Check the history of the applications against published roots.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--dump", type=Path, help="what pg_dump wrote as plain text")
    source.add_argument("--database", help="postgresql://...; it is only read")
    parser.add_argument("--roots", type=Path, help="the events of applications.history.v1, as JSON lines")
    given = parser.parse_args(arguments)
    try:
        if given.dump:
            # Line ends of the values are escaped; one that is not a line feed must not end a line.
            with given.dump.open(encoding="utf-8", newline="\n") as file:
                tables = read_dump(file)
        else:
            tables = asyncio.run(read_database(given.database))
        published = None
        if given.roots:
            with given.roots.open(encoding="utf-8") as file:
                published = read_roots(file)
        lines, fits = report(tables, published)
    except (Unreadable, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"could not look: {error}\n")
        return 2
    sys.stdout.write("\n".join([*lines, ""]))
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
