"""What this service holds of a person, for that person (GL-618). The files themselves are downloaded as always."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from documents.models import Document, DocumentSet, PostedPaper


async def held_about(session: AsyncSession, me: UUID) -> list[dict[str, Any]]:
    """Each kind of data with its name for people."""
    mine = (col(DocumentSet.account_id) == me) & col(Document.subject).is_(None)
    joined = select(Document).join(DocumentSet, col(DocumentSet.application_id) == col(Document.application_id))
    which = or_(col(Document.subject) == me, col(Document.uploaded_by) == me, mine)
    files = (await session.scalars(joined.where(which).order_by(col(Document.created_at), col(Document.id)))).all()
    of_mine = select(PostedPaper).join(DocumentSet, col(DocumentSet.application_id) == col(PostedPaper.application_id))
    papers = await session.scalars(
        of_mine.where(col(DocumentSet.account_id) == me).order_by(col(PostedPaper.recorded_at), col(PostedPaper.id))
    )
    return [
        {"label": "ご提出の書類(ファイル)", "items": [_file(one) for one in files]},
        {
            "label": "郵送された書類の記録",
            "items": [
                {name: getattr(one, name) for name in ("application_id", "kind", "arrived_on", "facts", "result")}
                for one in papers.all()
            ],
        },
    ]


def _file(one: Document) -> dict[str, Any]:
    facts = ("application_id", "slot", "size_bytes", "sha256", "status", "created_at", "stored_at", "ended_at")
    return {"document_id": one.id, "file_name": one.shown_name, **{name: getattr(one, name) for name in facts}}
