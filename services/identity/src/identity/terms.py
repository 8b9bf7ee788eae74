"""The terms of use and the list of secret questions: data files of this package, read once."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Terms(NamedTuple):
    """The terms that are in force."""

    version: str
    title: str
    text: str


@cache
def current_terms() -> Terms:
    """The terms of `data/terms.json`."""
    return Terms(**json.loads((files("identity") / "data" / "terms.json").read_text("utf-8")))


@cache
def secret_questions() -> dict[str, str]:
    """The questions of `data/secret_questions.json`: the stored key and the text that is shown, in the shown order."""
    return dict(json.loads((files("identity") / "data" / "secret_questions.json").read_text("utf-8")))
