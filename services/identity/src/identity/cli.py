"""`madoguchi identity`: what an operator does with accounts. Needs the same environment as the service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from kit.clock import system_clock
from kit.errors import ServiceError
from kit.operators import By, Reason, show
from madoguchi_contracts import Role
from sqlalchemy.ext.asyncio import AsyncSession

from identity import queries
from identity.commands import audit, organisations, otp, staff
from identity.commands import keys as key_commands
from identity.commands.audit import Deed, console
from identity.domain.people import OrganisationKind
from identity.domain.user_ids import canonical_user_id
from identity.main import build_database, build_tools
from identity.settings import Settings
from identity.tools import Tools

commands = typer.Typer(
    help="Organisations and accounts: open and close them, void a lost authenticator; and who did what. "
    "Each change needs `--by` and `--reason`, which are kept for the audit.",
    no_args_is_help=True,
)

keys = typer.Typer(
    help="Keys: the one that signs tokens, and the one of data at rest. Each change is kept for the audit.",
    no_args_is_help=True,
)


T = TypeVar("T")
Work = Callable[[AsyncSession, Tools, datetime], Awaitable[T]]


def _run(work: Work[T]) -> T:
    """Do the work in one transaction; a refusal ends the program with status 1 and its findings."""
    settings = Settings()
    tools = build_tools(settings)

    async def main() -> T:
        database = build_database(settings)
        try:
            async with database.transaction() as session:
                return await work(session, tools, system_clock())
        finally:
            await database.close()

    try:
        return asyncio.run(main())
    except ServiceError as error:
        typer.echo(error.detail or error.title, err=True)
        for finding in error.findings:
            typer.echo(f"{finding.field}: {finding.message}", err=True)
        raise typer.Exit(1) from None


@commands.command("add-organisation")
def add_organisation(
    kind: Annotated[OrganisationKind, typer.Option(help="what it does at the counter")],
    name: Annotated[str, typer.Option(help="its registered name")],
    name_kana: Annotated[str, typer.Option(help="the name in full-width katakana")],
    postal_code: Annotated[str, typer.Option(help="seven digits")],
    address: Annotated[str, typer.Option(help="where it is written to")],
    phone: Annotated[str, typer.Option(help="digits only")],
    by: By,
    reason: Reason,
) -> None:
    """Register a management company, inspection body or bank. Prints its id, for `add-staff --organisation`."""
    details = organisations.Details(name, name_kana, postal_code, address, phone)

    async def work(session: AsyncSession, _: Tools, now: datetime) -> str:
        return str(await organisations.register(session, by=console(by, reason), kind=kind, details=details, now=now))

    typer.echo(_run(work))


@commands.command("close-organisation")
def close_organisation(organisation: Annotated[UUID, typer.Option(help="its id")], by: By, reason: Reason) -> None:
    """Close it: none of its people can log in any more, and their sessions end."""

    async def work(session: AsyncSession, _: Tools, now: datetime) -> None:
        await organisations.close(session, by=console(by, reason), organisation_id=organisation, now=now)

    _run(work)


@commands.command("close-staff")
def close_staff(account: Annotated[UUID, typer.Option(help="the account's id")], by: By, reason: Reason) -> None:
    """Close the account of somebody who left; their sessions end."""

    async def work(session: AsyncSession, _: Tools, now: datetime) -> None:
        await staff.close(session, by=console(by, reason), account_id=account, now=now)

    _run(work)


@commands.command("add-staff")
def add_staff(
    role: Annotated[Role, typer.Option(help="an office role, or that of an organisation's people")],
    name: Annotated[str, typer.Option(help="the holder's name, as mails address it")],
    mail: Annotated[str, typer.Option(help="where the user ID and the first password link go")],
    by: By,
    reason: Reason,
    organisation: Annotated[UUID | None, typer.Option(help="for company, inspection_body and bank: its id")] = None,
) -> None:
    """Open an account; its user ID and a first password link are mailed to the holder. Prints the account id."""

    async def work(session: AsyncSession, tools: Tools, now: datetime) -> str:
        opened = await staff.add_staff(
            session,
            tools,
            by=console(by, reason),
            role=role,
            name=name,
            mail=mail,
            organisation_id=organisation,
            now=now,
        )
        return str(opened)

    typer.echo(_run(work))


@commands.command("reset-otp")
def reset_otp(
    user_id: Annotated[str, typer.Option(help="the user ID of the holder, whose identity was checked")],
    by: By,
    reason: Reason,
) -> None:
    """Void a lost authenticator of somebody who has no secret question; all their sessions end (ID-46)."""

    async def work(session: AsyncSession, tools: Tools, now: datetime) -> None:
        account = await queries.account_by_user_id(session, tools.keys.index.of("user_id", canonical_user_id(user_id)))
        if account is None:
            typer.echo("there is no such user ID", err=True)
            raise typer.Exit(1)
        await otp.void_for(session, by=console(by, reason), account_id=account.id, now=now)

    _run(work)


@commands.command("audit")
def show_audit(
    subject: Annotated[UUID | None, typer.Option(help="only what was done to this account or organisation")] = None,
    last: Annotated[int, typer.Option(help="so many, the newest ones", min=1, max=10_000)] = 100,
) -> None:
    """Who did what to whom, when and why: a JSON line each, the newest first."""

    async def work(session: AsyncSession, _: Tools, __: datetime) -> list[dict[str, Any]]:
        return await queries.audit_log(session, subject, last)

    for row in _run(work):
        show(row)


@keys.command("rotate")
def rotate(
    by: By,
    reason: Reason,
    alone: Annotated[
        bool, typer.Option("--alone", help="somebody else knows the present key: the new one signs at once, alone")
    ] = False,
) -> None:
    """Make a new key for tokens. It is published now and signs a quarter of an hour later; no request fails."""

    async def work(session: AsyncSession, tools: Tools, now: datetime) -> str:
        kid, signs_from = await key_commands.rotate(session, tools, by=console(by, reason), alone=alone, now=now)
        return f"{kid} signs from {signs_from:%Y-%m-%dT%H:%M:%SZ}"

    typer.echo(_run(work))


@keys.command("reencrypt")
def reencrypt(by: By, reason: Reason) -> None:
    """Encrypt what is at rest with the present key of the vault. May be stopped and started again at any time."""

    async def note(session: AsyncSession, _: Tools, now: datetime) -> None:
        await audit.note(session, Deed.REENCRYPT, by=console(by, reason), now=now)

    async def some(session: AsyncSession, tools: Tools, _: datetime) -> int:
        return await key_commands.reencrypt(session, tools.keys)

    async def left(session: AsyncSession, tools: Tools, _: datetime) -> int:
        return await key_commands.left_to_reencrypt(session, tools.keys)

    _run(note)
    while _run(left):  # a row that somebody was busy with is there again at the next look
        typer.echo(f"{_run(some)} rows", err=True)
    typer.echo("nothing is left under another key")
