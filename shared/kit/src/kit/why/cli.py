"""`madoguchi why`: the command."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kit.clock import system_clock
from kit.why.inquiry import NoSuchApplication, Report, databases_in, inquire, witnesses
from kit.why.words import NotAReport, as_json, as_lines, of_json

commands = typer.Typer()


@commands.command("why")
def why(
    application: Annotated[str, typer.Argument(help="its reference or id; -: go on with a report from standard input")],
    environments: Annotated[
        Path, typer.Option(envvar="MADOGUCHI_ENVIRONMENTS", help="a folder with <service>.sh, as the local stack has")
    ] = Path(".run/environments"),
    as_json_: Annotated[bool, typer.Option("--json", help="for machines, and for the next pod")] = False,
) -> None:
    """Where one application stands, whom it waits on, what is pending, parked or due, and what may be done about it.

    Asks every service whose database can be reached from here. Changes nothing, and shows no personal data. On
    Kubernetes each pod reaches its own database only: let one after the other add its part, with --json and -.
    """
    known = witnesses()
    urls = databases_in(os.environ, environments, list(known))
    if not urls:
        raise typer.BadParameter(
            "no service's environment is here: MADOGUCHI_DATABASE_URL, or a folder of environments"
        )
    try:
        wanted: str | Report = of_json(sys.stdin.read()) if application == "-" else application
        report = asyncio.run(inquire(wanted, known, urls, system_clock()))
    except NotAReport:
        typer.echo("what came in is no report of `madoguchi why --json`", err=True)
        raise typer.Exit(2) from None
    except NoSuchApplication as error:
        typer.echo(f"no such application: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json_:
        typer.echo(as_json(report))
        return
    for line in as_lines(report):
        typer.echo(line)
