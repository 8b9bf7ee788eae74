"""Putting a provision into the log, in the transaction of what provides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.errors import Refused
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.desk import Desk
from applications.privacy import Given, provision_findings

_RECORD = text("""
INSERT INTO provisions (application_id, person, recipient, which, case_of, data_fields, purpose, ground, restricted,
                        safety_asked, consent_version, provided_at, recorded_by)
VALUES (:application_id, :person, :recipient, :which, :case_of, cast(:data_fields AS text[]), :purpose, :ground,
        :restricted, :safety_asked, :consent_version, :now, :by)
""")


async def record(
    session: AsyncSession, desk: Desk, given: Given, *, application_id: UUID, by: UUID | None, now: datetime
) -> None:
    """Keep who is given which data about a person, by which case, and why (GL-614, GL-615, GL-621).

    Call it in the transaction that makes the data available, before it leaves: a provision that may not be raises
    Refused with the rules, and then nothing has happened. `by` None is the system.
    """
    provision, consented = given.provision, given.consented
    if findings := provision_findings(provision, consented):
        raise Refused(findings=findings, application_id=str(application_id), recipient=provision.recipient)
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
