"""`POST /v1/simulations/{book}/{area}`: the rules can be asked, without login, and nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from kit.areas import Area, BadQuestion, by_name
from kit.errors import NotFound, ServiceError

Name = Annotated[str, Path(pattern=r"^[a-z][a-z_]*$")]  # here, because a local name is lost on postponed annotations


class NotAnswerable(ServiceError):
    """The input of the area is not of its form, or makes no sense to its rule (422)."""

    code = "bad_input"
    status = 422
    title = "入力の形式が正しくありません。"


def build_router(areas: Sequence[Area]) -> APIRouter:
    """The simulator of one service's areas."""
    router = APIRouter(prefix="/v1/simulations", tags=["simulations"])
    known = by_name(areas)

    @router.post("/{book}/{area}", summary="Ask a rule")
    async def simulate(book: Name, area: Name, question: Annotated[Any, Body()]) -> Any:
        """Answer with the same functions that judge a submission; nothing is stored."""
        asked = known.get(f"{book}/{area}")
        if asked is None:
            raise NotFound
        try:
            return asked.answer(question)
        except BadQuestion as error:
            where = "; ".join(f"{one['field']}: {one['message']}" for one in error.errors)
            raise NotAnswerable(where or str(error)) from None
        except RecursionError:  # nested far deeper than any area's input
            raise NotAnswerable from None

    return router
