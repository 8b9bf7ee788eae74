"""The settings every service has. Read from the environment, once, by a service's `main`; nothing else reads them.

A secret has no default: a process that was not given one refuses to start, so that no installation runs on a known key.
What a process says when it refuses names settings and repeats none: pydantic would print what it was given, passwords
and all.
"""

from __future__ import annotations

import json
from typing import Any, Literal, Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import Field, Json, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service needs. Services subclass it with their own."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["local", "production"] = Field(description="production refuses convenient settings")
    database_url: SecretStr = Field(description="postgresql+asyncpg://...")
    database_pool_size: int = Field(default=10, ge=1)
    kafka_bootstrap: str = Field(description="host:port, comma-separated")
    kafka_idempotence: bool = Field(
        default=True, description="only the local broker, which cannot do it, switches this off"
    )
    kafka_session_timeout_ms: int = Field(default=10_000, description="a dead member's partitions move on after this")
    kafka_fetch_max_wait_ms: int = Field(
        default=500,
        ge=1,
        description="how long the broker may hold an empty fetch; it answers at once when records come",
    )
    identity_jwks_url: str
    token_issuer: str
    seal_private_key: SecretStr = Field(description="this service's private JWK: opens what was sealed to it")
    seal_public_keys: Json[dict[str, dict[str, Any]]] = Field(description="{service: public JWK}")
    otlp_endpoint: str | None = Field(default=None, description="where traces go; none: they are not exported")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("seal_private_key")
    @classmethod
    def _opens(cls, key: SecretStr) -> SecretStr:
        """Said at the start: else the first sealed event would be parked, and every other one after it."""
        try:
            private = ECKey.import_key(json.loads(key.get_secret_value())).is_private
        except (JoseError, ValueError, TypeError, KeyError):
            private = False
        if not private:
            raise ValueError("not a private EC key in JWK form")
        return key

    @field_validator("seal_public_keys")
    @classmethod
    def _seal(cls, keys: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for service, key in keys.items():
            try:
                private = ECKey.import_key(key).is_private
            except (JoseError, ValueError, TypeError, KeyError):
                raise ValueError(f"the key of {service} is not an EC key in JWK form") from None
            if private:
                raise ValueError(f"the key of {service} is its private key, which is nobody else's business")
        return keys

    @model_validator(mode="after")
    def _common_settings_fit_production(self) -> Self:
        if self.environment == "production":
            if not self.kafka_idempotence:  # a batch sent again after a lost answer would be told twice
                raise ValueError("production needs kafka_idempotence")
            if self.log_level == "DEBUG":  # libraries log URLs with one-time tokens and signatures at this level
                raise ValueError("production refuses log_level DEBUG")
        return self
