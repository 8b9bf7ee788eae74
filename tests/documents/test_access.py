"""Who may do what with documents: the table cell by cell, and the same over HTTP."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from documents.domain import Action, Decision, Relation, SetState, decide
from madoguchi_contracts import Role
from madoguchi_stack.s3 import S3
from support.documents import Desk, desk, pdf
from support.servers import FreshDatabase

APPLICANTS = {Role.ASSOCIATION, Role.APPLICANT}
STAFF = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}
PARTIES = set(Role) - STAFF - {Role.OPERATOR}
OFFICE = (Action.ASK, Action.RECORD, Action.LIST_PAPERS)
EDITOR, VIEWER = uuid4(), uuid4()
CELLS = list(itertools.product(Role, Relation, SetState, Action))


def expected(role: Role, relation: Relation, state: SetState, action: Action) -> Decision:
    """The same rights told in another way than the table tells them."""
    looks = action in (Action.LIST, Action.DOWNLOAD)
    if (role in APPLICANTS and relation is Relation.OWNER) or (role in PARTIES and relation is Relation.EDITOR):
        if action in OFFICE:
            return Decision.FORBIDDEN
        changes = action in (Action.UPLOAD, Action.DELETE)
        waits = relation is Relation.OWNER and state is SetState.REOPENED  # another one prepares the change
        frozen = (changes and state is SetState.FROZEN) or (waits and not looks and action is not Action.COMPLETE)
        return Decision.FROZEN if frozen else Decision.ALLOWED
    if role in PARTIES and relation is Relation.VIEWER and state is not SetState.DRAFT:
        return Decision.ALLOWED if looks else Decision.FORBIDDEN
    if role in STAFF and relation is Relation.OTHER and state is not SetState.DRAFT:
        return Decision.ALLOWED if looks or action in OFFICE else Decision.FORBIDDEN
    return Decision.HIDDEN


@pytest.mark.rule("DO-08")
@pytest.mark.parametrize(("role", "relation", "state", "action"), CELLS)
def test_every_cell_of_the_table(role: Role, relation: Relation, state: SetState, action: Action) -> None:
    assert decide(role, relation, state, action) is expected(role, relation, state, action)


def test_the_table_was_looked_at_as_a_whole() -> None:
    assert len(CELLS) == 9 * 4 * 4 * 9


# Over HTTP


@dataclass(frozen=True)
class Case:
    """An application in a state, with one document of each kind that matters."""

    application: UUID
    stored: UUID
    pending: UUID


@pytest.fixture(scope="module")
def owner() -> UUID:
    return uuid4()


@pytest_asyncio.fixture(scope="module")
async def at(postgres_url: FreshDatabase, s3: S3) -> AsyncIterator[Desk]:
    async with desk(await postgres_url("documents"), s3) as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def cases(at: Desk, owner: UUID) -> dict[SetState, Case]:
    made = {}
    for state in SetState:
        application = await at.started(owner)
        stored = await at.stored(application, owner, pdf(10))
        pending = UUID((await at.start(application, owner, pdf(10), slot="other1")).json()["document_id"])
        if state is not SetState.DRAFT:
            await at.submitted(application, owner)
        if state is SetState.RETURNED:
            await at.rejected(application, owner)
        if state is SetState.REOPENED:
            await at.approved(application, owner)
            await at.reopened(application, EDITOR)
        await at.granted(application, {EDITOR: ("view", "edit"), VIEWER: ("view",)})
        made[state] = Case(application, stored, pending)
    return made


STATUS = {Decision.HIDDEN: 404, Decision.FORBIDDEN: 403, Decision.FROZEN: 409}
REFUSED_CELLS = [cell for cell in CELLS if expected(*cell) is not Decision.ALLOWED]


@pytest.mark.real
@pytest.mark.rule("DO-08")
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", SetState)
async def test_whoever_may_not_gets_the_right_no_and_changes_nothing(
    at: Desk, owner: UUID, cases: dict[SetState, Case], state: SetState, action: Action
) -> None:
    case = cases[state]
    before = await at.rows("SELECT id, status FROM documents ORDER BY id")
    for role, relation, _, _ in [cell for cell in REFUSED_CELLS if cell[2:] == (state, action)]:
        account = {Relation.OWNER: owner, Relation.EDITOR: EDITOR, Relation.VIEWER: VIEWER}.get(relation, uuid4())
        headers = at.as_(account, role)
        answer = await {
            Action.UPLOAD: lambda headers=headers: at.http.post(
                f"/v1/applications/{case.application}/documents",
                headers=headers,
                json={
                    "slot": "other2",
                    "file_name": "a.pdf",
                    "size_bytes": 1,
                    "sha256": "0" * 64,
                    "content_type": "application/pdf",
                },
            ),
            Action.HAND_IN: lambda headers=headers: at.http.post(
                f"/v1/applications/{case.application}/documents",
                headers=headers,
                json={
                    "slot": "asked_1",
                    "file_name": "a.pdf",
                    "size_bytes": 1,
                    "sha256": "0" * 64,
                    "content_type": "application/pdf",
                },
            ),
            Action.ASK: lambda headers=headers: at.http.post(
                f"/v1/applications/{case.application}/documents/requests",
                headers=headers,
                json={"label": "修繕積立金の決算書", "due_on": "2099-03-31"},
            ),
            Action.RECORD: lambda headers=headers: at.http.post(
                f"/v1/applications/{case.application}/papers",
                headers=headers,
                json={"kind": "licence", "arrived_on": "2026-01-01", "sides": "both"},
            ),
            Action.LIST_PAPERS: lambda headers=headers: at.http.get(
                f"/v1/applications/{case.application}/papers", headers=headers
            ),
            Action.COMPLETE: lambda headers=headers: at.http.post(
                f"/v1/documents/{case.pending}/complete", headers=headers
            ),
            Action.DELETE: lambda headers=headers: at.http.delete(f"/v1/documents/{case.stored}", headers=headers),
            Action.LIST: lambda headers=headers: at.http.get(
                f"/v1/applications/{case.application}/documents", headers=headers
            ),
            Action.DOWNLOAD: lambda headers=headers: at.http.get(
                f"/v1/documents/{case.stored}/download", headers=headers
            ),
        }[action]()
        assert answer.status_code == STATUS[expected(role, relation, state, action)], (role, relation, answer.text)
        if answer.status_code == 409:
            assert answer.json()["rules"] == (["AS-83"] if state is SetState.REOPENED else ["DO-08"])
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
async def test_nobody_gets_anything_without_logging_in(at: Desk, owner: UUID, cases: dict[SetState, Case]) -> None:
    case = cases[SetState.DRAFT]
    for method, path in [
        ("GET", f"/v1/applications/{case.application}/documents"),
        ("POST", f"/v1/documents/{case.pending}/complete"),
        ("DELETE", f"/v1/documents/{case.stored}"),
        ("GET", f"/v1/documents/{case.stored}/download"),
    ]:
        assert (await at.http.request(method, path)).status_code == 401
