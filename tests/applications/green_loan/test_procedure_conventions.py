"""What holds for all rules of the green loan (GL-625 to GL-630), looked for in its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from applications.programmes import green_loan
from applications.programmes.green_loan.procedure.dates import six_month_limit
from kit.japan.months import add_months

FOLDER = Path(green_loan.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
# The rules of privacy are those of every programme.
PRIVACY = FOLDER.parents[1] / "privacy.py"
OWN = [*(file for file in SOURCES if file.parent.name in ("danshin", "procedure")), PRIVACY]

# The interpretations of the groups 26, 30 to 33, 36, and of acceptance, that a program acts on.
INTERPRETATIONS = [
    "GL-257",
    "GL-356",
    "GL-402",
    "GL-435",
    "GL-494",
    "GL-495",
    "GL-503",
    "GL-509",
    "GL-524",
    "GL-538",
    "GL-540",
    "GL-561",
    "GL-566",
    "GL-609",
    "GL-620",
    "GL-621",
]


@pytest.mark.rule("GL-625")
def test_months_are_calendar_months_clipped_to_the_last_day():
    assert add_months(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert add_months(date(2025, 2, 28), 6) == date(2025, 8, 28)
    assert six_month_limit(date(2025, 2, 28)) == date(2025, 8, 31)


def places(rule: str) -> Iterator[str]:
    """Where a rule is named as an interpretation: the modules of danshin, procedure and privacy whose texts say so."""
    said = re.compile(rf"interpretation \((?:GL-\d+, )*{rule}(?:, GL-\d+)*\)")
    for file in OWN:
        if said.search(" ".join(file.read_text().split())):
            yield file.name


@pytest.mark.rule("GL-629")
@pytest.mark.parametrize("rule", INTERPRETATIONS)
def test_an_interpretation_is_isolated_in_one_module(rule):
    assert len(list(places(rule))) == 1


def floats(tree: ast.AST) -> Iterator[int]:
    """The lines with a float: written, named, or the quotient of two numbers in a module that knows no decimals."""
    decimals = "from decimal import" in ast.unparse(tree)
    for node in ast.walk(tree):
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_name = isinstance(node, ast.Name) and node.id == "float"
        is_division = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if is_literal or is_name or (is_division and not decimals):
            yield node.lineno


@pytest.mark.rule("GL-630")
def test_no_rule_calculates_with_floating_point_numbers():
    assert SOURCES
    found = {f"{file.relative_to(FOLDER)}:{line}" for file in SOURCES for line in floats(ast.parse(file.read_text()))}
    assert found == set()
    assert list(floats(ast.parse("rate = 0.5"))) == [1]
    assert list(floats(ast.parse("half = total / 2"))) == [1]
