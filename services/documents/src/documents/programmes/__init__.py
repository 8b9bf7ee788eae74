"""What each programme says of papers that come by post. A programme that says nothing has no entry in a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from documents.papers import Paper, PostOffice
from documents.programmes import bond

Judge = Callable[[Paper, frozenset[str]], str]


def take_anything(_paper: Paper, _slots: frozenset[str]) -> str:
    """The result of every paper in a programme without rules for papers: the office has it, and that is all."""
    return "OK"


POST_OFFICES: Mapping[str, PostOffice] = {"bond": bond.POST_OFFICE}
JUDGES: Mapping[str, Judge] = {"bond": bond.judge}


def judge_of(programme: str) -> Judge:
    """The rule that judges a programme's papers: a function of the paper and the slots of its application.

    It returns OK or what is wrong, and raises DateNotRecorded.
    """
    return JUDGES.get(programme, take_anything)
