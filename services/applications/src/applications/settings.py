"""The settings of applications."""

from __future__ import annotations

from kit.settings import ServiceSettings
from pydantic import Field, SecretStr


class Settings(ServiceSettings):
    """What applications needs beside the common settings."""

    vault_keys: SecretStr = Field(
        description='keys of the data at rest: {"current": "<id>", "keys": {"<id>": "<base64>"}}'
    )
    claim_lease_minutes: int = Field(default=30, ge=1, description="how long a review stays with who claimed it")
