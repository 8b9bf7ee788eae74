"""The provider of electronic contracts. What it knows us by: our references of an envelope and of each signer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from kit.providers.client import Client, ProviderDown, segment
from pydantic import AwareDatetime, BaseModel, Field

_SHA256 = "^[0-9a-f]{64}$"


class SigningPlace(BaseModel):
    """Where one person signs."""

    reference: UUID
    url: str = Field(pattern=r"^https?://", max_length=2000)


class Opened(BaseModel):
    """An envelope at the provider: its id there, and where each person signs."""

    id: str = Field(min_length=1, max_length=200)
    signers: list[SigningPlace] = Field(max_length=10)


class Signature(BaseModel):
    """Whether and when one person signed."""

    reference: UUID
    signed_at: AwareDatetime | None


class Truth(BaseModel):
    """How an envelope stands. `sequence` counts its changes; `unknown`: there never was one of this reference."""

    status: Literal["open", "completed", "void", "unknown"]
    sequence: int = Field(ge=0, le=2_000_000_000)
    sha256: str | None = Field(pattern=_SHA256)
    signed_sha256: str | None = Field(pattern=_SHA256)
    signers: list[Signature] = Field(max_length=10)


class Order(BaseModel):
    """An envelope to be opened. `signers` are names by our reference of each."""

    reference: UUID
    title: str
    document: str  # base64
    sha256: str
    expires_at: datetime
    signers: Mapping[UUID, str]


class EContractClient(Client):
    """Asks the provider."""

    async def open(self, order: Order) -> Opened:
        """The envelope of this order; asked twice, there is still only one. Raises ProviderDown.

        In production a place to sign without https is none.
        """
        body = order.model_dump(mode="json", exclude={"signers"})
        signers = [{"reference": str(reference), "name": name} for reference, name in order.signers.items()]
        body |= {"callback_url": self.provider.callback_url, "signers": signers}
        opened = await self.ask(Opened, "POST", "/v1/envelopes", body)
        for place in opened.signers:
            self.link(place.url)
        _all_of(order.signers, opened.signers)
        return opened

    async def look(self, envelope_id: str, signers: Mapping[UUID, str]) -> Truth:
        """How the envelope stands now. Raises ProviderDown."""
        truth = await self.ask(Truth, "GET", f"/v1/envelopes/{segment(envelope_id)}")
        _all_of(signers, truth.signers)
        if truth.status == "completed" and not all(one.signed_at for one in truth.signers):
            raise ProviderDown("its answer contradicts itself")
        return truth

    async def void(self, reference: UUID) -> Truth:
        """Let nobody sign the envelope of this reference any more, also if it comes only now. Raises ProviderDown."""
        truth = await self.ask(Truth, "POST", f"/v1/references/{reference}/void")
        if truth.status == "open":
            raise ProviderDown("its answer contradicts itself")
        return truth

    async def document(self, envelope_id: str) -> bytes:
        """The paper with all signatures. Raises ProviderDown."""
        return await self.file(f"/v1/envelopes/{segment(envelope_id)}/document")


def _all_of(wanted: Mapping[UUID, str], told: Sequence[SigningPlace | Signature]) -> None:
    if {one.reference for one in told} != set(wanted) or len(told) != len(wanted):
        raise ProviderDown("it tells of other people than we asked for")
