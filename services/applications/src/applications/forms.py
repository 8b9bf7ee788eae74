"""Reading a form from a draft: whatever is in the draft, every fault is found at once, and the rest can be judged."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping
from typing import Any, TypeVar, get_args

from kit.errors import Finding
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FormModel = TypeVar("FormModel", bound="Form")


class Form(BaseModel):
    """Base of forms and their sections. All fields may be missing: what is required is said by rules, with their IDs.

    Strict: a number is no text. Fields that the form does not ask for are not part of what is submitted.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


def asked(label: str, rule: str, **limits: Any) -> Any:
    """A field of a form: its name on the screen, and the rule that a value of the wrong kind breaks."""
    return Field(default=None, title=label, json_schema_extra={"x-rule": rule}, **limits)


def read(model: type[FormModel], draft: Mapping[str, Any]) -> tuple[FormModel, list[Finding]]:
    """The form as far as it can be read, and a finding for each value that is of the wrong kind.

    Such a value counts as not given, so that one wrong field does not hide what is wrong with the others. Blank texts
    count as not given too.
    """
    rest = without_blanks(draft)
    findings: list[Finding] = []
    while True:
        try:
            return model.model_validate_json(json.dumps(rest)), findings
        except ValidationError as error:
            rest = copy.deepcopy(rest)
            for path in dict.fromkeys(_known_path(model, one["loc"]) for one in error.errors(include_input=False)):
                findings.append(_wrong_kind(model, path))
                _remove(rest, path)


def without_blanks(value: Any) -> Any:
    """The value without empty and blank texts, nulls, and sections and lists in which nothing is left.

    An entry of a list stays at its place, so that a finding names the place where it was entered.
    """
    if isinstance(value, dict):
        kept = {key: without_blanks(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in (None, "", {}, [])}
    if isinstance(value, list):
        entries = [without_blanks(one) for one in value]
        return entries if any(one not in (None, "", {}, []) for one in entries) else None
    if isinstance(value, str) and not value.strip():
        return None
    return value


def names_field(model: type[BaseModel], path: str) -> bool:
    """Whether a dotted path names a field of the form, a section or an entry of a list, as `account.number` does."""
    current: type[BaseModel] | None = model
    parts = [part for part in path.split(".") if not part.isdecimal()]
    for part in parts:
        if current is None or part not in current.model_fields:
            return False
        current = _section(current.model_fields[part].annotation)
    return bool(parts)


def overlaps(paths: Collection[str], field: str) -> bool:
    """Whether the dotted path is one of these, holds one, or lies in one; no path ("") does neither."""
    return any(f"{path}.".startswith(f"{field}.") or f"{field}.".startswith(f"{path}.") for path in paths)


def _known_path(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str | int, ...]:
    """The part of an error's place that names fields and entries: pydantic adds the member of a union."""
    path: list[str | int] = []
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            if current is not None:  # an entry of a list of sections; of other lists the whole field is wrong
                path.append(part)
            continue
        if current is None or part not in current.model_fields:
            break
        path.append(part)
        current = _section(current.model_fields[part].annotation)
    return tuple(path)


def _section(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, or each entry of it."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
        if one is not annotation and get_args(one) and (inner := _section(one)) is not None:
            return inner
    return None


def _wrong_kind(model: type[BaseModel], path: tuple[str | int, ...]) -> Finding:
    current: type[BaseModel] | None = model
    label, rule = "入力内容", ""
    for part in path:
        if current is None or isinstance(part, int):
            continue
        field = current.model_fields[part]
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        label, rule = field.title or label, str(extra.get("x-rule", rule))
        current = _section(field.annotation)
    return Finding(rule, "FORMAT", f"{label}を正しく入力または選択してください。", ".".join(map(str, path)))


def _remove(value: Any, path: tuple[str | int, ...]) -> None:
    for part in path[:-1]:
        value = value[part]
    last = path[-1]
    if isinstance(last, int):
        value[last] = {}  # the entry keeps its place
    else:
        value.pop(last, None)
