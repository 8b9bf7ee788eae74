"""The settings every service has. Read from the environment, once, by a service's `main`; nothing else reads them.

A secret has no default: a process that was not given one refuses to start, so that no installation runs on a known key.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, Json, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every service needs. Services subclass it with their own."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", frozen=True, extra="ignore")

    environment: Literal["local", "production"] = Field(description="production refuses convenient settings")
    database_url: SecretStr = Field(description="postgresql+asyncpg://...")
    database_pool_size: int = Field(default=10, ge=1)
    kafka_bootstrap: str = Field(description="host:port, comma-separated")
    kafka_idempotence: bool = Field(
        default=True, description="only the local broker, which cannot do it, switches this off"
    )
    kafka_session_timeout_ms: int = Field(default=10_000, description="a dead member's partitions move on after this")
    kafka_fetch_max_wait_ms: int = Field(
        default=500, ge=1, description="how long the broker may hold an empty fetch; it answers at once when records come"
    )
    identity_jwks_url: str
    token_issuer: str
    seal_private_key: SecretStr = Field(description="this service's private JWK: opens what was sealed to it")
    seal_public_keys: Json[dict[str, dict[str, Any]]] = Field(description="{service: public JWK}")
    otlp_endpoint: str | None = Field(default=None, description="where traces go; none: they are not exported")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
