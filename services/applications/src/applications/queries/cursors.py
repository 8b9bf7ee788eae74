"""Where the next page of a list begins, as an opaque text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from applications.errors import BadCursor


def cursor_at(*place: object) -> str:
    """The cursor behind the last item of a page."""
    return base64.urlsafe_b64encode(json.dumps([str(one) for one in place]).encode()).decode()


def place_at(cursor: str, *kinds: Callable[[str], Any]) -> tuple[Any, ...]:
    """What `cursor_at` was given, each part read by its kind. Raises BadCursor."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise BadCursor
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError):
        raise BadCursor from None


def moment(text: str) -> datetime:
    """An aware time. Raises ValueError."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError("a time without a zone")
    return read


def plain(text: str) -> str:
    """A text that PostgreSQL can take. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("a text with a null character")
    text.encode()
    return text
