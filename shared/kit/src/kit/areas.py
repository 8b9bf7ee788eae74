"""Areas: what can be asked of the rules, and in which words.

An area has a name `<book>/<area>`, the rules it answers for, the shapes of question and answer, and a pure function.
A service lists its areas in `<service>.areas.AREAS` and names the list as an entry point of the group
`madoguchi.areas`. The same areas serve the public simulator and the command `madoguchi evaluate`.

Modules of areas import rules and pydantic, no database, broker or web framework: a question is answered at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from importlib.metadata import entry_points
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from kit.japan import from_jst

ENTRY_POINTS = "madoguchi.areas"


class Question(BaseModel):
    """Base of question shapes. Unknown fields are ignored, null is missing, a wrong type is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Answer(BaseModel):
    """Base of answer shapes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("an ISO date and time is needed")
    return from_jst(datetime.fromisoformat(value))


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("an ISO date is needed")
    return date.fromisoformat(value)


# Pydantic would read numbers, and strings of digits, as seconds since 1970; a question means what it says.
Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=datetime)]
"""A date and time in ISO form; Japan time unless it names an offset. Aware UTC inside."""
Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
"""A date in ISO form."""


class BadQuestion(ValueError):
    """A question that the area cannot answer: `errors` says where, as [{"field", "message"}]."""

    def __init__(self, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or []


@dataclass(frozen=True)
class Area:
    """One thing that can be asked. `input` and `output` are types that pydantic knows; `function` maps them."""

    name: str
    rules: tuple[str, ...]
    input: Any
    output: Any
    function: Callable[[Any], Any]

    @cached_property
    def _input(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.input)

    @cached_property
    def _output(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.output)

    def answer(self, question: object) -> Any:
        """The answer to a question, both as JSON values. Raises BadQuestion.

        A rule may raise ValueError or OverflowError for what makes no sense to it, such as a year without known
        holidays; any other exception is a defect and passes through.
        """
        try:
            # Strictness as JSON has it: "1" is no number, but a string may be a date or one of a list of codes.
            asked = self._input.validate_json(json.dumps(_without_nulls(question)), strict=True)
        except ValidationError as error:
            raise BadQuestion("the input does not have the shape of this area", _where(error)) from error
        try:
            return self._output.dump_python(self.function(asked), mode="json")
        except (ValueError, OverflowError) as error:
            raise BadQuestion(str(error)) from error

    def schema(self) -> dict[str, Any]:
        """Name, rules, and the JSON Schemas of question and answer."""
        return {
            "area": self.name,
            "rules": list(self.rules),
            "input": self._input.json_schema(mode="validation"),
            "output": self._output.json_schema(mode="serialization"),
        }


def _without_nulls(value: object) -> object:
    """A field that is null is a field that is missing."""
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _where(error: ValidationError) -> list[dict[str, str]]:
    # Without the input: an error message must not carry what somebody typed.
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return [{"field": ".".join(map(str, one["loc"])), "message": one["msg"]} for one in details]


def by_name(areas: Iterable[Area]) -> dict[str, Area]:
    """Areas by their names. Raises ValueError if two have the same."""
    named: dict[str, Area] = {}
    for area in areas:
        if area.name in named:
            raise ValueError(f"two areas are named {area.name}")
        named[area.name] = area
    return named


def evaluate_one(areas: Mapping[str, Area], request: object) -> dict[str, Any]:
    """The answer to one request {"area", "input"}: {"area", "output"}, or {"area", "error": {"code", "message"}}.

    Codes: `bad_request` (no such request), `unknown_area`, `bad_input` (with "errors", where they are known).
    """
    if not isinstance(request, dict) or not isinstance(request.get("area"), str):
        return refusal(None, "bad_request", 'a request is an object with "area" and "input"')
    name = request["area"]
    area = areas.get(name)
    if area is None:
        return refusal(name, "unknown_area", "there is no such area; `madoguchi areas` lists them")
    if "input" not in request:
        return refusal(name, "bad_request", 'the request has no "input"')
    try:
        return {"area": name, "output": area.answer(request["input"])}
    except BadQuestion as error:
        return refusal(name, "bad_input", str(error), error.errors)


def refusal(area: str | None, code: str, message: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The answer to a request that has none."""
    error: dict[str, Any] = {"code": code, "message": message}
    if errors:
        error["errors"] = errors
    return {"area": area, "error": error}


def load_areas() -> tuple[dict[str, Area], list[str]]:
    """The areas of all installed services by name, and a line for each service whose areas cannot be used."""
    found: dict[str, Area] = {}
    problems = []
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            found = by_name([*found.values(), *entry.load()])
        except Exception as error:  # noqa: BLE001 - one broken service must not silence the others
            problems.append(f"the areas of {entry.name} ({entry.value}) cannot be used: {error!r}")
    return found, problems
