"""Whether the providers that a service deals with answer, take our key, and leave nothing unanswered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import httpx

from kit.doctor.practice import Examination, Organ, Patient, Symptom, ill, well
from kit.providers.configuration import provider_of
from kit.providers.pauses import unanswered_for

NOBODY = "00000000-0000-0000-0000-000000000000"
LONG = timedelta(minutes=15)
"""As the alert has it."""


class Asked(NamedTuple):
    """What a provider is asked for: the path where it keeps what it does for us, and our table of questions."""

    path: str
    table: str


def providers(known: Mapping[str, Asked]) -> Examination:
    """An examination of these, by name in the settings."""

    async def look(patient: Patient) -> Sequence[Symptom]:
        found = []
        for name, asked in known.items():
            door = await _door(patient, name, asked.path)
            closed = door.ill or patient.database is None
            found.append(door if closed else await _questions(patient, name, asked.table) or door)
        return found

    return look


async def _questions(patient: Patient, name: str, table: str) -> Symptom | None:
    """One row can wait for ever before a door that is open: for an answer that we do not understand."""
    statement = f"SELECT id, looks FROM {table} WHERE look_at IS NOT NULL ORDER BY looks DESC LIMIT 1"  # noqa: S608
    row = await patient.connection.fetchrow(statement)
    if row is None or unanswered_for(row["looks"]) < LONG:
        return None
    said = f"the provider '{name}' answers, and a question has had no usable answer {row['looks']} times"
    return ill(Organ.PROVIDERS, said, f"the worker's log has why: provider_down or provider_job_failed, id {row['id']}")


async def _door(patient: Patient, name: str, path: str) -> Symptom:
    provider = provider_of(patient.settings, name)
    setting = f"MADOGUCHI_{name.upper()}"
    headers = {"Authorization": f"Bearer {provider.api_key}"}
    try:
        async with httpx.AsyncClient(timeout=provider.timeout_seconds, trust_env=False) as http:
            answer = await http.get(f"{provider.url}{path}/{NOBODY}", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = f"the provider '{name}' does not answer at {provider.url} ({type(error).__name__})"
        return ill(
            Organ.PROVIDERS, said, f"compare {setting}_URL and the way out; docs/runbook.md, “A provider is down”"
        )
    if answer.status_code in (401, 403):
        said = f"the provider '{name}' refuses our key (HTTP {answer.status_code})"
        return ill(Organ.PROVIDERS, said, f"put {setting}_API_KEY right, and roll")
    # What a provider says of an id that nobody has is its own matter; a redirect is none of its answers to us.
    if answer.status_code == 429 or not (answer.is_success or answer.is_client_error):
        said = f"the provider '{name}' answers with HTTP {answer.status_code}: what we want of it waits"
        return ill(Organ.PROVIDERS, said, "ask the provider; docs/runbook.md, “A provider is down”")
    if answer.status_code in (200, 404):
        return well(Organ.PROVIDERS, f"the provider '{name}' answers at {provider.url} and takes our key")
    return well(Organ.PROVIDERS, f"the provider '{name}' answers at {provider.url} with HTTP {answer.status_code}")
