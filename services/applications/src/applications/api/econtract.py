"""Routes of the electronic contract: how it stands, its paper, and the way to the place where it is signed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import ActorDep, NowDep, SessionDep
from pydantic import BaseModel, ConfigDict, Field

from applications.api.context import ContextDep, DeskDep
from applications.api.schemas.common import FindingList
from applications.econtract.queries import contract_of, paper_of, place_of

router = APIRouter(prefix="/v1/applications/{application_id}/contract", tags=["contract"])
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


class SignerBody(BaseModel):
    """Somebody who signs."""

    model_config = ConfigDict(from_attributes=True)

    account_id: UUID
    watched: bool = Field(description="the video was watched and the content confirmed, in this period (GL-486)")
    signed_at: datetime | None


class ContractBody(BaseModel):
    """The contract of the period that was announced last."""

    model_config = ConfigDict(from_attributes=True)

    state: str = Field(description="being_prepared, open, completed, ended, in_trouble")
    expires_at: datetime = Field(description="when the period ends (GL-483, GL-487)")
    sha256: str | None = Field(description="of the paper that everybody signs; null while it is being prepared")
    signed_sha256: str | None = Field(description="of the paper with all signatures")
    completed_at: datetime | None
    signers: list[SignerBody]
    against: FindingList = Field(
        description="what keeps the contract from being concluded, beside the signatures, and how it is settled"
    )


class PlaceBody(BaseModel):
    """Where the caller signs."""

    url: str = Field(description="the caller's own page at the provider (GL-482)")
    video_url: str = Field(description="the explanation (GL-484, GL-486)")


@router.get("")
async def view(application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep) -> ContractBody:
    """How far the contract has come, for those who sign and the office."""
    return ContractBody.model_validate(await contract_of(session, desk, actor, application_id, now))


@router.get("/paper", response_class=Response, responses=_PDF)
async def paper(application_id: UUID, session: SessionDep, actor: ActorDep, desk: DeskDep, now: NowDep) -> Response:
    """The paper as PDF: with all signatures once everybody has signed; before, the one that is to be signed."""
    found = await paper_of(session, desk, actor, application_id, now)
    name = "signed-contract.pdf" if found.signed else "contract.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.content, media_type="application/pdf", headers=headers)


@router.get("/place")
async def place(
    application_id: UUID, session: SessionDep, actor: ActorDep, context: ContextDep, now: NowDep
) -> PlaceBody:
    """Where the caller signs: after the video, with the content confirmed (GL-486), in the period (GL-483)."""
    url = await place_of(session, context.desk, actor, application_id, now)
    return PlaceBody(url=url, video_url=context.contract_video_url)
