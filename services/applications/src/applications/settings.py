"""The settings of applications."""

from __future__ import annotations

from typing import Self

from kit.providers.configuration import refuse_unsafe
from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, model_validator


class Settings(ServiceSettings):
    """What applications needs beside the common settings."""

    vault_keys: SecretStr = Field(
        description='keys of the data at rest: {"current": "<id>", "keys": {"<id>": "<base64>"}}'
    )
    danshin_url: str = Field(description="the API of the insurer's danshin Web service")
    danshin_api_key: SecretStr
    danshin_callback_secret: SecretStr = Field(description="the danshin Web service signs its callbacks with it")
    danshin_callback_url: str = Field(description="where it reaches POST /v1/providers/danshin/callbacks")
    danshin_poll_seconds: int = Field(default=60, ge=1, description="how often an open danshin application is asked of")
    danshin_timeout_seconds: float = Field(default=10, gt=0, description="how long the service may take to answer")
    claim_lease_minutes: int = Field(default=30, ge=1, description="how long a review stays with who claimed it")
    messages_per_day: int = Field(
        default=50, ge=1, description="how many messages one person may write on one application in a day"
    )
    message_length: int = Field(default=2000, ge=1, le=4000, description="how many characters such a message may have")

    @model_validator(mode="after")
    def _providers_are_safe(self) -> Self:
        """Data of applicants, and our keys, do not travel in clear in production."""
        refuse_unsafe(self, "danshin")
        return self
