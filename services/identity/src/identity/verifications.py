"""The loop of the worker that speaks with the provider of identity verification.

Each turn: lease a run that is due (one transaction), ask the provider (no transaction open), keep the answer (another
one). A provider that is down delays a run and never ends it; several workers share the runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from kit.clock import Clock
from kit.db import Database
from kit.errors import Unavailable
from prometheus_client import Counter

from identity.clients import EkycClient, ProviderDown
from identity.commands import ekyc
from identity.tools import Tools

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
provider_failures = Counter("madoguchi_identity_ekyc_provider_failures", "Questions without a usable answer")


async def turn(database: Database, tools: Tools, client: EkycClient, clock: Clock) -> bool:
    """Serve the run that has been due longest; returns whether there was one."""
    async with database.transaction() as session:
        due = await ekyc.claim(session, clock())
    if due is None:
        return False
    try:
        if due.verification_id is None:
            place = await client.create(due.id, due.method)
            async with database.transaction() as session:
                await ekyc.link_ready(session, tools, due=due, verification_id=place.id, url=place.url, now=clock())
        else:
            truth = await client.look(due.verification_id)
            async with database.transaction() as session:
                await ekyc.apply_truth(
                    session, tools, due=due, status=truth.status, sequence=truth.sequence, now=clock()
                )
    except ProviderDown as error:
        provider_failures.inc()
        log.warning("ekyc_provider_down", ekyc_id=str(due.id), error=str(error), tries=due.looks)
        async with database.transaction() as session:
            await ekyc.put_off(session, due, clock())
    return True


async def run(
    database: Database, tools: Tools, client: EkycClient, clock: Clock, *, stop: asyncio.Event, beat: Callable[[], None]
) -> None:
    """Serve runs until `stop`."""
    while not stop.is_set():
        beat()
        try:
            while not stop.is_set() and await turn(database, tools, client, clock):
                beat()
        except Unavailable:
            log.warning("verifications_wait_for_database")
        try:
            await asyncio.wait_for(stop.wait(), POLL_SECONDS)
        except TimeoutError:
            continue
