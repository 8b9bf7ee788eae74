"""What is read from the data files of this package, once: terms of use, secret questions, programmes, guidance."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from madoguchi_contracts import Role


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


@cache
def roles_of_programmes() -> dict[str, Role]:
    """As what people register by themselves for a programme (`data/programmes.json`).

    A programme that is not listed is not open for registration.
    """
    read = json.loads((files("identity") / "data" / "programmes.json").read_text("utf-8"))
    return {programme: Role(role) for programme, role in read.items()}


@cache
def guidance() -> dict[str, Any]:
    """What people are told of authenticator apps (ID-44, ID-45) and of identity verification (ID-71 to ID-73)."""
    return dict(json.loads((files("identity") / "data" / "guidance.json").read_text("utf-8")))
