"""The next programme can be told: the table of the decision record runs against the edge cases of its book."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from applications import events
from applications.errors import ImpossibleTransition
from applications.workflow import (
    NOTHING,
    SYSTEM,
    Caller,
    Case,
    Effect,
    Relation,
    Transition,
    Who,
    Workflow,
    check,
    choose,
)
from kit.errors import Finding, Refused
from madoguchi_contracts import Role

RECORD = Path(__file__).parents[2] / "docs" / "decisions" / "0003-workflow-engine.md"
WORDS = {one.__name__: one for one in (Effect, Finding, Relation, Transition, Who, Workflow, Role)} | {
    "events": events,
    "NOTHING": NOTHING,
    "SYSTEM": SYSTEM,
}

OWNER, OFFICER, SECOND = (UUID(int=n) for n in range(1, 4))


def told(name: str) -> Workflow:
    """The table of this name, as the record's block says it."""
    for block in re.findall(r"```python\n(.*?)```", RECORD.read_text(), flags=re.DOTALL):
        if f"{name} = Workflow(" in block:
            space = dict(WORDS)
            exec(block, space)  # noqa: S102 - our own document
            return space[name]
    raise LookupError(name)


class Life:
    """An application that lives by a table, without a database."""

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.id = uuid4()
        self.states: dict[tuple[str, UUID], str] = {}
        self.since_entered: dict[tuple[str, UUID], dict[str, UUID | None]] = {}

    def case(self, states: Mapping[tuple[str, UUID], str] | None = None) -> Case:
        return Case(
            application_id=self.id,
            programme="told",
            account_id=OWNER,
            reference="X-1",
            submission=1,
            approved_submission=None,
            states=self.states if states is None else states,
            now=datetime(2026, 4, 1, tzinfo=UTC),
        )

    def do(
        self, track: str, command: str, role: Role | None, by: UUID | None = None, about: UUID | None = None
    ) -> None:
        key = (track, about or self.id)
        case = self.case()
        row = choose(self.workflow, case, command, Caller(role, by), track=track, subject=key[1])
        steps = self.since_entered.setdefault(key, {})
        check(row, case, actor_id=by, first_officer=steps.get(row.second_of or ""))
        if row.target == case.state(*key):
            steps[command] = by
        else:
            steps.clear()
        self.states[key] = row.target


def owner(life, track, *commands):
    for command in commands:
        life.do(track, command, Role.APPLICANT, OWNER)


def decide(life, command="approve"):
    life.do("loan", "recommend", Role.OFFICE_REVIEWER, OFFICER)
    life.do("loan", command, Role.OFFICE_APPROVER, SECOND)


def applied_rental_loan():
    life = Life(told("RENTAL_LOAN"))
    owner(life, "loan", "start", "submit")
    return life


# RL-267, RL-270
def test_no_interim_payment_without_a_reservation():
    life = applied_rental_loan()
    with pytest.raises(Refused) as refused:
        life.do("interim", "pay_1", Role.OFFICE_APPROVER, SECOND)
    assert "RL-270" in refused.value.rules


# RL-268
@pytest.mark.parametrize("steps", [("pass_design", "complete_papers"), ("complete_papers", "pass_design")])
def test_steps_four_and_five_may_finish_in_either_order(steps):
    life = applied_rental_loan()
    decide(life)
    tracks = {"pass_design": "design", "complete_papers": "papers"}
    for step in steps:
        with pytest.raises(Refused):
            life.do("completion", "pass_completion", Role.OFFICE_REVIEWER, OFFICER)
        life.do(tracks[step], step, Role.OFFICE_REVIEWER, OFFICER)
    life.do("completion", "pass_completion", Role.OFFICE_REVIEWER, OFFICER)


# RL-268
@pytest.mark.parametrize("third_first", [True, False])
def test_the_third_interim_payment_is_before_or_after_the_completion_inspection(third_first):
    life = applied_rental_loan()
    decide(life)
    life.do("design", "pass_design", Role.OFFICE_REVIEWER, OFFICER)
    life.do("papers", "complete_papers", Role.OFFICE_REVIEWER, OFFICER)
    for number in (1, 2):
        life.do("interim", f"pay_{number}", Role.OFFICE_APPROVER, SECOND)
    last = [("interim", "pay_3", Role.OFFICE_APPROVER), ("completion", "pass_completion", Role.OFFICE_REVIEWER)]
    for track, command, role in last if third_first else reversed(last):
        life.do(track, command, role, SECOND)


# RL-263, RL-264, RL-267
def test_no_contract_before_the_total_is_fixed_and_no_total_before_the_completion():
    life = applied_rental_loan()
    decide(life)
    with pytest.raises(Refused):
        life.do("loan", "fix_total", Role.OFFICE_APPROVER, SECOND)
    for track, command in (("design", "pass_design"), ("papers", "complete_papers"), ("completion", "pass_completion")):
        life.do(track, command, Role.OFFICE_REVIEWER, OFFICER)
    with pytest.raises(ImpossibleTransition):
        life.do("loan", "conclude", Role.OFFICE_APPROVER, SECOND)
    life.do("loan", "fix_total", Role.OFFICE_APPROVER, SECOND)
    life.do("loan", "conclude", Role.OFFICE_APPROVER, SECOND)
    with pytest.raises(ImpossibleTransition):
        owner(life, "loan", "withdraw")
