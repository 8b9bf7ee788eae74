"""The secrets of one local stack: made once, kept in one file that only its owner can read."""

import base64
import os
import secrets
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey
from pydantic import BaseModel, Field

from madoguchi_stack.layout import SERVICES
from madoguchi_stack.signer import Signer, make_signer

JWK = dict[str, Any]


def _password() -> str:
    return secrets.token_urlsafe(24)


def _private_key(kid: str, use: str, algorithm: str) -> JWK:
    return ECKey.generate_key("P-256", {"kid": kid, "use": use, "alg": algorithm}).as_dict(private=True)


def _seal_keys() -> dict[str, JWK]:
    return {service: _private_key(f"{service}-1", "enc", "ECDH-ES+A256KW") for service in SERVICES}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


class KeyRing(BaseModel, frozen=True):
    """The keys of one service's data at rest, base64 of 32 bytes by key id; `current` encrypts, all decrypt."""

    current: str
    keys: dict[str, str]


def _vault_keys() -> dict[str, KeyRing]:
    return {service: KeyRing(current="1", keys={"1": _key()}) for service in SERVICES}


class Secrets(BaseModel, frozen=True):
    """Everything secret in one local stack. A field that a newer version adds is made up on the next start."""

    postgres_admin_password: str = Field(default_factory=_password)
    postgres_passwords: dict[str, str] = Field(default_factory=lambda: {name: _password() for name in SERVICES})
    s3_admin_key: str = Field(default_factory=lambda: secrets.token_hex(10))
    s3_admin_secret: str = Field(default_factory=lambda: secrets.token_hex(20))
    s3_access_key: str = Field(default_factory=lambda: secrets.token_hex(10))
    s3_secret_key: str = Field(default_factory=lambda: secrets.token_hex(20))
    seal_keys: dict[str, JWK] = Field(default_factory=_seal_keys, description="private keys, one a service")
    signing_keys: list[JWK] = Field(
        default_factory=lambda: [_private_key("sign-1", "sig", "ES256")], description="identity's; the first signs"
    )
    vault_keys: dict[str, KeyRing] = Field(default_factory=_vault_keys, description="one ring a service")
    blind_index_key: str = Field(default_factory=_key, description="identity's; base64 of 32 bytes")
    ekyc_api_key: str = Field(default_factory=_password)
    ekyc_callback_secret: str = Field(default_factory=_password)
    econtract_api_key: str = Field(default_factory=_password)
    econtract_callback_secret: str = Field(default_factory=_password)
    danshin_api_key: str = Field(default_factory=_password)
    danshin_callback_secret: str = Field(default_factory=_password)
    income_service_signer: Signer = Field(default_factory=make_signer)


def load_or_make(file: Path) -> Secrets:
    """The secrets in `file`; whatever is missing there is made and written, mode 0600."""
    kept = file.read_text() if file.exists() else "{}"
    loaded = Secrets.model_validate_json(kept)
    text = loaded.model_dump_json(indent=2)
    if text != kept:
        # Written beside and renamed: a crash in between must not leave half a key ring, which would lock the data.
        beside = file.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
            output.write(text)
        beside.replace(file)
    return loaded
