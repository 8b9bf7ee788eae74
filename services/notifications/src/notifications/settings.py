"""The settings of the notifications service, beyond those that every service has."""

from __future__ import annotations

from typing import Annotated

from kit.settings import ServiceSettings
from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from notifications.channels import Relay
from notifications.delivery import RESENT_WHEN_UNKNOWN
from notifications.domain import Template
from notifications.rendering import BadAddress, envelope_address

# NO-01: the two domains that users are asked to let through.
SENDER_DOMAINS = ("mail.jhf.go.jp", "mail.common.jhf.go.jp")


def _address(value: str) -> str:
    try:
        return envelope_address(value)
    except BadAddress:
        raise ValueError("not a mail address") from None


def _our_address(value: str) -> str:
    if value.rpartition("@")[2] not in SENDER_DOMAINS:
        raise ValueError(f"mails come from {' or '.join(SENDER_DOMAINS)} (NO-01)")
    return value


Address = Annotated[str, AfterValidator(_address)]


class Settings(ServiceSettings):
    """Read from the environment by `main`."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    vault_keys: SecretStr = Field(description='{"current": "<key id>", "keys": {"<key id>": "<base64 of 32 bytes>"}}')
    public_base_url: str = Field(pattern=r"^https?://[^/]+$", description="of the portal, for the link of NO-10")
    smtp_relays: tuple[Relay, ...] = Field(min_length=1, description="JSON list, in the order of preference")
    mail_from: Annotated[Address, AfterValidator(_our_address)] = "no-reply@mail.jhf.go.jp"
    office_mailbox: Address = Field(description="where the office is told of new cases")
    mail_resend_unknown: frozenset[Template] = Field(
        default=RESENT_WHEN_UNKNOWN, description="the mails sent again when a try ended unknown"
    )
    mail_per_domain_per_second: float = Field(default=50, gt=0, description="to one domain, from one worker")
    courier_parallel: int = Field(default=8, ge=1, description="mails one worker sends at a time")

    @model_validator(mode="after")
    def _mails_leave_encrypted(self) -> Settings:
        if self.environment == "production" and not all(r.starttls or r.is_local for r in self.smtp_relays):
            raise ValueError("in production a relay on another machine needs starttls")
        return self
