"""A programme is a folder: another one, known to tests only, runs on the same machinery by one line of registration."""

import ast
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import applications
import pytest
import pytest_asyncio
from applications import timers
from applications.cases import Proof, lock, move
from applications.programme import registered
from applications.programmes import PROGRAMMES
from applications.workflow import NOTHING, Deadline, Relation, Transition, Who, Workflow
from kit.deadlines import fire_one
from kit.errors import Forbidden, Refused, ServiceError
from kit.tokens import Actor, ProofRefused
from madoguchi_contracts import Role
from support.counter import findings, open_counter
from support.toy_programme.workflow import CONSENT

SOURCES = Path(applications.__file__).parent
FOLDER = {"__init__.py", "form.py", "calculator.py", "workflow.py", "checklist.py", "README.md"}
NAMES = {"bond", "green_loan", "rental_loan"}
WITH_TOY = registered("applications.programmes.bond", "support.toy_programme")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def garden(postgres_url):
    """The service with the programme of the tests."""
    async with open_counter(await postgres_url("applications"), WITH_TOY) as opened:
        yield opened


# The generic machinery


def generic_modules():
    for path in sorted(SOURCES.rglob("*.py")):
        inside = path.relative_to(SOURCES)
        # areas.py is the list of what can be asked of the rules, programme by programme.
        if inside.parts[0] not in {"programmes", "migrations"} and inside.name != "areas.py":
            yield pytest.param(path, id=str(inside))


@pytest.mark.parametrize("path", list(generic_modules()))
def test_generic_machinery_knows_no_programme_by_name(path):
    tree = ast.parse(path.read_text())
    words = set()
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
        if isinstance(node, ast.Name):
            words.add(node.id.lower())
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    examples = {"bond"} if path.name == "schemas.py" else set()  # an example value in the API's documentation
    assert words & NAMES <= examples
    assert not [name for name in imported if name.startswith("applications.programmes.")]


@pytest.mark.parametrize("folder", sorted(p.parent for p in SOURCES.glob("programmes/*/__init__.py")))
def test_a_programme_has_the_files_that_all_have(folder):
    assert {path.name for path in folder.iterdir()} >= FOLDER
    assert (folder / "rules.py").exists() or (folder / "rules" / "__init__.py").exists()
    assert folder.name in PROGRAMMES


def test_two_programmes_cannot_share_a_name():
    with pytest.raises(ValueError, match="share a name"):
        registered("support.toy_programme", "support.toy_programme")


# Tables that contradict themselves

ROW = Transition("a", "go", ("here",), "there", (Who(None),), "", ())


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ((ROW, ROW), "two rows of a for go from"),
        ((Transition("a", "go", ("x",), "y", (Who(None),), "", (), second_of="look"),), "no command"),
        (
            (Transition("a", "go", ("x",), "y", (Who(None),), "", (), deadline=Deadline("stop", lambda now: now)),),
            "no command",
        ),
        ((Transition("a", "go", ("x",), "z", (Who(None),), "", ()),), "no states"),
    ],
)
def test_a_table_that_contradicts_itself_does_not_start(rows, problem):
    with pytest.raises(ValueError, match=problem):
        Workflow(main="a", editable=frozenset({"there"}), transitions=rows)


def test_who_is_admitted_depends_on_role_and_relation():
    owner, subject, other = uuid4(), uuid4(), uuid4()
    for relation, admitted in (
        (Relation.OWNER, {owner}),
        (Relation.SUBJECT, {subject}),
        (Relation.ANY, {owner, subject, other}),
    ):
        row = Transition("a", "go", (NOTHING,), "b", (Who(Role.APPLICANT, relation),), "", ())
        for account in (owner, subject, other):
            assert row.admits(Role.APPLICANT, account, owner, subject) == (account in admitted)
            assert not row.admits(Role.BANK, account, owner, subject)
            assert not row.admits(None, None, owner, subject)


# The fourth programme


async def submitted(garden, person, square_metres=12):
    application = await person.start("garden_plot")
    await person.save(application, {"square_metres": square_metres})
    answer = await person.submit(application)
    return application, answer


async def take(garden, application_id, command, actor, **where):
    """A step of the table that no route offers yet, as a route would take it."""
    now = garden.clock()
    async with garden.database.transaction() as session:
        application = await lock(session, garden.desk, application_id)
        await move(session, garden.desk, application, application.case(now), command, actor=actor, **where)


def actor_of(person):
    return Actor(person.account_id, person.role, uuid4())


async def test_the_fourth_programme_is_offered_and_submitted_like_the_others(garden):
    person = garden.person(Role.APPLICANT)
    offered = (await garden.client.get("/v1/programmes")).json()["items"]
    assert [one["name"] for one in offered] == ["bond", "garden_plot"]
    application, answer = await submitted(garden, person)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "requested"
    assert answer.json()["reference"].startswith("T-2026-")
    second, refused = await submitted(garden, person, square_metres=31)
    assert refused.status_code == 409
    assert findings(refused) == {("TY-01", "SIZE", "square_metres")}
    assert (
        await garden.person(Role.ASSOCIATION).post("/v1/applications", {"programme": "garden_plot"})
    ).status_code == 403
    own = (await person.get("/v1/applications")).json()["items"]
    assert [one["application_id"] for one in own] == [str(application), str(second)]


async def test_each_person_moves_an_own_track_and_the_grant_waits_for_all(garden):
    owner, first, second = (garden.person(Role.APPLICANT) for _ in range(3))
    application, _ = await submitted(garden, owner)
    await garden.hear_own()
    (review,) = await garden.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    for neighbour in (first, second):
        await take(garden, application, "ask", actor_of(owner), track=CONSENT, subject=neighbour.account_id)
    await take(garden, application, "agree", actor_of(first), track=CONSENT, subject=first.account_id)
    with pytest.raises(Forbidden):
        await take(garden, application, "agree", actor_of(first), track=CONSENT, subject=second.account_id)

    reviewer, approver = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_APPROVER)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    refused = await approver.post(f"/v1/reviews/{review.id}/approve")
    assert refused.status_code == 409
    assert findings(refused) == {("TY-03", "CONSENT_MISSING", "")}
    await take(garden, application, "agree", actor_of(second), track=CONSENT, subject=second.account_id)
    assert (await approver.post(f"/v1/reviews/{review.id}/approve")).status_code == 200
    assert (await owner.get(f"/v1/applications/{application}")).json()["state"] == "granted"


async def test_a_command_that_the_programme_does_not_have_is_an_impossible_transition(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    await garden.hear_own()
    (review,) = await garden.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    answer = await garden.person(Role.OFFICE_REVIEWER).post(f"/v1/reviews/{review.id}/reject", {"reason": "広すぎます"})
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")


async def state_of(garden, application):
    (row,) = await garden.rows("SELECT state FROM tracks WHERE application_id = :id", id=application)
    return row.state


async def fire_all(garden):
    while await fire_one(garden.database, timers.handlers(garden.desk), garden.clock()):
        continue


async def test_a_draft_lapses_when_its_deadline_passes_and_not_before(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    garden.clock.advance(days=30, seconds=-1)
    await fire_all(garden)
    assert await state_of(garden, application) == "draft"
    garden.clock.advance(seconds=1)
    await fire_all(garden)
    assert await state_of(garden, application) == "lapsed"
    steps = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [(step["step"], step["by"]) for step in steps] == [("入力を開始", "申請者"), ("期限切れ", "システム")]
    (history,) = await garden.rows(
        "SELECT actor_id, role FROM application_history WHERE application_id = :id AND command = 'lapse'",
        id=application,
    )
    assert (history.actor_id, history.role) == (None, None)


async def test_leaving_the_state_stops_its_timer(garden):
    application, _ = await submitted(garden, garden.person(Role.APPLICANT))
    (row,) = await garden.rows("SELECT id FROM tracks WHERE application_id = :id", id=application)
    assert await garden.rows("SELECT 1 FROM deadlines WHERE subject_id = :id", id=row.id) == []


async def test_a_timer_that_was_overtaken_changes_nothing(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    (row,) = await garden.rows("SELECT id FROM tracks WHERE application_id = :id", id=application)
    (handler,) = timers.handlers(garden.desk).values()
    async with garden.database.transaction() as session:
        await handler(session, row.id, garden.clock())
    assert await state_of(garden, application) == "requested"


async def test_only_the_system_may_give_a_systems_command(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    with pytest.raises(Forbidden):
        await take(garden, application, "lapse", actor_of(owner))


async def test_a_step_that_needs_a_proof_is_not_taken_without(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    with pytest.raises(ServiceError) as caught:
        await take(garden, application, "submit", actor_of(owner))
    assert isinstance(caught.value, Refused)
    assert caught.value.code == "otp_proof_refused"
    assert await state_of(garden, application) == "draft"


async def test_a_proof_opens_one_step_also_where_nothing_is_submitted(garden):
    """A signature, say: a row with a one-time password, and no version to keep."""
    owner = garden.person(Role.APPLICANT)
    first = await owner.start("garden_plot")
    second = await garden.person(Role.APPLICANT, owner.account_id).start("garden_plot")
    proof = Proof(uuid4(), "submit")

    async def sign(application_id):
        async with garden.database.transaction() as session:
            application = await lock(session, garden.desk, application_id)
            workflow = application.programme.workflow
            rows = (replace(row, guards=(), event=None) for row in workflow.transitions)
            signing = replace(application.programme, workflow=replace(workflow, transitions=tuple(rows)))
            application = replace(application, programme=signing)
            case = application.case(garden.clock())
            await move(session, garden.desk, application, case, "submit", actor=actor_of(owner), proof=proof)

    await sign(first)
    with pytest.raises(ProofRefused):
        await sign(second)
    assert (await state_of(garden, first), await state_of(garden, second)) == ("requested", "draft")
