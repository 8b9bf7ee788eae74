"""The route on which providers tell us that something changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request
from kit.http import NowDep, SessionDep
from kit.providers.callbacks import Hint

from applications.api.context import ContextDep
from applications.providers import take_callback

router = APIRouter(prefix="/v1/providers", tags=["providers"])
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": Hint.model_json_schema()}}}}


# The signature is over the bytes as they came, so the body is read here and not by FastAPI.
@router.post("/{provider}/callbacks", status_code=204, summary="For providers", openapi_extra=_BODY)
async def callback(
    provider: Annotated[str, Path(pattern="^[a-z]{1,32}$")],
    request: Request,
    session: SessionDep,
    context: ContextDep,
    now: NowDep,
    x_provider_timestamp: Annotated[str, Header()] = "",
    x_provider_signature: Annotated[str, Header()] = "",
) -> None:
    """A hint that something changed, signed by the provider: HMAC-SHA256 of `<timestamp>.<body>`, hex."""
    await take_callback(
        session=session,
        provider=provider,
        listener=context.listeners.get(provider),
        timestamp=x_provider_timestamp,
        signature=x_provider_signature,
        body=await request.body(),
        now=now,
    )
