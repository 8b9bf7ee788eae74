"""What the danshin Web service says of somebody's application there, and the steps that follow from it (GL-102).

The declaration, certificates and everything about somebody's health stay with the service: what is known here is how
far the application has come, of which product it is, and the day of the declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from applications.programmes.green_loan.danshin.join import age_met
from applications.programmes.green_loan.danshin.kinds import Product


class Status(StrEnum):
    """Where an application stands at the service."""

    OPEN = "open"  # the person has not declared yet
    APPLIED = "applied"  # 申込書兼告知書 was handed in (GL-527)
    CERTIFICATE_WANTED = "certificate_wanted"  # 診断書 or 健康診断結果証明書 (GL-528, GL-535, GL-537)
    JOINED = "joined"  # the lead insurer consents (GL-531, GL-532)
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by the person


@dataclass(frozen=True)
class Word:
    """What the service says. `declared_on` is the day of the declaration in Japan (記入日・告知日), None before it."""

    status: Status
    product: Product
    declared_on: date | None


class NotBelieved(Exception):
    """What the service says cannot be: it goes against a rule, or against what it said before. The text says how."""

    def __init__(self, rule: str, what: str) -> None:
        """`what` is for operators, without personal data."""
        super().__init__(what)
        self.rule = rule


_DECIDED: Final[Mapping[str, tuple[str, ...]]] = {
    "applied": ("apply",),
    "certificate_wanted": ("want_certificate",),
    "joined": ("accept",),
    "refused": ("refuse",),
    "switched": ("refuse", "switch"),
}
"""From an application that was handed in to each state that can follow."""
_UNDECIDED: Final = frozenset({"applied", "certificate_wanted"})
_LEAVES: Final = frozenset({"invited", *_UNDECIDED, "joined", "refused", "switched"})


def steps(state: str, wanted: Product, word: Word) -> tuple[str, ...]:
    """The commands that lead the track from its state to where the service says the person stands; empty: no news.

    `wanted` is the product that was applied for. SHIN where SANDAI was wanted means that SANDAI was refused and SHIN
    taken instead (GL-530); any other product is none that can be joined (GL-529). Raises NotBelieved.
    """
    goal = _goal(wanted, word)
    if goal in {state, "invited"} or (state, goal) == ("switched", "refused"):
        return ()
    if goal == "not_joined":
        return ("decline",) if state in _LEAVES else ()
    if (state, goal) == ("refused", "switched"):
        return ("switch",)
    if state == "invited":
        return ("apply", *(_DECIDED[goal] if goal != "applied" else ()))
    if state not in _UNDECIDED:
        raise NotBelieved("GL-102", f"{word.status} after {state}")
    return _DECIDED[goal]


def _goal(wanted: Product, word: Word) -> str:
    """The state of the track that the word stands for. Raises NotBelieved."""
    switched = word.product == "SHIN" and wanted == "SANDAI"
    if word.product != wanted and not switched:
        raise NotBelieved("GL-529", "another product than the one applied for")
    if word.status is Status.OPEN:
        return "invited"
    if word.status is Status.WITHDRAWN:
        return "not_joined"
    if word.declared_on is None:
        raise NotBelieved("GL-527", "no declaration date")
    return "switched" if switched and word.status is Status.JOINED else word.status.value


def believe(birth: date, today: date, word: Word) -> None:
    """GL-531, GL-532: who joined had the age for the product on the day of the declaration, which is not to come.

    Everything else is the insurer's decision. Raises NotBelieved.
    """
    if word.declared_on is None:
        return
    if word.declared_on > today:
        raise NotBelieved("GL-527", "declared on a day to come")
    if word.status is Status.JOINED and not age_met(word.product, birth, word.declared_on):
        rule = "GL-531" if word.product == "SHIN" else "GL-532"
        raise NotBelieved(rule, "joined at an age at which nobody can")
