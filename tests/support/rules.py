"""Which tests prove which rules of the catalogue: `make rules`.

Reads the IDs cited by `@pytest.mark.rule(...)` from the source, so it needs no test run, and compares them with the
table in docs/rules.md (`| ID | where |`). It fails for an ID of the wrong form, for a listed rule without a test, for a
place that is not there any more, for one that no service uses (`support.acting`), and for a rule called organisational
(nothing a program can do) without a reason.
"""

# ruff: noqa: T201 (a program for a terminal)

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

from support.acting import idle

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "rules.md"
SOURCES, SUFFIXES = ("services", "shared", "deploy", "tests"), {".py", ".json", ".yaml", ".md"}
RULE = re.compile(r"(ID|AS|DO|NO|UI)-\d{2}|(GL|RL)-\d{3}")
ROW = re.compile(r"^\| ([A-Z]{2}-\d+) \| (.+) \|$", re.MULTILINE)
ORGANISATIONAL = "organisational:"
PATH, NAME = re.compile(r"[\w./-]+\.(?:py|json|yaml|md)\b"), re.compile(r"`(?:\w+\.)*(\w+)`")
SHORT = ("identity", "bond", "documents", "notifications", "japan")
"""Beginnings of paths that stand for a folder of theirs; docs/rules.md says for which."""
HOMES = {"GL": "green_loan", "RL": "rental_loan"}
"""The programme of a book: its short paths are below the programme's folder."""


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


def listed_rules(table: str) -> dict[str, str]:
    """{rule ID: where it acts, or "organisational: why"} from the rows of the table."""
    return dict(ROW.findall(table))


def problems(
    cited: dict[str, list[str]],
    listed: dict[str, str],
    sources: dict[str, str],
    unused: Collection[tuple[str, str]] = (),
) -> list[str]:
    """What is wrong, one line each. `sources` are the texts of the files by their paths, `unused` the definitions, as
    path and name, that no service uses.
    """
    wrong = [f"not a rule ID: {rule!r} in {', '.join(cited[rule])}" for rule in cited if not RULE.fullmatch(rule)]
    wrong += [f"not a rule ID: {rule!r} in docs/rules.md" for rule in listed if not RULE.fullmatch(rule)]
    for rule, where in listed.items():
        if where.startswith(ORGANISATIONAL):
            if not where.removeprefix(ORGANISATIONAL).strip():
                wrong.append(f"{rule} is called organisational without a reason")
            continue
        if rule not in cited:
            wrong.append(f"{rule} has no test ({where})")
        wrong += [f"{rule} acts where nothing is: {lost}" for lost in _lost(rule, where, sources)]
        wrong += [f"{rule} is used by no service: {name}" for name in _idle(rule, where, sources, unused)]
    return wrong


def _files(rule: str, path: str, sources: Collection[str]) -> list[str]:
    """The files that a path means. Of those with the same ending, those of the rule's own programme, if it has one."""
    home = f"/programmes/{HOMES.get(rule.partition('-')[0], '')}/"
    short, _, rest = path.partition("/")
    folder, ending = (f"/{short}/", f"/{rest}") if short in SHORT else ("", f"/{path}")
    found = [file for file in sources if f"/{file}".endswith(ending) and folder in f"/{file}"]
    return [file for file in found if home in file] or found


def _idle(rule: str, where: str, sources: Collection[str], unused: Collection[tuple[str, str]]) -> Iterator[str]:
    """The names of a place that are defined in one of its files, and that no service uses."""
    for part in where.split(";"):
        files = [file for path in PATH.findall(part) for file in _files(rule, path, sources)]
        yield from (name for name in NAME.findall(part) if any((file, name) in unused for file in files))


def _lost(rule: str, where: str, sources: dict[str, str]) -> Iterator[str]:
    """The paths of a place that no file has, and the names that none of its files holds."""
    for part in where.split(";"):
        texts = []
        for path in PATH.findall(part):
            found = _files(rule, path, sources)
            texts += [sources[file] for file in found]
            if not found:
                yield path
        if texts:
            yield from (
                name for name in NAME.findall(part) if not any(re.search(rf"\b{name}\b", text) for text in texts)
            )


def main() -> int:
    """Print each rule with its tests, then what is wrong; 1 if anything is."""
    cited: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for rule, place in citations(file.read_text(), str(file.relative_to(ROOT))):
            cited[rule].append(place)
    for rule in sorted(cited):
        print(rule, *dict.fromkeys(cited[rule]), sep="\n  ")
    listed = listed_rules(TABLE.read_text())
    files = [file for top in SOURCES for file in (ROOT / top).rglob("*.*") if file.suffix in SUFFIXES]
    sources = {str(file.relative_to(ROOT)): file.read_text() for file in files}
    wrong = problems(cited, listed, sources, idle(ROOT))
    print(f"\n{len(cited)} rules cited by tests, {len(listed)} listed in docs/rules.md, {len(wrong)} problems")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
