"""Health of one process. Alive means progress, ready means that what it needs answers; neither asks another service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], Awaitable[None]]
CHECK_SECONDS = 2.0
CACHE_SECONDS = 2.0


class NotReady(Exception):
    """A check's own words, for /readyz: nothing secret, nothing personal."""


class Health:
    """The loops that must make progress and the dependencies that must answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._checks: dict[str, Check] = {}
        self._cached: tuple[float, dict[str, str]] | None = None
        self._asking = asyncio.Lock()
        self.draining = False

    def expect(self, loop: str, within_seconds: float) -> None:
        """From now on `loop` must beat at least every `within_seconds`, or the process counts as dead."""
        self._limits[loop] = within_seconds
        self._beats[loop] = self._clock()

    def allow(self, loop: str, within_seconds: float) -> None:
        """Like `expect`, and no progress: the seconds count from the last that `loop` made, if it ever did.

        For a loop that begins again after a failure: expected anew each time, it would never be missed.
        """
        self._limits[loop] = within_seconds
        self._beats.setdefault(loop, self._clock())

    def beat(self, loop: str) -> None:
        """`loop` has made progress."""
        self._beats[loop] = self._clock()

    def check(self, name: str, check: Check) -> None:
        """Readiness needs `check` to return within two seconds without an error."""
        self._checks[name] = check

    def stuck(self) -> dict[str, float]:
        """The loops without progress, with the seconds since their last beat."""
        now = self._clock()
        return {
            loop: round(now - self._beats[loop], 1)
            for loop, limit in self._limits.items()
            if now - self._beats[loop] > limit
        }

    async def not_ready(self) -> dict[str, str]:
        """The dependencies that do not answer, each with its reason; looked at most every two seconds."""
        if self.draining:
            return {"process": "draining"}
        async with self._asking:  # probes that come together share one look
            if self._cached is None or self._clock() - self._cached[0] >= CACHE_SECONDS:
                answers = await asyncio.gather(*(_ask(name, check) for name, check in self._checks.items()))
                self._cached = (self._clock(), dict(answer for answer in answers if answer))
            return self._cached[1]

    def routes(self) -> list[Route]:
        """`/livez`, `/readyz` and `/metrics`."""

        async def livez(_: Request) -> Response:
            stuck = self.stuck()
            body: dict[str, Any] = {"status": "stuck" if stuck else "ok"}
            if stuck:
                body["no_progress_seconds"] = stuck
            return JSONResponse(body, 503 if stuck else 200)

        async def readyz(_: Request) -> Response:
            reasons = await self.not_ready()
            body: dict[str, Any] = {"status": "not_ready" if reasons else "ok"}
            if reasons:
                body["reasons"] = reasons
            return JSONResponse(body, 503 if reasons else 200)

        async def metrics(_: Request) -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


async def _ask(name: str, check: Check) -> tuple[str, str] | None:
    try:
        await asyncio.wait_for(check(), CHECK_SECONDS)
    except NotReady as reason:
        return name, str(reason)
    except Exception as error:  # noqa: BLE001 - the reason, whatever it is, is the answer
        return name, type(error).__name__
    return None
