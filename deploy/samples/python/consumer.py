"""Statistics of applications: a sample of another team's reader in Python.

It counts, in a SQLite file, what happens to the applications of each programme. Of Madoguchi it has the released JSON
Schemas and what the catalogue of events says, and nothing else; it needs the two packages of `requirements.in`.

    python consumer.py --bootstrap localhost:9092 --schemas schemas/ --database counts.db [--once]

What every reader has to do is here once: pass over what it does not know, check what it knows, remember an event's id
in the transaction of its effect, and only then tell Kafka that it is done.
"""

import argparse
import json
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message
from jsonschema import Draft202012Validator, FormatChecker

TOPICS = ["applications.applications.v1", "documents.documents.v1"]
GROUP = "statistics.applications"  # the broker lets a team use groups that begin with its name and a dot

TABLES = """
CREATE TABLE IF NOT EXISTS done (event_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS counts (programme TEXT, what TEXT, number INTEGER, PRIMARY KEY (programme, what));
CREATE TABLE IF NOT EXISTS applications (application_id TEXT PRIMARY KEY, programme TEXT);
"""

Body = dict[str, Any]


class StopAndLook(Exception):
    """An event that should be understood and is not. Passing over it would make the numbers wrong for ever."""


def count(database: sqlite3.Connection, programme: str, what: str, number: int = 1) -> None:
    """Add to one of the numbers."""
    database.execute(
        "INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = number + excluded.number",
        (programme, what, number),
    )


def on_submitted(database: sqlite3.Connection, body: Body) -> None:
    """A first submission is a new application; a later one is a correction."""
    database.execute("INSERT OR IGNORE INTO applications VALUES (?, ?)", (body["application_id"], body["programme"]))
    count(database, body["programme"], "submitted" if body["submission"] == 1 else "corrected")


def on_approved(database: sqlite3.Connection, body: Body) -> None:
    """Only the first approval of an application counts; later ones are changes."""
    if body["first_approval"]:
        count(database, body["programme"], "approved")


def on_frozen(database: sqlite3.Connection, body: Body) -> None:
    """The files of a submission. Topics are not in order with each other, so the programme may be unknown yet."""
    row = database.execute(
        "SELECT programme FROM applications WHERE application_id = ?", (body["application_id"],)
    ).fetchone()
    count(database, row[0] if row else "(not known yet)", "files", len(body["document_ids"]))


HANDLERS: dict[str, Callable[[sqlite3.Connection, Body], None]] = {
    "madoguchi.applications.ApplicationSubmitted.v1": on_submitted,
    "madoguchi.applications.ApplicationApproved.v1": on_approved,
    "madoguchi.documents.DocumentsFrozen.v1": on_frozen,
}


def read_schemas(folder: Path) -> dict[str, Draft202012Validator]:
    """The released schemas by their names, which events carry as `ce_dataschema`."""
    schemas = [json.loads(file.read_text("utf-8")) for file in folder.glob("*/*.json")]
    return {schema["$id"]: Draft202012Validator(schema, format_checker=FormatChecker()) for schema in schemas}


def take(database: sqlite3.Connection, schemas: dict[str, Draft202012Validator], message: Message) -> None:
    """One record, in one transaction with the memory of it. Raises StopAndLook; never names a value of the body."""
    headers = {name: value.decode() for name, value in message.headers() or [] if isinstance(value, bytes)}
    handler = HANDLERS.get(headers.get("ce_type", ""))
    if handler is None:
        return  # none of our business
    where = f"{headers['ce_type']} at {message.topic()}/{message.partition()}/{message.offset()}"
    try:
        body = json.loads(message.value() or b"")
        problem = next(schemas[headers["ce_dataschema"]].iter_errors(body), None)
    except (ValueError, KeyError) as error:
        raise StopAndLook(f"{where} is no event of ours") from error
    if problem is not None:
        raise StopAndLook(f"{where} breaks its schema: {problem.json_path} {problem.validator}")
    with database:
        new = database.execute("INSERT OR IGNORE INTO done VALUES (?)", (headers["ce_id"],)).rowcount
        if new:
            handler(database, body)


def main() -> int:
    """Read until stopped; with --once until all that is there has been read. Prints the numbers at the end."""
    parser = argparse.ArgumentParser(description="Count what happens to applications.")
    parser.add_argument("--bootstrap", default="localhost:9092")
    parser.add_argument("--schemas", type=Path, required=True)
    parser.add_argument("--database", default="counts.db")
    parser.add_argument("--topic", action="append", help="other topics than the usual ones")
    parser.add_argument("--group", default=GROUP)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--client", action="append", default=[], metavar="NAME=VALUE", help="for librdkafka")
    options = parser.parse_args()

    database = sqlite3.connect(options.database)
    database.executescript(TABLES)
    schemas = read_schemas(options.schemas)
    consumer = Consumer(
        {
            "bootstrap.servers": options.bootstrap,
            "group.id": options.group,
            "auto.offset.reset": "earliest",  # a new team begins with the oldest event that the topic keeps
            "enable.auto.commit": False,  # we say what is done, after it is done
            "enable.partition.eof": True,
            **dict(pair.split("=", 1) for pair in options.client),
        }
    )
    stopped: list[int] = []
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, lambda number, _: stopped.append(number))
    ended: set[tuple[str | None, int | None]] = set()
    consumer.subscribe(options.topic or TOPICS)
    try:
        while not stopped:
            message = consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is None:
                take(database, schemas, message)
                consumer.commit(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add((message.topic(), message.partition()))
                if options.once and len(ended) == len(consumer.assignment()):
                    break
            else:
                raise StopAndLook(error.str())
    except StopAndLook as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        consumer.close()
    rows = database.execute("SELECT programme, what, number FROM counts ORDER BY programme, what").fetchall()
    print(json.dumps([list(row) for row in rows], ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
