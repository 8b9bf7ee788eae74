"""The HTTP API of identity: parse, authorise, call one command or query, answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from kit.http import NowDep

from identity.api import data_requests, ekyc, invitations, organisations, passwords, registration, sessions, successions
from identity.api.deps import ContextDep, open_to
from identity.permissions import Action, Relation
from identity.schemas import keys as schemas

keys = APIRouter(tags=["keys"])


@keys.get(
    "/.well-known/jwks.json",
    response_model=schemas.Jwks,
    dependencies=[open_to(Relation.STRANGER, Action.READ_PUBLIC)],
    summary="Public keys of tokens and proofs",
)
async def jwks(context: ContextDep, response: Response, now: NowDep) -> Any:
    """Every service verifies tokens with them by itself."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return (await context.tools.signing.signer(context.database, now)).jwks()


routers = (
    registration.router,
    passwords.router,
    sessions.router,
    ekyc.router,
    invitations.router,
    successions.router,
    organisations.router,
    data_requests.router,
    keys,
)
