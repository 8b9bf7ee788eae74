"""The manifest of topics and access: agrees with itself, with what the services do, and with what Strimzi takes."""

import inspect
from importlib import import_module
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from kit.bus import Consumer
from kit.clock import system_clock
from madoguchi_contracts import TOPICS
from madoguchi_events.access import rules
from madoguchi_events.manifest import MANIFEST, Manifest, read_manifest
from madoguchi_events.strimzi import resources, strimzi
from madoguchi_events.topics_cli import commands
from pydantic import ValidationError
from typer.testing import CliRunner

SERVICES = ("identity", "applications", "documents", "notifications")
TEXT = yaml.safe_load(MANIFEST.read_text())


def test_the_topics_are_those_of_the_events():
    assert {topic.name for topic in read_manifest().topics} == set(TOPICS)
    assert set(read_manifest().services) == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_read_exactly_what_it_listens_to(service):
    handlers: Any = import_module(f"{service}.consumers").handlers
    made = handlers(*(None for _ in inspect.signature(handlers).parameters))
    consumer = Consumer(service, made, database=None, clock=system_clock)
    assert sorted(read_manifest().services[service]) == consumer.topics


WRONG = {
    "a topic twice": ({"topics": [*TEXT["topics"], TEXT["topics"][0]]}, "stands there twice"),
    "a topic that nobody tells": (
        {"topics": [*TEXT["topics"], {"name": "bank.accounts.v1", "partitions": 1, "retention_days": 1}]},
        "no service tells the topics of bank",
    ),
    "a team that reads what is not there": ({"teams": {"x": ["identity.people.v1"]}}, "no topic: identity.people.v1"),
    "a service that reads what is not there": (
        {"services": {**TEXT["services"], "identity": ["x.y.v1"]}},
        "no topic: x.y.v1",
    ),
    "a team named like a service": ({"teams": {"identity": []}}, "a service and a team: identity"),
    "a team with a name that Kubernetes does not take": ({"teams": {"Bond_Ledger": []}}, "teams"),
    "no partitions": (
        {"topics": [{"name": "identity.accounts.v1", "partitions": 0, "retention_days": 1}]},
        "partitions",
    ),
    "a word that is not known": ({"topic": []}, "topic"),
    "a word of a topic that is not known": (
        {"topics": [{"name": "identity.accounts.v1", "partitions": 1, "retention_days": 1, "retention": 1}]},
        "retention",
    ),
}


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG)
def test_a_manifest_that_cannot_be_right_is_refused(change, why):
    with pytest.raises(ValidationError, match=why):
        Manifest.model_validate({**TEXT, **change})


def test_a_topic_kept_for_ever_has_no_retention():
    kept = read_manifest().topics[0].model_copy(update={"retention_days": 0})
    assert kept.config["retention.ms"] == "-1"


SMALL = Manifest.model_validate(
    {
        "cluster": "madoguchi",
        "topics": [
            {"name": "identity.accounts.v1", "partitions": 2, "retention_days": 1},
            {"name": "documents.documents.v1", "partitions": 1, "retention_days": 0},
        ],
        "services": {"identity": [], "documents": ["identity.accounts.v1"]},
        "teams": {"statistics": ["documents.documents.v1"]},
    }
)


def test_everybody_may_do_what_stands_there_and_nothing_else():
    assert [str(rule) for rule in rules(SMALL)] == [
        "documents may Read group documents",
        "documents may Describe topic documents.documents.v1",
        "documents may Read topic documents.documents.v1",
        "documents may Write topic documents.documents.v1",
        "documents may Describe topic identity.accounts.v1",
        "documents may Read topic identity.accounts.v1",
        "identity may Read group identity",
        "identity may Describe topic identity.accounts.v1",
        "identity may Read topic identity.accounts.v1",
        "identity may Write topic identity.accounts.v1",
        "statistics may Read group statistics.*",
        "statistics may Describe topic documents.documents.v1",
        "statistics may Read topic documents.documents.v1",
    ]


def test_no_team_may_write():
    assert [
        rule for rule in rules(read_manifest()) if rule.user in read_manifest().teams and rule.operation == "Write"
    ] == []


# Strimzi. What its definitions of KafkaTopic and KafkaUser (kafka.strimzi.io/v1) ask of what we use.

NAME = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253}
ACL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["resource", "operations"],
    "properties": {
        "resource": {
            "type": "object",
            "additionalProperties": False,
            "required": ["type", "name", "patternType"],
            "properties": {
                "type": {"enum": ["topic", "group", "cluster", "transactionalId"]},
                "name": {"type": "string", "minLength": 1},
                "patternType": {"enum": ["literal", "prefix"]},
            },
        },
        "operations": {"type": "array", "minItems": 1, "items": {"enum": ["Read", "Write", "Describe"]}},
    },
}
SPECS = {
    "KafkaTopic": {
        "type": "object",
        "additionalProperties": False,
        "required": ["partitions", "config"],
        "properties": {"partitions": {"type": "integer", "minimum": 1}, "config": {"type": "object"}},
    },
    "KafkaUser": {
        "type": "object",
        "additionalProperties": False,
        "required": ["authentication", "authorization"],
        "properties": {
            "authentication": {"const": {"type": "scram-sha-512"}},
            "authorization": {
                "type": "object",
                "additionalProperties": False,
                "required": ["type", "acls"],
                "properties": {"type": {"const": "simple"}, "acls": {"type": "array", "minItems": 1, "items": ACL}},
            },
        },
    },
}


def test_every_resource_has_the_form_that_strimzi_takes():
    for one in resources(read_manifest()):
        assert one["apiVersion"] == "kafka.strimzi.io/v1"
        assert one["metadata"]["labels"] == {"strimzi.io/cluster": "madoguchi"}
        Draft202012Validator(NAME).validate(one["metadata"]["name"])
        Draft202012Validator(SPECS[one["kind"]]).validate(one["spec"])


def test_strimzi_gets_every_topic_and_every_rule():
    made = resources(SMALL)
    topics = {one["metadata"]["name"]: one["spec"] for one in made if one["kind"] == "KafkaTopic"}
    assert topics == {
        "identity.accounts.v1": {
            "partitions": 2,
            "config": {"cleanup.policy": "delete", "retention.ms": 86_400_000},
        },
        "documents.documents.v1": {"partitions": 1, "config": {"cleanup.policy": "delete", "retention.ms": -1}},
    }
    told = {
        (
            one["metadata"]["name"],
            acl["resource"]["type"],
            acl["resource"]["name"],
            acl["resource"]["patternType"],
            what,
        )
        for one in made
        if one["kind"] == "KafkaUser"
        for acl in one["spec"]["authorization"]["acls"]
        for what in acl["operations"]
    }
    assert told == {
        (rule.user, rule.resource, rule.name, "prefix" if rule.prefix else "literal", rule.operation)
        for rule in rules(SMALL)
    }


def test_the_command_prints_yaml_for_kubernetes():
    printed = CliRunner().invoke(commands, ["strimzi"])
    assert printed.output == strimzi(read_manifest())
    assert list(yaml.safe_load_all(printed.output)) == resources(read_manifest())
