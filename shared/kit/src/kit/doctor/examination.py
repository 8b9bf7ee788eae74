"""The whole examination of one service: everything that its environment allows, and the most probable cause first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import entry_points
from typing import Any

from kit.clock import Clock
from kit.doctor import bus, database, keys
from kit.doctor.practice import Examination, NoDatabase, Organ, Patient, Practice, Symptom, ill, unknown

ENTRY_POINTS = "madoguchi.doctor"
SECONDS = 45  # for one examination

_SHARED: Mapping[Organ, Sequence[Examination]] = {
    Organ.SCHEMA: [database.schema],
    Organ.CLOCK: [database.clock],
    Organ.KEYS: [keys.sealing, keys.tokens],
    Organ.BUS: [bus.bus],
    Organ.CONNECTIONS: [database.connections],
    Organ.RELEASE: [database.release],
    Organ.PARKED: [database.parked],
    Organ.OUTBOX: [database.outbox],
    Organ.DEADLINES: [database.deadlines],
    Organ.CERTIFICATES: [keys.certificates],
}


def practices() -> list[Practice]:
    """Of every service that is installed here."""
    entries = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    return [entry.load() for entry in entries]


def whose(environment: Mapping[str, str], known: Sequence[Practice]) -> Practice | None:
    """The service that an environment belongs to: the one of whose own settings most are there.

    In an image there is one service only. Settings that two services have say nothing; the service that has none of
    its own is the one whose environment shows no other's. None if nothing is installed.
    """
    if len(known) == 1:
        return known[0]
    names = [one.own_settings() for one in known]
    found: list[tuple[int, int, Practice]] = []
    for place, practice in enumerate(known):
        others = frozenset().union(*(names[:place] + names[place + 1 :]))
        alone = names[place] - others
        there = sum(f"MADOGUCHI_{name.upper()}" in environment for name in alone)
        found.append((there, -len(alone), practice))
    return max(found, key=lambda one: one[:2])[2] if found else None


async def examine(practice: Practice, settings: Any, clock: Clock) -> list[Symptom]:
    """Everything that is seen, in the order of causes."""
    async with database.open_database(settings.database_url.get_secret_value()) as (connection, seen):
        patient = Patient(practice.service, settings, clock, connection)
        found = [seen]
        for organ, looks in _SHARED.items():
            for look in looks:
                found += await _carefully(organ, look, patient)
        found += await _carefully(Organ.KEYS, partial(keys.vault, practice.hidden), patient)
        for organ, look in practice.examinations.items():
            found += await _carefully(organ, look, patient)
    return sorted(found, key=lambda one: list(Organ).index(one.organ))


async def _carefully(organ: Organ, look: Examination, patient: Patient) -> Sequence[Symptom]:
    """One examination; a defect in it, or no answer, hides no other finding."""
    try:
        async with asyncio.timeout(SECONDS):
            return await look(patient)
    except NoDatabase:
        return [unknown(organ, "not looked at: the database does not answer")]
    except Exception as error:  # noqa: BLE001 - what it is, is told in its line
        return [unknown(organ, f"could not be looked at ({type(error).__name__})")]


def cause(found: Iterable[Symptom]) -> Symptom | None:
    """The most probable cause: of what is ill, what makes the rest fail. None when nothing is ill."""
    return min((one for one in found if one.ill), key=lambda one: list(Organ).index(one.organ), default=None)


def report(service: str, found: Sequence[Symptom]) -> list[str]:
    """The lines for an operator: the cause in one sentence, then everything, what is ill first."""
    first = cause(found)
    looked = sum(one.ill is not None for one in found)
    if first is not None:
        lines = [f"{service}: {first.said} [{first.organ}]"]
    else:
        lines = [f"{service}: nothing is wrong in {looked} of {len(found)} things that were looked at"]
    for one in sorted(found, key=lambda one: not one.ill):
        mark = {True: "ILL", False: "ok", None: "?"}[one.ill]
        lines.append(f"{mark:<4}{one.organ:<13}{one.said}")
        if one.then:
            lines.append(f"{'':<17}-> {one.then}")
    return lines


def of_settings(service: str, names: Sequence[str]) -> list[Symptom]:
    """What is found when the process could not even start."""
    said = f"settings are missing or wrong: {', '.join(names)}"
    return [
        ill(Organ.SETTINGS, said, f"compare the environment with {service}'s settings.py; values are not shown here")
    ]
