"""What a user ID looks like. The manual does not say; this file is the only place that knows.

interpretation: ten characters from 28: digits and capital letters without 0 O 1 I L, which look alike, and without the
other vowels, so that no ID spells a word. 28 to the tenth power is about 2 to the 48th: not worth guessing.
"""

from __future__ import annotations

import string
from collections.abc import Callable

ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 10

_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


def new_user_id(choose: Callable[[str], str]) -> str:
    """A user ID whose characters `choose` picks (`secrets.choice`)."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def canonical_user_id(typed: str) -> str:
    """The form in which a typed user ID is looked up: ASCII letters as capitals, nothing else changed.

    Full-width characters are not folded to half width on login (edge case of ID-34).
    """
    return typed.translate(_UPPER)
