"""Who did what at the counter, why and when: a row in the transaction of the deed, so that neither is alone.

The rows are never changed nor removed; the database refuses it. `madoguchi identity audit` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from identity.models import AuditEntry


class Deed(StrEnum):
    """What is done to accounts and organisations of others, and to keys."""

    REGISTER_ORGANISATION = "register_organisation"
    CHANGE_ORGANISATION = "change_organisation"
    CLOSE_ORGANISATION = "close_organisation"
    ADD_STAFF = "add_staff"
    CLOSE_STAFF = "close_staff"
    RESET_OTP = "reset_otp"
    START_SUCCESSION = "start_succession"
    CONFIRM_SUCCESSION = "confirm_succession"
    WITHDRAW_SUCCESSION = "withdraw_succession"
    ROTATE_KEYS = "rotate_keys"
    REENCRYPT = "reencrypt"
    READ_DATA_REQUEST = "read_data_request"


@dataclass(frozen=True)
class Responsible:
    """Who answers for a deed, in which role, and why it is done. The reason names no person: the subject's id does."""

    who: str
    role: str
    reason: str


def officer(actor: Actor, reason: str) -> Responsible:
    """Somebody who is logged in at the counter."""
    return Responsible(str(actor.account_id), actor.role.value, reason)


def console(name: str, reason: str) -> Responsible:
    """Whoever has the service's settings, by the name they give: the database knows no better."""
    return Responsible(name, "console", reason)


async def note(
    session: AsyncSession, deed: Deed, *, by: Responsible, subject_id: UUID | None = None, now: datetime
) -> None:
    """Keep who did this; `subject_id` is the account or organisation it was done to."""
    entry = AuditEntry(
        at=now, who=by.who, role=by.role, deed=deed.value, subject_id=subject_id, reason=by.reason.strip()
    )
    session.add(entry)
    await session.flush()
