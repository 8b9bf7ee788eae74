"""What this service holds of a person, for that person (GL-618). What the office wrote for itself is not told here: its
reviews, recommendations and notes of calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from applications import desk as contexts
from applications.desk import Desk
from applications.threads import of_message

_CONTACT = text("SELECT mail FROM account_contacts WHERE account_id = :me")
_EKYC = text("SELECT status FROM account_ekyc WHERE account_id = :me")
_MINE = text("""
SELECT id, programme, reference, submission, approved_submission, draft, draft_saved_at, started_at FROM applications
WHERE account_id = :me ORDER BY started_at, id
""")
_JOINED = text("""
SELECT a.id, a.programme, a.reference, a.submission, p.kind, p.since, p.until
FROM application_parties p JOIN applications a ON a.id = p.application_id WHERE p.party_id = :me ORDER BY p.since, p.id
""")
_VERSIONS = text("""
SELECT submission, submitted_at, content, consents, ekyc_status FROM application_versions
WHERE application_id = :id ORDER BY submission
""")
_STEPS = text("""
SELECT a.reference, a.programme, h.application_id, h.track, h.subject, h.source, h.command, h.actor_id, h.at, h.facts
FROM application_history h JOIN applications a ON a.id = h.application_id
WHERE a.account_id = :me OR h.actor_id = :me OR h.subject = :me ORDER BY h.id
""")
_MESSAGES = text("""
SELECT m.id, m.content, m.posted_at, a.reference
FROM messages m JOIN threads t ON t.id = m.thread_id JOIN applications a ON a.id = t.application_id
WHERE m.author_id = :me ORDER BY m.posted_at, m.id
""")
_PROVISIONS = text("""
SELECT a.reference, p.recipient, p.which, p.case_of, p.data_fields, p.purpose, p.consent_version, p.provided_at
FROM provisions p JOIN applications a ON a.id = p.application_id WHERE p.person = :me ORDER BY p.id
""")

_EVIDENCE = text("""
SELECT e.document_id, e.result, e.evidence, a.reference
FROM income_evidence e JOIN applications a ON a.id = e.application_id
WHERE e.subject = :me ORDER BY a.reference, e.document_id
""")


async def held_about(session: AsyncSession, desk: Desk, me: UUID) -> list[dict[str, Any]]:
    """Each kind of data with its name for people."""
    where = {"me": me}
    contact = (await session.execute(_CONTACT, where)).scalar_one_or_none()
    status = (await session.execute(_EKYC, where)).scalar_one_or_none()
    provisions = [dict(row._mapping) for row in await session.execute(_PROVISIONS, where)]
    return [
        {"label": "メールアドレス", "items": [{"mail": desk.unlock(contact, contexts.of_mail(me))}] if contact else []},
        {"label": "本人確認(eKYC)の状況", "items": [{"status": status}] if status else []},
        {"label": "お申込み", "items": [one async for one in _own(session, desk, me)]},
        {"label": "参加しているお申込み", "items": [one async for one in _joined(session, desk, me)]},
        {"label": "お手続きの記録", "items": await _steps(session, desk, me)},
        {"label": "送信されたメッセージ", "items": await _messages(session, desk, me)},
        {"label": "第三者への提供", "items": provisions},
        {"label": "収入証明書の記載内容", "items": await _evidence(session, desk, me)},
    ]


async def _own(session: AsyncSession, desk: Desk, me: UUID) -> Any:
    for row in (await session.execute(_MINE, {"me": me})).all():
        told = {name: value for name, value in row._mapping.items() if name not in ("id", "draft")}
        draft = desk.unlock(row.draft, contexts.of_draft(row.id))
        yield {**told, "draft": draft, "submissions": [one async for one in _versions(session, desk, row.id)]}


async def _versions(session: AsyncSession, desk: Desk, application_id: UUID) -> Any:
    for row in (await session.execute(_VERSIONS, {"id": application_id})).all():
        content = desk.unlock(row.content, contexts.of_version(application_id, row.submission))
        yield {**row._mapping, "content": content}


async def _joined(session: AsyncSession, desk: Desk, me: UUID) -> Any:
    """What others entered of the person, in each submission; the rest of it is the owner's."""
    for row in (await session.execute(_JOINED, {"me": me})).all():
        told = {name: value for name, value in row._mapping.items() if name not in ("id", "submission")}
        entered = [
            {"submission": one["submission"], "entries": list(entries_of(one["content"], me))}
            async for one in _versions(session, desk, row.id)
        ]
        yield {**told, "entered": entered}


def entries_of(content: Any, person: UUID) -> Iterator[Mapping[str, Any]]:
    """The sections of a content that name somebody's account."""
    if isinstance(content, Mapping):
        if content.get("account") == str(person):
            yield content
        for value in content.values():
            yield from entries_of(value, person)
    elif isinstance(content, list):
        for value in content:
            yield from entries_of(value, person)


async def _steps(session: AsyncSession, desk: Desk, me: UUID) -> list[dict[str, Any]]:
    found = []
    for row in (await session.execute(_STEPS, {"me": me})).all():
        workflow = desk.programmes[row.programme].workflow
        step = next((one for one in workflow.rows(row.track, row.command) if row.source in one.sources), None)
        theirs = me in (row.subject, row.actor_id)
        if step is None or not (step.public or theirs):
            continue  # stays inside the office
        facts: Mapping[str, Any] = {}
        if row.facts is not None and (theirs or row.track not in workflow.personal):
            where = contexts.of_facts(row.application_id, row.track, row.subject, row.command)
            facts = desk.unlock(row.facts, where)
        label = step.label
        if row.actor_id != me:
            label, facts = workflow.told(step, facts)
        found.append({"reference": row.reference, "at": row.at, "step": label, "facts": facts or None})
    return found


async def _evidence(session: AsyncSession, desk: Desk, me: UUID) -> list[dict[str, Any]]:
    found = []
    for row in (await session.execute(_EVIDENCE, {"me": me})).all():
        said = desk.unlock(row.evidence, contexts.of_evidence(row.document_id)) if row.evidence else None
        found.append({"reference": row.reference, "result": row.result, "evidence": said})
    return found


async def _messages(session: AsyncSession, desk: Desk, me: UUID) -> list[dict[str, Any]]:
    rows = (await session.execute(_MESSAGES, {"me": me})).all()
    return [
        {"reference": row.reference, "posted_at": row.posted_at, "text": desk.unlock(row.content, of_message(row.id))}
        for row in rows
    ]
