"""Routes about loans that are repaid."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from kit.http import ActorDep, NowDep, SessionDep

from applications.api.context import DeskDep
from applications.api.schemas.green_loan import RepaymentBody
from applications.features.green_loan.servicing import queries

router = APIRouter(prefix="/v1/applications/{application_id}/repayment", tags=["repayment"])
OnQuery = Annotated[date | None, Query(description="the day in Japan; today, if missing")]


@router.get("")
async def view(
    application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep, on: OnQuery = None
) -> RepaymentBody:
    """Schedule, balance, arrears and what was repaid early, calculated from the contract and every step since."""
    found = await queries.view_repayment(
        session=session, desk=desk, actor=actor, application_id=application_id, on=on, now=now
    )
    return RepaymentBody.of(found)
