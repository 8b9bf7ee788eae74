"""`madoguchi mail`: what an operator sees of the mails, and does about those that were not accepted.

Works on the service's database alone; the service's worker does the sending.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from kit.clock import system_clock
from kit.operators import By, DatabaseUrl, Reason, transact
from kit.operators import show as _line
from kit.vault import Vault
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import notices, queries
from notifications.commands import redrive as redrive_mail
from notifications.delivery import State
from notifications.domain import Template
from notifications.errors import NoSuchContact, NoSuchMail, NotRedrivable
from notifications.previews import write_previews

commands = typer.Typer(help="Mails: list, show, redrive, notice, preview.", no_args_is_help=True)


@commands.command("list")
def list_mails(
    database_url: DatabaseUrl,
    state: Annotated[State | None, typer.Option(help="only mails in this state, such as failed")] = None,
    template: Annotated[Template | None, typer.Option(help="only this mail, such as NO-02")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """The mails that no relay has taken, or those of one state, newest first, one JSON line each.

    Addresses and contents are not shown.
    """

    async def work(session: AsyncSession) -> list[dict[str, Any]]:
        rows = await queries.list_messages(
            session, limit=limit, state=state, template=template, not_accepted=state is None
        )
        return [dict(row._mapping) for row in rows]

    for row in transact(database_url, work):
        _line(row)


@commands.command()
def show(database_url: DatabaseUrl, message_id: UUID) -> None:
    """One mail with every try and what the relay said, and what operators did about it."""
    row = transact(database_url, lambda session: queries.show_message(session, message_id))
    if row is None:
        typer.echo("no such mail", err=True)
        raise typer.Exit(1)
    _line(row)


@commands.command()
def redrive(
    database_url: DatabaseUrl,
    reason: Reason,
    by: By,
    message_ids: Annotated[list[UUID] | None, typer.Argument(help="mails, by id")] = None,
    state: Annotated[State | None, typer.Option(help="or all mails in this state, such as failed")] = None,
) -> None:
    """Have mails tried again from the beginning: failed, unknown, or waiting for their next try.

    An accepted mail is not sent twice, and a link that has run out is not sent at all: its owner asks for a new one.
    """
    if bool(message_ids) == bool(state):
        raise typer.BadParameter("name either mails or a state")

    async def ids(session: AsyncSession) -> list[UUID]:
        rows = await queries.list_messages(session, limit=100_000, state=state)
        return [row.id for row in reversed(rows)]

    refused = 0
    for message_id in message_ids or transact(database_url, ids):

        async def work(session: AsyncSession, message_id: UUID = message_id) -> None:
            await redrive_mail(session, message_id=message_id, reason=reason, by=by, now=system_clock())

        try:
            transact(database_url, work)
            typer.echo(f"{message_id} queued")
        except (NoSuchMail, NotRedrivable) as error:
            refused += 1
            typer.echo(f"{message_id} refused: {error.code} {error.detail}".rstrip(), err=True)
    if refused:
        raise typer.Exit(1)


@commands.command("notice")
def send_notice(
    database_url: DatabaseUrl,
    vault_keys: Annotated[str, typer.Option(envvar="MADOGUCHI_VAULT_KEYS", show_envvar=True)],
    text_file: Annotated[Path, typer.Argument(help="the text, in UTF-8; empty lines part paragraphs")],
    subject: Annotated[str, typer.Option(help="the agency's name is put before it")],
    programme: Annotated[str, typer.Option(help="in whose words, such as bond; alone: to all its participants")],
    by: By,
    account: Annotated[UUID | None, typer.Option(help="only to this account")] = None,
    per_minute: Annotated[int, typer.Option(min=1, max=10_000, help="how many go out a minute")] = 600,
) -> None:
    """Have a notice of the agency mailed to one association, or to all of a programme (NO-11).

    It goes to the registered address, once: the same subject and text again reaches only who has not had it.
    """
    try:
        told = notices.notice(programme, subject, text_file.read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error), param_hint="TEXT_FILE") from None
    vault = Vault.from_json(vault_keys)
    started = system_clock()
    mails = 0

    def queue(ids: Sequence[UUID], before: int) -> Callable[[AsyncSession], Awaitable[int]]:
        async def work(session: AsyncSession) -> int:
            return await notices.queue_notice(
                session,
                vault=vault,
                notice=told,
                account_ids=ids,
                first_at=started + timedelta(minutes=before / per_minute),
                per_minute=per_minute,
                now=system_clock(),
            )

        return work

    if account is not None:
        wanted = account
        try:
            transact(database_url, lambda session: notices.known(session, account_id=wanted))
        except NoSuchContact as error:
            typer.echo(error.code, err=True)
            raise typer.Exit(1) from None
        mails = transact(database_url, queue([account], 0))
    else:
        after = UUID(int=0)
        while ids := transact(database_url, _page(programme, after)):
            mails += transact(database_url, queue(ids, mails))
            after = ids[-1]

    async def put_down(session: AsyncSession) -> None:
        notices.put_down(session, notice=told, account_id=account, mails=mails, by=by, now=system_clock())

    transact(database_url, put_down)
    typer.echo(f"{mails} queued")


def _page(programme: str, after: UUID) -> Callable[[AsyncSession], Awaitable[Sequence[UUID]]]:
    return lambda session: notices.next_participants(session, programme=programme, after=after)


@commands.command()
def preview(folder: Annotated[Path, typer.Argument(help="where to write the files")]) -> None:
    """Write every mail with sample data as text and HTML."""
    for path in write_previews(folder):
        typer.echo(str(path))
