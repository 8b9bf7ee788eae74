"""Where income evidence can be had, as step 2 of the loan's screens leads there."""

from __future__ import annotations

from fastapi import APIRouter
from kit.http import FindingBody, NowDep
from kit.japan import to_jst
from pydantic import BaseModel, Field

from applications.api.context import ContextDep
from applications.api.schemas.common import finding_body
from applications.programmes.green_loan.papers.income_service import income_service_warnings

router = APIRouter(prefix="/v1/programmes/green_loan/income-service", tags=["applications"])


class IncomeServiceBody(BaseModel):
    """The income information retrieval service today."""

    url: str = Field(description="its page, for a link")
    warnings: list[FindingBody] = Field(description="that it may be closed; what one has can be uploaded all the same")


@router.get("")
async def income_service(context: ContextDep, now: NowDep) -> IncomeServiceBody:
    """Where people fetch their income evidence (GL-427), and whether it may be closed today (GL-428). No login."""
    warnings = income_service_warnings(to_jst(now).date(), (), "step_2")
    return IncomeServiceBody(url=context.income_service_url, warnings=[finding_body(one) for one in warnings])
