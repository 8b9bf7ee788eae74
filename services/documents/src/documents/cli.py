"""`madoguchi documents`: legal holds. Works on the service's database alone; the worker does what follows."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from kit.clock import system_clock
from kit.operators import By, DatabaseUrl, Reason, run, show
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.commands import hold, release
from documents.models import LegalHold

commands = typer.Typer(help="Documents: legal holds.", no_args_is_help=True)
holds = typer.Typer(help="Keep everything of an application, whatever period is over.", no_args_is_help=True)
commands.add_typer(holds, name="hold")


@holds.command("set")
def set_hold(database_url: DatabaseUrl, application_id: UUID, reason: Reason, by: By) -> None:
    """Hold an application: nothing of it is deleted until the hold is released."""
    run(database_url, lambda s: hold(s, application_id=application_id, reason=reason, by=by, now=system_clock()))
    typer.echo(f"{application_id} held")


@holds.command("release")
def release_hold(database_url: DatabaseUrl, application_id: UUID, reason: Reason, by: By) -> None:
    """Release the hold: what is over its period is deleted within the hour."""
    run(database_url, lambda s: release(s, application_id=application_id, reason=reason, by=by, now=system_clock()))
    typer.echo(f"{application_id} released")


@holds.command("list")
def list_holds(
    database_url: DatabaseUrl,
    everything: Annotated[bool, typer.Option("--all", help="also those that were released")] = False,
) -> None:
    """The holds, oldest first, one JSON line each."""

    async def work(session: AsyncSession) -> list[LegalHold]:
        query = select(LegalHold).order_by(col(LegalHold.id))
        if not everything:
            query = query.where(col(LegalHold.released_at).is_(None))
        return list((await session.execute(query)).scalars())

    for row in run(database_url, work):
        show(row.model_dump(exclude={"id"}))
