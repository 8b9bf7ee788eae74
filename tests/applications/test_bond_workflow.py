"""The bond's table: every state, command and person, as the table judges and as the database does; and what no path
through it reaches.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from applications.cases import Proof, lock
from applications.errors import ImpossibleTransition, SecondOfficerNeeded
from applications.filing import filing_of
from applications.moves import move
from applications.programmes.bond.workflow import TRACK, WORKFLOW, parties
from applications.workflow import (
    NOTHING,
    Caller,
    Case,
    Document,
    Effect,
    NotAtHand,
    ReviewFacts,
    Validation,
    check,
    choose,
)
from hypothesis import given
from hypothesis import strategies as st
from kit.errors import Forbidden
from kit.tokens import Actor
from madoguchi_contracts import Role
from support.counter import good_content

pytestmark = pytest.mark.rule("AS-57", "AS-80", "AS-81", "AS-82", "AS-83")

OWNER, STRANGER, COMPANY, OTHER_COMPANY = (UUID(int=n) for n in range(1, 5))
STATES = (NOTHING, "draft", "applied", "rejected", "approved", "changing", "proxy_draft", "proxy_waiting")
COMMANDS = (
    *("start", "submit", "recommend", "approve", "reject", "change"),
    *("change_by_proxy", "hand_over", "approve_proxy", "decline_proxy", "withdraw"),
)
# Each role as the owner's account, as another one, and as somebody of the entrusted or of another company.
PEOPLE = [
    Caller(),
    *(
        Caller(role, account, organisation)
        for role, account, organisation in product(Role, (OWNER, STRANGER), (None, COMPANY, OTHER_COMPANY))
    ),
]


def is_owner(caller, level):
    return (caller.role, caller.account_id) == (Role.ASSOCIATION, OWNER)


def is_proxy(caller, level):
    return (caller.role, caller.organisation_id, level) == (Role.COMPANY, COMPANY, 1)


def is_reviewer(caller, level):
    return caller.role == Role.OFFICE_REVIEWER


def is_approver(caller, level):
    return caller.role == Role.OFFICE_APPROVER


# The whole of what is possible. Everything else is refused. True: only where something is in force.
POSSIBLE = [
    ("start", [NOTHING], "draft", [is_owner], False),
    ("submit", ["draft", "rejected", "changing"], "applied", [is_owner], False),
    ("recommend", ["applied"], "applied", [is_reviewer], False),
    ("approve", ["applied"], "approved", [is_approver], False),
    ("reject", ["applied"], "rejected", [is_reviewer, is_approver], False),
    ("change", ["approved"], "changing", [is_owner], False),
    ("change_by_proxy", ["approved"], "proxy_draft", [is_proxy], False),
    ("hand_over", ["proxy_draft"], "proxy_waiting", [is_proxy], False),
    ("approve_proxy", ["proxy_waiting"], "applied", [is_owner], False),
    ("decline_proxy", ["proxy_waiting"], "proxy_draft", [is_owner], False),
    ("withdraw", ["changing", "proxy_waiting", "applied", "rejected"], "approved", [is_owner], True),
    ("withdraw", ["proxy_draft"], "approved", [is_owner, is_proxy], False),
]


def outcome(state, command, caller, level, in_force):
    """What must come of it: the next state, or the error."""
    rows = [row for row in POSSIBLE if row[0] == command and any(who(caller, level) for who in row[3])]
    for _, sources, target, _, needs_approval in rows:
        if state in sources and (in_force or not needs_approval):
            return target
    return ImpossibleTransition if rows else Forbidden


def case_in(state, level=None, approved=None):
    application = uuid4()
    named = {} if level is None else {"company": {"id": str(COMPANY), "level": level}}
    return Case(
        application_id=application,
        programme="bond",
        account_id=OWNER,
        reference="B-2026-000001",
        submission=1,
        approved_submission=approved,
        states={(TRACK, application): state},
        now=datetime(2026, 4, 1, tzinfo=UTC),
        parties=tuple(parties(named)),
    )


@pytest.mark.rule("AS-53", "AS-56")
@pytest.mark.parametrize("level", [None, 1, 2, 3])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
def test_the_table_allows_exactly_what_the_rules_say(state, command, level):
    for approved in (None, 1):
        case = case_in(state, level, approved)
        for caller in PEOPLE:
            expected = outcome(state, command, caller, level, approved)
            try:
                came = choose(WORKFLOW, case, command, caller).target
            except (Forbidden, ImpossibleTransition) as refused:
                came = type(refused)
            assert came == expected, (state, command, caller)


def test_the_table_has_no_other_states_or_commands():
    assert WORKFLOW.states(TRACK) == set(STATES) - {NOTHING}
    assert {row.command for row in WORKFLOW.transitions} == set(COMMANDS)
    assert {row.track for row in WORKFLOW.transitions} == {TRACK}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_impossible_transition_names_its_rules(command):
    rows = WORKFLOW.rows(TRACK, command)
    state = "draft" if command.startswith("change") else "approved"
    case = case_in(state, level=1)
    (who, *_) = rows[0].actors
    with pytest.raises(ImpossibleTransition) as caught:
        choose(WORKFLOW, case, command, Caller(who.role, OWNER, COMPANY))
    assert caught.value.status == 409
    assert set(caught.value.rules) == {rule for row in rows for rule in row.rules}


@pytest.mark.rule("AS-53", "AS-56")
@pytest.mark.parametrize("state", STATES)
def test_who_may_change_the_draft_and_who_sees_it(state):
    editor = {"draft": is_owner, "rejected": is_owner, "changing": is_owner, "proxy_draft": is_proxy}
    for level, caller in product((None, 1, 2, 3), PEOPLE):
        case = case_in(state, level, approved=1)
        may_edit = state in editor and editor[state](caller, level)
        assert WORKFLOW.may_edit(case, caller) == may_edit
        shown_to_company = state in {"proxy_draft", "proxy_waiting"} and is_proxy(caller, level)
        assert WORKFLOW.sees_draft(case, caller) == (caller.account_id == OWNER or shown_to_company)


# What no path reaches


class Life:
    """An application that lives by the table without a database, with what its effects do."""

    def __init__(self, level):
        self.case = replace(case_in(NOTHING, level), submission=0)
        self.level = level
        self.since = {}
        self.draft, self.versions, self.in_force = 0, [], None
        self.approvals = []

    @property
    def state(self):
        return self.case.state(TRACK)

    def give(self, command, caller):
        case = self.case
        if command == "edit":
            if not WORKFLOW.may_edit(case, caller):
                raise Forbidden
            self.draft += 1
            return
        row = choose(WORKFLOW, case, command, caller)
        first = self.since.get(row.second_of)
        check(replace(row, guards=()), case, actor_id=caller.account_id, first_officer=first)
        if row.target == self.state:
            self.since[command] = caller.account_id
        else:
            self.since = {}
        if Effect.FILES in row.effects:
            self.versions.append(self.draft)
        if Effect.COMES_INTO_FORCE in row.effects:
            self.in_force = self.versions[-1]
            self.approvals.append((first, caller.account_id))
        if Effect.RESTORES in row.effects:
            self.draft = self.in_force
        states = {(TRACK, case.application_id): row.target}
        approved = len(self.versions) if Effect.COMES_INTO_FORCE in row.effects else case.approved_submission
        self.case = replace(case, states=states, submission=len(self.versions), approved_submission=approved)


OFFICERS = [UUID(int=n) for n in (10, 11)]
ACTING = [
    Caller(Role.ASSOCIATION, OWNER),
    Caller(Role.ASSOCIATION, STRANGER),
    Caller(Role.COMPANY, STRANGER, COMPANY),
    Caller(Role.COMPANY, STRANGER, OTHER_COMPANY),
    *(Caller(role, one) for role in (Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER) for one in OFFICERS),
]


DEEDS = list(product([*COMMANDS, "edit"], ACTING))


def is_open(life, deed):
    command, caller = deed
    if command == "edit":
        return WORKFLOW.may_edit(life.case, caller)
    return outcome(life.state, command, caller, life.level, life.in_force is not None) in STATES


@given(st.sampled_from([None, 1, 2, 3]), st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=60))
def test_no_path_leads_to_an_approval_by_one_officer_or_changes_what_was_approved(level, path):
    """Each step is one of those that are open, or any at all."""
    life = Life(level)
    for reasonable, number in path:
        deeds = [deed for deed in DEEDS if is_open(life, deed)] if reasonable else DEEDS
        command, caller = deeds[number % len(deeds)]
        before, approvals = life.in_force, len(life.approvals)
        try:
            life.give(command, caller)
        except (Forbidden, ImpossibleTransition, SecondOfficerNeeded):
            continue
        if len(life.approvals) == approvals:
            assert life.in_force == before
        if life.state == "approved":
            assert life.in_force is not None
            assert life.draft == life.in_force
        if caller.role == Role.COMPANY:
            assert (level, caller.organisation_id) == (1, COMPANY)
            assert life.state in {"proxy_draft", "proxy_waiting", "approved"}
    for first, second in life.approvals:
        assert first is not None
        assert first != second


# In the database

REQUIRED = tuple(Document(uuid4(), slot, "0" * 64, 1, True, False) for slot in ("kanri_kiyaku", "sokai_gijiroku"))


class Undo(Exception):
    """Ends a transaction without a trace."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def in_each_state(counter):
    """An application of each state, entrusted to a company with level 1 where something is in force; with its owner."""

    async def managed(*steps):
        made = await counter.managed(1)
        for who, command in steps:
            answer = await getattr(made, who).step(made.application_id, command)
            assert answer.status_code == 200, answer.text
        return made.application_id, made.owner.account_id, made.clerk.organisation_id

    async def first(rejected):
        filed = await counter.applied()
        answer = await counter.reject(filed) if rejected else None
        assert answer is None or answer.status_code == 200
        return filed.application_id, filed.owner.account_id, COMPANY

    async def changed(rejected):
        made = await counter.managed(1)
        await made.owner.step(made.application_id, "change")
        assert (await made.owner.submit(made.application_id)).status_code == 201
        filed = await counter.reviewed(made.owner, made.application_id)
        answer = await counter.reject(filed) if rejected else None
        assert answer is None or answer.status_code == 200
        return made.application_id, made.owner.account_id, made.clerk.organisation_id

    owner = await counter.association()
    found = {
        ("draft", False): (await owner.start(), owner.account_id, COMPANY),
        ("applied", False): await first(rejected=False),
        ("rejected", False): await first(rejected=True),
        ("applied", True): await changed(rejected=False),
        ("rejected", True): await changed(rejected=True),
        ("approved", True): await managed(),
        ("changing", True): await managed(("owner", "change")),
        ("proxy_draft", True): await managed(("clerk", "change_by_proxy")),
        ("proxy_waiting", True): await managed(("clerk", "change_by_proxy"), ("clerk", "hand_over")),
    }
    # Recommended already, so that of the approval only the state and the actor decide.
    reviewer = counter.person(Role.OFFICE_REVIEWER)
    for approved in (False, True):
        application_id, _, _ = found["applied", approved]
        (review,) = await counter.rows(
            "SELECT id FROM reviews WHERE application_id = :id AND closed_at IS NULL", id=application_id
        )
        assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    return found


async def attempt(counter, application_id, command, actor):
    """Take a step with everything that its guards ask for, see what is written, and undo it."""
    rows = WORKFLOW.rows(TRACK, command)
    looks = any(row.effects & {Effect.FILES, Effect.READS} for row in rows)
    try:
        async with counter.database.transaction() as session:
            application = await lock(session, counter.desk, application_id)
            filing = await filing_of(session, counter.desk, application, now=counter.clock())
            filing = replace(filing, form=Validation((), (), {"cannot_ekyc": True}), documents=REQUIRED)
            case = replace(
                application.case(counter.clock()),
                filing=filing if looks else None,
                review=ReviewFacts(uuid4(), date(2026, 4, 15)),
                reason="理由",
            )
            proof = Proof(uuid4(), rows[0].command, filing.sha256) if rows[0].otp else None
            after = await move(session, counter.desk, application, case, command, actor=actor, proof=proof)
            written = (await lock(session, counter.desk, application_id)).state
            assert after.state == written
            raise Undo(written)
    except Undo as undone:
        return undone.args[0]
    except (Forbidden, ImpossibleTransition) as refused:
        return type(refused)


@pytest.mark.parametrize(
    ("state", "approved"),
    [("draft", False), *product(("applied", "rejected"), (False, True)), *((one, True) for one in STATES[4:])],
)
async def test_the_database_carries_out_exactly_what_the_table_allows(counter, in_each_state, state, approved):
    application_id, owner, company = in_each_state[state, approved]
    before = await counter.rows("SELECT count(*) FROM application_history")
    for command, role, account, organisation in product(COMMANDS, Role, (OWNER, STRANGER), (None, COMPANY)):
        actor = Actor(owner if account == OWNER else STRANGER, role, uuid4(), company if organisation else None)
        came = await attempt(counter, application_id, command, actor)
        caller = Caller(role, account, organisation)
        level = 1 if approved else None
        assert came == outcome(state, command, caller, level, approved), (state, command, role)
    assert await counter.rows("SELECT count(*) FROM application_history") == before


def test_a_guard_that_finds_nothing_to_look_at_lets_nothing_pass():
    (row,) = WORKFLOW.rows(TRACK, "hand_over")
    for guard in row.guards:
        with pytest.raises(NotAtHand):
            guard(case_in("proxy_draft", 1, 1))


def test_good_content_gives_no_rights_to_anybody():
    assert parties(good_content()) == []
