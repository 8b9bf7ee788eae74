"""Generated requests, good and bad, against an API: by its own OpenAPI document, in process, on a real database.

A test module composes the document once, as it is imported (no server is needed for that), and gets one test for each
operation:

    DOCUMENT = document_of(api.routers, title=...)
    schema = schema_of(DOCUMENT)

    @schema.parametrize()
    def test_every_operation_keeps_its_word(case, target):
        ask(case, target)

The areas of the simulator have forms of their own, which its one operation does not tell: `schema_of_areas`.

Generation is seeded and bounded. Left to itself it never hits an id that exists, a token that is good or a version that
is current, so every good part of a request may get such a value from `Target.known`, and every request somebody of
`Target.callers` to make it. Who and which follows from the request alone: a failing example fails again.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import jsonschema
import schemathesis
from fastapi import APIRouter
from kit.areas import Area
from kit.db import Database
from kit.health import Health
from kit.http import AppContext, build_app
from pydantic import BaseModel
from schemathesis.core.parameters import ParameterLocation

from support.actors import Gate
from support.clock import FakeClock

NOWHERE = "postgresql+asyncpg://nobody:nobody@127.0.0.1:1/nothing"
EXAMPLES_PER_OPERATION = 20  # beside the boundary values, which are as many as there are
STRANGERS: tuple[Mapping[str, str], ...] = ({}, {"Authorization": "Bearer no.such.token"})
INNARDS = ("Traceback", 'File "', "site-packages", "sqlalchemy", "asyncpg", "pydantic", "SELECT ", "INSERT ")
PROBLEM = "application/problem+json"
SIMULATOR = "/v1/simulations/{book}/{area}"


@dataclass(frozen=True)
class Target:
    """The API, who may call it (as headers), and values that it knows by the names of the fields they go into."""

    http: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop
    callers: Sequence[Mapping[str, str]] = STRANGERS
    known: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def document_of(routers: Sequence[APIRouter], *, title: str) -> dict[str, Any]:
    """The OpenAPI document of a service with these routers; nothing is connected to."""
    clock = FakeClock(datetime(2026, 4, 1, tzinfo=UTC))
    context = AppContext("fuzz", Database(NOWHERE), clock, Gate(clock).verifier, Health())
    return build_app(context, title=title, routers=routers).openapi()


def schema_of(document: dict[str, Any], *, refused_by_rules: Mapping[str, Sequence[str]] | None = None) -> Any:
    """What generates the requests. `refused_by_rules`: {path: statuses} that a request of the right form may meet there
    beside `_USUAL_REFUSALS`.
    """
    # An area may find that a question of the right form makes no sense, such as one of a year without known holidays.
    refused = {**(refused_by_rules or {}), SIMULATOR: ("422",)}
    return _schema(document, refused)


def schema_of_areas(document: dict[str, Any], areas: Sequence[Area]) -> Any:
    """What generates questions for each area of the simulator, in the form that the area has."""
    paths = {f"/v1/simulations/{area.name}": _simulation(area) for area in areas}
    return _schema({**document, "paths": paths}, dict.fromkeys(paths, ("422",)))


def schema_of_form(form: type[BaseModel]) -> Any:
    """What generates contents of a form, right and wrong, as bodies of a request that no API has."""
    shown = form.model_json_schema()
    body = {"application/json": {"schema": _inline(shown, shown.get("$defs", {}))}}
    operation = {"requestBody": {"required": True, "content": body}, "responses": {"default": {"description": ""}}}
    return _schema(
        {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": {"/form": {"put": operation}}}, {}
    )


def _schema(document: dict[str, Any], refused: Mapping[str, Sequence[str]]) -> Any:
    settings: dict[str, Any] = {
        "seed": 20_260_401,
        "suppress-health-check": ["all"],  # a slow machine is no defect of the API
        "output": {"sanitization": {"enabled": False}},  # whoever looks at a failure needs the values, and none is real
        "generation": {"max-examples": EXAMPLES_PER_OPERATION, "deterministic": True},
        "phases": {"stateful": {"enabled": False}},
        "checks": {
            "ignored_auth": {"enabled": False},  # it sends requests by itself, past our loop; see `_strangers_stay_out`
            "positive_data_acceptance": {"expected-statuses": list(_USUAL_REFUSALS)},
            # `ask` sets Authorization whatever was generated, and this check does not notice.
            "missing_required_header": {"enabled": False},
        },
        "operations": [
            {
                "include-path": path,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*_USUAL_REFUSALS, *statuses]}},
            }
            for path, statuses in refused.items()
        ],
    }
    return schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(settings))


def _simulation(area: Area) -> dict[str, Any]:
    """The operation that asks one area, with the forms that `madoguchi areas --schema` shows."""
    shown = area.schema()
    question = _inline(shown["input"], shown["input"].get("$defs", {}), nullable=True)
    answer = _inline(shown["output"], shown["output"].get("$defs", {}))
    return {
        "post": {
            "operationId": f"ask {area.name}",
            "requestBody": {"required": True, "content": {"application/json": {"schema": question}}},
            "responses": {
                "200": {"description": "The answer", "content": {"application/json": {"schema": answer}}},
                "default": {
                    "description": "A problem",
                    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        }
    }


def _inline(schema: Any, named: Mapping[str, Any], *, nullable: bool = False) -> Any:
    """The schema without references; with `nullable`, null where a field may be missing, which to areas is the same."""
    if isinstance(schema, list):
        return [_inline(one, named, nullable=nullable) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(named[schema["$ref"].rpartition("/")[2]], named, nullable=nullable)
    left_out = {"$defs", "uniqueItems"}  # a question that names a member of a set twice is taken, as sets do
    inlined = {key: _inline(one, named, nullable=nullable) for key, one in schema.items() if key not in left_out}
    if nullable and isinstance(properties := inlined.get("properties"), dict):
        inlined["properties"] = {
            name: one if name in schema.get("required", ()) else {"anyOf": [one, {"type": "null"}]}
            for name, one in properties.items()
        }
    return inlined


# Who asks, what is asked for, which rules say no, which version is current, and how often one may ask.
_USUAL_REFUSALS = ("2xx", "401", "403", "404", "409", "412", "429")


def ask(case: schemathesis.Case, target: Target) -> None:
    """Send one generated request, and hold the answer against the document.

    Raises schemathesis.errors' FailureGroup with a curl command: for a 5xx, an undocumented status, content type or
    body, bad data that was accepted, good data that was refused as malformed, a stranger who was let in, and innards of
    the program in the answer.
    """
    dice = random.Random(repr(case))
    _fill_in(case, target.known, dice)
    caller = dice.choice(STRANGERS if dice.random() < 0.15 else target.callers)
    case.headers.pop("Authorization", None)
    case.headers.update(caller)
    assert case.meta is not None  # brings its labels up to date with what was filled in, before the request is prepared
    case.freeze_metadata()

    request = case.as_transport_kwargs(base_url=str(target.http.base_url).rstrip("/"))
    assert not request.pop("cookies", None)
    if isinstance(request.get("data"), bytes | str):
        request["content"] = request.pop("data")
    request["headers"] = [(name, str(value).encode("latin-1")) for name, value in request["headers"].items()]
    answer = target.loop.run_until_complete(target.http.request(**request))
    case.validate_response(answer, additional_checks=[_nothing_leaks, _strangers_stay_out])


def _fill_in(case: schemathesis.Case, known: Mapping[str, Sequence[Any]], dice: random.Random) -> None:
    parts = {
        ParameterLocation.PATH: case.path_parameters,
        ParameterLocation.QUERY: case.query,
        ParameterLocation.HEADER: case.headers,
        ParameterLocation.BODY: case.body,
    }
    bad = {location for location in parts if case.meta is not None and case.meta.is_negative_at(location)}
    for location, part in parts.items():
        if location in bad or not isinstance(part, Mapping):
            continue
        for name in [name for name in part if known.get(name)]:
            if dice.random() < 0.85:
                part[name] = dice.choice(known[name])
    # A good one of its own for each request, also where another header is bad: else some are refused for the key alone.
    if re.fullmatch("[!-~]{1,200}", str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = str(uuid5(NAMESPACE_URL, repr(case)))


def _nothing_leaks(_: Any, response: Any, case: schemathesis.Case) -> None:
    found = [word for word in INNARDS if word in response.text and word not in repr(case)]
    assert not found, f"the answer shows {found}"


def _strangers_stay_out(_: Any, response: Any, case: schemathesis.Case) -> None:
    if is_secured(case.operation.definition.raw) and case.headers.get("Authorization") in (
        None,
        *(stranger.get("Authorization") for stranger in STRANGERS),
    ):
        assert response.status_code >= 400, "somebody without a token of ours was let in"


# The document itself


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """("GET /v1/terms", operation) for each."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def is_secured(operation: Mapping[str, Any]) -> bool:
    """Whether the document says that one has to be logged in."""
    return bool(operation.get("security"))


def public_operations(document: Mapping[str, Any]) -> set[str]:
    """The operations that anybody may call, as the document says."""
    return {name for name, operation in operations(document) if not is_secured(operation)}


def operations_with_header(document: Mapping[str, Any], header: str) -> set[str]:
    """The operations that insist on a header, as the document says."""
    return {
        name
        for name, operation in operations(document)
        if any(one["name"] == header and one["in"] == "header" and one["required"] for one in _parameters(operation))
    }


def gaps(document: Mapping[str, Any]) -> list[str]:
    """What a reader of the document misses, one line each."""
    found = []
    ids = [operation["operationId"] for _, operation in operations(document)]
    found += [f"two operations are called {name}" for name in set(ids) if ids.count(name) > 1]
    for name, operation in operations(document):
        responses = operation["responses"]
        good = [status for status in responses if status.startswith("2")]
        if not operation.get("summary") or not operation.get("description"):
            found.append(f"{name}: no summary or no description")
        if len(good) != 1 or (good != ["204"] and not responses[good[0]].get("content")):
            found.append(f"{name}: what comes back is not told")
        if PROBLEM not in responses.get("default", {}).get("content", {}):
            found.append(f"{name}: problems are not told")
        if any(one["name"].lower() == "authorization" for one in _parameters(operation)):
            found.append(f"{name}: Authorization is a parameter and no security scheme")
        for body in operation.get("requestBody", {}).get("content", {}).values():
            found += [f"{name}: {line}" for line in _gaps_of_example(body["schema"], document)]
    return found


def _parameters(operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(operation.get("parameters", ()))


def _gaps_of_example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Whether a good request can be put together from what the document shows."""
    missing: list[str] = []
    example = _example(schema, document, "body", missing)
    if missing:
        yield f"no example of {', '.join(missing)}"
        return
    validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
    for error in validator.iter_errors(example):
        yield f"the example is wrong: {error.json_path}: {error.message}"


def _example(schema: Mapping[str, Any], document: Mapping[str, Any], place: str, missing: list[str]) -> Any:
    if "$ref" in schema:
        target = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return _example({**target, **{k: v for k, v in schema.items() if k != "$ref"}}, document, place, missing)
    for shown in (schema.get("examples"), schema.get("enum")):
        if shown:
            return shown[0]
    for shown in ("const", "default"):
        if shown in schema:
            return schema[shown]
    if schema.get("type") == "object" and "properties" in schema:
        properties = schema["properties"].items()
        return {name: _example(one, document, f"{place}.{name}", missing) for name, one in properties}
    if schema.get("type") == "array":
        return [_example(schema["items"], document, f"{place}[]", missing)]
    if schema.get("type") == "boolean":
        return True
    if schema.get("format") == "uuid":
        return str(uuid5(NAMESPACE_URL, place))
    missing.append(place)
    return None
