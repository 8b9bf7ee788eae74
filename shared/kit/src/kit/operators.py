"""What the commands for operators share: one transaction on one service's database, answers as JSON lines, reasons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Database
from kit.errors import ServiceError

T = TypeVar("T")


def _given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("a reason is needed")
    return reason.strip()


def _named(name: str) -> str:
    if not name.strip():
        raise typer.BadParameter("a name is needed")
    return name.strip()


DatabaseUrl = Annotated[str, typer.Option("--database-url", envvar="MADOGUCHI_DATABASE_URL", show_envvar=True)]
Reason = Annotated[str, typer.Option(help="why; kept for the audit", callback=_given)]
# Not the name of the operating system's user: in a container that is everybody's, or nobody's.
By = Annotated[str, typer.Option(help="who does it", envvar="MADOGUCHI_OPERATOR", show_envvar=True, callback=_named)]


def transact(url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """The result of `work` in one transaction. Raises what `work` raises."""

    async def main() -> T:
        database = Database(url, pool_size=1)
        try:
            async with database.transaction() as session:
                return await work(session)
        finally:
            await database.close()

    return asyncio.run(main())


def run(url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """The same; a refusal ends the program with its code, and status 1."""
    try:
        return transact(url, work)
    except ServiceError as error:
        typer.echo(error.code, err=True)
        raise typer.Exit(1) from None


def show(row: Mapping[str, Any]) -> None:
    """One JSON line, without what is not known."""
    known = {name: value for name, value in row.items() if value not in (None, [])}
    typer.echo(json.dumps(known, default=str, ensure_ascii=False))
