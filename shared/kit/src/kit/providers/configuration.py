"""The settings of a provider: `<name>_url`, `<name>_api_key`, `<name>_callback_secret`, `<name>_callback_url`,
`<name>_poll_seconds` and `<name>_timeout_seconds`, declared one by one in the settings of the service that deals with
it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kit.providers.client import Provider

SHARED_SECRET = 32  # characters, in production


def provider_of(settings: Any, name: str) -> Provider:
    """How to reach the provider of that name."""
    return Provider(
        name=name,
        url=getattr(settings, f"{name}_url").rstrip("/"),
        api_key=getattr(settings, f"{name}_api_key").get_secret_value(),
        callback_url=getattr(settings, f"{name}_callback_url"),
        timeout_seconds=getattr(settings, f"{name}_timeout_seconds"),
        https_only=settings.environment == "production",
    )


def callback_secret(settings: Any, name: str) -> str:
    """What the provider of that name signs its callbacks with."""
    secret: str = getattr(settings, f"{name}_callback_secret").get_secret_value()
    return secret


def poll_of(settings: Any, name: str) -> timedelta:
    """How often something open is asked about."""
    return timedelta(seconds=getattr(settings, f"{name}_poll_seconds"))


def refuse_unsafe(settings: Any, *names: str) -> None:
    """Raise ValueError for what production must not have: data and keys in clear, secrets that can be guessed."""
    if settings.environment != "production":
        return
    for name in names:
        for address in (f"{name}_url", f"{name}_callback_url"):
            if not getattr(settings, address).startswith("https://"):
                raise ValueError(f"production needs https in {address}")
        for secret in (f"{name}_api_key", f"{name}_callback_secret"):
            if len(getattr(settings, secret).get_secret_value()) < SHARED_SECRET:
                raise ValueError(f"production needs {SHARED_SECRET} characters in {secret}")
