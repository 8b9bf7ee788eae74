"""What can be asked of a paper before it is handed in: one area for each kind of paper that officers read."""

from __future__ import annotations

from typing import Any

from kit.areas import Answer, Area

from applications.programmes.green_loan.papers.readings import READINGS, Reading


class WrongInPaper(Answer):
    """Something that is wrong with a paper."""

    rule: str
    code: str
    field: str
    message: str


class PaperAnswer(Answer):
    """Everything that is wrong with a paper; an officer finds the same."""

    findings: list[WrongInPaper]


def _area(kind: str, reading: Reading) -> Area:
    def judge(facts: Any) -> PaperAnswer:
        return PaperAnswer(
            findings=[
                WrongInPaper(rule=one.rule, code=one.code, field=one.field, message=one.message)
                for one in reading.findings(facts, kind)
            ]
        )

    return Area(f"green_loan/paper_{kind}", reading.rules, reading.facts, PaperAnswer, judge)


AREAS = [_area(kind, reading) for kind, reading in READINGS.items()]
