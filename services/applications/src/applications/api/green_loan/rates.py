"""Routes of the green loan's rates: the office's import, and what everybody sees."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from kit.http import ActorDep, NowDep, SessionDep
from kit.idempotency import OnceDep
from pydantic import BaseModel, ConfigDict, Field

from applications.features.green_loan.rates.commands import import_rates
from applications.features.green_loan.rates.queries import in_force
from applications.programmes.green_loan.danshin.kinds import Choice
from applications.programmes.green_loan.money.rate_file import HEADER
from applications.programmes.green_loan.money.rates import Period
from applications.programmes.green_loan.works.kinds import Menu

router = APIRouter(prefix="/v1/programmes/green_loan/rates", tags=["rates"])
_EXAMPLE = (
    f"{','.join(HEADER)}\r\n2026-10-01 00:00,2026-11-01 00:00,1.200,1.400,1.580,1.640,0.900,1.100,1.280,1.340\r\n"
)
_CONTENT = {"text/csv": {"schema": {"type": "string", "examples": [_EXAMPLE]}}}
_CSV = {"requestBody": {"required": True, "content": _CONTENT}}
Reason = Annotated[
    str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$", description="why, in words")
]


class RateBody(BaseModel):
    """The rate of one menu with one kind of danshin, or none."""

    menu: Menu
    danshin: Choice
    percent: Decimal = Field(description="a year", examples=["1.230"])


class RatesBody(BaseModel):
    """The rates in force: until just before `valid_until`."""

    valid_from: datetime
    valid_until: datetime
    rates: list[RateBody]

    @classmethod
    def of(cls, period: Period) -> RatesBody:
        """The period as everybody sees it."""
        rates = [RateBody(menu=menu, danshin=danshin, percent=rate) for (menu, danshin), rate in period.rates.items()]
        return cls(valid_from=period.valid_from, valid_until=period.valid_until, rates=rates)


class RateImportBody(BaseModel):
    """What became of a file."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    periods: int
    imported_at: datetime
    repeated: bool = Field(description="the very same file had been imported before; nothing was done")


@router.get("")
async def rates(session: SessionDep, now: NowDep) -> RatesBody:
    """The rates at which an application would be accepted now (GL-249, GL-254). No login."""
    return RatesBody.of(await in_force(session=session, now=now))


@router.post("/imports", status_code=201, response_model=RateImportBody, openapi_extra=_CSV)
async def import_file(
    request: Request,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
    reason: Reason,
    warnings_accepted: Annotated[bool, Query(description="what looked odd was looked at, and is right")] = False,
) -> Response:
    """Import a file of rates: CSV in UTF-8 or cp932, one row per period, all of it or nothing (GL-253).

    The same file again does nothing, and says so.
    """
    content = await request.body()

    async def work() -> RateImportBody:
        made = await import_rates(
            session=session,
            actor=actor,
            content=content,
            reason=reason,
            warnings_accepted=warnings_accepted,
            now=now,
        )
        return RateImportBody.model_validate(made)

    return await once(work)
