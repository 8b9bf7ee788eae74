"""The tools and schemas that `make deploy-check` obtains."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from madoguchi_stack import deploy_tools

# In `make deploy-check` nothing may be left out; elsewhere, what was not obtained is not asked for.
REQUIRED = os.environ.get("MADOGUCHI_DEPLOY_CHECK") == "1"


def obtained(file: Path) -> Path:
    """The file; without it the test is left out, or fails in `make deploy-check`."""
    if not file.exists() and not REQUIRED:
        pytest.skip(f"{file.name} is not there: `madoguchi stack obtain-tools`")
    assert file.exists()
    return file


def helm() -> Path:
    """The command of Helm."""
    return obtained(deploy_tools.helm_binary())


def promtool() -> Path:
    """Prometheus' checker of rules."""
    return obtained(deploy_tools.promtool_binary())


def dockerfile_linter() -> Path:
    """The linter of Dockerfiles."""
    return obtained(deploy_tools.dockerfile_linter())


@cache
def schema_of_compose() -> dict[str, Any]:
    """The JSON Schema of compose files."""
    found: dict[str, Any] = json.loads(obtained(deploy_tools.schema_file("compose")).read_text())
    return found


@cache
def schema_of_resource(name: str, version: str) -> dict[str, Any]:
    """The schema of a custom resource, of one of its versions: closed, so that a misspelt field is found."""
    definition = yaml.safe_load(obtained(deploy_tools.schema_file(name)).read_text())
    (found,) = (one for one in definition["spec"]["versions"] if one["name"] == version)
    schema: dict[str, Any] = _closed(found["schema"]["openAPIV3Schema"])
    return schema


def _closed(schema: Any) -> Any:
    """As the API server reads it: fields that are not named are refused, but where anything is kept."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items() if key != "properties"}
    if "properties" in schema:
        closed["properties"] = {name: _closed(field) for name, field in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            closed["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        closed = {key: value for key, value in closed.items() if key not in ("type", "anyOf", "pattern")}
        closed["type"] = ["integer", "string"]
    return closed
