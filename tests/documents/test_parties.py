"""Several people at one set: parties with grants, contents reopened for some, changes withdrawn."""

from uuid import UUID, uuid4

import pytest
from documents.domain import Action, Decision, Relation, SetState, decide, relation_of
from madoguchi_contracts import Role
from support.documents import Desk, pdf

OWNER, COMPANY, CLERK = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.rule("AS-56")
@pytest.mark.parametrize(
    ("identities", "grants", "editors", "relation"),
    [
        ({OWNER}, {}, None, Relation.OWNER),
        ({CLERK}, {}, None, Relation.OTHER),
        ({CLERK, COMPANY}, {COMPANY: ["view"]}, None, Relation.VIEWER),
        ({CLERK, COMPANY}, {COMPANY: ["view", "edit"]}, None, Relation.EDITOR),
        ({CLERK, COMPANY}, {COMPANY: ["edit"]}, None, Relation.EDITOR),
        ({CLERK}, {COMPANY: ["view", "edit"]}, None, Relation.OTHER),  # acts for another company
        ({CLERK}, {CLERK: ["view"]}, None, Relation.VIEWER),
        ({CLERK}, {CLERK: []}, None, Relation.OTHER),
        ({CLERK}, {CLERK: ["sign"]}, None, Relation.OTHER),  # a grant that means nothing here
        # Reopened: for whom is said, and nobody else.
        ({OWNER}, {}, [OWNER], Relation.EDITOR),
        ({OWNER}, {}, [COMPANY], Relation.OWNER),
        ({CLERK, COMPANY}, {COMPANY: ["view", "edit"]}, [COMPANY], Relation.EDITOR),
        ({CLERK, COMPANY}, {COMPANY: ["view", "edit"]}, [OWNER], Relation.VIEWER),
        ({CLERK, COMPANY}, {}, [CLERK], Relation.EDITOR),
        ({CLERK, COMPANY}, {}, [], Relation.OTHER),
    ],
)
def test_how_somebody_stands_to_an_application(
    identities: set[UUID], grants: dict[UUID, list[str]], editors: list[UUID] | None, relation: Relation
) -> None:
    approved = editors is not None
    assert relation_of(identities, owner=OWNER, grants=grants, editors=editors, approved=approved) is relation


@pytest.mark.rule("AS-56", "AS-57")
@pytest.mark.parametrize("grants", [["view"], ["edit"], ["view", "edit"]])
def test_once_something_is_approved_a_grant_alone_lets_nobody_change_anything(grants: list[str]) -> None:
    given = {COMPANY: grants}
    assert relation_of({COMPANY}, owner=OWNER, grants=given, editors=None, approved=True) is Relation.VIEWER


LEVELS = {1: ["view", "edit"], 2: ["view"], 3: []}


@pytest.mark.rule("AS-56", "AS-57", "AS-83")
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    ("state", "editors"),
    [
        (SetState.FROZEN, None),  # in force, or under review
        (SetState.RETURNED, None),  # the association's change was rejected
        (SetState.REOPENED, [OWNER]),
        (SetState.REOPENED, []),  # handed over
        (SetState.REOPENED, [COMPANY]),
    ],
)
@pytest.mark.parametrize("level", LEVELS)
def test_what_a_company_of_each_level_may_do_in_each_state_once_something_is_approved(
    level: int, state: SetState, editors: list[UUID] | None, action: Action
) -> None:
    grants = {COMPANY: LEVELS[level]}
    relation = relation_of({COMPANY}, owner=OWNER, grants=grants, editors=editors, approved=True)
    looks = {Action.LIST, Action.DOWNLOAD}
    changes = {Action.UPLOAD, Action.HAND_IN, Action.COMPLETE, Action.DELETE}
    may = looks | changes if editors == [COMPANY] else looks if level < 3 else set()
    assert (decide(Role.COMPANY, relation, state, action) is Decision.ALLOWED) == (action in may)


@pytest.mark.real
@pytest.mark.rule("AS-56", "DO-08")
async def test_a_company_sees_what_is_in_force_while_it_may_and_is_put_down(at: Desk, owner: UUID) -> None:
    company = uuid4()
    application = await at.started(owner)
    approved = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    assert (await at.list_(application, company, Role.COMPANY)).status_code == 404
    await at.approved(application, owner)
    await at.granted(application, {company: ("view",)})
    assert await at.ids_of(application, company, Role.COMPANY) == [approved]

    await at.reopened(application, owner)
    newer = await at.stored(application, owner, pdf(20))
    await at.submitted(application, owner, submission=2)
    assert await at.ids_of(application, company, Role.COMPANY) == [approved]  # in force until the change is approved
    assert (await at.download(newer, company, Role.COMPANY)).status_code == 404
    assert (await at.download(approved, company, Role.COMPANY)).status_code == 200
    await at.approved(application, owner, submission=2)
    assert await at.ids_of(application, company, Role.COMPANY) == [newer]
    assert (await at.download(approved, company, Role.COMPANY)).status_code == 404

    await at.granted(application, {})
    assert (await at.list_(application, company, Role.COMPANY)).status_code == 404
    entries = await at.rows(
        "SELECT action, role FROM access_log WHERE application_id = :id AND account_id = :who ORDER BY id",
        id=application,
        who=company,
    )
    assert [entry.action for entry in entries] == ["list", "list", "download", "list"]


@pytest.mark.real
@pytest.mark.rule("AS-57", "AS-83")
async def test_a_content_reopened_for_the_company_is_changed_by_the_company_alone(at: Desk, owner: UUID) -> None:
    company = uuid4()
    application = await at.started(owner)
    approved = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.granted(application, {company: ("view", "edit")})
    assert (await at.start(application, company, pdf(5), slot="other1", role=Role.COMPANY)).status_code == 403
    await at.reopened(application, company)

    refused = await at.start(application, owner, pdf(5), slot="other1")
    assert (refused.status_code, refused.json()["code"]) == (409, "change_under_way")
    listed = (await at.list_(application, owner)).json()
    assert (listed["changeable"], {slot["changeable"] for slot in listed["slots"]}) == (False, {False})
    started = await at.start(application, company, pdf(5), slot="other1", role=Role.COMPANY)
    await at.post(started.json()["upload"], pdf(5))
    added = UUID(started.json()["document_id"])
    assert (await at.complete(added, company, Role.COMPANY)).status_code == 200
    assert await at.ids_of(application, company, Role.COMPANY) == [approved, added]
    rows = await at.rows("SELECT uploaded_by FROM documents WHERE id = :id", id=added)
    assert rows[0].uploaded_by == company

    await at.submitted(application, owner, submission=2)
    assert (await at.delete(added, company, Role.COMPANY)).status_code == 403
    await at.rejected(application, owner, submission=2)
    assert (await at.delete(added, owner)).status_code == 204  # after a rejection the owner corrects


@pytest.mark.real
@pytest.mark.rule("AS-56", "AS-57", "AS-83")
@pytest.mark.parametrize("grants", [("view", "edit"), ("view",)], ids=["level 1", "level 2"])
async def test_a_company_has_what_is_in_force_and_nothing_else_unless_the_content_is_reopened_for_it(
    at: Desk, owner: UUID, grants: tuple[str, ...]
) -> None:
    company = uuid4()
    application = await at.started(owner)
    approved = await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.granted(application, {company: grants})
    files = [approved]

    async def only_looks(in_force: UUID) -> None:
        assert await at.ids_of(application, company, Role.COMPANY) == [in_force]
        assert (await at.list_(application, company, Role.COMPANY)).json()["changeable"] is False
        answers = [(await at.download(one, company, Role.COMPANY)).status_code for one in files]
        assert answers == [200 if one == in_force else 404 for one in files]
        for document_id in files:
            assert (await at.delete(document_id, company, Role.COMPANY)).status_code == 403
        assert (await at.start(application, company, pdf(5), role=Role.COMPANY)).status_code == 403

    await only_looks(approved)
    await at.reopened(application, owner)  # the association's own change
    files.append(await at.stored(application, owner, pdf(20)))
    await only_looks(approved)
    await at.submitted(application, owner, submission=2)
    await only_looks(approved)
    await at.rejected(application, owner, submission=2)
    await only_looks(approved)
    files.append(await at.stored(application, owner, pdf(30)))
    await only_looks(approved)
    await at.withdrawn(application, owner)
    await only_looks(approved)

    # The company's own change, which the association hands in.
    await at.reopened(application, *([company] if "edit" in grants else []), submission=3)
    if "edit" in grants:
        assert (await at.list_(application, company, Role.COMPANY)).json()["changeable"] is True
        entered = await at.uploaded(application, company, pdf(40), role=Role.COMPANY)
        assert (await at.complete(entered, company, Role.COMPANY)).status_code == 200
        assert await at.ids_of(application, company, Role.COMPANY) == [entered]
        answers = [(await at.download(one, company, Role.COMPANY)).status_code for one in [*files, entered]]
        assert answers == [200, 404, 404, 200]  # nothing of the change that the association gave up
        files.append(entered)
        await at.reopened(application, submission=3)  # handed over to the association
    await only_looks(approved)
    await at.submitted(application, owner, submission=3)
    await only_looks(approved)
    await at.rejected(application, owner, submission=3)
    await only_looks(approved)
    files.append(await at.stored(application, owner, pdf(50)))
    await at.submitted(application, owner, submission=4)
    await at.approved(application, owner, submission=4)
    await only_looks(files[-1])


@pytest.mark.real
@pytest.mark.rule("AS-83", "DO-08")
async def test_a_change_that_is_withdrawn_leaves_what_was_approved(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    replaced = await at.stored(application, owner, pdf(10))
    deleted = await at.stored(application, owner, pdf(20), slot="other1")
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    await at.stored(application, owner, pdf(11))
    await at.delete(deleted, owner)
    await at.stored(application, owner, pdf(12), slot="other2")
    await at.withdrawn(application, owner)
    assert await at.ids_of(application, owner, Role.ASSOCIATION) == [replaced, deleted]
    assert await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER) == [replaced, deleted]
    assert (await at.start(application, owner, pdf(1))).json()["code"] == "documents_frozen"
    before = await at.events(application)
    await at.withdrawn(application, owner)
    assert await at.events(application) == before

    # Also after the change was handed in: the next change is the third submission.
    await at.reopened(application, owner)
    await at.stored(application, owner, pdf(13))
    await at.submitted(application, owner, submission=2)
    await at.withdrawn(application, owner)
    assert await at.ids_of(application, owner, Role.ASSOCIATION) == [replaced, deleted]
    assert await at.ids_of(application, uuid4(), Role.OFFICE_REVIEWER) == [replaced, deleted]
    await at.reopened(application, owner, submission=3)
    assert await at.ids_of(application, owner, Role.ASSOCIATION) == [replaced, deleted]


@pytest.mark.real
async def test_news_of_contents_whose_submission_was_not_heard_of_waits_for_an_operator(at: Desk, owner: UUID) -> None:
    for tell in (at.reopened, lambda application: at.approved(application, owner)):
        application = await at.started(owner)
        await tell(application)
        rows = await at.rows("SELECT error FROM parked_events WHERE key = :key", key=str(application))
        assert "not heard of" in rows[0].error


@pytest.mark.real
async def test_late_news_of_a_reopened_content_does_not_open_what_was_handed_in(at: Desk, owner: UUID) -> None:
    application = await at.started(owner)
    await at.stored(application, owner, pdf(10))
    await at.submitted(application, owner)
    await at.approved(application, owner)
    await at.reopened(application, owner)
    await at.submitted(application, owner, submission=2)
    await at.reopened(application, owner)
    assert (await at.list_(application, owner)).json()["changeable"] is False
