"""The settings of identity. Read once, by `main` (and by `cli`, which goes through `main`)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any, Self

from kit.providers.configuration import refuse_unsafe
from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from identity.limits import LIMITS, Limit

_INDEX_KEY_BYTES = 32


class Settings(ServiceSettings):
    """What identity needs beside `ServiceSettings`. Keys have no default."""

    signing_keys: SecretStr = Field(
        description='private JWKs (EC P-256, with kid) of tokens: a JSON list or {"keys": [...]}; the first signs, the '
        "others are only published, so that what they signed stays valid"
    )
    vault_keys: SecretStr = Field(
        description='for personal data at rest: {"current": "<key id>", "keys": {"<key id>": "<base64 of 32 bytes>"}}'
    )
    blind_index_key: SecretStr = Field(
        description="base64 of 32 bytes; mail addresses and user IDs are looked up by their HMAC under it. Changing it "
        "makes every account impossible to find"
    )
    public_base_url: str = Field(description="where applicants reach the portal; links in mails start with it")
    ekyc_url: str = Field(description="the API of the provider of identity verification")
    ekyc_api_key: SecretStr
    ekyc_callback_secret: SecretStr = Field(description="the provider signs its callbacks with it")
    ekyc_callback_url: str = Field(description="where the provider reaches POST /v1/ekyc/callbacks")
    ekyc_poll_seconds: int = Field(default=60, ge=1, description="how often an open verification is asked about")
    ekyc_timeout_seconds: float = Field(default=10, gt=0, description="how long the provider may take to answer")
    otp_issuer: str = Field(default="Madoguchi", description="the name that authenticator apps show")
    otp_steps_back: int = Field(default=1, ge=0, le=1, description="accepted 30-second steps before the present (I-16)")
    success_ends_one_strike: bool = Field(
        default=True, description="the switch of I-09; false: only the 12 hours give back three tries"
    )
    hash_concurrency: int = Field(default=2, ge=1, le=16, description="password hashes computed at the same time")
    personal_data_answer_days: int = Field(
        default=30, ge=1, description='within how many days a request about personal data is answered: "promptly"'
    )
    disclosure_fee_yen: int = Field(default=300, ge=0, description="what a disclosure costs; shown, and not collected")
    disclosure_days: int = Field(default=14, ge=1, description="how long an answered disclosure can be downloaded")
    rate_limits: Annotated[dict[str, Limit], NoDecode] = Field(
        default=LIMITS,
        validate_default=True,
        description='JSON {"<name>": {"times": n, "seconds": s}}; names that are not given keep their default',
    )

    @field_validator("rate_limits", mode="before")
    @classmethod
    def _over_defaults(cls, value: Any) -> Any:
        given = json.loads(value) if isinstance(value, str) else value
        if unknown := set(given) - set(LIMITS):
            raise ValueError(f"no such limit: {', '.join(sorted(unknown))}")
        return {**LIMITS, **given}

    @field_validator("public_base_url", "ekyc_url")
    @classmethod
    def _no_slash_at_the_end(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_not_convenient(self) -> Self:
        """Links and codes of applicants do not travel in clear in production."""
        if self.environment == "production" and not self.public_base_url.startswith("https://"):
            raise ValueError("production needs https in public_base_url")
        refuse_unsafe(self, "ekyc")
        return self

    def signing_jwks(self) -> list[dict[str, Any]]:
        """The signing keys, newest first. Raises ValueError, which quotes nothing: the text is secret."""
        try:
            keys = json.loads(self.signing_keys.get_secret_value())
        except ValueError:
            raise ValueError("MADOGUCHI_SIGNING_KEYS is not JSON") from None
        keys = keys.get("keys") if isinstance(keys, dict) else keys
        if not isinstance(keys, list) or not keys or not all(isinstance(k, dict) and k.get("kid") for k in keys):
            raise ValueError("MADOGUCHI_SIGNING_KEYS needs at least one JWK with kid")
        return keys

    def index_key(self) -> bytes:
        """The key of the blind index. Raises ValueError, which quotes nothing."""
        text = self.blind_index_key.get_secret_value().translate(str.maketrans("-_", "+/"))
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != _INDEX_KEY_BYTES:
            raise ValueError("MADOGUCHI_BLIND_INDEX_KEY is not base64 of 32 bytes")
        return key
