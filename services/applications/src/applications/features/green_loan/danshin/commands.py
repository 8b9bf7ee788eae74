"""The rows about which the danshin Web service is asked, and what is written when it has answered.

The service is never called in here: a row is written in the transaction of the step that wants something, `work` asks
while no transaction is open, and comes back with `opened`, `heard` or `cancelled`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4, uuid5

import structlog
from kit import eventlog
from kit.errors import Refused
from kit.providers.jobs import Due
from kit.providers.pauses import next_look
from madoguchi_contracts import InsuranceOffered, ServiceLogin
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import tasks
from applications.cases import Application, lock
from applications.desk import Desk
from applications.features.green_loan.danshin.client import Place, Truth
from applications.moves import move
from applications.programmes.green_loan import insurance, sharing, steps
from applications.programmes.green_loan.danshin import progress
from applications.programmes.green_loan.insurance import Joiner
from applications.programmes.green_loan.reading import DANSHIN, today
from applications.provisions import log as provisions
from applications.workflow import Case

log = structlog.get_logger(__name__)

TABLE = "danshin_applications"
INSURER = "lead_insurer"
"""Which insurer is told, for the log of provisions (GL-621)."""
DOUBTED = "danshin_doubted"
"""The task of the office."""
AFTER_A_DOUBT = timedelta(hours=1)
"""What the office has to clear first is looked at again so often."""

_BEGIN = text("""
INSERT INTO danshin_applications (id, application_id, account_id, started_at, look_at)
VALUES (:id, :application_id, :account_id, :now, :now)
""")
# The service is told of the end where it may know of the person: unless it was the service that said so.
_END = text("""
UPDATE danshin_applications
SET ended_at = :now, looks = 0, look_at = CASE
  WHEN :tell AND provided_at IS NOT NULL AND status IS DISTINCT FROM 'withdrawn' THEN cast(:now AS timestamptz) END
WHERE application_id = :application_id AND account_id = :account_id AND ended_at IS NULL
""")
_ROW = text("""
SELECT id, application_id, account_id, started_at, provided_at, service_id, status, sequence, doubt, ended_at
FROM danshin_applications WHERE id = :id FOR UPDATE
""")
_APPLICATION = text("SELECT application_id FROM danshin_applications WHERE id = :id")
_PROVIDED = text("""
UPDATE danshin_applications SET provided_at = coalesce(provided_at, :now), doubt = NULL WHERE id = :id
""")
_OPENED = text("""
UPDATE danshin_applications SET service_id = :service_id, status = 'open', doubt = NULL WHERE id = :id
""")
_HEARD = text("""
UPDATE danshin_applications SET status = :status, sequence = :sequence, doubt = NULL WHERE id = :id
""")
_DOUBT = text("UPDATE danshin_applications SET doubt = :doubt WHERE id = :id")
# Only while the lease is ours: otherwise a callback, or a step, has asked for another look meanwhile.
_LOOK = text("""
UPDATE danshin_applications SET looks = 0, look_at = :look_at WHERE id = :id AND look_at = :lease
""")
_HINT = text("UPDATE danshin_applications SET look_at = :now WHERE service_id = :service_id AND ended_at IS NULL")


@dataclass(frozen=True)
class Open:
    """The service is to open an application, with what it is told of the person."""

    joiner: Joiner
    couple: UUID | None


@dataclass(frozen=True)
class Look:
    """The service is to be asked how an application stands."""

    service_id: str


@dataclass(frozen=True)
class Cancel:
    """The service is to be told that nobody needs an application any more."""


class Doubt(NamedTuple):
    """By which rule something cannot be, and how; for operators, without personal data."""

    rule: str
    what: str


# Errands: what a step wants of the service


async def begin(session: AsyncSession, desk: Desk, application: Application, case: Case) -> None:
    """Have an application opened for the person; an earlier one of theirs is over."""
    del desk
    await _end(session, application, case, tell=True)
    where = {"application_id": application.id, "account_id": case.subject, "now": case.now}
    await session.execute(_BEGIN, {"id": uuid4(), **where})


async def give_up(session: AsyncSession, desk: Desk, application: Application, case: Case) -> None:
    """The person joins nothing: the service is told so, if it knows of them."""
    del desk
    await _end(session, application, case, tell=True)


async def rest(session: AsyncSession, desk: Desk, application: Application, case: Case) -> None:
    """The cover has begun (GL-544): there is no application any more to be asked about."""
    del desk
    await _end(session, application, case, tell=False)


async def _end(session: AsyncSession, application: Application, case: Case, *, tell: bool) -> None:
    where = {"application_id": application.id, "account_id": case.subject}
    await session.execute(_END, {**where, "now": case.now, "tell": tell})


ERRANDS = {"danshin.begin": begin, "danshin.give_up": give_up, "danshin.rest": rest}


async def take_hint(session: AsyncSession, service_id: str, now: datetime) -> None:
    """A callback: look soon. What it says is not believed."""
    await session.execute(_HINT, {"service_id": service_id, "now": now})


# What the worker does


async def next_question(session: AsyncSession, desk: Desk, due: Due, now: datetime) -> Open | Look | Cancel | None:
    """What the service is to be asked about a row; None: nothing, now.

    Before it is told of a person for the first time, that is put into the log of provisions (GL-621). Whether it may be
    told is asked before every attempt: use may have been suspended since the last (GL-618); where it must not, the
    office sees why. Raises ValueError for somebody who is to join nothing, which is a defect.
    """
    application, row = await _locked(session, desk, due)
    if row.ended_at is not None:
        return Cancel()
    if row.service_id is not None:
        return Look(row.service_id)
    case = application.case(now)
    joiner = insurance.joiner(case, row.account_id)
    given = sharing.given(case, row.account_id, "danshin", which=INSURER)
    try:
        if row.provided_at is None:
            await provisions.record(session, desk, given, application_id=application.id, by=None, now=now)
        else:
            await provisions.require_allowed(session, given, application_id=application.id)
    except Refused as refused:
        await _doubted(session, due, application, row, Doubt(refused.findings[0].rule, "must not be told"), now)
        return None
    await session.execute(_PROVIDED, {"id": row.id, "now": now})
    await tasks.drop_task(session, application.id, DOUBTED, now=now, subject=row.account_id)
    return Open(joiner, uuid5(application.id, "duet") if joiner.duet else None)


async def opened(session: AsyncSession, desk: Desk, *, due: Due, place: Place, poll: timedelta, now: datetime) -> None:
    """The service has opened the application: the person is mailed user ID and login page (GL-400)."""
    application, row = await _locked(session, desk, due)
    if row.ended_at is not None or row.service_id is not None:
        return  # nobody needs it any more, or another worker was faster
    await session.execute(_OPENED, {"id": row.id, "service_id": place.id})
    await _again(session, due, next_look(row.started_at, now, poll))
    await move(
        session, desk, application, application.case(now), "invite", actor=None, track=DANSHIN, subject=row.account_id
    )
    login = desk.seal(ServiceLogin(user_id=place.user_id, url=place.login_url), "notifications")
    offered = InsuranceOffered(
        application_id=application.id, programme=application.programme.name, insured_id=row.account_id, login=login
    )
    await eventlog.record(session, offered, now=now)


async def heard(session: AsyncSession, desk: Desk, *, due: Due, truth: Truth, poll: timedelta, now: datetime) -> None:
    """What the service says moves the track, step by step; what it said before, or cannot say, moves nothing."""
    application, row = await _locked(session, desk, due)
    if row.ended_at is not None:
        return
    case, word = application.case(now), truth.word
    wanted = insurance.wanted(case, row.account_id)
    if truth.sequence <= row.sequence or wanted is None:
        await _again(session, due, next_look(row.started_at, now, poll))
        return
    try:
        progress.believe(insurance.joiner(case, row.account_id).birth, today(case), word)
        commands = progress.steps(case.state(DANSHIN, row.account_id), wanted, word)
    except progress.NotBelieved as error:
        await _doubted(session, due, application, row, Doubt(error.rule, str(error)), now)
        return
    await session.execute(_HEARD, {"id": row.id, "status": word.status.value, "sequence": truth.sequence})
    await tasks.drop_task(session, application.id, DOUBTED, now=now, subject=row.account_id)
    await _again(session, due, next_look(row.started_at, now, poll))
    kept = steps.Heard(product=word.product, declared_on=word.declared_on)
    for command in commands:
        said = kept if application.programme.workflow.rows(DANSHIN, command)[0].facts is steps.Heard else None
        step = replace(application.case(now), facts=said)
        application = await move(
            session, desk, application, step, command, actor=None, track=DANSHIN, subject=row.account_id
        )


async def cancelled(session: AsyncSession, *, due: Due) -> None:
    """The service knows that nobody needs the application."""
    await _again(session, due, None)


async def _locked(session: AsyncSession, desk: Desk, due: Due) -> tuple[Application, Any]:
    """The application under its lock, then the row: the order in which steps take them."""
    application_id = (await session.execute(_APPLICATION, {"id": due.id})).scalar_one()
    application = await lock(session, desk, application_id)
    return application, (await session.execute(_ROW, {"id": due.id})).one()


async def _again(session: AsyncSession, due: Due, look_at: datetime | None) -> None:
    await session.execute(_LOOK, {"id": due.id, "lease": due.lease, "look_at": look_at})


async def _doubted(
    session: AsyncSession, due: Due, application: Application, row: Any, doubt: Doubt, now: datetime
) -> None:
    """Something is the matter that only people can clear: the office is called, and it is looked at again later.

    A doubt that is known already calls nobody: the office may have finished its task, and waits for the insurer.
    """
    kept = f"{doubt.rule}: {doubt.what}"
    log.warning("danshin_doubted", id=str(due.id), rule=doubt.rule, what=doubt.what)
    await _again(session, due, now + AFTER_A_DOUBT)
    if row.doubt == kept:
        return
    await session.execute(_DOUBT, {"id": due.id, "doubt": kept})
    reason = f"団信Web申込サービスとの手続きが進みません({doubt.rule})。内容を確認してください。"
    await tasks.raise_task(
        session, application, DOUBTED, rule=doubt.rule, reason=reason, now=now, subject=row.account_id
    )
