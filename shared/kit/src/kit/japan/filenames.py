"""File names as applicants give them: extension, title, and what both say about an upload (DO-06, DO-13).

The documents service records these two facts with every upload, and the simulator of a programme asks them of
names; so they stand here, once.
"""

from __future__ import annotations

import unicodedata

STANDARD_EXTENSIONS = frozenset({"pdf", "csv", "gif", "jpg", "jpeg", "png", "zip"})
PLACEHOLDER_TITLE = "6MBを超えたため書類を郵送します。"


def display_name(name: str) -> str:
    """The name as it is shown and compared: trimmed and in NFC, because macOS sends decomposed kana."""
    return unicodedata.normalize("NFC", name).strip()


def title(name: str) -> str:
    """The display name without its extension, trimmed (DO-13, I-49)."""
    stem, dot, extension = display_name(name).rpartition(".")
    return (stem if dot else extension).strip()


def extension(name: str) -> str:
    """What follows the last full stop, in lower case; empty if there is none."""
    _, dot, extension = display_name(name).rpartition(".")
    return extension.lower() if dot else ""


def is_standard_type(name: str) -> bool:
    """Whether the name ends as one of the types that the file chooser offers, in any letter case (DO-06)."""
    return extension(name) in STANDARD_EXTENSIONS


def is_placeholder(name: str) -> bool:
    """Whether this is the stand-in for papers that are too large and come by post (DO-13)."""
    return title(name) == PLACEHOLDER_TITLE
