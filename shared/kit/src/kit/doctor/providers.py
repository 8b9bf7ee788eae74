"""Whether the providers that a service deals with answer, and take our key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from kit.doctor.practice import Examination, Organ, Patient, Symptom, ill, well
from kit.providers.configuration import provider_of

NOBODY = "00000000-0000-0000-0000-000000000000"
_BEYOND = 500  # a server that answers so has a defect, or something between it and us


def providers(known: Mapping[str, str]) -> Examination:
    """An examination of these, by name in the settings; the path is where the provider keeps what it does for us."""

    async def look(patient: Patient) -> Sequence[Symptom]:
        return [await _one(patient, name, path) for name, path in known.items()]

    return look


async def _one(patient: Patient, name: str, path: str) -> Symptom:
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
    if answer.status_code >= _BEYOND:
        said = f"the provider '{name}' answers with HTTP {answer.status_code}: what we want of it waits"
        return ill(Organ.PROVIDERS, said, "ask the provider; docs/runbook.md, “A provider is down”")
    return well(Organ.PROVIDERS, f"the provider '{name}' answers at {provider.url} and takes our key")
