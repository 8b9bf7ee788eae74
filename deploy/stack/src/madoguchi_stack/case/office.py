"""The other side of the counter: accounts that an operator opens, and the office's worklist."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from madoguchi_stack.case.people import Account, Person
from madoguchi_stack.case.web import Unexpected, Web, until

MADOGUCHI = str(Path(sys.executable).parent / "madoguchi")

Say = Callable[[str], None]
OFFICERS = {"office_reviewer": "審査 太郎", "office_approver": "承認 花子"}
CLERKS = {"bank": "窓口 良子", "inspection_body": "検査 次郎"}
ORGANISATIONS = {
    "bank": ("見本銀行", "ミホンギンコウ", "1000004", "東京都千代田区大手町1-1-1", "0352001111"),
    "inspection_body": ("見本検査機構", "ミホンケンサキコウ", "1128570", "東京都文京区後楽1-4-10", "0358009479"),
}
"""Name, kana, postal code, address, telephone of an invented organisation of each kind."""
_WHY = ("--by", "the demonstration", "--reason", "somebody has to handle the case")


@dataclass(frozen=True)
class Clerk:
    """Somebody who works for an organisation."""

    person: Person
    kind: str
    organisation_id: str
    organisation_name: str


async def officers(web: Web, environment: dict[str, str], book: Path, say: Say) -> dict[str, Person]:
    """A reviewer and an approver of the office, logged in. Their accounts are kept in `book` for the next time."""
    known = _read(book)
    people = await asyncio.gather(*(_member(web, environment, known, role, name) for role, name in OFFICERS.items()))
    _keep(book, known)
    say(f"office: {' and '.join(OFFICERS)} logged in")
    return dict(zip(OFFICERS, people, strict=True))


async def clerks(web: Web, environment: dict[str, str], book: Path, say: Say) -> dict[str, Clerk]:
    """A bank and an inspection body, with somebody of each logged in. They are kept in `book` for the next time."""
    known = _read(book)
    people = await asyncio.gather(*(_clerk(web, environment, known, kind, name) for kind, name in CLERKS.items()))
    _keep(book, known)
    say(f"{' and '.join(one.organisation_name for one in people)} are registered, and somebody of each logged in")
    return dict(zip(CLERKS, people, strict=True))


async def _clerk(web: Web, environment: dict[str, str], known: dict[str, Any], kind: str, name: str) -> Clerk:
    organisation_id = known.get(f"{kind}_id") or await _organisation(environment, kind)
    person = await _member(web, environment, known, kind, name, "--organisation", organisation_id)
    known[f"{kind}_id"] = organisation_id
    return Clerk(person, kind, organisation_id, ORGANISATIONS[kind][0])


async def _organisation(environment: dict[str, str], kind: str) -> str:
    name, kana, postal_code, address, phone = ORGANISATIONS[kind]
    details = ("--name", name, "--name-kana", kana, "--postal-code", postal_code, "--address", address)
    return await _command(
        environment, "identity", "add-organisation", "--kind", kind, *details, "--phone", phone, *_WHY
    )


async def _member(
    web: Web, environment: dict[str, str], known: dict[str, Any], role: str, name: str, *more: str
) -> Person:
    if role in known:
        person = Person(web, Account(**known[role]))
    else:
        mail = f"{role.replace('_', '-')}-{uuid4().hex[:6]}@office.example.jp"
        options = ("--role", role, "--name", name, "--mail", mail, *more)
        await _command(environment, "identity", "add-staff", *options, *_WHY)
        person = await Person.first_password(web, mail=mail, password=f"smile-{uuid4().hex[:12]}")
    await person.log_in()
    known[role] = asdict(person.account)
    return person


def kept(book: Path) -> dict[str, Account]:
    """The accounts in the book, by role."""
    return {role: Account(**account) for role, account in _read(book).items() if isinstance(account, dict)}


def _read(book: Path) -> Any:
    return json.loads(book.read_text()) if book.exists() else {}


def _keep(book: Path, accounts: Any) -> None:
    descriptor = os.open(book, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(accounts, file, indent=1)


async def _command(environment: dict[str, str], *arguments: str) -> str:
    """What a command of ours prints. Raises Unexpected with its words when it fails."""
    process = await asyncio.create_subprocess_exec(
        MADOGUCHI,
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise Unexpected(f"{' '.join(arguments)}: {output.decode()}{errors.decode()}")
    return output.decode().strip()


async def review_of(officer: Person, reference: str) -> dict[str, Any]:
    """The open review of a reference, once it is there: it is opened by the event alone."""

    async def look() -> Any:
        page = await officer.get("applications", "/v1/reviews")
        while True:
            for item in page["items"]:
                if item["reference"] == reference:
                    return item
            if page["next_cursor"] is None:
                return None
            page = await officer.get("applications", f"/v1/reviews?cursor={page['next_cursor']}")

    found: dict[str, Any] = await until(look, f"the review of {reference}")
    return found
