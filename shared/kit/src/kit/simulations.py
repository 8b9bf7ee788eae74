"""`POST /v1/simulations/{book}/{area}`: the rules can be asked, without login, and nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from kit.areas import Area, evaluate_one
from kit.errors import NotFound, ServiceError


class BadQuestion(ServiceError):
    """The input of the area is not of its form (422)."""

    code = "bad_input"
    status = 422
    title = "入力の形式が正しくありません。"


def build_router(areas: Sequence[Area]) -> APIRouter:
    """The simulator of one service's areas."""
    router = APIRouter(prefix="/v1/simulations", tags=["simulations"])
    known = {area.name for area in areas}
    Name = Annotated[str, Path(pattern=r"^[a-z][a-z_]*$")]

    @router.post("/{book}/{area}", summary="Ask a rule")
    def simulate(book: Name, area: Name, question: Annotated[Any, Body()]) -> Any:
        """Answer with the same functions that judge a submission. The fields of each area are in docs/areas.md."""
        name = f"{book}/{area}"
        if name not in known:
            raise NotFound
        answer = evaluate_one(areas, {"area": name, "input": question})
        if "error" in answer:
            raise BadQuestion(answer["error"]["message"])
        return answer["output"]

    return router
