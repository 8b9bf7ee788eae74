"""`madoguchi history`: is the history as it was written, and a root of it now. Needs the service's database alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from kit import deadlines
from kit.clock import system_clock
from kit.db import dsn_of
from kit.operators import DatabaseUrl, run

from applications import history_verifier, roots

commands = typer.Typer(help="The history of the applications: is it as it was written?", no_args_is_help=True)


@commands.command("verify")
def verify(
    database_url: DatabaseUrl,
    published: Annotated[
        Path | None, typer.Option("--roots", help="the events of applications.history.v1, as JSON lines")
    ] = None,
) -> None:
    """Say which application and which step does not fit. An auditor runs the file `history_verifier.py` alone."""
    given = [] if published is None else ["--roots", str(published)]
    raise typer.Exit(history_verifier.main(["--database", dsn_of(database_url), *given]))


@commands.command("root")
def take_root(database_url: DatabaseUrl) -> None:
    """Have the worker take and tell a root at once instead of at midnight, such as before a backup."""
    now = system_clock()
    run(
        database_url,
        lambda session: deadlines.schedule(session, kind=roots.TIMER, subject_id=roots.HISTORY_ID, due_at=now),
    )
    typer.echo("the worker takes a root now")
