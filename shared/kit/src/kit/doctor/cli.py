"""`madoguchi doctor`: the command."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from kit.clock import system_clock
from kit.doctor.examination import cause, examine, of_settings, practices, report, whose
from kit.doctor.practice import Practice, Symptom

commands = typer.Typer()


@commands.command("doctor")
def doctor(
    part: Annotated[str | None, typer.Argument(help="one thing in all its details, such as s3 or scanner")] = None,
    service: Annotated[str | None, typer.Option(help="whose environment this is, where it cannot be seen")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for machines: one JSON line for each finding")] = False,
) -> None:
    """Look at everything that this service's environment allows; the first line is the most probable cause.

    Needs the environment of one service, as its processes have it. Changes nothing, and shows no secret. Exit code 1
    when something is wrong.
    """
    known = practices()
    if part is not None:
        _table(known, part)
        return
    practice = next((one for one in known if one.service == service), None) if service else whose(os.environ, known)
    if practice is None:
        typer.echo(f"not installed here: {service or 'any service'}", err=True)
        raise typer.Exit(2)
    with _without_log():
        found = asyncio.run(_found(practice))
    if as_json:
        for one in found:
            typer.echo(json.dumps({"organ": one.organ, "ill": one.ill, "said": one.said, "then": one.then}))
    else:
        for line in report(practice.service, found):
            typer.echo(line)
    if cause(found) is not None:
        raise typer.Exit(1)


@contextmanager
def _without_log() -> Iterator[None]:
    """What the service's own code logs of a failure goes to the output, and would stand before the first line."""

    def drop(*_: object) -> NoReturn:
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[drop])
    try:
        yield
    finally:
        structlog.configure(**before)


async def _found(practice: Practice) -> list[Symptom]:
    try:
        settings: Any = practice.settings()
    except ValidationError as error:
        # Names only: pydantic would show what it was given.
        said = {".".join(str(part) for part in one["loc"]) or str(one["msg"]) for one in error.errors()}
        return of_settings(practice.service, sorted(said))
    except (
        SettingsError
    ) as error:  # what should be JSON is none; its text names the setting, its cause quotes the value
        return of_settings(practice.service, [str(error)])
    return await examine(practice, settings, system_clock)


def _table(known: list[Practice], part: str) -> None:
    tables = {name: table for practice in known for name, table in practice.tables.items()}
    if part not in tables:
        raise typer.BadParameter(f"there is {', '.join(sorted(tables)) or 'none here'}", param_hint="PART")
    tables[part]()
