"""Papers that came by post: what is recorded of one, and what is still awaited. How it is judged says the programme."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

GOOD = "OK"


@dataclass(frozen=True)
class Paper:
    """What the staff record of a paper (DO-34).

    `sides` is "both" or "front", `pages` the pages of a passport copy ("photo", "holder"). `has_address` None: not
    looked at.
    """

    kind: str
    arrived: date
    sides: str | None = None
    issued: date | None = None
    has_address: bool | None = None
    expires: date | None = None
    original: bool = False
    applied: date | None = None
    pages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PostOffice:
    """Where an applicant sends papers, and how."""

    name: str
    postal_code: str
    address: str
    telephone: str
    opening_hours: str
    document_margin: tuple[str, ...]
    identity_margin: tuple[str, ...]


class DateNotRecorded(ValueError):
    """The paper cannot be judged before a date of it is recorded; `date_field` says which: issued or applied."""

    def __init__(self, date_field: str) -> None:
        super().__init__(f"the date '{date_field}' of the paper is needed")
        self.date_field = date_field
