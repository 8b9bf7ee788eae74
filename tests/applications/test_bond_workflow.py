"""AS-82 as a table: every state, command and role, as the table judges it and as the database carries it out."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from applications.cases import Proof, filing_of, lock
from applications.errors import ImpossibleTransition
from applications.moves import move
from applications.programmes.bond.workflow import TRACK, WORKFLOW
from applications.workflow import NOTHING, Caller, Case, Document, ReviewFacts, Validation, choose
from kit.errors import Forbidden
from kit.tokens import Actor
from madoguchi_contracts import Role

pytestmark = pytest.mark.rule("AS-80", "AS-81", "AS-82")

OWNER, STRANGER = UUID(int=1), UUID(int=2)
STATES = (NOTHING, "draft", "applied", "rejected", "approved")
COMMANDS = ("start", "submit", "recommend", "approve", "reject")
PEOPLE = [(role, account) for role in Role for account in (OWNER, STRANGER)] + [(None, None)]

# The whole of what is possible. Everything else is refused.
POSSIBLE = {
    (NOTHING, "start", Role.ASSOCIATION, OWNER): "draft",
    ("draft", "submit", Role.ASSOCIATION, OWNER): "applied",
    ("rejected", "submit", Role.ASSOCIATION, OWNER): "applied",
    **{("applied", "recommend", Role.OFFICE_REVIEWER, one): "applied" for one in (OWNER, STRANGER)},
    **{("applied", "approve", Role.OFFICE_APPROVER, one): "approved" for one in (OWNER, STRANGER)},
    **{
        ("applied", "reject", role, one): "rejected"
        for role in (Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER)
        for one in (OWNER, STRANGER)
    },
}
ALLOWED = {(command, role, account) for _, command, role, account in POSSIBLE}


def outcome(state, command, role, account):
    """What must come of it: the next state, or the error."""
    if (state, command, role, account) in POSSIBLE:
        return POSSIBLE[state, command, role, account]
    return ImpossibleTransition if (command, role, account) in ALLOWED else Forbidden


def case_in(state):
    application = uuid4()
    return Case(
        application_id=application,
        programme="bond",
        account_id=OWNER,
        reference="B-2026-000001",
        submission=1,
        approved_submission=None,
        states={(TRACK, application): state},
        now=datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
def test_the_table_allows_exactly_what_the_rules_say(state, command):
    case = case_in(state)
    for role, account in PEOPLE:
        expected = outcome(state, command, role, account)
        try:
            came = choose(WORKFLOW, case, command, Caller(role, account)).target
        except (Forbidden, ImpossibleTransition) as refused:
            came = type(refused)
        assert came == expected, (state, command, role)


def test_the_table_has_no_other_states_or_commands():
    assert WORKFLOW.states(TRACK) == set(STATES) - {NOTHING}
    assert {row.command for row in WORKFLOW.transitions} == set(COMMANDS)
    assert {row.track for row in WORKFLOW.transitions} == {TRACK}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_impossible_transition_names_its_rules(command):
    rows = WORKFLOW.rows(TRACK, command)
    case = case_in("approved")
    (who, *_) = rows[0].actors
    with pytest.raises(ImpossibleTransition) as caught:
        choose(WORKFLOW, case, command, Caller(who.role, OWNER))
    assert caught.value.status == 409
    assert set(caught.value.rules) == {rule for row in rows for rule in row.rules}


REQUIRED = tuple(Document(uuid4(), slot, "0" * 64, 1, True, False) for slot in ("kanri_kiyaku", "sokai_gijiroku"))


class Undo(Exception):
    """Ends a transaction without a trace."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def in_each_state(counter):
    """An application of each state, with its owner's account."""
    reviewer, approver = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
    draft_owner = await counter.association()
    draft = await draft_owner.start()
    applied, rejected, approved = [await counter.applied() for _ in range(3)]
    answer = await reviewer.post(f"/v1/reviews/{rejected.review_id}/reject", {"reason": "所在地をご確認ください。"})
    assert answer.status_code == 200
    for officer, command in ((reviewer, "recommend"), (approver, "approve")):
        assert (await officer.post(f"/v1/reviews/{approved.review_id}/{command}")).status_code == 200
    # Recommended already, so that of the approval only the state and the actor decide.
    assert (await reviewer.post(f"/v1/reviews/{applied.review_id}/recommend")).status_code == 200
    return {
        "draft": (draft, draft_owner.account_id),
        "applied": (applied.application_id, applied.owner.account_id),
        "rejected": (rejected.application_id, rejected.owner.account_id),
        "approved": (approved.application_id, approved.owner.account_id),
    }


async def attempt(counter, application_id, command, actor):
    """Take a step with everything that its guards ask for, see what is written, and undo it."""
    try:
        async with counter.database.transaction() as session:
            application = await lock(session, counter.desk, application_id)
            filing = filing_of(counter.desk, application, now=counter.clock())
            filing = replace(filing, form=Validation((), (), {"cannot_ekyc": True}), documents=REQUIRED)
            case = replace(
                application.case(counter.clock()),
                filing=filing if command == "submit" else None,
                review=ReviewFacts(uuid4(), date(2026, 4, 15)),
                reason="理由",
            )
            proof = Proof(uuid4(), "submit", filing.sha256)
            await move(session, counter.desk, application, case, command, actor=actor, proof=proof)
            after = (await lock(session, counter.desk, application_id)).state
            raise Undo(after)
    except Undo as undone:
        return undone.args[0]
    except (Forbidden, ImpossibleTransition) as refused:
        return type(refused)


@pytest.mark.parametrize("state", STATES[1:])
async def test_the_database_carries_out_exactly_what_the_table_allows(counter, in_each_state, state):
    application_id, owner = in_each_state[state]
    before = await counter.rows("SELECT count(*) FROM application_history")
    for command, role, account in product(COMMANDS, Role, (OWNER, STRANGER)):
        actor = Actor(owner if account == OWNER else STRANGER, role, uuid4())
        came = await attempt(counter, application_id, command, actor)
        assert came == outcome(state, command, role, account), (state, command, role)
    assert await counter.rows("SELECT count(*) FROM application_history") == before
