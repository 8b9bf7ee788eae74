"""JSON Schemas: what the models say now, what was released, and one flat form of both to compare and to
print.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from madoguchi_contracts.envelope import Contract, Event
from madoguchi_contracts.registry import EVENTS
from madoguchi_contracts.sealed import CONTENTS

Schema = dict[str, Any]

CONTRACTS: tuple[type[Contract], ...] = (*EVENTS.values(), *CONTENTS)
"""Everything that has a released schema: events, and what is sealed inside them."""


# What may stand beside a reference or a choice. Any limit there would hold in addition to those inside, and putting it
# in their place would change what the schema says.
_BESIDE = {"title", "description", "examples", "deprecated", "default", "format", "x-sealed-for", "x-sealed-model"}


class NotFlat(ValueError):
    """A schema that has no flat form: it contains itself, refers elsewhere, or limits a reference further."""


class _Generator(GenerateJsonSchema):
    """Leaves out the title of each field: it repeats the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(contract: type[Contract]) -> Schema:
    """The JSON Schema (draft 2020-12) of the body of an event, or of what is inside a sealed field.

    An event's schema also names topic and key field (`x-topic`, `x-key`): they are as binding as the fields.
    """
    schema = contract.model_json_schema(schema_generator=_Generator)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = contract.schema_name
    if issubclass(contract, Event):
        schema["x-topic"] = contract.topic
        schema["x-key"] = contract.aggregate_field
    return schema


def current() -> dict[str, Schema]:
    """What the models say now, by schema name."""
    return {contract.schema_name: schema_of(contract) for contract in CONTRACTS}


def released(folder: Traversable | None = None) -> dict[str, Schema]:
    """The released schemas by schema name: those in this package, or those in another folder of that form."""
    root = folder or files("madoguchi_contracts") / "schemas"
    schemas = [
        json.loads(file.read_text("utf-8"))
        for group in root.iterdir()
        if group.is_dir()
        for file in group.iterdir()
        if file.name.endswith(".json")
    ]
    return {schema["$id"]: schema for schema in schemas}


def file_of(contract: type[Contract]) -> str:
    """Where schema and example of a contract lie in their folders: `identity/UserIdIssued.v1.json`."""
    group = contract.service if issubclass(contract, Event) else "sealed"
    return f"{group}/{contract.__name__}.v{contract.major}.json"


def flat(schema: Schema) -> Schema:
    """The same schema with references put in place, and `X or null` as X with `or_null`.

    Keywords that are not understood here stay as they are, for the caller to refuse.

    Raises:
        NotFlat: this cannot be done without changing what the schema says.
    """
    tree: Schema = _flat(schema, schema.get("$defs", {}), ())
    return tree


def _flat(schema: Any, definitions: Mapping[str, Schema], inside: tuple[str, ...]) -> Any:
    if not isinstance(schema, dict):
        return schema
    node = {keyword: value for keyword, value in schema.items() if keyword != "$defs"}
    if "$ref" in node:
        name = node.pop("$ref").removeprefix("#/$defs/")
        if name in inside:
            raise NotFlat(f"{name} contains itself")
        if name not in definitions:
            raise NotFlat(f"{name} is not defined here")
        return _with(node, _flat(definitions[name], definitions, (*inside, name)))
    if "anyOf" in node:
        others = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
        if len(others) == 1 and len(node["anyOf"]) == 2:
            del node["anyOf"]
            return {**_with(node, _flat(others[0], definitions, inside)), "or_null": True}
    if "properties" in node:
        fields = node["properties"].items()
        node["properties"] = {name: _flat(field, definitions, inside) for name, field in fields}
    if "items" in node:
        node["items"] = _flat(node["items"], definitions, inside)
    return node


def _with(outer: Schema, inner: Schema) -> Schema:
    """One node of what stands beside a reference and what the reference stands for."""
    for keyword in sorted(outer):
        if keyword not in _BESIDE or (keyword == "format" and keyword in inner):
            raise NotFlat(f"{keyword} beside a reference or a choice")
    return {**inner, **outer}
