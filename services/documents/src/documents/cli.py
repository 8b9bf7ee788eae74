"""`madoguchi documents`: legal holds. Works on the service's database alone; the worker does what follows."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from kit.clock import system_clock
from kit.db import Database
from kit.errors import ServiceError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from documents.commands import hold, release
from documents.models import LegalHold

commands = typer.Typer(help="Documents: legal holds.", no_args_is_help=True)
holds = typer.Typer(help="Keep everything of an application, whatever period is over.", no_args_is_help=True)
commands.add_typer(holds, name="hold")

T = TypeVar("T")
Url = Annotated[str, typer.Option("--database-url", envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)]
Reason = Annotated[str, typer.Option(help="why; kept for the audit")]
By = Annotated[str, typer.Option(help="who decided", default_factory=getpass.getuser)]


def _run(url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def main() -> T:
        database = Database(url, pool_size=1)
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    try:
        return asyncio.run(main())
    except ServiceError as error:
        typer.echo(error.code, err=True)
        raise typer.Exit(1) from None


def _given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--reason")
    return reason.strip()


@holds.command("set")
def set_hold(database_url: Url, application_id: UUID, reason: Reason, by: By) -> None:
    """Hold an application: nothing of it is deleted until the hold is released."""
    why = _given(reason)
    _run(database_url, lambda s: hold(s, application_id=application_id, reason=why, by=by, now=system_clock()))
    typer.echo(f"{application_id} held")


@holds.command("release")
def release_hold(database_url: Url, application_id: UUID, reason: Reason, by: By) -> None:
    """Release the hold: what is over its period is deleted within the hour."""
    why = _given(reason)
    _run(database_url, lambda s: release(s, application_id=application_id, reason=why, by=by, now=system_clock()))
    typer.echo(f"{application_id} released")


@holds.command("list")
def list_holds(
    database_url: Url, everything: Annotated[bool, typer.Option("--all", help="also those that were released")] = False
) -> None:
    """The holds, oldest first, one JSON line each."""

    async def work(session: AsyncSession) -> list[LegalHold]:
        query = select(LegalHold).order_by(col(LegalHold.id))
        if not everything:
            query = query.where(col(LegalHold.released_at).is_(None))
        return list((await session.execute(query)).scalars())

    for row in _run(database_url, work):
        given = {name: value for name, value in row.model_dump(exclude={"id"}).items() if value is not None}
        typer.echo(json.dumps(given, default=str, ensure_ascii=False))
