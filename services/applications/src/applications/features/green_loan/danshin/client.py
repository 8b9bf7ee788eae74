"""Asking the danshin Web service. Its callbacks are hints; its answers to our questions are the truth."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.providers.client import Client, ProviderDown, segment
from pydantic import BaseModel, Field

from applications.programmes.green_loan.danshin.kinds import Product
from applications.programmes.green_loan.danshin.progress import Status, Word
from applications.programmes.green_loan.insurance import Joiner

PATH = "/v1/applications"
_ID = r"^[\x21-\x7e]+$"


class Place(BaseModel):
    """Where a person applies, and the service's id of it."""

    id: str = Field(min_length=1, max_length=200, pattern=_ID)
    user_id: str = Field(min_length=1, max_length=100, pattern=_ID)
    login_url: str = Field(pattern=r"^https?://", max_length=2000)


class Truth(BaseModel):
    """How an application stands; `sequence` counts its changes. Whatever else the service says is not read."""

    reference: UUID
    status: Status
    product: Product
    declared_on: date | None = None
    sequence: int = Field(ge=0, le=2_000_000_000)

    @property
    def word(self) -> Word:
        """The part that moves the track."""
        return Word(self.status, self.product, self.declared_on)


class _Cancelled(BaseModel):
    reference: UUID


class DanshinClient(Client):
    """The questions."""

    async def open(self, reference: UUID, joiner: Joiner, couple: UUID | None) -> Place:
        """An application of somebody, for our row `reference`; asked twice, there is still only one.

        `couple` is the same for both who join by Duet, and for nobody else. Raises ProviderDown.
        """
        body = {
            "reference": str(reference),
            "callback_url": self.provider.callback_url,
            "product": joiner.product,
            "couple": str(couple) if couple else None,
            "name": joiner.name,
            "kana": joiner.kana,
            "birth": joiner.birth.isoformat(),
            "amount_yen": joiner.amount_yen,
            "years": joiner.years,
            "elsewhere_yen": joiner.elsewhere_yen,
            "health_check": joiner.health_check,
        }
        place = await self.ask(Place, "POST", PATH, body)
        self.link(place.login_url)
        return place

    async def look(self, reference: UUID, service_id: str) -> Truth:
        """How the application stands now. Raises ProviderDown, also for an answer about another one."""
        truth = await self.ask(Truth, "GET", f"{PATH}/{segment(service_id)}")
        if truth.reference != reference:
            raise ProviderDown("its answer is about another application")
        return truth

    async def cancel(self, reference: UUID) -> None:
        """Nobody needs the application any more; one that was never opened never will be. Raises ProviderDown."""
        await self.ask(_Cancelled, "POST", "/v1/cancellations", {"reference": str(reference)})
