"""The announcement of the posting."""

from __future__ import annotations

from datetime import datetime

from kit.errors import Refused
from kit.tokens import Actor
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications.access import Action, allow
from applications.features.green_loan.certificates.queries import Posting
from applications.programmes.green_loan.procedure.certificates import posting_findings

_ANNOUNCE = text("""
INSERT INTO certificate_postings (year, first, last, announced_by, announced_at)
VALUES (:year, :first, :last, :announced_by, :announced_at)
""")


async def announce(*, session: AsyncSession, actor: Actor, year: int, posting: Posting, now: datetime) -> Posting:
    """Announce when the certificates of a year are posted (GL-507); a later announcement takes its place.

    Raises Forbidden, Refused.
    """
    allow(actor, Action.ANNOUNCE_POSTING)
    findings = posting_findings(year, posting.first, posting.last, "first")
    if findings:
        raise Refused(findings=findings)
    told = {"announced_by": actor.account_id, "announced_at": now}
    await session.execute(_ANNOUNCE, {"year": year, "first": posting.first, "last": posting.last, **told})
    return posting
