"""The provider of identity verification. Its callbacks are hints; its answers to our questions are the truth."""

from __future__ import annotations

from uuid import UUID

from kit.providers.client import Client, segment
from pydantic import BaseModel, Field

from identity.domain.steps import ProviderStatus


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


class EkycClient(Client):
    """Asks the provider."""

    async def create(self, reference: UUID, method: str) -> Place:
        """A verification for our run `reference`; asked twice, there is still only one. Raises ProviderDown.

        In production a place without https is none: photos of identity documents are taken there.
        """
        body = {"reference": str(reference), "method": method, "callback_url": self.provider.callback_url}
        place = await self.ask(Place, "POST", "/v1/verifications", body)
        self.link(place.url)
        return place

    async def look(self, verification_id: str) -> Truth:
        """How the verification stands now. Raises ProviderDown."""
        return await self.ask(Truth, "GET", f"/v1/verifications/{segment(verification_id)}")
