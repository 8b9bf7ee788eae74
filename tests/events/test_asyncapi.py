"""The AsyncAPI document: what it says is what the models say, and AsyncAPI's own parser takes it."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft7Validator, FormatChecker
from kit.cloudevents import Envelope, encode
from madoguchi_contracts import EVENTS, TOPICS
from madoguchi_contracts.fixtures import example, example_body
from madoguchi_events.asyncapi import asyncapi
from madoguchi_events.catalogue import HEADERS
from madoguchi_events.manifest import ROOT, read_manifest
from madoguchi_stack.real import obtain_asyncapi

DOCUMENT = asyncapi(read_manifest())
MESSAGES = DOCUMENT["components"]["messages"]

each_event = pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)


def within(schema: dict[str, Any]) -> Draft7Validator:
    """A validator of a part of the document, which refers to other parts of it."""
    return Draft7Validator({**schema, "components": DOCUMENT["components"]}, format_checker=FormatChecker())


def test_every_event_is_a_message_of_its_topic_and_of_its_operation():
    told = {topic: set(channel["messages"]) for topic, channel in DOCUMENT["channels"].items()}
    assert told == {topic: {event.type_name for event in events} for topic, events in TOPICS.items()}
    for operation in DOCUMENT["operations"].values():
        topic = operation["channel"]["$ref"].rpartition("/")[2]
        assert {one["$ref"].rpartition("/")[2] for one in operation["messages"]} == told[topic]


@each_event
def test_a_message_takes_the_example_and_refuses_what_the_schema_refuses(event):
    payload = within(MESSAGES[event.type_name]["payload"])
    body = json.loads(example_body(event))
    payload.validate(body)
    for field in body:
        assert not payload.is_valid({**body, field: ["planted"]})


@each_event
def test_a_message_takes_exactly_the_headers_that_are_sent(event):
    headers = within(MESSAGES[event.type_name]["headers"])
    envelope = Envelope(
        event_id=uuid4(),
        source=f"/madoguchi/{event.service}",
        type=event.type_name,
        aggregate_id=example(event).aggregate_id,
        sequence=12,
        time=datetime(2026, 11, 21, tzinfo=UTC),
        dataschema=event.schema_name,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        replay=True,
    )
    sent = {name: value.decode() for name, value in encode(envelope)}
    headers.validate(sent)
    assert set(sent) == set(HEADERS)
    assert not headers.is_valid({**sent, "ce_type": "madoguchi.identity.Other.v1"})
    assert not headers.is_valid({name: value for name, value in sent.items() if name != "ce_id"})


def test_retention_and_teams_are_those_of_the_manifest():
    for topic in read_manifest().topics:
        channel = DOCUMENT["channels"][topic.name]
        assert channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] == topic.retention_days * 86_400_000
        assert channel["x-teams"] == read_manifest().teams_of(topic.name)


def test_the_lock_pins_every_package_by_its_digest_and_names_no_registry():
    lock = json.loads((ROOT / "deploy/asyncapi/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


# AsyncAPI's own parser


def needs_npm(test):
    """Run in `make test-real` only, which obtains what machines lack."""
    off = os.environ.get("MADOGUCHI_TEST_SERVERS") != "real"
    return pytest.mark.real(pytest.mark.skipif(off, reason="AsyncAPI's parser runs in make test-real")(test))


def judged(file: Path) -> tuple[int, str]:
    """The exit code and the words of AsyncAPI's parser."""
    command = ("node", obtain_asyncapi() / "validate.mjs", file)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return ended.returncode, ended.stdout + ended.stderr


@needs_npm
def test_asyncapis_own_parser_takes_the_document():
    verdict = f"{len(EVENTS)} messages in {len(TOPICS)} channels\n"
    assert judged(ROOT / "docs/asyncapi.json") == (0, verdict)


PLANTED = {
    "a reference to nothing": (("operations", "tell.identity.accounts.v1", "channel", "$ref"), "#/channels/none"),
    "a type that JSON Schema does not know": (("components", "schemas", "identity.OtpReset.v1", "type"), "text"),
}


@needs_npm
@pytest.mark.parametrize(("path", "wrong"), PLANTED.values(), ids=PLANTED)
def test_asyncapis_own_parser_refuses_a_planted_fault(tmp_path: Path, path: tuple[str, ...], wrong: Any):
    document = json.loads((ROOT / "docs/asyncapi.json").read_text("utf-8"))
    *way, last = path
    node = document
    for step in way:
        node = node[step]
    node[last] = wrong
    file = tmp_path / "planted.json"
    file.write_text(json.dumps(document))
    code, words = judged(file)
    assert code == 1, words
