"""The rules of the documents service: what fits into a set, and what a file's name says.

They know no programme. Slots and the limit of a set come from the programme, by way of the application's event; the
facts read off a file name (`is_standard_type`, `is_placeholder`) are the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from kit.japan.filenames import (
    PLACEHOLDER_TITLE,
    STANDARD_EXTENSIONS,
    display_name,
    extension,
    is_placeholder,
    is_standard_type,
    title,
)

__all__ = [
    "PLACEHOLDER_TITLE",
    "STANDARD_EXTENSIONS",
    "Attachment",
    "attach",
    "display_name",
    "extension",
    "is_placeholder",
    "is_standard_type",
    "title",
    "total_bytes",
]


Place = TypeVar("Place")


class Attachment(StrEnum):
    """What becomes of one upload."""

    STORED = "stored"
    REFUSED = "refused"


def total_bytes(files: Mapping[Place, int]) -> int:
    """The size of a set, as {place: bytes}."""
    return sum(files.values())


def attach(files: Mapping[Place, int], place: Place, size: int, limit: int) -> Attachment:
    """Whether a file of `size` bytes may go into `place` of the set `files` ({place: bytes}), `limit` inclusive.

    A place is a slot, or one person's part of it. It holds one file, so a replacement counts without the file it
    replaces (DO-03, I-48). A file that would carry the set over the limit is refused and the files present stay (DO-05,
    I-46). The caller decides under the lock of the set, and changes it only if the answer is `stored`.
    """
    after = total_bytes(files) - files.get(place, 0) + size
    return Attachment.STORED if after <= limit else Attachment.REFUSED
