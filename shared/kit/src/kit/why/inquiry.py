"""Asking every service that can be reached from here, each with its own environment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from kit.db import Database
from kit.doctor.examination import practices, whose
from kit.errors import Unavailable
from kit.why import shared
from kit.why.witness import Answer, Question, Told, Witness

ENTRY_POINTS = "madoguchi.why"
ORDER = ("applications", "documents", "notifications", "identity")
DATABASE_URL = "MADOGUCHI_DATABASE_URL"


class NoSuchApplication(Exception):
    """No service that could be asked knows it."""


@dataclass
class Report:
    """What is known of an application: from each service that was asked, and why others were not.

    `told` are the events about it in the logs that were read, which a later question elsewhere compares inboxes with.
    """

    application_id: UUID
    account_id: UUID | None = None
    reference: str | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    not_asked: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


def witnesses() -> dict[str, Witness]:
    """Of every service that is installed here, in the order in which they are asked."""
    found: dict[str, Witness] = {entry.name: entry.load() for entry in entry_points(group=ENTRY_POINTS)}
    place = {name: number for number, name in enumerate(ORDER)}
    return {name: found[name] for name in sorted(found, key=lambda one: (place.get(one, len(place)), one))}


def databases_in(environment: Mapping[str, str], folder: Path, known: Sequence[str]) -> dict[str, str]:
    """The database of each service that can be asked: those whose files `<service>.sh` lie in the folder (the local
    stack writes them), and the one whose environment this is (a pod).
    """
    urls = {}
    for service in known:
        file = folder / f"{service}.sh"
        if file.is_file():
            urls[service] = _exported(file).get(DATABASE_URL, "")
    own = environment.get(DATABASE_URL)
    if own and own not in urls.values():
        practice = whose(environment, practices())
        if practice is not None:
            urls[practice.service] = own
    return {service: url for service, url in urls.items() if url}


def _exported(file: Path) -> dict[str, str]:
    """The variables of lines `export NAME=value`."""
    found = {}
    for line in file.read_text("utf-8").splitlines():
        words = shlex.split(line)
        if len(words) == 2 and words[0] == "export" and "=" in words[1]:
            name, _, value = words[1].partition("=")
            found[name] = value
    return found


async def inquire(wanted: str | Report, known: Mapping[str, Witness], urls: Mapping[str, str], now: datetime) -> Report:
    """Ask every service of `known` that has a database in `urls`.

    `wanted` is a reference, an id, or what was found out elsewhere, which is gone on with. Raises NoSuchApplication.
    """
    databases = {service: Database(url, pool_size=1) for service, url in urls.items() if service in known}
    try:
        report = wanted if isinstance(wanted, Report) else await _identify(wanted, known, databases)
        # Twice round: whose inbox is compared must know the events of those who are asked after it.
        for service, database in databases.items():
            await _told(report, known[service], database, now)
        for service, witness in known.items():
            if service in databases:
                await _ask(report, witness, databases[service], now)
            elif service not in report.answers:
                report.not_asked.setdefault(service, "its database is not in this environment")
        for service in ORDER:
            if service not in known and service not in report.answers:
                report.not_asked.setdefault(service, "it is not installed here")
        return report
    finally:
        for database in databases.values():
            await database.close()


async def _identify(wanted: str, known: Mapping[str, Witness], databases: Mapping[str, Database]) -> Report:
    for service, witness in known.items():
        if witness.find is None or service not in databases:
            continue
        try:
            async with databases[service].transaction() as session:
                found = await witness.find(session, wanted)
        except (Unavailable, DBAPIError, OSError):
            continue
        if found is not None:
            return Report(*found)
        raise NoSuchApplication(wanted)
    try:
        return Report(UUID(wanted))
    except ValueError:
        raise NoSuchApplication(f"{wanted}: only applications knows references; give the id here") from None


def _question(report: Report, now: datetime) -> Question:
    return Question(report.application_id, report.account_id, report.told, now)


async def _told(report: Report, witness: Witness, database: Database, now: datetime) -> None:
    about = witness.about(_question(report, now))
    if about is None:
        return
    try:
        async with database.transaction() as session:
            events = await shared.told_by(session, about)
    except (Unavailable, DBAPIError, OSError):
        return  # `_ask` says so
    known = {one.event_id for one in report.told}
    report.told += [one for one in events if one.event_id not in known]


async def _ask(report: Report, witness: Witness, database: Database, now: datetime) -> None:
    """One service's part; what cannot be asked is said, and hinders no other."""
    answer, question = Answer(), _question(report, now)
    try:
        async with database.transaction() as session:
            await session.execute(shared.READ_ONLY)
            await witness.tell(session, question, answer)
            await shared.tell(session, witness, question, answer)
    except (Unavailable, OSError) as error:
        cause = error.__cause__ or error
        report.not_asked[witness.service] = f"its database does not answer ({type(cause).__name__})"
        return
    except DBAPIError as error:  # of another release than this code, mostly
        cause = error.orig or error
        report.not_asked[witness.service] = f"its database refuses to answer ({type(cause).__name__}): madoguchi doctor"
        return
    report.not_asked.pop(witness.service, None)
    report.answers[witness.service] = answer
