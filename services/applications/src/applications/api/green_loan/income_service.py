"""Where income evidence can be had, as step 2 of the loan's screens leads there."""

from __future__ import annotations

from fastapi import APIRouter
from kit.http import FindingBody, NowDep, SessionDep
from kit.japan import to_jst
from pydantic import BaseModel, Field

from applications.api.context import ContextDep
from applications.api.schemas.common import finding_body
from applications.features.green_loan.maintenance.queries import in_force
from applications.programmes.green_loan.papers.income_service import income_service_warnings
from applications.programmes.green_loan.procedure.maintenance import Service, days_of, of_service

router = APIRouter(prefix="/v1/programmes/green_loan/income-service", tags=["applications"])


class IncomeServiceBody(BaseModel):
    """The income information retrieval service today."""

    url: str = Field(description="its page, for a link")
    warnings: list[FindingBody] = Field(description="that it may be closed; what one has can be uploaded all the same")


@router.get("")
async def income_service(context: ContextDep, session: SessionDep, now: NowDep) -> IncomeServiceBody:
    """Where people fetch their income evidence (GL-427), and whether it may be closed today: by the calendar (GL-428),
    or as the office has announced (GL-429). No login.
    """
    closed = of_service(Service.INCOME_SERVICE, await in_force(session, now))
    warnings = income_service_warnings(to_jst(now).date(), days_of(closed), "step_2")
    return IncomeServiceBody(url=context.income_service_url, warnings=[finding_body(one) for one in warnings])
