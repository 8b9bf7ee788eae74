"""Keys: does what others seal to us open, are the keys of tokens to be had, does the vault open what it wrote, and does
a certificate run out?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
from cryptography import x509
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import BaseModel

from kit.doctor.database import CLOCKS_DIFFER_SECONDS, apart_seconds, clock_is_off
from kit.doctor.practice import Hidden, Organ, Patient, Symptom, ill, unknown, well
from kit.sealed import CannotUnseal, seal, unseal
from kit.vault import CannotDecrypt, Vault

HTTP_SECONDS = 5
EXPIRES_SOON = timedelta(days=30)


class _Note(BaseModel):
    text: str = "madoguchi doctor"


async def sealing(patient: Patient) -> Sequence[Symptom]:
    """Whether the private key opens what is sealed to the public one, and whether anything came that it cannot open."""
    service, settings = patient.service, patient.settings
    then = "give the private key that belongs to it: docs/runbook.md, “A sealing key is replaced”; then parked retry"
    public = settings.seal_public_keys.get(service)
    if public is not None:
        try:
            unseal(seal(_Note(), public), settings.seal_private_key.get_secret_value(), _Note)
        except CannotUnseal:
            said = f"MADOGUCHI_SEAL_PRIVATE_KEY does not open what is sealed to {service}'s public key"
            return [ill(Organ.KEYS, said, then)]
    if patient.database is not None:
        shut = await patient.database.fetchval(
            "SELECT count(*) FROM parked_keys WHERE consumer = $1 AND error_class = 'CannotUnseal'", service
        )
        if shut:
            said = f"{shut} key(s) are parked because MADOGUCHI_SEAL_PRIVATE_KEY does not open what was sealed to us"
            return [ill(Organ.KEYS, said, then)]
    if public is None:
        return [unknown(Organ.KEYS, "sealing: our own public key is not in MADOGUCHI_SEAL_PUBLIC_KEYS to compare with")]
    return [well(Organ.KEYS, "sealing: the private key opens what is sealed to the public one")]


async def published(patient: Patient) -> tuple[list[str], list[Symptom]]:
    """The ids of the keys at MADOGUCHI_IDENTITY_JWKS_URL, and what was seen, identity's clock included."""
    url = patient.settings.identity_jwks_url
    then = f"curl -si {url}; then readyz of identity's API"
    before = patient.clock()
    try:
        async with httpx.AsyncClient(timeout=HTTP_SECONDS) as client:
            answer = await client.get(url)
        after = patient.clock()
        answer.raise_for_status()
        said = answer.json()
        keys = KeySet.import_key_set(said).keys if said["keys"] else []
    except httpx.HTTPStatusError as error:
        return [], [ill(Organ.KEYS, f"the JWKS at {url} answers {error.response.status_code}: nobody can log in", then)]
    except httpx.HTTPError as error:
        said = f"the JWKS at {url} cannot be reached ({type(error).__name__}): tokens cannot be verified"
        return [], [ill(Organ.KEYS, said, then)]
    except (JoseError, ValueError, TypeError, KeyError):
        return [], [ill(Organ.KEYS, f"what {url} answers is no JWKS", then)]
    ids = [str(key.kid) for key in keys if isinstance(key, ECKey)]
    if not ids:
        return [], [ill(Organ.KEYS, f"the JWKS at {url} holds no key of tokens: nobody can be logged in", then)]
    return ids, [*_their_clock(answer, before, after), well(Organ.KEYS, f"tokens: the JWKS holds {', '.join(ids)}")]


def _their_clock(answer: httpx.Response, before: datetime, after: datetime) -> list[Symptom]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return []
    # The header has whole seconds, and leaves the rest out.
    apart = apart_seconds(theirs, before - timedelta(seconds=1), after)
    return [clock_is_off("identity's", apart)] if abs(apart) > CLOCKS_DIFFER_SECONDS else []


async def tokens(patient: Patient) -> Sequence[Symptom]:
    """Whether the keys that tokens are verified with can be had."""
    return (await published(patient))[1]


async def vault(hidden: Sequence[Hidden], patient: Patient) -> Sequence[Symptom]:
    """Whether one text of every key id in every hidden column opens with the ring."""
    if not hidden:
        return []
    try:
        ring = Vault.from_json(patient.settings.vault_keys.get_secret_value())
    except ValueError as error:
        return [ill(Organ.KEYS, f"MADOGUCHI_VAULT_KEYS: {error}", "put the ring right, and roll")]
    opened = 0
    for one in hidden:
        statement = (
            f"SELECT DISTINCT ON (split_part({one.column}, '.', 1)) {one.column} AS text, {one.context} AS context"  # noqa: S608 - written in code
            f" FROM {one.table} WHERE {one.column} IS NOT NULL ORDER BY split_part({one.column}, '.', 1)"
        )
        try:
            rows = await patient.connection.fetch(statement)
        except asyncpg.QueryCanceledError:
            return [unknown(Organ.KEYS, f"vault: {one.table} is too large to be looked through in time")]
        for row in rows:
            try:
                ring.decrypt(row["text"], row["context"])
            except CannotDecrypt:
                key = row["text"].partition(".")[0]
                said = f"the vault's key '{key}' does not open {one.table}.{one.column}: it is lost, or another one"
                then = "put the key back on the ring in MADOGUCHI_VAULT_KEYS, from the backup of the Secret, and roll"
                return [ill(Organ.KEYS, said, then)]
            opened += 1
    return [well(Organ.KEYS, f"vault: {opened} text(s) of {len(hidden)} columns open, current key '{ring.current}'")]


async def certificates(patient: Patient) -> Sequence[Symptom]:
    """Certificates of authorities that are given as files, of the broker and the database; and those that are shown by
    the HTTPS addresses in the settings.
    """
    root = parse_qs(urlsplit(patient.settings.database_url.get_secret_value()).query).get("sslrootcert")
    given = {"MADOGUCHI_KAFKA_CA_FILE": patient.settings.kafka_ca_file, "sslrootcert": Path(root[0]) if root else None}
    found: list[Symptom] = []
    for name, file in given.items():
        if file is not None:
            found.append(_of_file(name, file, patient.clock()))
    urls = {value for name, value in patient.settings if name.endswith("_url") and str(value).startswith("https://")}
    for url in sorted(urls):
        found.append(await asyncio.to_thread(_of_address, url, patient.clock()))
    return found or [well(Organ.CERTIFICATES, "none is given as a file, and no address is HTTPS")]


def _of_file(name: str, file: Path, now: datetime) -> Symptom:
    then = f"replace {file}; openssl x509 -in {file} -noout -dates"
    try:
        pem = file.read_bytes()
    except OSError as error:
        return ill(Organ.CERTIFICATES, f"the certificate of {name} cannot be read ({type(error).__name__})", then)
    return _expiry(name, pem, now, then)


def _of_address(url: str, now: datetime) -> Symptom:
    """Of whom the address shows; who signed it is judged by those that use the address."""
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 443
    try:
        pem = ssl.get_server_certificate((host, port), timeout=HTTP_SECONDS)
    except OSError as error:
        return unknown(Organ.CERTIFICATES, f"{host}:{port} shows no certificate ({type(error).__name__})")
    return _expiry(f"{host}:{port}", pem.encode(), now, f"renew it; openssl s_client -connect {host}:{port}")


def _expiry(name: str, pem: bytes, now: datetime, then: str) -> Symptom:
    try:
        ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(pem))
    except ValueError:
        return ill(Organ.CERTIFICATES, f"the certificate of {name} is none", then)
    said = f"the certificate of {name} is good until {ends.astimezone(UTC):%Y-%m-%d}"
    return ill(Organ.CERTIFICATES, said, then) if ends - now < EXPIRES_SOON else well(Organ.CERTIFICATES, said)
