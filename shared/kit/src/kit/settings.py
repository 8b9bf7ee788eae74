"""The settings every service has. Read from the environment, once, by a service's `main`; nothing else reads them.

A secret has no default: a process that was not given one refuses to start, so that no installation runs on a known key.
What a process says when it refuses names settings and repeats none: pydantic would print what it was given, passwords
and all.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import Field, Json, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.sealed import ring_of


class KafkaSettings(BaseSettings):
    """How a connection to the broker is secured: what a command needs that has nothing else of a service."""

    model_config = SettingsConfigDict(env_prefix="MADOGUCHI_", frozen=True, extra="ignore", hide_input_in_errors=True)

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: Path | None = Field(default=None, description="PEM; none: the authorities that the system trusts")

    @model_validator(mode="after")
    def _kafka_settings_fit_each_other(self) -> Self:
        """Said at the start: else a password would be set and never asked for, or asked for and not there."""
        given = bool(self.kafka_sasl_username) and bool(self.kafka_sasl_password)
        if self.kafka_security_protocol.startswith("SASL_") and not given:
            raise ValueError("kafka_security_protocol SASL_... needs kafka_sasl_username and kafka_sasl_password")
        if not self.kafka_security_protocol.startswith("SASL_") and (
            self.kafka_sasl_username or self.kafka_sasl_password
        ):
            raise ValueError("kafka_sasl_username and kafka_sasl_password need kafka_security_protocol SASL_...")
        if self.kafka_ca_file is not None:
            if not self.kafka_security_protocol.endswith("SSL"):
                raise ValueError("kafka_ca_file needs kafka_security_protocol SSL or SASL_SSL")
            if not self.kafka_ca_file.is_file():
                raise ValueError("kafka_ca_file is not a file")
        return self


class ServiceSettings(KafkaSettings):
    """What every service needs. Services subclass it with their own."""

    environment: Literal["local", "production"] = Field(description="production refuses convenient settings")
    database_url: SecretStr = Field(
        description="postgresql+asyncpg://...?sslmode=verify-full&sslrootcert=<file>; without TLS on this machine only"
    )
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
    seal_private_key: SecretStr = Field(
        description="this service's private JWK, or a JWK Set with former ones too: opens what was sealed to it"
    )
    seal_public_keys: Json[dict[str, dict[str, Any]]] = Field(description="{service: public JWK}")
    otlp_endpoint: str | None = Field(default=None, description="where traces go; none: they are not exported")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("seal_private_key")
    @classmethod
    def _opens(cls, key: SecretStr) -> SecretStr:
        """Said at the start: else the first sealed event would be parked, and every other one after it."""
        ring_of(key.get_secret_value())
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
            if not self.kafka_security_protocol.endswith("SSL"):  # sealed or not, who acts on what is nobody's business
                raise ValueError("production needs kafka_security_protocol SSL or SASL_SSL")
            if not _is_safe_database(self.database_url.get_secret_value()):  # hashes and proofs go over this line
                raise ValueError("production needs sslmode=verify-full in database_url")
            if not _is_safe(self.identity_jwks_url):  # who can change the keys on their way can log in as anybody
                raise ValueError("production needs https in identity_jwks_url")
        return self


def _is_safe(url: str) -> bool:
    """Whether what the URL answers cannot be changed on its way: TLS, or it never leaves this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    return _is_local(parts.hostname or "")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_safe_database(url: str) -> bool:
    """The same of a database: TLS with its name checked, or a server on this machine."""
    parts = urlsplit(url)
    mode = dict(parse_qsl(parts.query)).get("sslmode")
    return mode == "verify-full" or _is_local(parts.hostname or "")
