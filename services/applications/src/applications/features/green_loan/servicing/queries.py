"""What is read of a loan that is repaid."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.errors import NotFound
from kit.japan import to_jst
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action
from applications.cases import open_for
from applications.desk import Desk
from applications.programmes.green_loan import PROGRAMME
from applications.programmes.green_loan.servicing import Standing, standing


async def view_repayment(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, on: date | None, now: datetime
) -> Standing:
    """The loan as it stands at the end of a day, today if none is named.

    Raises Forbidden, NotFound (also before the funds were paid, and for what is no green loan).
    """
    application = await open_for(session, desk, actor, Action.VIEW_REPAYMENT, application_id, now=now)
    ours = application.programme.name == PROGRAMME.name
    found = standing(application.case(now), on or to_jst(now).date()) if ours else None
    if found is None:
        raise NotFound
    return found
