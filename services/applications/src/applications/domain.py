"""Small rules of the counter that no programme owns: digests, references, due days, what a draft may hold."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kit.japan import to_jst
from kit.japan.business_days import add_business_days

from applications.errors import BadContent
from applications.workflow import Document


def digest_of(programme: str, content: Mapping[str, Any], documents: Sequence[Document]) -> str:
    """The SHA-256 (hex) of what is submitted: programme, normalised content and document set, as canonical JSON.

    A proof is bound to it, so changing a letter of the form or a byte of a file voids the proof, and so does saying
    that a paper is somebody else's. A file that is nobody's own is written as before there were such papers.
    """
    files = sorted(
        [one.slot, str(one.document_id), one.sha256, *([str(one.subject)] if one.subject else [])] for one in documents
    )
    whole = {"programme": programme, "content": content, "documents": files}
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def digest_of_step(application_id: UUID, track: str, subject: UUID, command: str, entered_step: int) -> str:
    """The SHA-256 (hex) that a proof for a step without a content is bound to: this step, in this stay in its state."""
    what = f"{application_id}/{track}/{subject}/{command}/{entered_step}"
    return hashlib.sha256(what.encode()).hexdigest()


def reference_of(prefix: str, now: datetime, number: int) -> str:
    """The number that people read out, such as B-2026-000123; the year is that of Japan."""
    return f"{prefix}-{to_jst(now).year}-{number:06d}"


def review_due_on(submitted_at: datetime, business_days: int) -> date:
    """The last day for the decision: so many business days after the day of the submission in Japan.

    How many is said by the programme.
    """
    return add_business_days(to_jst(submitted_at).date(), business_days)


MAX_DEPTH = 16


def check_keepable(content: Mapping[str, Any]) -> None:
    """Raise BadContent for what cannot be written as JSON text again: lone surrogates, NaN, or bottomless nesting."""
    if _depth(content) > MAX_DEPTH:
        raise BadContent("入力内容の階層が深すぎます。")
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        raise BadContent("使用できない文字または数値が含まれています。") from None


def _depth(value: Any) -> int:
    """How deep the value is nested, without recursion: the value comes from outside."""
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        level = inner
    return depth
