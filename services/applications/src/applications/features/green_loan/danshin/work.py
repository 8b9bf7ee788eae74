"""One turn of the job: what a row wants of the danshin Web service, the question, and what is kept of the answer."""

from __future__ import annotations

from datetime import timedelta

from kit.clock import Clock
from kit.db import Database
from kit.providers.jobs import Due, Jobs

from applications.desk import Desk
from applications.features.green_loan.danshin import commands
from applications.features.green_loan.danshin.client import DanshinClient
from applications.features.green_loan.danshin.commands import TABLE, Cancel, Look, Open

NAME = "danshin"
"""Of the provider: in settings, metrics, and the address of its callbacks."""


def jobs(database: Database, desk: Desk, client: DanshinClient, clock: Clock, poll: timedelta) -> Jobs:
    """The rows, and the work on them. While the service is asked, no transaction is open."""

    async def serve(due: Due) -> None:
        async with database.transaction() as session:
            question = await commands.next_question(session, desk, due, clock())
        match question:
            case Open():
                place = await client.open(due.id, question.joiner, question.couple)
                async with database.transaction() as session:
                    await commands.opened(session, desk, due=due, place=place, poll=poll, now=clock())
            case Look():
                truth = await client.look(due.id, question.service_id)
                async with database.transaction() as session:
                    await commands.heard(session, desk, due=due, truth=truth, poll=poll, now=clock())
            case Cancel():
                await client.cancel(due.id)
                async with database.transaction() as session:
                    await commands.cancelled(session, due=due)
            case None:
                return

    return Jobs(NAME, TABLE, serve)
