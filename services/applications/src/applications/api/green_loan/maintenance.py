"""Routes about when services of the green loan are closed: what everybody is told, and what the office announces."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import ActorDep, IfMatchDep, NowDep, SessionDep, set_etag
from kit.idempotency import OnceDep
from kit.japan import to_jst
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from applications.features.green_loan.maintenance import commands, queries
from applications.features.green_loan.maintenance.queries import Announced
from applications.programmes.green_loan.procedure.maintenance import Service
from applications.workflow import Maintenance

router = APIRouter(prefix="/v1/programmes/green_loan/maintenance", tags=["maintenance"])
Moment = Annotated[AwareDatetime, Field(description="to the minute", examples=["2026-10-01T22:00:00+09:00"])]
Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
        description="applicants read it: what is done, without a full stop",
        examples=["システムの更新"],
    ),
]


class PeriodBody(BaseModel):
    """From when until before when."""

    begins_at: Moment
    ends_at: Moment


class WishBody(PeriodBody):
    """What is announced."""

    service: Service
    reason: Reason

    def wish(self) -> Maintenance:
        """As the rules see it."""
        return Maintenance(self.service.value, self.begins_at, self.ends_at, self.reason.strip())


class MaintenanceBody(BaseModel):
    """A time in which a service is closed: until just before `ends_at`. Times are those of Japan."""

    model_config = ConfigDict(from_attributes=True)

    service: Service
    begins_at: datetime
    ends_at: datetime
    reason: str

    @classmethod
    def of(cls, one: Maintenance) -> MaintenanceBody:
        """As everybody sees it."""
        return cls(
            service=Service(one.service),
            begins_at=to_jst(one.begins_at),
            ends_at=to_jst(one.ends_at),
            reason=one.reason,
        )


class MaintenanceList(BaseModel):
    """By when they begin."""

    items: list[MaintenanceBody]


class AnnouncedBody(MaintenanceBody):
    """The same as the office sees it: which announcement it is, its version, and who said so."""

    id: UUID
    version: int
    withdrawn: bool
    told_by: UUID
    told_at: datetime

    @classmethod
    def of_office(cls, one: Announced) -> AnnouncedBody:
        """As the office sees it."""
        return cls(
            **MaintenanceBody.of(one.maintenance).model_dump(),
            id=one.window_id,
            version=one.version,
            withdrawn=one.withdrawn,
            told_by=one.told_by,
            told_at=one.told_at,
        )


class AnnouncedList(BaseModel):
    """Announcements, or the versions of one."""

    items: list[AnnouncedBody]


@router.get("")
async def told(session: SessionDep, now: NowDep) -> MaintenanceList:
    """What is closed now or will be within 30 days (GL-061, GL-429). No login."""
    found = await queries.told_to_everybody(session=session, now=now)
    return MaintenanceList(items=[MaintenanceBody.of(one) for one in found])


@router.get("/announcements")
async def announced(session: SessionDep, actor: ActorDep, now: NowDep) -> AnnouncedList:
    """Everything that is not over, with what was withdrawn, for the office."""
    found = await queries.told_to_office(session=session, actor=actor, now=now)
    return AnnouncedList(items=[AnnouncedBody.of_office(one) for one in found])


@router.post("/announcements", status_code=201, response_model=AnnouncedBody)
async def announce(body: WishBody, once: OnceDep, session: SessionDep, actor: ActorDep, now: NowDep) -> Response:
    """Announce that a service is closed. While the counter is, applicants start, save, agree to and confirm nothing;
    officers, banks, inspection bodies and the system go on.
    """

    async def work() -> AnnouncedBody:
        made = await commands.announce(session=session, actor=actor, wish=body.wish(), now=now)
        return AnnouncedBody.of_office(made)

    return await once(work)


@router.get("/announcements/{window_id}")
async def versions(window_id: UUID, response: Response, session: SessionDep, actor: ActorDep) -> AnnouncedList:
    """One announcement with all its versions, first to last; the ETag is the last one's."""
    found = await queries.versions(session=session, actor=actor, window_id=window_id)
    set_etag(response, found[-1].version)
    return AnnouncedList(items=[AnnouncedBody.of_office(one) for one in found])


@router.post("/announcements/{window_id}/shorten", response_model=AnnouncedBody)
async def shorten(
    window_id: UUID,
    body: PeriodBody,
    if_match: IfMatchDep,
    once: OnceDep,
    session: SessionDep,
    actor: ActorDep,
    now: NowDep,
) -> Response:
    """Make it shorter, also while it goes on. Needs If-Match with the version that the officer saw."""

    async def work() -> AnnouncedBody:
        changed = await commands.shorten(
            session=session,
            actor=actor,
            window_id=window_id,
            version=if_match,
            start=body.begins_at,
            end=body.ends_at,
            now=now,
        )
        return AnnouncedBody.of_office(changed)

    return await once(work, status=200)


@router.post("/announcements/{window_id}/withdraw", response_model=AnnouncedBody)
async def withdraw(
    window_id: UUID, if_match: IfMatchDep, once: OnceDep, session: SessionDep, actor: ActorDep, now: NowDep
) -> Response:
    """Take it back; if it goes on already, it ends at once. Needs If-Match."""

    async def work() -> AnnouncedBody:
        gone = await commands.withdraw(session=session, actor=actor, window_id=window_id, version=if_match, now=now)
        return AnnouncedBody.of_office(gone)

    return await once(work, status=200)
