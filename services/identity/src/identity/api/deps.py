"""What the routes of identity share: the service's context, who is calling, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Annotated, Any, cast

import segno
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from kit.errors import Unauthenticated
from kit.http import AppContext, NowDep, context_of
from kit.process import Loop
from kit.tokens import ACCESS_TOKEN_LIFETIME, Actor

from identity.commands.otp import count_attempt
from identity.commands.sessions import use_session
from identity.domain.durations import Lifetime, ends_at
from identity.limits import network_of
from identity.permissions import Action, Relation, authorise
from identity.schemas.common import Accepted
from identity.tools import Tools

ACCEPTED = Accepted(status="accepted")


@dataclass(frozen=True)
class IdentityContext(AppContext):
    """AppContext, and what identity's commands work with."""

    tools: Tools
    ekyc_callback_secret: str

    async def admit(self, token: str) -> Actor:
        """Who an access token belongs to. Whether its session has ended, `_holder` reads from the session itself."""
        return await self.verifier.verify(token)

    def loops(self) -> Mapping[str, Loop]:
        """None: what others hear of ended sessions stands in identity's own tables."""
        return {}


async def _context(request: Request) -> IdentityContext:
    return cast(IdentityContext, context_of(request))


async def _network(request: Request) -> str:
    # Behind a proxy, uvicorn's --forwarded-allow-ips makes this the address of the applicant.
    return network_of(request.client.host if request.client else None)


ContextDep = Annotated[IdentityContext, Depends(_context)]
NetworkDep = Annotated[str, Depends(_network)]


async def _token_attempt(context: ContextDep, network: NetworkDep, now: NowDep) -> None:
    await context.tools.limiter.count_first(context.database, now, link_address=network)


# Tokens of 256 bits cannot be guessed, but every try costs work.
TokenAttempt = Depends(_token_attempt)


@dataclass(frozen=True)
class Holder:
    """Somebody who is logged in, and the end of their session if they do nothing more."""

    actor: Actor
    session_expires_at: datetime


# For the document: one of the two is sent. `_holder` reads them, so that everything else gets the same answer.
_bearer = HTTPBearer(bearerFormat="JWT", auto_error=False, description="an access token of identity")
_session = APIKeyHeader(
    name="Authorization",
    scheme_name="Session",
    auto_error=False,
    description="`Session <session_token>`, as a login told it",
)


async def _holder(
    request: Request,
    context: ContextDep,
    now: NowDep,
    _: Annotated[Any, Depends(_bearer)],
    __: Annotated[Any, Depends(_session)],
) -> Holder:
    """By session token or access token. Every authenticated request is an operation: the 30 minutes start again (I-58).

    In a transaction of its own: the request was an operation also when it is refused, and a session's row lock must not
    be held while the command waits for its account's.
    """
    scheme, token = _credentials(request)
    if scheme == "session":
        return await _use(context, now, token=token)
    if scheme == "bearer":
        return await _use(context, now, session_id=(await context.verifier.verify(token)).session_id)
    raise Unauthenticated


async def _session_holder(
    request: Request, context: ContextDep, now: NowDep, _: Annotated[Any, Depends(_session)]
) -> Holder:
    """By session token alone: an access token that leaked must neither renew itself nor end its owner's sessions."""
    scheme, token = _credentials(request)
    if scheme != "session":
        raise Unauthenticated
    return await _use(context, now, token=token)


def _credentials(request: Request) -> tuple[str, str]:
    """The scheme, in small letters, and the token; no scheme where the token is missing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (scheme.lower() if token else "", token)


async def _use(context: IdentityContext, now: datetime, **which: Any) -> Holder:
    async with context.database.transaction() as session:
        actor, used_at = await use_session(session, now=now, **which)
    return Holder(actor, idle_end(used_at))


CELL = "madoguchi_cell"  # the attribute of a dependency that says which cell of the table its route is


def permitted(action: Action, relation: Relation = Relation.LOGGED_IN) -> Any:
    """A dependency: somebody who is logged in and may do this, on their own account or at the counter."""

    async def check(holder: Annotated[Holder, Depends(_holder)]) -> Holder:
        authorise(holder.actor.role, relation, action)
        return holder

    setattr(check, CELL, (relation, action))
    return Depends(check)


def permitted_with_code(action: Action, relation: Relation = Relation.LOGGED_IN) -> Any:
    """As `permitted`, for what takes a one-time password: the attempt is counted, of those alone who may do this.

    Before the request's own transaction: a request that holds a connection must not wait for another one.
    """

    async def check(holder: Annotated[Holder, Depends(_holder)], context: ContextDep, now: NowDep) -> Holder:
        authorise(holder.actor.role, relation, action)
        await count_attempt(context.database, context.tools, account_id=holder.actor.account_id, now=now)
        return holder

    setattr(check, CELL, (relation, action))
    return Depends(check)


def by_session(action: Action) -> Any:
    """As `permitted`, for what takes the session token itself (ID-38, ID-39)."""

    async def check(holder: Annotated[Holder, Depends(_session_holder)]) -> Holder:
        authorise(holder.actor.role, Relation.LOGGED_IN, action)
        return holder

    setattr(check, CELL, (Relation.LOGGED_IN, action))
    return Depends(check)


def open_to(relation: Relation, action: Action) -> Any:
    """A dependency: anybody, or whoever has a token that the command looks at. It only names the cell."""

    async def check() -> None:
        """Nothing is known of the caller yet."""

    setattr(check, CELL, (relation, action))
    return Depends(check)


async def access(context: IdentityContext, actor: Actor, landing: str, now: datetime) -> dict[str, Any]:
    """An access token and where its holder lands."""
    signer = await context.tools.signing.signer(context.database, now)
    return {
        "access_token": signer.access_token(actor, now),
        "expires_at": now + ACCESS_TOKEN_LIFETIME,
        "landing": landing,
    }


def idle_end(now: datetime) -> datetime:
    """The end of a session that is used now and never again (ID-38)."""
    return cast(datetime, ends_at(Lifetime.SESSION_IDLE, now))


def qr_svg(content: str) -> str:
    """A QR code as SVG, to be put into a page."""
    out = BytesIO()
    segno.make(content, error="m", micro=False).save(out, kind="svg", xmldecl=False, scale=4, border=4)
    return out.getvalue().decode()
