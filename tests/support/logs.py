"""The lines of processes, held against what is promised of them: docs/log.schema.json."""

from __future__ import annotations

import json
from functools import cache

from jsonschema import Draft202012Validator
from madoguchi_stack.layout import ROOT


@cache
def _schema() -> Draft202012Validator:
    schema = json.loads((ROOT / "docs/log.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def wrong_lines(text: str) -> list[tuple[str, str]]:
    """The lines that are not as the schema says, each with what is wrong."""
    wrong = []
    for line in text.splitlines():
        try:
            wrong += [(line, error.message) for error in _schema().iter_errors(json.loads(line))]
        except ValueError as error:
            wrong.append((line, str(error)))
    return wrong
