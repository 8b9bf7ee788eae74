"""From the submission to its review case and its queued mail, under sustained load, beside the frameworks' own way."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from bench import framework
from bench.harness import Table, count, interleaved, mock_broker, stopwatch, uvicorn
from bench.submission import fire, jwks, prepare, request_of
from kit.clock import system_clock
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from support.actors import ISSUER, Gate
from support.servers import _create_database, _migrate

NUMBER = 500
PATIENCE_SECONDS = 600  # a machine that others use too may be slow; then the variant has failed
MAILS = "SELECT count(*) FROM messages WHERE template = 'OFFICE-NEW-CASE'"


async def load(servers: Servers, rounds: int) -> Table:
    """Submissions a second whose every effect is there, from the first request to the last effect."""
    table = Table(f"End to end, sustained ({NUMBER} submissions, 16 connections)", "effects/s")
    ours, theirs = "ours", "the frameworks' way, the same checks and rows"
    apps = {
        ours: ("applications.main:build_api", "applications.main:build_worker", "notifications.main:build_worker"),
        theirs: ("bench.framework:build_api", "bench.framework:build_worker", "bench.framework:build_mailer"),
    }
    variants: dict[str, Callable[[], Awaitable[float]]] = {
        name: lambda name=name: _round(servers, *apps[name]) for name in apps
    }
    await interleaved(table, variants, rounds)
    ratio = table.median(ours) / table.median(theirs)
    table.target("ours / the frameworks' way, target >= 2", ratio, ratio >= 2)
    return table


async def _round(servers: Servers, api: str, worker: str, mailer: str) -> float:
    gate = Gate(system_clock)
    urls = {}
    for service in ("applications", "notifications"):
        urls[service] = await _create_database(servers, service, template="template0")
        await _migrate(service, urls[service])
    await framework.create_outbox(urls["applications"])
    cases = await prepare(servers, urls["applications"], NUMBER)
    async with AsyncExitStack() as stack:
        bootstrap = await stack.enter_async_context(mock_broker())
        jwks_url = await stack.enter_async_context(jwks(gate))

        def environment(service: str) -> dict[str, str]:
            return {
                **service_environment(service, servers),
                "MADOGUCHI_DATABASE_URL": urls[service],
                "MADOGUCHI_KAFKA_BOOTSTRAP": bootstrap,
                "MADOGUCHI_KAFKA_IDEMPOTENCE": "true",
                "MADOGUCHI_KAFKA_FETCH_MAX_WAIT_MS": "5",
                "MADOGUCHI_IDENTITY_JWKS_URL": jwks_url,
                "MADOGUCHI_TOKEN_ISSUER": ISSUER,
                "MADOGUCHI_LOG_LEVEL": "WARNING",
                # Queued is what is measured: nobody takes the mails.
                "MADOGUCHI_SMTP_RELAYS": json.dumps([{"host": "127.0.0.1", "port": 1}]),
            }

        port, _ = await stack.enter_async_context(uvicorn(api, environment("applications")))
        await stack.enter_async_context(uvicorn(worker, environment("applications")))
        await stack.enter_async_context(uvicorn(mailer, environment("notifications")))

        async def effects() -> int:
            reviews = await count(_dsn(urls["applications"]), "SELECT count(*) FROM reviews")
            return min(reviews, await count(_dsn(urls["notifications"]), MAILS))

        async def until(number: int) -> None:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await effects() < number:
                    await asyncio.sleep(0.05)

        requests = [request_of(case, gate) for case in cases]
        await fire(port, requests[:50])
        await until(50)
        elapsed = stopwatch()
        await fire(port, requests[50:])
        await until(NUMBER)
        return (NUMBER - 50) / elapsed()


def _dsn(url: str) -> str:
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)
