"""The later programmes can be told: the tables of the decision record run against the edge cases of their books."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from applications.errors import ImpossibleTransition, SecondOfficerNeeded
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
from kit.errors import Finding, Forbidden, Refused
from madoguchi_contracts import Party, Role

RECORD = Path(__file__).parents[2] / "docs" / "decisions" / "0003-workflow-engine.md"
WORDS = {one.__name__: one for one in (Effect, Finding, Relation, Transition, Who, Workflow, Role)} | {
    "NOTHING": NOTHING,
    "SYSTEM": SYSTEM,
}

OWNER, DEBTOR, OFFICER, SECOND = (UUID(int=n) for n in range(1, 5))


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
            parties=(Party(party_id=DEBTOR, kind="joint_debtor", grants=("view",)),),
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


def system(life, track, *commands, about=None):
    for command in commands:
        life.do(track, command, None, about=about)


def decide(life, command="approve"):
    life.do("loan", "recommend", Role.OFFICE_REVIEWER, OFFICER)
    life.do("loan", command, Role.OFFICE_APPROVER, SECOND)


def accepted_green_loan():
    life = Life(told("GREEN_LOAN"))
    owner(life, "loan", "start", "submit")
    system(life, "loan", "begin_review")
    for person in (OWNER, DEBTOR):
        system(life, "identity", "ask", about=person)
    return life


def certified(life):
    owner(life, "technical", "request")
    life.do("technical", "confirm_plan", Role.INSPECTION_BODY)
    owner(life, "technical", "start_works", "complete", "report")
    life.do("technical", "certify", Role.INSPECTION_BODY)


def codes(error):
    return {finding.code for finding in error.value.findings}


# GL-089, GL-105, GL-106, GL-458
def test_works_start_after_the_decision_and_the_plan_and_not_before_either():
    life = accepted_green_loan()
    owner(life, "technical", "request")  # GL-095: before or after the loan application
    with pytest.raises(ImpossibleTransition):  # T2 is missing
        owner(life, "technical", "start_works")
    life.do("technical", "confirm_plan", Role.INSPECTION_BODY)
    with pytest.raises(Refused) as refused:  # L3 is missing
        owner(life, "technical", "start_works")
    assert codes(refused) == {"NOT_DECIDED"}
    decide(life)
    owner(life, "technical", "start_works")


# GL-077, GL-105
def test_the_institution_takes_the_papers_when_the_works_are_confirmed():
    life = accepted_green_loan()
    decide(life)
    with pytest.raises(Refused) as refused:
        life.do("loan", "receive", Role.BANK)
    assert codes(refused) == {"NO_CERTIFICATE"}
    certified(life)
    life.do("loan", "receive", Role.BANK)


# GL-079, GL-101, GL-487, GL-495
def test_the_contract_waits_for_every_signature_and_every_identity():
    life = accepted_green_loan()
    decide(life)
    certified(life)
    life.do("loan", "receive", Role.BANK)
    life.do("loan", "open", Role.OFFICE_REVIEWER)
    for person in (OWNER, DEBTOR):
        system(life, "signature", "invite", about=person)
    life.do("signature", "sign", Role.APPLICANT, OWNER, OWNER)
    with pytest.raises(Forbidden):
        life.do("signature", "sign", Role.APPLICANT, OWNER, DEBTOR)
    system(life, "identity", "pass_ekyc", about=OWNER)
    with pytest.raises(Refused) as refused:
        system(life, "loan", "conclude")
    assert codes(refused) == {"UNVERIFIED", "NOT_SIGNED"}
    life.do("signature", "sign", Role.JOINT_DEBTOR, DEBTOR, DEBTOR)
    life.do("identity", "see", Role.BANK, about=DEBTOR)
    system(life, "loan", "conclude", "disburse", "miss", "settle")
    assert life.case().state("loan") == "repaying"


# GL-076, GL-433
def test_after_a_doubt_only_a_new_decision_leads_on():
    life = accepted_green_loan()
    decide(life)
    certified(life)
    life.do("loan", "receive", Role.BANK)
    life.do("loan", "doubt", Role.OFFICE_REVIEWER, OFFICER)
    for command, role in (("open", Role.OFFICE_REVIEWER), ("receive", Role.BANK)):
        with pytest.raises(ImpossibleTransition):
            life.do("loan", command, role)
    with pytest.raises(SecondOfficerNeeded):  # the first recommendation is used up
        life.do("loan", "approve", Role.OFFICE_APPROVER, SECOND)
    decide(life)
    assert life.case().state("loan") == "approved"


# GL-074, GL-075
@pytest.mark.parametrize("command", ["approve", "reject"])
def test_a_decision_that_is_final_needs_two_officers(command):
    life = accepted_green_loan()
    with pytest.raises(SecondOfficerNeeded):
        life.do("loan", command, Role.OFFICE_APPROVER, SECOND)
    life.do("loan", "recommend", Role.OFFICE_REVIEWER, OFFICER)
    with pytest.raises(SecondOfficerNeeded):
        life.do("loan", command, Role.OFFICE_APPROVER, OFFICER)
    life.do("loan", command, Role.OFFICE_APPROVER, SECOND)


# GL-084, GL-085, GL-086, GL-105
def test_side_exits_are_open_where_the_book_says():
    workflow = told("GREEN_LOAN")
    life = Life(workflow)

    def states_from(command, role):
        found = set()
        for state in workflow.states("loan"):
            case = life.case({("loan", life.id): state})
            try:
                choose(workflow, case, command, Caller(role, OWNER))
            except ImpossibleTransition:
                continue
            found.add(state)
        return found

    running = {"accepted", "under_review", "approved", "re_review", "cert_submitted", "contract_open"}
    assert states_from("withdraw", Role.APPLICANT) == running
    assert states_from("cancel", Role.OFFICE_APPROVER) == running
    assert states_from("stop", Role.OFFICE_APPROVER) == {"draft", *running, "contracted"}


# GL-084
def test_a_withdrawal_leaves_the_technical_track_where_it_is():
    life = accepted_green_loan()
    owner(life, "technical", "request")
    owner(life, "loan", "withdraw")
    assert life.case().state("technical") == "requested"


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
