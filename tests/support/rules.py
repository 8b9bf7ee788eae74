"""Which tests prove which rules of the catalogue: `make rules`.

Reads the IDs cited by `@pytest.mark.rule(...)` from the source, so it needs no test run, and compares them with the
tables in docs/rules.md (`| ID | where | test or reason |`). It fails for an ID of the wrong form, for a listed rule
without a test, and for a rule called organisational (nothing a program can do) without a reason.
"""

# ruff: noqa: T201 (a program for a terminal)

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "rules.md"
RULE = re.compile(r"(ID|AS|DO|NO|UI)-\d{2}|(GL|RL)-\d{3}")
ROW = re.compile(r"^\|\s*([A-Z]{2}-\d+)\s*\|([^|]*)\|([^|]*)\|\s*$")
ORGANISATIONAL = "organisational"


def citations(source: str, file: str) -> Iterator[tuple[str, str]]:
    """(rule ID, `file::test`) for each citation in the source of one test file.

    A mark on a class or on the module (`pytestmark`) counts for that as a whole. An ID that is not written out as a
    text gives ("", place): nobody could search for it.
    """
    yield from _citations(ast.parse(source), file)


def _citations(node: ast.AST, place: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _citations(child, f"{place}::{child.name}")
        else:
            if isinstance(child, ast.Call) and ast.unparse(child.func) == "pytest.mark.rule":
                for argument in child.args:
                    written_out = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                    yield (argument.value if written_out else "", place)  # type: ignore[attr-defined]
            yield from _citations(child, place)


def listed_rules(table: str) -> dict[str, tuple[str, str]]:
    """{rule ID: (where, test or reason)} from the rows of the table."""
    rows = (ROW.match(line) for line in table.splitlines())
    return {row[1]: (row[2].strip(), row[3].strip()) for row in rows if row}


def problems(cited: dict[str, list[str]], listed: dict[str, tuple[str, str]]) -> list[str]:
    """What is wrong, one line each."""
    wrong = [f"not a rule ID: {rule!r} in {', '.join(cited[rule])}" for rule in cited if not RULE.fullmatch(rule)]
    wrong += [f"not a rule ID: {rule!r} in docs/rules.md" for rule in listed if not RULE.fullmatch(rule)]
    for rule, (where, reason) in listed.items():
        if where == ORGANISATIONAL and not reason:
            wrong.append(f"{rule} is called organisational without a reason")
        if where != ORGANISATIONAL and rule not in cited:
            wrong.append(f"{rule} has no test ({where})")
    return wrong


def main() -> int:
    """Print each rule with its tests, then what is wrong; 1 if anything is."""
    cited: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for rule, place in citations(file.read_text(), str(file.relative_to(ROOT))):
            cited[rule].append(place)
    for rule in sorted(cited):
        print(rule, *dict.fromkeys(cited[rule]), sep="\n  ")
    listed = listed_rules(TABLE.read_text())
    wrong = problems(cited, listed)
    print(f"\n{len(cited)} rules cited by tests, {len(listed)} listed in docs/rules.md, {len(wrong)} problems")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
