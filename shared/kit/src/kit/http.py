"""The HTTP side of a service: one app factory, so that errors, tokens, transactions and limits are alike everywhere.

Every error is application/problem+json (RFC 9457) with a stable `code`, a Japanese `title` and, where a rule refused,
all findings with their rule IDs. A request is one transaction, committed before the response leaves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, cast

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.exceptions import HTTPException as FastAPIHTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from madoguchi_contracts import Role
from opentelemetry.trace import StatusCode
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.clock import Clock
from kit.db import Database, is_transient, sqlstate
from kit.errors import (
    Forbidden,
    NotFound,
    PreconditionRequired,
    ServiceError,
    Unauthenticated,
    Unavailable,
)
from kit.health import Health
from kit.metrics import http_requests
from kit.process import Loop, supervise
from kit.relay import Bell
from kit.schema import answers_with_its_schema
from kit.sessions import EndedSessions
from kit.telemetry import span, valid_traceparent
from kit.tokens import Actor, TokenVerifier

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 1_048_576
PROBLEM = "application/problem+json"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_UNSTORABLE = {"22021", "22P05"}  # SQLSTATEs of text that PostgreSQL cannot hold, such as a NUL character
_bearer = HTTPBearer(bearerFormat="JWT", auto_error=False, description="an access token of identity")


@dataclass(frozen=True)
class AppContext:
    """What requests work with. A service that needs more subclasses it."""

    service: str
    database: Database
    clock: Clock
    verifier: TokenVerifier
    health: Health
    ended: EndedSessions = field(init=False)

    def __post_init__(self) -> None:
        """Know the ended sessions from the service's own database."""
        object.__setattr__(self, "ended", EndedSessions(self.database.dsn))

    async def admit(self, token: str) -> Actor:
        """Who an access token belongs to. Raises Unauthenticated, also when its session has ended, or Unavailable."""
        actor = await self.verifier.verify(token)
        await self.ended.refuse(actor.session_id)
        return actor

    def loops(self) -> Mapping[str, Loop]:
        """What runs beside the requests."""
        return {"ended_sessions": self.ended.run}


# Dependencies


def context_of(request: Request) -> Any:
    """The service's AppContext."""
    return request.app.state.context


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with context_of(request).database.transaction() as session:
        yield session


# Every dependency is a coroutine, also where it awaits nothing: FastAPI runs plain functions in a thread, and the hop
# costs more than most of them do.


async def _now(request: Request) -> datetime:
    return cast(datetime, context_of(request).clock())


async def _actor(request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Actor:
    if bearer is None:
        raise Unauthenticated
    actor: Actor = await context_of(request).admit(bearer.credentials)
    return actor


# scope="function": the transaction ends before the response leaves; FastAPI's default would answer 201 and then fail.
SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]
NowDep = Annotated[datetime, Depends(_now)]
ActorDep = Annotated[Actor, Depends(_actor)]


def require(*roles: Role) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency that lets only these roles pass: `Annotated[Actor, Depends(require(Role.ASSOCIATION))]`."""

    async def check(actor: ActorDep) -> Actor:
        if actor.role not in roles:
            raise Forbidden(account_id=str(actor.account_id), role=actor.role.value)
        return actor

    return check


async def _if_match(
    if_match: Annotated[str | None, Header(alias="If-Match", description='The version to change, as in "3"')] = None,
) -> int:
    version = (if_match or "").strip().removeprefix("W/").strip('"')
    if not (version.isascii() and version.isdecimal() and len(version) <= 9):
        raise PreconditionRequired('If-Match: "<version>" を指定してください。')
    return int(version)


IfMatchDep = Annotated[int, Depends(_if_match)]


def set_etag(response: Response, version: int) -> None:
    """Name the version that the body shows."""
    response.headers["ETag"] = f'"{version}"'


# Errors


class FindingBody(BaseModel):
    """One thing a rule found."""

    rule: str = Field(examples=["AS-24"])
    code: str = Field(examples=["FORMAT"])
    message: str
    field: str = Field(examples=["representative.postal_code"])


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:madoguchi:problem:refused"])
    code: str = Field(examples=["refused"])
    title: str
    status: int
    detail: str | None = None
    rules: list[str] | None = None
    findings: list[FindingBody] | None = None
    errors: list[dict[str, Any]] | None = Field(default=None, description="where a malformed body is wrong")


def problem_response(error: ServiceError) -> JSONResponse:
    """The answer to a ServiceError."""
    headers = {"Retry-After": str(error.retry_after_seconds)} if error.retry_after_seconds is not None else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.problem(), error.status, headers, media_type=PROBLEM)


def _on_service_error(_: Request, error: Exception) -> Response:
    service_error = cast(ServiceError, error)
    log.info(
        "request_refused",
        code=service_error.code,
        status=service_error.status,
        rules=list(service_error.rules),
        facts=service_error.facts,
        cause=type(error.__cause__).__name__ if error.__cause__ else None,
    )
    return problem_response(service_error)


class Malformed(ServiceError):
    """The body or a parameter is not of its form (422)."""

    code = "malformed"
    status = 422
    title = "送信された内容の形式が正しくありません。"


def _on_validation_error(_: Request, error: Exception) -> Response:
    # Only where and what kind: the input itself may be personal, and is known to the caller anyway.
    errors = [
        {"field": ".".join(str(part) for part in e["loc"]), "kind": e["type"], "message": e["msg"]}
        for e in cast(RequestValidationError, error).errors()
    ]
    return JSONResponse({**Malformed().problem(), "errors": errors}, 422, media_type=PROBLEM)


_HTTP_PROBLEMS = {
    400: ("bad_request", "送信された内容を読み取れませんでした。"),
    404: ("not_found", "見つかりませんでした。"),
    405: ("method_not_allowed", "この操作はできません。"),
    413: ("too_large", "送信された内容が大きすぎます。"),
}


def _methods(request: Request) -> str:
    """The methods of the page; the framework names only those of the first route with its path."""
    path = getattr(request.scope.get("route"), "path_format", "")
    return ", ".join(map(str.upper, request.app.openapi()["paths"].get(path, ())))


def _on_http_exception(request: Request, error: Exception) -> Response:
    http = cast(HTTPException, error)
    code, title = _HTTP_PROBLEMS.get(http.status_code, ("http_error", "要求を処理できませんでした。"))
    body = {"type": f"urn:madoguchi:problem:{code}", "code": code, "title": title, "status": http.status_code}
    headers = dict(http.headers or {})
    if http.status_code == 405 and (methods := _methods(request)):
        headers["Allow"] = methods
    return JSONResponse(body, http.status_code, headers, media_type=PROBLEM)


def _on_anything(_: Request, error: Exception) -> Response:
    if is_transient(error):
        log.warning("request_unavailable", error=type(error).__name__, sqlstate=sqlstate(error))
        return problem_response(Unavailable(retry_after_seconds=5))
    if sqlstate(error) in _UNSTORABLE:
        return problem_response(Malformed("使用できない文字が含まれています。"))
    log.error("request_failed", error=type(error).__name__, exc_info=error)
    # AS-85: enter again, or ask the call centre; the half-done work is rolled back already.
    return problem_response(
        ServiceError("もう一度ご入力ください。ご不明な点はお客さまコールセンターへお問い合わせください。")
    )


# The edge of every request


class Edge:
    """Outermost layer: limits the body, opens the trace, adds security headers, measures, catches what nobody did."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        # Methods and paths are the caller's words: what becomes a label or is logged comes from our own lists.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        started = time.perf_counter()
        status = 500
        sent = False

        async def send_through(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status, sent = message["status"], True
                message["headers"] = _with_security(message.get("headers", ()))
            await send(message)

        traceparent = valid_traceparent(headers.get(b"traceparent", b"").decode("latin-1"))
        with span(method, traceparent=traceparent) as current:
            try:
                if _declared_length(headers) > MAX_BODY_BYTES:
                    await _on_http_exception(Request(scope), HTTPException(413))(scope, receive, send_through)
                else:
                    await self._app(scope, _limited(receive), send_through)
            except Exception as error:
                answer = _on_anything(Request(scope), error)
                if sent:
                    raise
                await answer(scope, receive, send_through)
            finally:
                route = scope.get("route")
                path = route.path if isinstance(route, APIRoute) else "other"
                seconds = time.perf_counter() - started
                current.update_name(f"{method} {path}")
                if status >= 500:
                    current.set_status(StatusCode.ERROR)
                http_requests.labels(method, path, str(status)).observe(seconds)
                log.info("request", method=method, route=path, status=status, ms=round(seconds * 1000, 1))


_SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}


def _with_security(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers and ours; a route may say otherwise, as one that publishes keys does about caching."""
    named = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in _SECURITY.items() if name not in named)]


class _TooLarge(FastAPIHTTPException):
    """The body turned out longer than allowed (413).

    FastAPI's own class: it answers 400 for anything else that is raised while it reads a body.
    """

    def __init__(self) -> None:
        super().__init__(413)


def _declared_length(headers: dict[bytes, bytes]) -> int:
    """The body's length as the caller says; a number of more digits than any body has counts as too long."""
    length = headers.get(b"content-length", b"0")
    return int(length[:10]) if length.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise _TooLarge
        return message

    return limited


# The app


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "model": Problem,
        "description": (
            "A problem; `code` tells which. 404 also for what the caller may not know of, 409 with every finding where "
            "a rule refused, 422 where the request is not of its form, 429 and 503 where it may be tried again."
        ),
        "headers": {
            "Retry-After": {"description": "when to try again, in seconds", "schema": {"type": "integer", "minimum": 0}}
        },
    }
}
# Optional for FastAPI, so that their absence has an error code of its own; `_if_match` and `kit.idempotency` insist.
_REQUIRED_HEADERS = {
    "Idempotency-Key": {
        "type": "string",
        "pattern": "^[!-~]{1,200}$",
        "examples": ["6f1c5a0e-6a39-4d1e-9a57-0c8c5a3d1b11"],
    },
    "If-Match": {"type": "string", "pattern": '^(W/)?"?[0-9]{1,9}"?$', "examples": ['"3"']},
}


class _Api(FastAPI):
    """FastAPI, whose document also tells what it cannot know: the type of problems, which headers we insist on."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            for operations in super().openapi()["paths"].values():
                for operation in operations.values():
                    default = operation["responses"]["default"]
                    (schema,) = default["content"].values()
                    default["content"] = {PROBLEM: schema}
                    for parameter in operation.get("parameters", ()):
                        if parameter["name"] in _REQUIRED_HEADERS:
                            parameter.update(required=True, schema=_REQUIRED_HEADERS[parameter["name"]])
        return super().openapi()


def build_app(context: AppContext, *, title: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The API of a service: its routers, health, metrics, and the kit's ways with errors and transactions."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with _beside(context):
                yield
        finally:
            await context.database.close()

    app = _Api(
        title=title,
        version="1.0.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # FastAPI's own telemetry would record addresses with their query strings, where one-time links have their
        # tokens, and the texts of errors. `Edge` opens the span and measures, by route.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        redirect_slashes=False,  # the redirect would be to whatever the Host header says
        responses=PROBLEMS,
        routes=list(context.health.routes()),
    )
    app.state.context = context
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(ServiceError, _on_service_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_middleware(Edge)
    context.health.check("database", answers_with_its_schema(context.database, context.service))
    return app


@asynccontextmanager
async def _beside(context: AppContext) -> AsyncIterator[None]:
    """While the app runs, ring the relay after each commit that recorded an event, and hear of ended sessions."""
    stop = asyncio.Event()
    bell = Bell(context.database.dsn)
    context.database.after_events = bell.ring
    loops: dict[str, Loop] = {"bell": bell.run, **context.loops()}
    tasks = [asyncio.create_task(supervise(name, loop, stop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def found(row: Any) -> Any:
    """The row, or NotFound: also for what the actor may not see."""
    if row is None:
        raise NotFound
    return row
