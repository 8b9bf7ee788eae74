"""Which papers an application needs and why, and what would become of a draft that nobody has started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.errors import Finding, NotFound
from kit.japan import to_jst
from kit.tokens import Actor
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.access import Action, caller_of
from applications.cases import hears, open_for, version_of
from applications.desk import Desk
from applications.domain import check_keepable
from applications.filing import facts_for
from applications.programme import CONTACT_NOT_YET_KNOWN, NeededPaper


@dataclass(frozen=True)
class Trial:
    """What a draft comes to: what is in its way, what is to be said, what follows from it, which papers it needs."""

    findings: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    content: Mapping[str, Any]
    papers: Sequence[NeededPaper]


async def needed_papers(
    *, session: AsyncSession, desk: Desk, actor: Actor, application_id: UUID, now: datetime
) -> Sequence[NeededPaper]:
    """The papers of an application as it stands: of what was submitted, on the day of that (GL-628), or else of the
    draft, today. Raises Forbidden, NotFound (also for who hears nothing of the main track).
    """
    application = await open_for(session, desk, actor, Action.VIEW, application_id, now=now)
    if not hears(application, caller_of(actor), application.programme.workflow.main):
        raise NotFound  # which papers are asked for tells of income and family
    if application.submitted is None:
        content, at = desk.unlock(application.draft, contexts.of_draft(application.id)), now
    else:
        kept = await version_of(session, desk, application.id, application.submission)
        content, at = kept["content"], kept["submitted_at"]
    papers = application.programme.papers(content or {}, application.account_id, to_jst(at).date())
    how_far = {one.key: one.state for one in application.programme.examined(application.case(now))}
    return [replace(paper, state=how_far.get(paper.key)) for paper in papers]


async def try_out(
    *, session: AsyncSession, desk: Desk, programme: str, draft: Mapping[str, Any], now: datetime
) -> Trial:
    """Judge a draft by the functions that judge a submission; nothing is kept. Raises NotFound, BadContent."""
    chosen = desk.programmes.get(programme)
    if chosen is None:
        raise NotFound
    check_keepable(draft)
    facts = await facts_for(session, desk, chosen, draft, None, now=now)
    answer = chosen.validate(draft, facts)
    return Trial(
        findings=tuple(one for one in answer.findings if one.code != CONTACT_NOT_YET_KNOWN),
        warnings=answer.warnings,
        content=answer.content,
        papers=chosen.papers(answer.content, None, facts.today),
    )
