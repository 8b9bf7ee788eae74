"""The two products of danshin, and what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Product = Literal["SHIN", "SANDAI"]
"""GL-512: 新機構団信, and 新3大疾病付機構団信."""

Choice = Literal["NONE", "SHIN", "DUET", "SANDAI"]
"""GL-252, GL-253, GL-513: what a rate is looked up by. Joining is not mandatory: NONE. DUET is SHIN for a couple."""

LABELS: Final[Mapping[Choice, str]] = {
    "NONE": "団信に加入しない",
    "SHIN": "新機構団信",
    "DUET": "新機構団信(デュエット・ペア連生団信)",
    "SANDAI": "新3大疾病付機構団信",
}


def product_of(choice: Choice) -> Product | None:
    """The product behind a choice (GL-522: Duet exists for SHIN only). None: nobody joins."""
    if choice == "NONE":
        return None
    return "SHIN" if choice == "DUET" else choice
