"""The command `madoguchi`.

`evaluate` and `areas` are its own. Services add commands by entry points of the group `madoguchi.commands` that name
a `typer.Typer`: one with a single command becomes the command called like the entry point, one with several becomes a
group of that name. They are only loaded when something else than our own commands is asked for, because they bring
databases and brokers with them, and `evaluate` must answer at once.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Any, BinaryIO

import typer

from kit.areas import Area, evaluate_one, load_areas, refusal

ENTRY_POINTS = "madoguchi.commands"


def _new_app() -> typer.Typer:
    app = typer.Typer(
        name="madoguchi",
        help="Tools of Madoguchi: ask the rules, operate the services.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its boxes would print local variables, and those may be personal data
    )
    app.command("evaluate")(evaluate)
    app.command("areas")(list_areas)
    return app


def evaluate() -> None:
    """Answer questions to the rules: JSON lines {"area", "input"} in, JSON lines in the same order out.

    A line that cannot be answered gets {"area", "error"}; the stream goes on.
    """
    areas, problems = load_areas()
    _complain(problems)
    answer_lines(areas, sys.stdin.buffer, sys.stdout.buffer)


def list_areas(
    schema: Annotated[bool, typer.Option("--schema", help="as JSON lines, with the shapes")] = False,
) -> None:
    """List what can be asked."""
    areas, problems = load_areas()
    _complain(problems)
    for _, area in sorted(areas.items()):
        print(_json(area.schema()) if schema else f"{area.name}\t{', '.join(area.rules)}")


def answer_lines(areas: Mapping[str, Area], source: Iterable[bytes], sink: BinaryIO) -> None:
    """Write one answer for each non-empty line, flushed at once, so that a program can ask and wait."""
    for line in source:
        if line.strip():
            # A lone surrogate in a name is written as the escape it came as; it has no UTF-8 form.
            sink.write(_json(_answer(areas, line)).encode(errors="backslashreplace") + b"\n")
            sink.flush()


def _answer(areas: Mapping[str, Area], line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line.decode("utf-8-sig"), parse_constant=_no_json)
    except (ValueError, RecursionError):
        return refusal(None, "bad_json", "the line is not JSON in UTF-8")
    try:
        return evaluate_one(areas, request)
    except Exception:  # noqa: BLE001 - a defect in one rule must not stop the stream
        traceback.print_exc()
        return refusal(request["area"], "internal_error", "the rule failed; see the error output")


def _no_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _complain(problems: Iterable[str]) -> None:
    for problem in problems:
        print(f"madoguchi: {problem}", file=sys.stderr)


def _plug_in(app: typer.Typer, wanted: str) -> list[str]:
    """Add the command that is wanted, or all of them; return a line for each that cannot be loaded.

    A service's commands bring its whole service with them: loading them all takes seconds.
    """
    problems = []
    entries = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    for entry in [one for one in entries if one.name == wanted] or entries:
        try:
            commands = entry.load()
            if not isinstance(commands, typer.Typer):
                raise TypeError("not a typer.Typer")
        except Exception as error:  # noqa: BLE001 - one broken service must not take the others' commands away
            problems.append(f"the command {entry.name} ({entry.value}) cannot be loaded: {error!r}")
            continue
        only = commands.registered_commands[0] if len(commands.registered_commands) == 1 else None
        if only is not None and only.callback and not commands.registered_groups:
            app.command(entry.name, help=only.help)(only.callback)
        else:
            app.add_typer(commands, name=entry.name)
    return problems


def main() -> None:
    """The entry point of the command `madoguchi`."""
    app = _new_app()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if wanted not in {"evaluate", "areas"}:
        _complain(_plug_in(app, wanted))
    app()
