"""The matrix of who may see and do what, cell by cell."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from applications.access import MATRIX, Action, Standing, allow
from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from madoguchi_contracts import Role

OWNERS = {Role.ASSOCIATION, Role.APPLICANT}
OFFICE = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}
FOR_OWNERS = {Action.START, Action.LIST_OWN, Action.VIEW, Action.TIMELINE, Action.EDIT, Action.CHECK, Action.SUBMIT}
FOR_OFFICE = {
    *(Action.VIEW, Action.TIMELINE, Action.LIST_REVIEWS, Action.VIEW_REVIEW),
    *(Action.CLAIM, Action.RELEASE, Action.DECIDE),
}
ME = UUID(int=1)
APPLICATIONS = {
    (mine, submitted): Standing(ME if mine else UUID(int=2), int(submitted))
    for mine, submitted in product((True, False), repeat=2)
}


def expected(role, action, mine, submitted):
    if role in OWNERS and action in FOR_OWNERS:
        return None if mine else NotFound
    if role in OFFICE and action in FOR_OFFICE:
        return None if submitted else NotFound
    return Forbidden


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_matrix(role, action):
    actor = Actor(ME, role, uuid4())
    for (mine, submitted), application in APPLICATIONS.items():
        error = expected(role, action, mine, submitted)
        if error is None:
            allow(actor, action, application)
        else:
            with pytest.raises(error):
                allow(actor, action, application)


def test_the_matrix_has_a_row_for_every_action():
    assert set(MATRIX) == set(Action)


@pytest.fixture
async def filed(counter):
    return await counter.applied()


ROUTES = [
    ("POST", "/v1/applications", {"programme": "bond"}),
    ("GET", "/v1/applications", None),
    ("GET", "/v1/applications/{application}", None),
    ("PUT", "/v1/applications/{application}/draft", {"content": {}}),
    ("GET", "/v1/applications/{application}/check", None),
    ("POST", "/v1/applications/{application}/submit", {"content_sha256": "0" * 64, "proof": "x"}),
    ("GET", "/v1/applications/{application}/timeline", None),
    ("GET", "/v1/reviews", None),
    ("GET", "/v1/reviews/{review}", None),
    *(("POST", f"/v1/reviews/{{review}}/{command}", None) for command in ("claim", "release", "recommend", "approve")),
    ("POST", "/v1/reviews/{review}/reject", {"reason": "理由"}),
    ("GET", "/v1/postal-codes/1128570", None),
    ("GET", "/v1/banks?query=a", None),
    ("GET", "/v1/banks/0001/branches?query=a", None),
]


def proven(person, body):
    """The body with a right proof, where it has one: the proof must not be what is refused."""
    if body is None or "proof" not in body:
        return body
    return {**body, "proof": person.counter.gate.proof(person.account_id, body["content_sha256"])}


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_nobody_gets_in_without_a_token(counter, method, path, body):
    path = path.format(application=uuid4(), review=uuid4())
    answer = await counter.client.request(method, path, json=body, headers={"Idempotency-Key": "k", "If-Match": '"1"'})
    assert answer.status_code == 401


@pytest.mark.parametrize("role", sorted(set(Role) - OWNERS - OFFICE))
async def test_other_roles_see_nothing(counter, filed, role):
    stranger = counter.person(role)
    for method, path, body in ROUTES[:-3]:
        place = path.format(application=filed.application_id, review=filed.review_id)
        answer = await stranger.call(method, place, proven(stranger, body), If_Match='"1"')
        assert answer.status_code == 403, (method, path)


async def test_another_association_learns_nothing_of_an_application(counter, filed):
    stranger = await counter.association()
    for method, path, body in ROUTES[2:7]:
        sent = proven(stranger, body)
        own = await stranger.call(method, path.format(application=filed.application_id), sent, If_Match='"1"')
        none = await stranger.call(method, path.format(application=uuid4()), sent, If_Match='"1"')
        assert (own.status_code, own.json()) == (404, none.json())


async def test_the_office_does_not_see_a_draft(counter):
    owner = await counter.association()
    application = await owner.start()
    for role in OFFICE:
        officer = counter.person(role)
        for path in (f"/v1/applications/{application}", f"/v1/applications/{application}/timeline"):
            assert (await officer.get(path)).status_code == 404


async def test_every_reading_of_personal_data_by_the_office_is_recorded(counter, filed):
    async def log():
        rows = await counter.rows(
            "SELECT actor_id, role, action, at FROM access_log WHERE application_id = :id ORDER BY id",
            id=filed.application_id,
        )
        return [(row.actor_id, row.role, row.action, row.at) for row in rows]

    reviewer, approver = counter.person(Role.OFFICE_REVIEWER), counter.person(Role.OFFICE_APPROVER)
    assert await log() == []
    assert (await reviewer.get(f"/v1/reviews/{filed.review_id}")).status_code == 200
    assert (await approver.get(f"/v1/applications/{filed.application_id}")).status_code == 200
    now = counter.clock()
    assert await log() == [
        (reviewer.account_id, "office_reviewer", "view_review", now),
        (approver.account_id, "office_approver", "view", now),
    ]
    assert (await filed.owner.get(f"/v1/applications/{filed.application_id}")).status_code == 200
    assert len(await log()) == 2


async def test_the_worklist_and_the_events_hold_no_personal_data(counter, filed):
    queue = (await counter.person(Role.OFFICE_REVIEWER).get("/v1/reviews")).text
    events = await counter.rows(
        "SELECT data::text AS text FROM events WHERE aggregate_id = :id", id=filed.application_id
    )
    stored = await counter.rows("SELECT draft FROM applications WHERE id = :id", id=filed.application_id)
    kept = await counter.rows(
        "SELECT content FROM application_versions WHERE application_id = :id", id=filed.application_id
    )
    mails = await counter.rows("SELECT mail FROM account_contacts")
    everything = queue + "".join(row[0] for row in (*events, *stored, *kept, *mails))
    for secret in ("青葉台", "見本", "花子", "hanako", "0358009479", "後楽", "0123456"):
        assert secret not in everything
