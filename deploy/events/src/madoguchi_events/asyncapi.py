"""The AsyncAPI 3 document of all events, for tools that make clients, mocks and pages of it.

It is written from the services' side: they `send`, whoever reads receives. Addresses of brokers are left out, since
every environment has others.
"""

import json
from inspect import getdoc
from typing import Any

from madoguchi_contracts.envelope import Event
from madoguchi_contracts.fixtures import example_body
from madoguchi_contracts.registry import EVENTS, TOPICS
from madoguchi_contracts.schema import schema_of

from madoguchi_events.catalogue import HEADERS, PROMISES, one_line
from madoguchi_events.manifest import Manifest
from madoguchi_events.releases import version_of

Document = dict[str, Any]

_KAFKA = "0.5.0"  # the version of AsyncAPI's binding for Kafka
_MISSING_SOMETIMES = {"ce_traceparent", "traceparent", "ce_replay"}
_FORMATS: dict[str, Document] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"format": "uuid"},
    "ce_time": {"format": "date-time"},
    "ce_subject": {"format": "uuid"},
    "ce_partitionkey": {"format": "uuid"},
    "ce_sequence": {"pattern": "^[1-9][0-9]*$"},
    "content-type": {"const": "application/json"},
    "ce_replay": {"const": "true"},
}


def asyncapi(manifest: Manifest) -> Document:
    """The document as it is written to JSON. Raises KeyError for a topic that is not in the manifest."""
    schemas: Document = {}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of Madoguchi",
            "version": version_of(),
            "description": "\n".join(f"- **{word}.** {one_line(text)}" for word, text in PROMISES.items()),
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, manifest) for topic in TOPICS},
        "operations": {f"tell.{topic}": _operation(topic) for topic in TOPICS},
        "components": {
            "messages": {event.type_name: _message(event, schemas) for event in EVENTS.values()},
            "schemas": schemas,
        },
    }


def _channel(topic: str, manifest: Manifest) -> Document:
    facts = manifest.topic(topic)
    policy, retention = facts.config["cleanup.policy"], int(facts.config["retention.ms"])
    return {
        "address": topic,
        "description": f"Told by {facts.owner}. Key: {TOPICS[topic][0].aggregate_field}.",
        "messages": {event.type_name: {"$ref": f"#/components/messages/{event.type_name}"} for event in TOPICS[topic]},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": facts.partitions,
                "topicConfiguration": {"cleanup.policy": [policy], "retention.ms": retention},
                "bindingVersion": _KAFKA,
            }
        },
        "x-teams": manifest.teams_of(topic),
    }


def _operation(topic: str) -> Document:
    messages = [{"$ref": f"#/channels/{topic}/messages/{event.type_name}"} for event in TOPICS[topic]]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": f"{topic.partition('.')[0]} tells what happened.",
        "messages": messages,
    }


def _message(event: type[Event], schemas: Document) -> Document:
    meaning, when = (one_line(paragraph) for paragraph in (getdoc(event) or "").split("\n\n"))
    example = json.loads(example_body(event))
    return {
        "name": event.type_name,
        "title": event.__name__,
        "summary": meaning,
        "description": when,
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": _payload(event, schemas),
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": _KAFKA}},
        "examples": [{"name": event.__name__, "payload": example}],
        "x-readers": list(event.readers),
    }


def _headers(event: type[Event]) -> Document:
    own: dict[str, Document] = {
        "ce_type": {"const": event.type_name},
        "ce_source": {"const": f"/madoguchi/{event.service}"},
        "ce_dataschema": {"const": event.schema_name},
    }
    properties = {
        header: {"type": "string", "description": meaning, **_FORMATS.get(header, {}), **own.get(header, {})}
        for header, meaning in HEADERS.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": [header for header in HEADERS if header not in _MISSING_SOMETIMES],
    }


def _payload(event: type[Event], schemas: Document) -> Document:
    """A reference to the event's schema, which is put among the shared ones together with its parts.

    AsyncAPI's own dialect is a superset of JSON Schema draft 07, and of 2020-12 our schemas use what both know; only
    `$defs` must move, since a reference counts from the root of the document.
    """
    name = f"{event.service}.{event.__name__}.v{event.major}"
    schema = _moved(schema_of(event), name)
    for part, definition in schema.pop("$defs", {}).items():
        schemas[f"{name}.{part}"] = definition
    schemas[name] = {keyword: value for keyword, value in schema.items() if keyword not in ("$schema", "$id")}
    return {"$ref": f"#/components/schemas/{name}"}


def _moved(node: Any, name: str) -> Any:
    """The node with all its references pointing to where the parts are moved."""
    if isinstance(node, list):
        return [_moved(one, name) for one in node]
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            node = {**node, "$ref": reference.replace("#/$defs/", f"#/components/schemas/{name}.")}
        return {keyword: _moved(value, name) for keyword, value in node.items()}
    return node
