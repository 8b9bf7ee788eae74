"""Writes madoguchi/values.schema.json: `python deploy/helm/schema.py`, after the settings of a service changed.

The schema knows every setting by name, so that `helm install` refuses a misspelt or a missing one, and refuses a secret
one as a plain value.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from kit.settings import ServiceSettings
from madoguchi_stack.layout import SERVICES
from pydantic_settings import BaseSettings

FILE = Path(__file__).parent / "madoguchi" / "values.schema.json"
# The chart itself says where the file is that it mounts.
SET_BY_THE_CHART = {"kafka_ca_file"}
# Whom each process may name in `talksTo`; the name service is always there.
DESTINATIONS = ("database", "kafka", "identityKeys", "s3", "clamd", "smtp", "ekyc", "econtract", "danshin", "traces")
NEEDED = ("database", "kafka", "identityKeys", "s3", "smtp", "ekyc", "econtract", "danshin")
JSON = dict[str, Any]


def settings_of(service: str) -> type[BaseSettings]:
    """The settings of a service."""
    found: type[BaseSettings] = import_module(f"{service}.settings").Settings
    return found


def secret_names(settings: type[BaseSettings]) -> set[str]:
    """Settings that are secret, or have something secret in them."""
    properties = settings.model_json_schema()
    text = {name: json.dumps(field) for name, field in properties["properties"].items()}
    hidden = {name for name, definition in properties.get("$defs", {}).items() if "writeOnly" in json.dumps(definition)}
    return {
        name for name in text if "writeOnly" in text[name] or any(f'"#/$defs/{one}"' in text[name] for one in hidden)
    }


def _closed(properties: JSON, *required: str) -> JSON:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": list(required)}


def _plain(settings: type[BaseSettings]) -> JSON:
    """The settings that may stand in a values file. Their values are checked by the service, at its start."""
    secret = secret_names(settings)
    found: JSON = {}
    for name, field in settings.model_fields.items():
        if name not in secret | SET_BY_THE_CHART:
            # Keys are a text: as YAML they would have a coordinate named "true" instead of y.
            kinds = "string" if name == "seal_public_keys" else ["string", "number", "boolean", "object", "array"]
            found[name] = {"type": kinds}
            if field.description:
                found[name]["description"] = field.description
    return found


def _required(settings: type[BaseSettings]) -> set[str]:
    plain = _plain(settings)
    return {name for name, field in settings.model_fields.items() if field.is_required() and name in plain}


def schema() -> JSON:
    """The schema of the chart's values."""
    number = {"type": "integer", "minimum": 1}
    text = {"type": "string", "minLength": 1}
    peers = {"type": "array", "minItems": 1, "items": {"type": "object"}}
    quantities = {"type": "object", "properties": {"memory": text, "cpu": text}, "additionalProperties": False}
    process = _closed(
        {
            "replicas": _closed({"min": number, "max": number}, "min", "max"),
            # Without a limit of memory one process could take its whole node with it.
            "resources": _closed(
                {"requests": quantities, "limits": {**quantities, "required": ["memory"]}}, "requests", "limits"
            ),
            "talksTo": {"type": "array", "uniqueItems": True, "items": {"enum": list(DESTINATIONS)}},
        },
        "replicas",
        "resources",
        "talksTo",
    )
    destination = _closed(
        {"to": peers, "ports": {"type": "array", "minItems": 1, "items": {**number, "maximum": 65_535}}}, "to", "ports"
    )
    common = _required(ServiceSettings)
    services = {
        service: _closed(
            {
                "secret": text,
                "settings": _closed(_plain(settings_of(service)), *sorted(_required(settings_of(service)) - common)),
                "secretKeys": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"enum": sorted(secret_names(settings_of(service)) - {"kafka_sasl_password"})},
                },
                "api": process,
                "worker": process,
            },
            "secret",
            "settings",
            "secretKeys",
            "api",
            "worker",
        )
        for service in SERVICES
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_closed(
            {
                "global": {"type": "object"},
                "image": _closed(
                    {
                        "registry": text,
                        "tag": {"type": "string", "pattern": "^[0-9][A-Za-z0-9._-]*$"},
                        "digests": _closed(
                            {name: {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"} for name in SERVICES}
                        ),
                        "pullPolicy": {"enum": ["IfNotPresent", "Always", "Never"]},
                        "pullSecrets": {"type": "array", "items": _closed({"name": text}, "name")},
                    },
                    "registry",
                    "tag",
                ),
                "settings": _closed(_plain(ServiceSettings), *sorted(common)),
                "kafkaCa": _closed({"configMap": {"type": "string"}}),
                "databaseCa": _closed({"configMap": {"type": "string"}}),
                "services": _closed(services, *SERVICES),
                "network": _closed(
                    {
                        "trustedProxies": {"type": "array", "minItems": 1, "items": text},
                        "ingressController": peers,
                        "monitoring": peers,
                        "destinations": _closed(dict.fromkeys(("dns", *DESTINATIONS), destination), "dns", *NEEDED),
                    },
                    "trustedProxies",
                    "ingressController",
                    "monitoring",
                    "destinations",
                ),
                "autoscaling": _closed(
                    {
                        "api": _closed({"enabled": {"type": "boolean"}, "cpuPercent": number}, "enabled"),
                        "worker": {
                            **_closed(
                                {"enabled": {"type": "boolean"}, "prometheus": text, "lag": number, "age": number},
                                "enabled",
                                "lag",
                                "age",
                            ),
                            "if": {"properties": {"enabled": {"const": True}}},
                            "then": {"required": ["prometheus"]},
                        },
                    }
                ),
                "serviceMonitor": _closed(
                    {
                        "enabled": {"type": "boolean"},
                        "rules": {"type": "boolean"},
                        "labels": {"type": "object", "additionalProperties": text},
                        "interval": text,
                    },
                    "enabled",
                ),
            },
            "image",
            "settings",
            "services",
            "network",
        ),
    }


def written() -> str:
    """The text of the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())
