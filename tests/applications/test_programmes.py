"""A programme is a folder: another one, known to tests only, runs on the same machinery by one line of registration."""

import ast
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import applications
import pytest
import pytest_asyncio
from applications import timers
from applications.domain import review_due_on
from applications.forms import Form
from applications.programme import registered
from applications.programmes import PROGRAMMES
from applications.workflow import (
    NOTHING,
    START,
    SUBMIT,
    SYSTEM,
    Caller,
    Case,
    Deadline,
    Effect,
    Relation,
    Transition,
    Who,
    Workflow,
)
from kit.deadlines import fire_one
from madoguchi_contracts import EkycStatusChanged, InvitationAccepted, Party, Role
from support.counter import findings, open_counter
from support.toy_programme.workflow import CONSENT, SURVEY

SOURCES = Path(applications.__file__).parent
FOLDER = {"__init__.py", "workflow.py", "README.md"}
# What a programme has besides its rules and its table, and the tables and routes of it. Nothing generic uses it.
FEATURES = {
    "features",
    *("api/bond", "api/green_loan", "api/schemas/green_loan.py"),
    *("models/danshin.py", "models/rates.py"),
}
# What is put together, programme by programme.
LISTS = {"areas.py", "main.py", "errands.py", "api/__init__.py"}
NAMES = {"bond", "green_loan", "rental_loan"}
MEASURED = {"square_metres": 12}
WITH_TOY = registered("applications.programmes.bond", "support.toy_programme")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def garden(postgres_url):
    """The service with the programme of the tests."""
    async with open_counter(await postgres_url("applications"), WITH_TOY) as opened:
        yield opened


# The generic machinery


# Words that a table and the machinery both use, each for something of its own.
ORDINARY = {
    *("draft", START, SUBMIT, "closed", "in_force", "under_review", "overdue", "withdrawn"),
    *("danshin", "completed", "ended"),
}
# Words of the programmes' tables.
OF_TABLES = {
    word
    for programme in PROGRAMMES.values()
    for row in programme.workflow.transitions
    for word in (row.command, row.target, row.track)
} - ORDINARY


def generic_modules():
    for path in sorted(SOURCES.rglob("*.py")):
        inside = path.relative_to(SOURCES)
        # The verifier is a program of its own, in words of its own.
        elsewhere = {"programmes", "migrations", "history_verifier.py", *FEATURES, *LISTS}
        if not any(inside.is_relative_to(one) for one in elsewhere):
            yield pytest.param(path, id=str(inside))


@pytest.mark.parametrize("path", list(generic_modules()))
def test_generic_machinery_knows_no_programme_by_name(path):
    tree = ast.parse(path.read_text())
    said, names, imported = set(), set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            said.add(node.value)
        if isinstance(node, ast.Name):
            names.add(node.id.lower())
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    # Example values in the API's documentation.
    examples = {"bond", "registration"} if "schemas" in path.parts else set()
    assert said & OF_TABLES | (said | names) & NAMES <= examples
    assert not [name for name in imported if name.startswith(("applications.programmes.", "applications.features"))]


@pytest.mark.parametrize("folder", sorted(p.parent for p in SOURCES.glob("programmes/*/__init__.py")))
def test_a_programme_has_the_files_that_all_have(folder):
    assert {path.name for path in folder.iterdir()} >= FOLDER
    assert (folder / "form.py").exists() or (folder / "form" / "__init__.py").exists()
    assert folder.name in PROGRAMMES


def test_two_programmes_cannot_share_a_name():
    with pytest.raises(ValueError, match="share a name"):
        registered("support.toy_programme", "support.toy_programme")


# Tables that contradict themselves

ROW = Transition("a", "go", ("here",), "there", (Who(None),), "", ())
STOP = Transition("a", "stop", ("there",), "end", (SYSTEM,), "", ())
BY_HAND = replace(STOP, actors=(Who(Role.BANK),))
ELSEWHERE = replace(STOP, sources=("here",))


def now_of(case):
    return case.now


ON = Deadline("stop", now_of)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ((ROW, ROW), "two rows of a for go from"),
        ((replace(ROW, second_of="look"),), "no command look"),
        ((replace(ROW, told_as="look"),), "no public command look"),
        ((ROW, replace(STOP, public=False), replace(BY_HAND, command="end", told_as="stop")), "no public command stop"),
        ((replace(ROW, deadlines=(ON,)),), "no command stop of the system from there"),
        ((replace(ROW, deadlines=(ON,)), BY_HAND), "no command stop of the system from there"),
        ((replace(ROW, deadlines=(ON,)), ELSEWHERE), "no command stop of the system from there"),
        ((replace(ROW, deadlines=(ON, ON)), STOP), "two deadlines of go"),
        ((replace(ROW, target="z"),), "no states"),
        ((ROW, replace(ROW, track="b", effects=frozenset({Effect.RESTORES}))), "not on the main track"),
        ((replace(ROW, effects=frozenset({Effect.FILES})),), "without a proof"),
        ((replace(ROW, command="claim"),), "something else to the office's routes"),
        ((replace(ROW, guards=(lambda case: [],)),), "can put nothing right"),
        ((replace(BY_HAND, facts=Form),), "does not remember"),
        ((replace(ROW, automatic=True, otp=True),), "not the system's alone"),
        ((replace(BY_HAND, automatic=True),), "not the system's alone"),
        (
            (
                replace(ROW, automatic=True),
                replace(ROW, command="back", sources=("there",), target="here", automatic=True),
            ),
            "back to",
        ),
    ],
)
def test_a_table_that_contradicts_itself_does_not_start(rows, problem):
    with pytest.raises(ValueError, match=problem):
        Workflow(main="a", editable={"there": ()}, transitions=rows)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ((replace(BY_HAND, facts=Form, otp=True),), "would not cover its facts"),
        ((replace(BY_HAND, facts=Form), replace(BY_HAND, sources=("end",))), "told different facts"),
        ((replace(BY_HAND, facts=Form, keeps=Form),), "does not reckon"),
        ((replace(BY_HAND, keeps=Form, reckons=lambda case: Form()),), "something else than what is said"),
    ],
)
def test_what_is_said_with_a_step_is_said_in_one_form_and_not_under_a_proof(rows, problem):
    with pytest.raises(ValueError, match=problem):
        Workflow(main="a", editable={}, transitions=rows, remembers=True)


def test_what_is_filed_into_the_hands_of_the_office_is_told():
    filing = replace(BY_HAND, effects=frozenset({Effect.FILES}), otp=True)
    with pytest.raises(ValueError, match="tells nobody"):
        Workflow(main="a", editable={}, transitions=(filing,), under_review=frozenset({"end"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"under_review": frozenset({"lost"})},
        {"shown": {"lost": ()}},
        {"personal": {"b": ()}},
        {"entering": {("a", "lost"): ("one",)}},
        {"leaving": {("b", "end"): ("one",)}},
    ],
)
def test_a_table_names_no_state_and_no_track_that_it_does_not_have(wrong):
    with pytest.raises(ValueError, match=r"no states?|no tracks"):
        Workflow(main="a", editable={}, transitions=(ROW,), **wrong)


def test_errands_are_run_when_a_state_is_entered_or_left_and_not_when_it_stays():
    table = Workflow(
        main="a",
        editable={},
        transitions=(ROW, replace(ROW, command="stay", sources=(ROW.target,), automatic=False)),
        entering={("a", ROW.target): ("begin", "tell")},
        leaving={("a", ROW.target): ("stop",)},
    )
    assert table.errands("a", "", ROW.target) == ("begin", "tell")
    assert table.errands("a", ROW.target, "other") == ("stop",)
    assert table.errands("a", ROW.target, ROW.target) == ()
    assert table.errands("b", "", ROW.target) == ()


def test_a_deadline_that_the_system_answers_is_taken():
    Workflow(main="a", editable={}, transitions=(replace(ROW, deadlines=(ON,)), STOP))


def case_with(owner, *parties):
    return Case(
        application_id=uuid4(),
        programme="some",
        account_id=owner,
        reference="X-1",
        submission=1,
        approved_submission=None,
        states={},
        now=datetime(2026, 4, 1, tzinfo=UTC),
        parties=parties,
    )


def test_who_is_admitted_depends_on_role_and_relation():
    owner, subject, guest, other, organisation = (uuid4() for _ in range(5))
    case = case_with(
        owner,
        Party(party_id=guest, kind="guest", grants=("view",)),
        Party(party_id=organisation, kind="firm", grants=("view", "edit")),
    )
    callers = {
        one: Caller(Role.APPLICANT, one, organisation if one == other else None)
        for one in (owner, subject, guest, other)
    }
    for who, admitted in (
        (Who(Role.APPLICANT, Relation.OWNER), {owner}),
        (Who(Role.APPLICANT, Relation.SUBJECT), {subject}),
        (Who(Role.APPLICANT, Relation.PARTY), {guest, other}),
        (Who(Role.APPLICANT, Relation.PARTY, kind="firm"), {other}),
        (Who(Role.APPLICANT, Relation.PARTY, kind="guest"), {guest}),
        (Who(Role.APPLICANT, Relation.PARTY, grant="edit"), {other}),
        (Who(Role.APPLICANT, Relation.PARTY, kind="guest", grant="edit"), set()),
        (Who(Role.APPLICANT, Relation.ANY), {owner, subject, guest, other}),
    ):
        row = Transition("a", "go", (NOTHING,), "b", (who,), "", ())
        assert {one for one, caller in callers.items() if row.admits(caller, case, subject)} == admitted, who
        assert not any(row.admits(replace(one, role=Role.BANK), case, subject) for one in callers.values())
        assert not row.admits(Caller(), case, subject)


# The fourth programme


async def submitted(garden, person, square_metres=12):
    application = await person.start("garden_plot")
    await person.save(application, {"square_metres": square_metres})
    answer = await person.submit(application)
    return application, answer


async def neighbour_of(garden, application, owner):
    """Somebody who accepted the owner's invitation."""
    neighbour = garden.person(Role.JOINT_DEBTOR)
    await garden.hear(invitation(application, owner, neighbour))
    return neighbour


def invitation(application, owner, guest, role=Role.JOINT_DEBTOR):
    return InvitationAccepted(
        account_id=guest.account_id,
        invitation_id=uuid4(),
        application_id=application,
        invited_by=owner.account_id,
        role=role.value,
    )


async def step(person, application, command, **body):
    return await person.post(f"/v1/applications/{application}/steps/{command}", body)


async def ask(owner, application, neighbour):
    answer = await step(owner, application, "ask", track=CONSENT, subject=str(neighbour.account_id))
    assert answer.status_code == 200, answer.text


async def offered(person, application):
    """{(track, subject): {command: step}} of what is open to somebody."""
    view = (await person.get(f"/v1/applications/{application}")).json()
    return {(one["track"], one["subject"]): {step["command"]: step for step in one["steps"]} for one in view["tracks"]}


async def agree(neighbour, application, about=None, **changes):
    about = str(about or neighbour.account_id)
    found = (await offered(neighbour, application)).get((CONSENT, about), {}).get("agree", {"digest": "0" * 64})
    proof = neighbour.counter.gate.proof(neighbour.account_id, found["digest"], changes.pop("purpose", "agree"))
    return await step(neighbour, application, "agree", track=CONSENT, subject=about, proof=proof, **changes)


async def review_of(garden, application):
    await garden.hear_own()
    (review,) = await garden.rows(
        "SELECT * FROM reviews WHERE application_id = :id AND closed_at IS NULL", id=application
    )
    return review


async def granted(garden, owner, **content):
    application = await owner.start("garden_plot")
    await owner.save(application, {"square_metres": 12, **content})
    assert (await owner.submit(application)).status_code == 201
    review = await review_of(garden, application)
    reviewer, approver = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_APPROVER)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    assert (await approver.post(f"/v1/reviews/{review.id}/approve")).status_code == 200
    return application


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
    saved = await person.save(application, {"square_metres": 1})
    assert (saved.status_code, saved.json()["rules"]) == (409, ["TY-00"])  # not the rules of another programme


async def test_each_person_moves_an_own_track_and_the_grant_waits_for_all(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    review = await review_of(garden, application)
    assert review.due_on == review_due_on(garden.clock(), 3)
    first, second = [await neighbour_of(garden, application, owner) for _ in range(2)]
    for neighbour in (first, second):
        await ask(owner, application, neighbour)
    assert (await agree(first, application)).status_code == 200
    assert (await agree(first, application, about=second.account_id)).status_code == 403

    reviewer, approver = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_APPROVER)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    refused = await approver.post(f"/v1/reviews/{review.id}/approve")
    assert refused.status_code == 409
    assert findings(refused) == {("TY-03", "CONSENT_MISSING", "")}
    assert (await agree(second, application)).status_code == 200
    assert (await approver.post(f"/v1/reviews/{review.id}/approve")).status_code == 200
    assert (await owner.get(f"/v1/applications/{application}")).json()["state"] == "granted"


# Parties


async def test_who_was_invited_by_the_owner_takes_part_and_nobody_else(garden):
    owner, stranger = garden.person(Role.APPLICANT), garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    for bad in (
        invitation(application, stranger, garden.person(Role.JOINT_DEBTOR)),  # not the owner's
        invitation(application, owner, garden.person(Role.BANK), Role.BANK),  # the programme has no such guests
    ):
        await garden.hear(bad)
    assert await garden.rows("SELECT 1 FROM application_parties WHERE application_id = :id", id=application) == []
    guest = garden.person(Role.JOINT_DEBTOR)
    assert (await guest.get(f"/v1/applications/{application}")).status_code == 404
    accepted = invitation(application, owner, guest)
    await garden.hear(accepted, accepted)
    seen = await guest.get(f"/v1/applications/{application}")
    assert (seen.status_code, seen.json()["may_edit"]) == (200, False)
    (told,) = await garden.rows(
        "SELECT data FROM events WHERE aggregate_id = :id AND type LIKE '%PartiesChanged%'", id=application
    )
    assert told.data["parties"] == [{"party_id": str(guest.account_id), "kind": "joint_debtor", "grants": ["view"]}]
    # What was granted is all: a guest may neither save nor check.
    assert (await guest.save(application, {}, version=1)).status_code == 404
    assert (await guest.get(f"/v1/applications/{application}/check")).status_code == 404


async def test_a_personal_track_is_about_somebody_who_takes_part_and_any_other_about_the_application(garden):
    owner, stranger = garden.person(Role.APPLICANT), garden.person(Role.JOINT_DEBTOR)
    application, _ = await submitted(garden, owner)
    for body in (
        {"track": CONSENT, "subject": str(stranger.account_id)},
        {"track": CONSENT, "subject": str(application)},
        {"track": CONSENT},
    ):
        answer = await step(owner, application, "ask", **body)
        assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition"), body
    answer = await step(owner, application, "start", subject=str(owner.account_id))
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")
    tracks = await garden.rows("SELECT track FROM tracks WHERE application_id = :id", id=application)
    assert [row.track for row in tracks] == ["request"]


async def test_anybody_of_an_organisation_acts_for_it_from_the_moment_that_its_naming_comes_into_force(garden):
    owner, firm = garden.person(Role.APPLICANT), uuid4()
    surveyors = [garden.person(Role.COMPANY, organisation_id=firm) for _ in range(2)]
    other = garden.person(Role.COMPANY, organisation_id=uuid4())
    application = await owner.start("garden_plot")
    await owner.save(application, {"square_metres": 12, "surveyor": str(firm)})
    assert (await surveyors[0].get(f"/v1/applications/{application}")).status_code == 404
    application = await granted(garden, owner, surveyor=str(firm))
    assert SURVEY in {track for track, _ in await offered(surveyors[0], application)}
    assert (await other.get(f"/v1/applications/{application}")).status_code == 404
    assert (await step(other, application, "survey", track=SURVEY)).status_code == 404
    assert (await step(owner, application, "survey", track=SURVEY)).status_code == 403
    assert findings(await step(surveyors[0], application, "survey", track=SURVEY)) == {
        ("TY-06", "REQUIRED", "square_metres")
    }
    assert (await step(surveyors[0], application, "survey", track=SURVEY, facts=MEASURED)).status_code == 200
    again = await step(surveyors[1], application, "survey", track=SURVEY, facts=MEASURED)
    assert (again.status_code, again.json()["code"], again.json()["rules"]) == (409, "impossible_transition", ["TY-06"])
    (taken,) = await garden.rows(
        "SELECT actor_id FROM application_history WHERE application_id = :id AND track = 'survey'", id=application
    )
    assert taken.actor_id == surveyors[0].account_id
    # What it sees is what is in force, whatever the owner writes meanwhile.
    await owner.save(application, {"square_metres": 3, "surveyor": str(firm)})
    assert (await surveyors[0].get(f"/v1/applications/{application}")).json()["content"]["square_metres"] == 12


async def test_a_guest_leaves_or_is_sent_away_while_the_request_can_be_changed(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    first, second = [await neighbour_of(garden, application, owner) for _ in range(2)]

    async def send_away(person, guest):
        return await person.call("DELETE", f"/v1/applications/{application}/parties/{guest.account_id}")

    assert (await send_away(first, second)).status_code == 404
    assert (await send_away(garden.person(Role.APPLICANT), second)).status_code == 404
    assert (await send_away(owner, owner)).status_code == 404
    assert (await send_away(first, first)).status_code == 200
    assert (await send_away(owner, second)).status_code == 200
    for gone in (first, second):
        assert (await gone.get(f"/v1/applications/{application}")).status_code == 404
    third = await neighbour_of(garden, application, owner)
    await owner.save(application, {"square_metres": 12})
    assert (await owner.submit(application)).status_code == 201
    late = await send_away(owner, third)
    assert (late.status_code, late.json()["code"]) == (409, "not_editable")


async def test_somebody_with_an_application_of_their_own_takes_part_in_another_one(garden):
    owner, neighbour = garden.person(Role.APPLICANT), garden.person(Role.APPLICANT)
    own = await neighbour.start("garden_plot")
    application, _ = await submitted(garden, owner)
    await garden.hear(invitation(application, owner, neighbour))
    await ask(owner, application, neighbour)
    assert (await agree(neighbour, application)).status_code == 200
    listed = (await neighbour.get("/v1/applications")).json()["items"]
    assert {(one["application_id"], one["own"]) for one in listed} == {(str(own), True), (str(application), False)}


# What follows by itself, and what is remembered


async def test_what_becomes_known_of_a_person_moves_the_tracks_of_every_application_that_the_person_has_a_part_in(
    garden,
):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    guest = await neighbour_of(garden, application, owner)

    async def verified():
        rows = await garden.rows(
            "SELECT subject FROM tracks WHERE application_id = :id AND track = 'identity' AND state = 'verified'",
            id=application,
        )
        return {row.subject for row in rows}

    for person, status, expected in (
        (guest, "running", set()),
        (guest, "passed", {guest.account_id}),
        (garden.person(Role.APPLICANT), "passed", {guest.account_id}),
        (owner, "passed", {guest.account_id, owner.account_id}),
        (owner, "failed", {guest.account_id, owner.account_id}),  # a step that was taken stays taken
    ):
        await garden.hear(EkycStatusChanged(account_id=person.account_id, ekyc_id=uuid4(), status=status))
        assert await verified() == expected
    later = garden.person(Role.JOINT_DEBTOR)
    await garden.hear(EkycStatusChanged(account_id=later.account_id, ekyc_id=uuid4(), status="passed"))
    await garden.hear(invitation(application, owner, later))  # known before the person joined
    assert later.account_id in await verified()


async def test_a_step_that_follows_by_itself_comes_with_the_one_that_made_it_possible_and_only_once(garden):
    owner, firm = garden.person(Role.APPLICANT), uuid4()
    surveyor = garden.person(Role.COMPANY, organisation_id=firm)
    application = await granted(garden, owner, surveyor=str(firm))
    answer = await step(surveyor, application, "survey", track=SURVEY, facts={"square_metres": 31})
    assert (answer.status_code, answer.json()["state"]) == (200, "doubted")
    (review,) = await garden.rows(
        "SELECT id FROM reviews WHERE application_id = :id AND closed_at IS NULL", id=application
    )
    reviewer, approver = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_APPROVER)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/recommend")).status_code == 200
    garden.clock.advance(seconds=1)
    assert (await approver.post(f"/v1/reviews/{review.id}/confirm")).status_code == 200
    assert (await owner.view(application))["state"] == "granted"  # the survey has been looked at
    steps = await garden.rows(
        "SELECT command, actor_id FROM application_history WHERE application_id = :id AND command = 'reopen'",
        id=application,
    )
    assert [tuple(one) for one in steps] == [("reopen", None)]


async def test_what_is_said_with_a_step_is_kept_encrypted_and_shown_to_those_who_take_part(garden):
    owner, firm = garden.person(Role.APPLICANT), uuid4()
    surveyor = garden.person(Role.COMPANY, organisation_id=firm)
    application = await granted(garden, owner, surveyor=str(firm))
    wrong = await step(surveyor, application, "survey", track=SURVEY, facts={"square_metres": "large"})
    assert findings(wrong) == {("TY-06", "FORMAT", "square_metres")}
    found = (await offered(surveyor, application))[SURVEY, str(application)]["survey"]
    assert "square_metres" in found["facts"]["properties"]
    assert (await step(surveyor, application, "survey", track=SURVEY, facts=MEASURED)).status_code == 200
    (kept,) = await garden.rows(
        "SELECT facts FROM application_history WHERE application_id = :id AND facts IS NOT NULL", id=application
    )
    assert "square_metres" not in kept.facts
    items = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [one["facts"] for one in items if one["step"] == "測量"] == [MEASURED]
    assert all(one["facts"] == {} for one in items if one["step"] != "測量")


async def test_the_office_lists_a_programmes_applications_by_state(garden):
    owner = garden.person(Role.APPLICANT)
    mine = [str((await submitted(garden, owner))[0]) for _ in range(2)]
    await owner.start("garden_plot")
    officer = garden.person(Role.OFFICE_REVIEWER)

    async def listed(state, programme="garden_plot"):
        return await officer.get(f"/v1/programmes/{programme}/applications?state={state}")

    found = [one["application_id"] for one in (await listed("requested")).json()["items"]]
    assert [one for one in found if one in mine] == mine
    assert (await listed("draft")).json()["items"] == []  # nobody's business but its owner's
    assert (await listed("lost")).status_code == (await listed("draft", "lost")).status_code == 404


# The generic route


async def test_a_step_that_files_something_and_one_that_does_not_have_their_own_doors(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    answer = await step(owner, application, "submit")
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")
    application, _ = await submitted(garden, owner)
    digest = "0" * 64
    proof = garden.gate.proof(owner.account_id, digest, "withdraw")
    body = {"command": "withdraw", "content_sha256": digest, "proof": proof}
    answer = await owner.post(f"/v1/applications/{application}/submit", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")


async def test_a_proof_is_good_for_the_step_that_it_was_given_for_and_once(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    neighbour = await neighbour_of(garden, application, owner)
    await ask(owner, application, neighbour)
    without = await step(neighbour, application, "agree", track=CONSENT, subject=str(neighbour.account_id))
    assert (without.status_code, without.json()["code"]) == (409, "otp_proof_refused")
    assert (await agree(neighbour, application, purpose="submit")).json()["code"] == "otp_proof_refused"
    found = (await offered(neighbour, application))[CONSENT, str(neighbour.account_id)]["agree"]
    assert (found["otp"], found["files"]) == ("agree", False)
    proof = garden.gate.proof(neighbour.account_id, found["digest"], "agree")
    where = {"track": CONSENT, "subject": str(neighbour.account_id)}
    assert (await step(neighbour, application, "agree", proof=proof, **where)).status_code == 200
    assert (await step(neighbour, application, "decline", **where)).status_code == 200
    await ask(owner, application, neighbour)
    # Asked anew: neither the used proof nor a new one for the earlier question opens it.
    for old in (proof, garden.gate.proof(neighbour.account_id, found["digest"], "agree")):
        answer = await step(neighbour, application, "agree", proof=old, **where)
        assert answer.json()["code"] == "otp_proof_refused"
    assert (await agree(neighbour, application)).status_code == 200


async def test_a_withdrawal_closes_the_review_whoever_holds_it(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    review = await review_of(garden, application)
    reviewer = garden.person(Role.OFFICE_REVIEWER)
    assert (await reviewer.post(f"/v1/reviews/{review.id}/claim")).status_code == 200
    assert (await step(owner, application, "withdraw")).json()["state"] == "withdrawn"
    seen = (await reviewer.get(f"/v1/reviews/{review.id}")).json()
    assert (seen["state"], seen["outcome"], seen["claimed_by"], seen["actions"]) == ("closed", "withdraw", None, [])
    late = await reviewer.post(f"/v1/reviews/{review.id}/recommend")
    assert (late.status_code, late.json()["code"], late.json()["rules"]) == (409, "impossible_transition", ["TY-00"])


async def test_what_was_withdrawn_before_the_worklist_heard_of_it_does_not_come_to_it(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    assert (await step(owner, application, "withdraw")).status_code == 200
    await garden.hear_own()
    assert await garden.rows("SELECT 1 FROM reviews WHERE application_id = :id", id=application) == []


async def test_any_outcome_of_the_table_closes_a_review_and_a_doubt_opens_a_new_round(garden):
    owner = garden.person(Role.APPLICANT)
    reviewer, approver = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_APPROVER)
    application = await granted(garden, owner)
    assert findings(await step(reviewer, application, "doubt")) == {("TY-07", "REQUIRED", "reason")}
    assert (await step(reviewer, application, "doubt", reason="広さの確認")).json()["state"] == "doubted"
    review = await review_of(garden, application)
    assert (review.submission, review.round) == (1, 2)
    assert (await garden.events(application))[-1] == "ReviewOpened"
    # The recommendation of the first round does not count, nor does one's own.
    for officer, expected in ((approver, 409), (reviewer, 200), (approver, 200)):
        command = "recommend" if officer is reviewer else "confirm"
        answer = await officer.post(f"/v1/reviews/{review.id}/{command}")
        assert answer.status_code == expected, answer.text
    assert answer.json()["outcome"] == "confirm"
    assert (await step(approver, application, "doubt", reason="再確認")).status_code == 200
    third = await review_of(garden, application)
    assert (await approver.post(f"/v1/reviews/{third.id}/decline")).json()["outcome"] == "decline"
    assert (await owner.get(f"/v1/applications/{application}")).json()["state"] == "declined"
    rounds = await garden.rows(
        "SELECT round, outcome, four_eyes FROM reviews WHERE application_id = :id ORDER BY round", id=application
    )
    assert [tuple(one) for one in rounds] == [(1, "approve", True), (2, "confirm", True), (3, "decline", False)]


async def test_a_claim_holds_at_every_door(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    review = await review_of(garden, application)
    first, second = garden.person(Role.OFFICE_REVIEWER), garden.person(Role.OFFICE_REVIEWER)
    await first.post(f"/v1/reviews/{review.id}/claim")
    answer = await step(second, application, "decline")
    assert (answer.status_code, answer.json()["code"]) == (409, "review_held_by_another")
    assert (await step(first, application, "decline")).status_code == 200


async def test_papers_that_are_asked_for_later_are_a_submission_with_a_name_of_its_own(garden):
    owner = garden.person(Role.APPLICANT)
    application = await granted(garden, owner)
    check = (await owner.get(f"/v1/applications/{application}/check?command=add_papers")).json()
    assert check["may_submit"]
    refused = await owner.get(f"/v1/applications/{application}/check")
    assert (refused.status_code, refused.json()["code"]) == (409, "impossible_transition")
    body = {"command": "add_papers", "content_sha256": check["content_sha256"]}
    for purpose, expected in (("submit", 409), ("add_papers", 201)):
        proof = garden.gate.proof(owner.account_id, check["content_sha256"], purpose)
        answer = await owner.post(f"/v1/applications/{application}/submit", {**body, "proof": proof})
        assert answer.status_code == expected, answer.text
    assert (answer.json()["state"], answer.json()["submission"]) == ("requested", 2)
    assert (await review_of(garden, application)).submission == 2


async def test_a_command_that_the_programme_does_not_have_is_an_impossible_transition(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    await garden.hear_own()
    (review,) = await garden.rows("SELECT id FROM reviews WHERE application_id = :id", id=application)
    answer = await garden.person(Role.OFFICE_REVIEWER).post(f"/v1/reviews/{review.id}/reject", {"reason": "広すぎます"})
    assert (answer.status_code, answer.json()["code"]) == (409, "impossible_transition")


# Deadlines


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
    assert await state_of(garden, application) == "draft"  # reminded on the way, which leaves the last day as it was
    garden.clock.advance(seconds=1)
    await fire_all(garden)
    assert await state_of(garden, application) == "lapsed"
    steps = (await owner.get(f"/v1/applications/{application}/timeline")).json()["items"]
    assert [(step["step"], step["by"]) for step in steps] == [
        ("入力を開始", "申請者"),
        ("まもなく期限", "システム"),
        ("期限切れ", "システム"),
    ]
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
    handler = timers.handlers(garden.desk)["garden_plot.request.lapse"]
    async with garden.database.transaction() as session:
        await handler(session, row.id, garden.clock())
    assert await state_of(garden, application) == "requested"


async def test_a_deadline_is_set_by_what_the_case_says(garden):
    owner = garden.person(Role.APPLICANT)
    application, _ = await submitted(garden, owner)
    first, second = [await neighbour_of(garden, application, owner) for _ in range(2)]
    await ask(owner, application, first)
    assert (await agree(first, application)).status_code == 200
    await ask(owner, application, second)  # somebody has answered: three days instead of a week

    async def stands():
        seen = (await second.get(f"/v1/applications/{application}")).json()["tracks"]
        return next(one["state"] for one in seen if one["subject"] == str(second.account_id))

    garden.clock.advance(days=3, seconds=-1)
    await fire_all(garden)
    assert await stands() == "asked"
    garden.clock.advance(seconds=1)
    await fire_all(garden)
    assert await stands() == "given"


async def test_only_the_system_may_give_a_systems_command(garden):
    owner = garden.person(Role.APPLICANT)
    application = await owner.start("garden_plot")
    assert (await step(owner, application, "lapse")).status_code == 403
