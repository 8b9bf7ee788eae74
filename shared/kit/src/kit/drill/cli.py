"""The command `madoguchi drill`, with the environment of the service whose backup it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from kit.db import dsn_of
from kit.doctor.examination import practices
from kit.doctor.practice import Practice
from kit.drill import backup, proof
from kit.drill.extra import extra_of

commands = typer.Typer(help="Is the backup one from which the service could go on?", no_args_is_help=True)
Service = Annotated[str, typer.Argument(help="identity, applications, documents or notifications")]
Folder = Annotated[Path, typer.Argument(help="of the backup; the same for all services")]
Into = Annotated[str, typer.Option("--into", help="an empty database, postgresql://...; never the real one")]
Programs = Annotated[
    Path | None, typer.Option("--programs", envvar="MADOGUCHI_PG_PROGRAMS", help="where pg_dump and psql are")
]


@commands.command("take")
def take(service: Service, folder: Folder, programs: Programs = None) -> None:
    """Write the service's backup into the folder, with what it has to be compared with. The service goes on meanwhile.

    It holds what the database holds: keep it where the database may be kept.
    """
    settings = _settings(service)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        typer.echo(asyncio.run(backup.take(service, settings, extra_of(service), folder, programs)))
    except backup.DrillFailed as failure:
        _end(failure)


@commands.command("restore")
def restore(service: Service, folder: Folder, into: Into, programs: Programs = None) -> None:
    """Bring the backup into an empty database."""
    settings = _settings(service)
    if dsn_of(into) == dsn_of(settings.database_url.get_secret_value()):
        _end("that is the service's own database")
    try:
        asyncio.run(backup.restore(service, folder, into, programs))
    except backup.DrillFailed as failure:
        _end(failure)
    typer.echo(f"{service}: restored")


@commands.command("prove")
def prove(service: Service, folder: Folder, into: Into) -> None:
    """Look through what was restored; ends with 1 when something is not as it should be, a line for each thing."""
    settings, practice = _settings(service), _practice(service)
    looked = asyncio.run(proof.prove(service, settings, practice.hidden, extra_of(service), folder, into))
    wrong = 0
    for one in looked:
        typer.echo(f"{service}: {one.at}: {'ok' if not one.wrong else 'WRONG'}")
        for line in one.wrong:
            typer.echo(f"  {line}")
        wrong += len(one.wrong)
    if wrong:
        raise typer.Exit(1)


def _practice(service: str) -> Practice:
    found = [one for one in practices() if one.service == service]
    if not found:
        _end(f"{service} is not installed here")
    return found[0]


def _settings(service: str) -> Any:
    try:
        return _practice(service).settings()
    except ValidationError as error:
        names = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
        _end(f"the environment of {service} is not complete: {names or 'see the settings'}")


def _end(why: object) -> NoReturn:
    typer.echo(str(why), err=True)
    raise typer.Exit(2)
