"""What is held of a person, told to that person."""

from __future__ import annotations

from fastapi import APIRouter
from kit.disclosures import DisclosureBody, GrantedDep
from kit.http import SessionDep

from applications.api.context import DeskDep
from applications.disclosure import held_about

router = APIRouter(prefix="/v1", tags=["personal data"])


@router.get("/disclosure")
async def disclosure(session: SessionDep, actor: GrantedDep, desk: DeskDep) -> DisclosureBody:
    """What this service holds of oneself (GL-618), with the grant that identity gives once the office has answered."""
    parts = await held_about(session, desk, actor.account_id)
    return DisclosureBody.model_validate({"service": "applications", "parts": parts})
