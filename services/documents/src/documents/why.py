"""What `madoguchi why` tells from this service: the set of files, and where each file's scan stands. No file names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kit.why.witness import Answer, Question, Witness
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from documents.domain import Refusal

SHOWN = 50

_SET = text("""
SELECT s.version, s.submission, s.frozen, s.outcome, s.files_deleted_at, s.state_since,
       s.editors IS NOT NULL AS reopened,
       (SELECT h.set_at FROM legal_holds h WHERE h.application_id = s.application_id AND h.released_at IS NULL) AS held
FROM document_sets s WHERE s.application_id = :id
""")
# The newest of each slot's files that were refused or given up; all that are stored or on their way.
_FILES = text("""
SELECT id, slot, status, refusal, scanned_by, placeholder, created_at, stored_at, ended_at, expires_at,
       completion_asked_at, completing_until
FROM documents d WHERE application_id = :id
  AND (status IN ('pending', 'stored')
       OR id = (SELECT n.id FROM documents n WHERE n.application_id = d.application_id AND n.slot = d.slot
                AND n.status IN ('refused', 'expired') ORDER BY n.created_at DESC LIMIT 1))
ORDER BY slot, created_at LIMIT :shown
""")


async def tell(session: AsyncSession, question: Question, answer: Answer) -> None:
    """The set, and each file in words."""
    where = {"id": question.application_id}
    found = (await session.execute(_SET, where)).one_or_none()
    if found is None:
        answer.states.append({"set": "documents has not heard of this application"})
        return
    state = "frozen" if found.frozen else "reopened" if found.reopened else "open"
    if found.outcome is not None:
        state = f"over, as the application ended ({found.outcome})"
    answer.states.append(
        {
            "set": f"files: {state}",
            "since": found.state_since,
            "version": found.version,
            "submission": found.submission,
            "held_since": found.held,
            "deleted_at": found.files_deleted_at,
        }
    )
    for row in await session.execute(_FILES, {**where, "shown": SHOWN}):
        words = scan_of(row, question.now)
        answer.files.append({"slot": row.slot, "scan": words, "id": row.id, "since": row.ended_at or row.created_at})
        if words.startswith("queued"):
            answer.waits.append({"on": "the scanner or the store", "file": row.id, "since": row.completion_asked_at})
            answer.actions.append(("why a file is not scanned", "madoguchi doctor"))


def scan_of(row: Any, now: datetime) -> str:
    """Where the file of a row stands, in words."""
    if row.status == "refused":
        if row.refusal == Refusal.MALWARE_FOUND:
            return "infected: the scanner found malware, and nothing was kept"
        return f"refused: {row.refusal}"
    if row.status == "expired":
        return "given up: it was not uploaded in time"
    if row.status == "stored":
        if row.placeholder:
            return "stored: a paper follows by post"
        return f"stored, scanned by {row.scanned_by}" if row.scanned_by else "stored, not scanned"
    if row.completing_until is not None and row.completing_until > now:
        return "being checked and scanned now"
    if row.completion_asked_at is not None:
        return "queued: uploaded, and no verdict yet"
    return "waits for the applicant's upload"


WITNESS = Witness(service="documents", tell=tell)
