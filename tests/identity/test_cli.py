"""`madoguchi identity`: accounts that the office opens, and lost authenticators."""

import asyncio
import json
import os
import sys
from pathlib import Path
from uuid import UUID

import pytest
from identity.cli import commands
from identity.commands.staff import OPENED_BY_AN_OPERATOR
from madoguchi_contracts import Role
from madoguchi_contracts.identity import OrganisationRegistered, PasswordLinkIssued, UserIdIssued
from madoguchi_contracts.sealed import Contact
from support.identity import ORGANISATION, World, environment_of
from typer.testing import CliRunner

MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")


WHY = ("--by", "operations", "--reason", "asked for by the personnel office")


async def as_a_process(world: World, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        MADOGUCHI,
        "identity",
        *arguments,
        env={**os.environ, **environment_of(world.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def madoguchi(world: World, *arguments: str) -> tuple[int, str, str]:
    """The same with a loop of its own, in this process: starting one takes longer than any command."""
    runner = CliRunner()
    done = await asyncio.to_thread(runner.invoke, commands, list(arguments), env=environment_of(world.settings))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.rule("ID-01", "ID-16", "UI-30")
async def test_add_staff_opens_an_account_and_mails_its_user_id_and_first_password_link(world: World) -> None:
    person = ("--name", "窓口 花子", "--mail", "hanako@office.example.jp")
    code, out, err = await as_a_process(world, "add-staff", "--role", "office_reviewer", *person, *WHY)
    assert code == 0, err
    issued, link = await world.last(UserIdIssued), await world.last(PasswordLinkIssued)
    assert out.strip() == str(issued.account_id) == str(link.account_id)
    assert issued.role is Role.OFFICE_REVIEWER
    contact = world.open(issued.contact, Contact)
    assert (contact.name, contact.mail) == ("窓口 花子", "hanako@office.example.jp")
    assert link.purpose == "first"
    assert await world.names(issued.account_id) == ["UserIdIssued", "PasswordLinkIssued"]  # staff have no eKYC
    assert contact.user_id not in out + err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "association", "--name", "窓口 花子", "--mail", "hanako@office.example.jp"),
        ("--role", "operator", "--name", "", "--mail", "hanako@office.example.jp"),
        ("--role", "operator", "--name", "窓口 花子", "--mail", "not an address"),
        ("--role", "king", "--name", "窓口 花子", "--mail", "hanako@office.example.jp"),
    ],
)
async def test_what_cannot_be_opened_is_refused_without_a_trace(world: World, arguments: tuple[str, ...]) -> None:
    code, out, err = await madoguchi(world, "add-staff", *arguments, *WHY)
    assert code != 0
    assert out == ""
    assert err
    assert "Traceback" not in err
    assert await world.all_events() == []


@pytest.mark.rule("ID-46")
async def test_reset_otp_voids_the_authenticator_of_somebody_without_secret_question(world: World) -> None:
    staff = await world.staff(Role.OFFICE_APPROVER)
    await world.log_in(staff)
    code, _, err = await madoguchi(world, "reset-otp", "--user-id", staff.user_id.lower(), *WHY)
    assert code == 0, err
    assert (await world.names(staff.account_id))[-2:] == ["OtpReset", "SessionsEnded"]
    await world.post("/v1/sessions/refresh", status=401, headers=staff.session)
    code, _, _ = await madoguchi(world, "reset-otp", "--user-id", staff.user_id, *WHY)
    assert code == 1
    code, _, err = await madoguchi(world, "reset-otp", "--user-id", "BBBBBBBBBB", *WHY)
    assert (code, err.strip()) == (1, "there is no such user ID")


@pytest.mark.rule("ID-26")
async def test_an_organisation_is_registered_gets_people_and_is_closed(world: World) -> None:
    options = [part for name, value in ORGANISATION.items() for part in (f"--{name.replace('_', '-')}", value)]
    code, out, err = await madoguchi(world, "add-organisation", "--kind", "bank", *options, *WHY)
    assert code == 0, err
    registered = await world.last(OrganisationRegistered)
    assert (out.strip(), registered.kind) == (str(registered.organisation_id), "bank")
    person = ("--name", "窓口 花子", "--mail", "hanako@bank.example.jp", "--organisation", out.strip())
    code, account, err = await madoguchi(world, "add-staff", "--role", "bank", *person, *WHY)
    assert code == 0, err
    assert (await world.last(UserIdIssued)).organisation_id == registered.organisation_id
    code, _, err = await madoguchi(world, "close-organisation", "--organisation", out.strip(), *WHY)
    assert code == 0, err
    assert (await world.names(UUID(account.strip())))[-1] == "AccountClosed"
    code, _, err = await madoguchi(world, "add-staff", "--role", "bank", *person, *WHY)
    assert (code, err.strip()) == (1, "この組織は登録を終了しています。")
    code, _, err = await madoguchi(world, "add-organisation", "--kind", "bank", *options[:-1], "12", *WHY)
    assert code == 1
    assert "phone: " in err


async def test_who_left_is_closed_and_who_registered_is_not(world: World) -> None:
    staff, member = await world.staff(Role.OFFICE_REVIEWER), await world.member()
    code, _, err = await madoguchi(world, "close-staff", "--account", str(staff.account_id), *WHY)
    assert code == 0, err
    assert (await world.names(staff.account_id))[-1] == "AccountClosed"
    code, _, err = await madoguchi(world, "close-staff", "--account", str(member.account_id), *WHY)
    assert (code, err.strip()) == (1, "このアカウントは、ご本人の登録手続で作成されたものです。")


def test_people_who_register_themselves_are_not_opened_by_the_office() -> None:
    assert set(Role) - OPENED_BY_AN_OPERATOR == {Role.ASSOCIATION, Role.APPLICANT, Role.JOINT_DEBTOR}


async def test_every_change_is_kept_with_who_and_why_and_needs_both(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = await world.staff(Role.OFFICE_APPROVER)
    await world.log_in(staff)
    reset = ("reset-otp", "--user-id", staff.user_id)
    for missing in (WHY[:2], WHY[2:], ("--by", " ", *WHY[2:]), (*WHY[:2], "--reason", " ")):
        code, _, err = await madoguchi(world, *reset, *missing)
        assert code == 2, err
    code, _, err = await madoguchi(world, *reset, *WHY)
    assert code == 0, err
    monkeypatch.setenv("MADOGUCHI_OPERATOR", "another one")
    for _ in range(2):  # the second time nothing is done
        code, _, err = await madoguchi(world, "close-staff", "--account", str(staff.account_id), *WHY[2:])
        assert code == 0, err
    code, out, err = await madoguchi(world, "audit", "--subject", str(staff.account_id))
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["deed"], row["who"]) for row in rows] == [
        ("close_staff", "another one"),
        ("reset_otp", "operations"),
        ("add_staff", "operations"),
    ]
    assert {(row["role"], row["reason"]) for row in rows[:2]} == {("console", WHY[3])}
    assert all(row["at"] for row in rows)
    _, newest, _ = await madoguchi(world, "audit", "--last", "1")
    assert newest == out.splitlines(keepends=True)[0]
