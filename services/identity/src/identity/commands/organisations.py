"""Organisations that work with the agency, registered, changed and closed by an operator."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.errors import NotFound
from kit.eventlog import record
from madoguchi_contracts.identity import OrganisationChanged, OrganisationClosed, OrganisationRegistered
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from identity.commands import audit
from identity.commands.accounts import close_account
from identity.commands.audit import Deed, Responsible
from identity.domain.people import OrganisationKind, organisation_findings
from identity.errors import OrganisationIncomplete, OrganisationIsClosed
from identity.models import Account, Organisation


class Details(NamedTuple):
    """What is written down of an organisation: `postal_code` of seven digits, `phone` of ten or eleven."""

    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str


async def register(
    session: AsyncSession, *, by: Responsible, kind: OrganisationKind, details: Details, now: datetime
) -> UUID:
    """Register an organisation and return its id; its people get accounts by `staff.add_staff`.

    Raises OrganisationIncomplete.
    """
    _check(details)
    organisation = Organisation(id=uuid.uuid4(), kind=kind.value, **details._asdict(), registered_at=now)
    session.add(organisation)
    await session.flush()
    event = OrganisationRegistered(organisation_id=organisation.id, kind=kind.value, **details._asdict())
    await record(session, event, now=now)
    await audit.note(session, Deed.REGISTER_ORGANISATION, by=by, subject_id=organisation.id, now=now)
    return organisation.id


async def change(
    session: AsyncSession, *, by: Responsible, organisation_id: UUID, details: Details, now: datetime
) -> None:
    """Replace the data of an organisation; the same data again changes nothing and is not told.

    Raises NotFound, OrganisationIncomplete, OrganisationIsClosed.
    """
    _check(details)
    organisation = await lock_organisation(session, organisation_id)
    if organisation.closed_at is not None:
        raise OrganisationIsClosed(organisation_id=str(organisation_id))
    known = Details(*(getattr(organisation, name) for name in Details._fields))
    if known == details:
        return
    for name, value in details._asdict().items():
        setattr(organisation, name, value)
    event = OrganisationChanged(organisation_id=organisation.id, kind=organisation.kind, **details._asdict())
    await record(session, event, now=now)
    await audit.note(session, Deed.CHANGE_ORGANISATION, by=by, subject_id=organisation.id, now=now)


async def close(session: AsyncSession, *, by: Responsible, organisation_id: UUID, now: datetime) -> None:
    """Close an organisation and the accounts of all its people; closing it again changes nothing. Raises NotFound."""
    organisation = await lock_organisation(session, organisation_id)
    if organisation.closed_at is not None:
        return
    organisation.closed_at = now
    await record(session, OrganisationClosed(organisation_id=organisation.id), now=now)
    await audit.note(session, Deed.CLOSE_ORGANISATION, by=by, subject_id=organisation.id, now=now)
    members = select(col(Account.id)).where(col(Account.organisation_id) == organisation_id).order_by(col(Account.id))
    for account_id in (await session.scalars(members)).all():
        await close_account(session, account_id=account_id, now=now)


async def lock_organisation(session: AsyncSession, organisation_id: UUID) -> Organisation:
    """The organisation under its row lock, without which nobody may join it or tell of it. Raises NotFound."""
    row = select(Organisation).where(col(Organisation.id) == organisation_id).with_for_update()
    found = (await session.scalars(row.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise NotFound(organisation_id=str(organisation_id))
    return found


def _check(details: Details) -> None:
    if findings := organisation_findings(**details._asdict()):
        raise OrganisationIncomplete(findings=findings)
