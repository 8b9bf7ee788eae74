"""The settings of applications."""

from __future__ import annotations

from typing import Self

from kit.providers.configuration import refuse_unsafe
from kit.settings import ServiceSettings
from pydantic import Field, SecretStr, field_validator, model_validator


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
    public_base_url: str = Field(description="where applicants reach the portal; links in mails start with it")
    econtract_url: str = Field(description="the API of the provider of electronic contracts")
    econtract_api_key: SecretStr
    econtract_callback_secret: SecretStr = Field(description="the provider signs its callbacks with it")
    econtract_callback_url: str = Field(description="where the provider reaches POST /v1/providers/econtract/callbacks")
    econtract_poll_seconds: int = Field(default=60, ge=1, description="how often an open contract is asked about")
    econtract_timeout_seconds: float = Field(default=20, gt=0, description="how long the provider may take to answer")
    econtract_video_url: str = Field(description="the video that explains the contract (GL-484, GL-486)")
    income_service_url: str = Field(description="the income information retrieval service, for people (GL-427)")
    claim_lease_minutes: int = Field(default=30, ge=1, description="how long a review stays with who claimed it")
    messages_per_day: int = Field(
        default=50, ge=1, description="how many messages one person may write on one application in a day"
    )
    message_length: int = Field(default=2000, ge=1, le=4000, description="how many characters such a message may have")

    @field_validator("public_base_url")
    @classmethod
    def _no_slash_at_the_end(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_not_convenient(self) -> Self:
        """Data of applicants, contracts, links to them and our keys do not travel in clear in production."""
        addresses = (self.public_base_url, self.econtract_video_url, self.income_service_url)
        if self.environment == "production" and not all(address.startswith("https://") for address in addresses):
            raise ValueError("production needs https in public_base_url, econtract_video_url and income_service_url")
        refuse_unsafe(self, "econtract", "danshin")
        return self
