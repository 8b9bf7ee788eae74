"""The provider of identity verification. Its callbacks are hints; its answers to our questions are the truth."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, ValidationError

from identity.domain.steps import ProviderStatus
from identity.errors import CallbackRefused

CALLBACK_LIFETIME_SECONDS = 300


T = TypeVar("T", bound=BaseModel)


class ProviderDown(Exception):
    """The provider did not answer, or not as agreed; the same question may work later."""


class Place(BaseModel):
    """Where a person does the verification, and the provider's id of it."""

    id: str = Field(min_length=1, max_length=200)
    url: str = Field(pattern=r"^https?://", max_length=2000)


class Truth(BaseModel):
    """How a verification stands; `sequence` counts its changes."""

    status: ProviderStatus
    sequence: int = Field(ge=0, le=2_000_000_000)


class Callback(BaseModel):
    """The part of a callback that is used: which message it is, and about which verification."""

    event_id: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["evt-7f3a-1"])
    verification_id: str = Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["vrf-7f3a"])


class Provider(NamedTuple):
    """How to reach the provider."""

    url: str
    api_key: str
    callback_url: str
    timeout_seconds: float
    https_only: bool  # links that applicants are sent to


class EkycClient:
    """Asks the provider. Use it as an async context manager: it keeps connections open."""

    def __init__(self, provider: Provider, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` replaces the network."""
        self._callback_url = provider.callback_url
        self._https_only = provider.https_only
        self._http = httpx.AsyncClient(
            base_url=provider.url,
            headers={"Authorization": f"Bearer {provider.api_key}"},
            timeout=provider.timeout_seconds,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def create(self, reference: UUID, method: str) -> Place:
        """A verification for our run `reference`; asked twice, there is still only one. Raises ProviderDown.

        In production a place without https is none: photos of identity documents are taken there.
        """
        body = {"reference": str(reference), "method": method, "callback_url": self._callback_url}
        place = await self._ask(Place, "POST", "/v1/verifications", body)
        if self._https_only and not place.url.startswith("https://"):
            raise ProviderDown("its link is not https")
        return place

    async def look(self, verification_id: str) -> Truth:
        """How the verification stands now. Raises ProviderDown."""
        return await self._ask(Truth, "GET", f"/v1/verifications/{verification_id}", None)

    async def _ask(self, model: type[T], method: str, path: str, body: dict[str, str] | None) -> T:
        try:
            answer = await self._http.request(method, path, json=body)
            answer.raise_for_status()
            return model.model_validate_json(answer.content)
        except httpx.HTTPStatusError as error:
            raise ProviderDown(f"HTTP {error.response.status_code}") from None
        except (httpx.HTTPError, ValidationError) as error:
            # The text of these errors may hold an address with an id in it: the class is enough.
            raise ProviderDown(type(error).__name__) from None


def check_callback(secret: str, *, timestamp: str, signature: str, body: bytes, now: datetime) -> None:
    """Accept only what the provider signed within the last five minutes. Raises CallbackRefused."""
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise CallbackRefused
    sent = int(timestamp) if timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 else 0
    if abs(now.timestamp() - sent) > CALLBACK_LIFETIME_SECONDS:
        raise CallbackRefused
