"""`POST /v1/simulations/{book}/{area}`: the rules can be asked, without login, and nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request

from kit.areas import Area, BadQuestion, by_name
from kit.errors import NotFound, ServiceError

# Here, because a local name is lost on postponed annotations.
Name = Annotated[str, Path(pattern=r"^[a-z][a-z_]*$")]
QuestionBody = Annotated[
    Any,
    Body(
        description="the input of the area: `madoguchi areas --schema` shows its form",
        examples=[{"password": "abcd123!"}],
    ),
]


MAX_QUESTION_BYTES = 65_536  # answered on the event loop, without login: a longer one would hold up everybody


class QuestionTooLong(ServiceError):
    """The question has more bytes than any area needs (413)."""

    code = "too_large"
    status = 413
    title = "送信された内容が大きすぎます。"


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
    async def simulate(book: Name, area: Name, question: QuestionBody, request: Request) -> Any:
        """Answer with the same functions that judge a submission; nothing is stored."""
        asked = known.get(f"{book}/{area}")
        if asked is None:
            raise NotFound
        if len(await request.body()) > MAX_QUESTION_BYTES:
            raise QuestionTooLong
        if isinstance(question, bytes):  # what FastAPI makes of a body that does not say it is JSON
            raise NotAnswerable("Content-Type: application/json を指定してください。")
        try:
            return asked.answer(question)
        except BadQuestion as error:
            where = "; ".join(f"{one['field']}: {one['message']}" for one in error.errors)
            raise NotAnswerable(where or str(error)) from None
        except RecursionError:  # nested far deeper than any area's input
            raise NotAnswerable from None

    return router
