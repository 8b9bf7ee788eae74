"""Routes of the programmes: what can be applied for, and what a draft would come to. No login."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from kit.errors import NotFound
from kit.http import NowDep, SessionDep
from kit.simulations import MAX_QUESTION_BYTES, QuestionTooLong

from applications.api import schemas
from applications.api.context import DeskDep
from applications.queries import papers

router = APIRouter(prefix="/v1/programmes", tags=["applications"])


@router.get("")
async def programmes(desk: DeskDep) -> schemas.ProgrammeList:
    """What can be applied for. No login."""
    return schemas.ProgrammeList(items=[schemas.ProgrammeBody.of(one) for one in desk.programmes.values()])


@router.get("/{programme}/help")
async def help_texts(programme: Annotated[str, Path(max_length=32)], desk: DeskDep) -> schemas.HelpList:
    """What the screens say beside the fields. No login."""
    chosen = desk.programmes.get(programme)
    if chosen is None:
        raise NotFound
    return schemas.HelpList(items=[schemas.HelpBody.model_validate(one) for one in chosen.help])


@router.post("/{programme}/trial")
async def trial(
    programme: Annotated[str, Path(max_length=32)],
    body: schemas.Draft,
    request: Request,
    session: SessionDep,
    desk: DeskDep,
    now: NowDep,
) -> schemas.TrialBody:
    """How much, how long, which papers, and why not: the judgement of a submission for a draft that nobody has started.
    No login, and nothing is kept.
    """
    if len(await request.body()) > MAX_QUESTION_BYTES:
        raise QuestionTooLong
    found = await papers.try_out(session=session, desk=desk, programme=programme, draft=body.content, now=now)
    return schemas.TrialBody.of(found)
