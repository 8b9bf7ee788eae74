"""Putting a provision into the log, in the transaction of what provides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.errors import Refused
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.desk import Desk
from applications.privacy import Given, provision_findings, suspension_findings

_RECORD = text("""
INSERT INTO provisions (application_id, person, recipient, which, case_of, data_fields, purpose, ground, restricted,
                        safety_asked, consent_version, provided_at, recorded_by)
VALUES (:application_id, :person, :recipient, :which, :case_of, cast(:data_fields AS text[]), :purpose, :ground,
        :restricted, :safety_asked, :consent_version, :now, :by)
""")


_SUSPENDED = text("SELECT 1 FROM suspensions WHERE account_id = :person AND since IS NOT NULL FOR SHARE")
_SUSPEND = text("""
INSERT INTO suspensions AS known (account_id, request_id, since, sequence)
VALUES (:account_id, :request_id, :since, :sequence)
ON CONFLICT (account_id) DO UPDATE
SET request_id = excluded.request_id, since = excluded.since, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
""")


async def suspend(
    session: AsyncSession, *, account_id: UUID, request_id: UUID, since: datetime | None, sequence: int
) -> None:
    """From now on nothing of the person is provided; with `since` None it may be again (GL-618). `sequence` is the
    event's place in the account's history.
    """
    where = {"account_id": account_id, "request_id": request_id}
    await session.execute(_SUSPEND, {**where, "since": since, "sequence": sequence})


async def require_allowed(session: AsyncSession, given: Given, *, application_id: UUID) -> None:
    """Raise Refused with the rules if this may not be provided now: the use of the person's data is suspended (GL-618),
    or the provision lacks its ground or consent (GL-614, GL-615). Who sends again asks again: what was allowed when it
    was recorded may have been taken back since.
    """
    provision = given.provision
    suspended = (await session.execute(_SUSPENDED, {"person": given.person})).first() is not None
    findings = [*provision_findings(provision, given.consented), *suspension_findings(provision, suspended=suspended)]
    if findings:
        raise Refused(findings=findings, application_id=str(application_id), recipient=provision.recipient)


async def record(
    session: AsyncSession, desk: Desk, given: Given, *, application_id: UUID, by: UUID | None, now: datetime
) -> None:
    """Keep who is given which data about a person, by which case, and why (GL-614, GL-615, GL-621); refused while the
    use of the person's data is suspended (GL-618).

    Call it in the transaction that makes the data available, before it leaves: a provision that may not be raises
    Refused with the rules, and then nothing has happened. `by` None is the system.
    """
    await require_allowed(session, given, application_id=application_id)
    provision, consented = given.provision, given.consented
    ground = provision.ground.strip()
    await session.execute(
        _RECORD,
        {
            "application_id": application_id,
            "person": given.person,
            "recipient": provision.recipient,
            "which": given.which,
            "case_of": provision.case.value,
            "data_fields": sorted(provision.data_fields),
            "purpose": provision.purpose,
            "ground": desk.lock_away(ground, contexts.of_ground(application_id, given.person)) if ground else None,
            "restricted": provision.restricted,
            "safety_asked": provision.safety_asked,
            "consent_version": consented.version if consented else None,
            "now": now,
            "by": by,
        },
    )
