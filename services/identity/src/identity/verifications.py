"""The work of the worker's loop that speaks with the provider of identity verification (`kit.providers.jobs`).

The provider is asked while no transaction is open, and its answer is kept in one.
"""

from __future__ import annotations

from kit.clock import Clock
from kit.db import Database
from kit.providers.jobs import Due, Jobs

from identity.clients import EkycClient
from identity.commands import ekyc
from identity.tools import Tools

PROVIDER = "ekyc"


def jobs(database: Database, tools: Tools, client: EkycClient, clock: Clock) -> Jobs:
    """The runs of identity verification, and what is done about each that is due."""

    async def work(due: Due) -> None:
        async with database.transaction() as session:
            attempt = await ekyc.asked_about(session, due.id)
        if attempt.verification_id is None:
            place = await client.create(due.id, attempt.method)
            async with database.transaction() as session:
                await ekyc.link_ready(session, tools, due=due, verification_id=place.id, url=place.url, now=clock())
        else:
            truth = await client.look(attempt.verification_id)
            async with database.transaction() as session:
                await ekyc.apply_truth(
                    session, tools, due=due, status=truth.status, sequence=truth.sequence, now=clock()
                )

    return Jobs(PROVIDER, "ekyc_attempts", work)
