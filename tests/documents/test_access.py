"""Who may do what with documents: the table cell by cell, and the same over HTTP."""

import itertools
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from documents.domain import Action, Decision, Relation, SetState, Slot, Standing, decide, fills, sees
from madoguchi_contracts import Role
from support.documents import Desk, pdf

PERSONS = {Role.APPLICANT, Role.JOINT_DEBTOR}  # each may own an application, and take part in another one
OWNERS = PERSONS | {Role.ASSOCIATION}
STAFF = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}
BODIES = {Role.INSPECTION_BODY, Role.BANK}
OFFICE = (Action.ASK, Action.RECORD, Action.LIST_PAPERS)
LOOKS = (Action.LIST, Action.DOWNLOAD)
ME, OTHERS = UUID(int=1), UUID(int=2)


def expected(role: Role, relation: Relation, state: SetState, action: Action) -> Decision:
    """The same rights told in another way than the table tells them."""
    draft = state in (SetState.DRAFT, SetState.GIVEN_UP)
    over = state in (SetState.ENDED, SetState.GIVEN_UP)
    if role in STAFF and relation is Relation.OTHER and not draft:
        if over and action in (Action.ASK, Action.RECORD):
            return Decision.FROZEN
        return Decision.ALLOWED if action in LOOKS + OFFICE else Decision.FORBIDDEN
    as_owner = (role in OWNERS and relation is Relation.OWNER) or (role in PERSONS and relation is Relation.VIEWER)
    as_editor = role not in STAFF | {Role.OPERATOR} and relation is Relation.EDITOR
    body = role in BODIES and relation is Relation.VIEWER and not draft
    company = role is Role.COMPANY and relation is Relation.VIEWER and not draft
    if not (as_owner or as_editor or body or company):
        return Decision.HIDDEN
    if action in LOOKS:
        return Decision.ALLOWED
    if action in OFFICE or company or (body and action is Action.DELETE):
        return Decision.FORBIDDEN
    if action is Action.COMPLETE:
        return Decision.ALLOWED
    if over:
        return Decision.FROZEN
    frozen = state is SetState.FROZEN
    if body:
        return Decision.ALLOWED if (action is Action.HAND_IN) == frozen else Decision.FROZEN
    if as_owner and state is SetState.REOPENED:  # another one prepares the change
        return Decision.FROZEN
    return Decision.FROZEN if frozen and action is not Action.HAND_IN else Decision.ALLOWED


@pytest.mark.rule("DO-08", "GL-369")
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_table(role: Role) -> None:
    cells = list(itertools.product(Relation, SetState, Action))
    assert len(cells) == 4 * 6 * 9
    decided = {cell: decide(role, *cell) for cell in cells}
    assert decided == {cell: expected(role, *cell) for cell in cells}


PLACES = {
    "own": (Slot("identity", "", required=True, per_person=True), ME),
    "another's": (Slot("identity", "", required=True, per_person=True), OTHERS),
    "another's, shown": (Slot("income", "", required=True, per_person=True, seen_by=["surveyor"]), OTHERS),
    "nobody's": (Slot("works", "", required=True), None),
    "nobody's, shown": (Slot("works", "", required=True, seen_by=["bank", "surveyor"]), None),
    "expected": (Slot("certificate", "", required=False, filled_by=["surveyor"]), None),
    "expected of others": (Slot("certificate", "", required=False, filled_by=["bank"]), None),
}
SHOWN = {"another's, shown", "nobody's, shown"}


@pytest.mark.rule("GL-366", "GL-369")
@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("role", Role)
def test_which_files_somebody_reaches(role: Role, relation: Relation) -> None:
    who = Standing(ME, role, relation, frozenset({"surveyor"}))
    if relation in (Relation.OWNER, Relation.EDITOR):
        filled = set(PLACES)
    elif relation is Relation.VIEWER:
        filled = {"expected"} | ({"own"} if role in PERSONS else set())
    else:
        filled = set()
    everything = role in STAFF or (role is Role.COMPANY and relation is Relation.VIEWER)
    seen = set(PLACES) if everything else filled | (SHOWN if relation is Relation.VIEWER else set())
    assert {name for name, place in PLACES.items() if fills(who, *place)} == filled
    assert {name for name, place in PLACES.items() if sees(who, *place)} == seen


# Over HTTP


@dataclass(frozen=True)
class Case:
    """An application in a state, with one document of each kind that matters."""

    application: UUID
    stored: UUID
    pending: UUID


OWNER, EDITOR, VIEWER = uuid4(), uuid4(), uuid4()
WHO = {Relation.OWNER: OWNER, Relation.EDITOR: EDITOR, Relation.VIEWER: VIEWER, Relation.OTHER: uuid4()}


@pytest_asyncio.fixture(scope="module")
async def cases(at: Desk) -> dict[SetState, Case]:
    made = {}
    for state in SetState:
        application = await at.started(OWNER)
        stored = await at.stored(application, OWNER, pdf(10))
        pending = UUID((await at.start(application, OWNER, pdf(10), slot="other1")).json()["document_id"])
        if state not in (SetState.DRAFT, SetState.GIVEN_UP):
            await at.submitted(application, OWNER)
        if state is SetState.RETURNED:
            await at.rejected(application, OWNER)
        if state is SetState.REOPENED:
            await at.approved(application, OWNER)
            await at.reopened(application, EDITOR)
        if state is SetState.ENDED:
            await at.closed(application, OWNER)
        if state is SetState.GIVEN_UP:
            await at.closed(application, OWNER, "withdrawn", submission=0)
        await at.granted(application, {EDITOR: ("view", "edit"), VIEWER: ("view",)})
        made[state] = Case(application, stored, pending)
    return made


def request_of(action: Action, case: Case) -> dict[str, Any]:
    """What is sent for an action."""
    application = f"/v1/applications/{case.application}"
    upload = {"file_name": "a.pdf", "size_bytes": 1, "sha256": "0" * 64, "content_type": "application/pdf"}
    paper = {"kind": "licence", "arrived_on": "2026-01-01", "sides": "both"}
    asked = {"label": "修繕積立金の決算書", "due_on": "2099-03-31"}
    method, url, body = {
        Action.UPLOAD: ("POST", f"{application}/documents", {**upload, "slot": "other2"}),
        Action.ASK: ("POST", f"{application}/documents/requests", asked),
        Action.RECORD: ("POST", f"{application}/papers", paper),
        Action.LIST_PAPERS: ("GET", f"{application}/papers", None),
        Action.COMPLETE: ("POST", f"/v1/documents/{case.pending}/complete", None),
        Action.DELETE: ("DELETE", f"/v1/documents/{case.stored}", None),
        Action.LIST: ("GET", f"{application}/documents", None),
        Action.DOWNLOAD: ("GET", f"/v1/documents/{case.stored}/download", None),
    }[action]
    return {"method": method, "url": url, "json": body}


OVER = ("application_over", [])
FROZEN = {
    SetState.FROZEN: ("documents_frozen", ["DO-08"]),
    SetState.REOPENED: ("change_under_way", ["AS-83"]),
    SetState.ENDED: OVER,
    SetState.GIVEN_UP: OVER,
}
STATUS = {Decision.HIDDEN: 404, Decision.FORBIDDEN: 403, Decision.FROZEN: 409}
# Handing in has no route of its own: it is what an upload is where the office asked for the file.
ROUTES = [action for action in Action if action is not Action.HAND_IN]


@pytest.mark.real
@pytest.mark.rule("DO-08")
@pytest.mark.parametrize("action", ROUTES)
async def test_each_route_says_the_right_no_and_changes_nothing(
    at: Desk, cases: dict[SetState, Case], action: Action
) -> None:
    before = await at.rows("SELECT id, status FROM documents ORDER BY id")
    # One caller for each answer in each state: the table is looked at cell by cell above.
    refused = {
        (answer, state): (role, relation)
        for role, relation, state in itertools.product(Role, Relation, SetState)
        if (answer := expected(role, relation, state, action)) is not Decision.ALLOWED
    }
    assert {state for _, state in refused} == set(SetState)
    for (expected_answer, state), (role, relation) in refused.items():
        headers = at.as_(WHO[relation], role)
        answer = await at.http.request(**request_of(action, cases[state]), headers=headers)
        assert answer.status_code == STATUS[expected_answer], (role, relation, state, answer.text)
        if answer.status_code == 409:
            assert (answer.json()["code"], answer.json().get("rules", [])) == FROZEN[state]
    assert await at.rows("SELECT id, status FROM documents ORDER BY id") == before
    assert await at.rows("SELECT * FROM documents WHERE completion_asked_at IS NOT NULL AND status = 'pending'") == []


@pytest.mark.real
@pytest.mark.rule("DO-08")
@pytest.mark.parametrize("role", sorted(STAFF))
async def test_staff_see_what_was_submitted_and_not_what_is_being_changed(at: Desk, owner: UUID, role: Role) -> None:
    application = await at.started(owner)
    submitted = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.rejected(application, owner)
    newer = await at.stored(application, owner, pdf(20))
    added = await at.stored(application, owner, pdf(30), slot="other1")
    officer = uuid4()

    async def seen() -> list[str]:
        answer = await at.list_(application, officer, role)
        assert answer.status_code == 200
        return [slot["document"]["document_id"] for slot in answer.json()["slots"] if slot["document"]]

    assert await seen() == [str(submitted)]
    link = await at.download(submitted, officer, role)
    assert (await at.outside.get(link.json()["url"])).content == pdf(10)
    assert (await at.download(newer, officer, role)).status_code == 404
    await at.submitted(application, owner, submission=2)
    assert await seen() == [str(newer), str(added)]
    assert (await at.download(submitted, officer, role)).status_code == 200  # evidence of the first submission
    entries = await at.rows(
        "SELECT role, action, document_id FROM access_log"
        " WHERE application_id = :id AND account_id = :officer ORDER BY id",
        id=application,
        officer=officer,
    )
    assert [tuple(entry) for entry in entries] == [
        (role.value, "list", None),
        (role.value, "download", submitted),
        (role.value, "list", None),
        (role.value, "download", submitted),
    ]


@pytest.mark.real
async def test_a_stranger_learns_nothing_and_leaves_no_refusal_behind(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    document_id = await at.uploaded(application, owner, b"not a pdf at all")
    assert (await at.complete(document_id, uuid4())).status_code == 404
    assert await at.status_of(document_id) == "pending"
    assert len(at.objects(application, "quarantine")) == 1
    assert await at.events(application) == []


@pytest.mark.real
async def test_nobody_gets_anything_without_logging_in(at: Desk, cases: dict[SetState, Case]) -> None:
    case = cases[SetState.DRAFT]
    for action in ROUTES:
        assert (await at.http.request(**request_of(action, case))).status_code == 401
