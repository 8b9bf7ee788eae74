"""The matrix of who may see and do what, cell by cell."""

from itertools import product
from uuid import UUID, uuid4

import pytest
from applications.access import GRANTS, MATRIX, Action, Reach, Scope, allow
from applications.programmes import PROGRAMMES
from applications.queries.timeline import BY
from applications.workflow import NOTHING
from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from madoguchi_contracts import Party, Role

PERSONS = {Role.APPLICANT, Role.JOINT_DEBTOR}  # each may own an application, and take part in another one
OWNERS = {Role.ASSOCIATION} | PERSONS
OFFICE = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}
PARTIES = {Role.COMPANY, Role.INSPECTION_BODY, Role.BANK} | PERSONS
FOR_OWNERS = {
    *(Action.START, Action.LIST_OWN, Action.VIEW, Action.TIMELINE, Action.EDIT, Action.CHECK),
    *(Action.SUBMIT, Action.STEP, Action.LIST_VERSIONS, Action.VIEW_VERSION, Action.VIEW_CERTIFICATE),
    Action.LEAVE,
    *(Action.LIST_THREADS, Action.VIEW_THREAD, Action.OPEN_THREAD, Action.POST_MESSAGE, Action.MARK_READ),
    *(Action.VIEW_CORRECTIONS, Action.ADD_PARTICIPANTS),
    Action.LIST_OWN_PROVISIONS,
}
FOR_DEBTORS = {Action.VIEW_LOAN_CERTIFICATE, Action.VIEW_REPAYMENT, Action.VIEW_CONTRACT}
FOR_OFFICE = {
    *(Action.VIEW, Action.TIMELINE, Action.LIST_REVIEWS, Action.VIEW_REVIEW),
    *(Action.CLAIM, Action.RELEASE, Action.DECIDE, Action.STEP, Action.LIST_VERSIONS, Action.VIEW_VERSION),
    *(Action.NOTE, Action.VIEW_NOTES, Action.VIEW_CERTIFICATE, Action.IMPORT_BALANCES),
    Action.LIST_SUBMITTED,
    *FOR_DEBTORS,
    *(Action.LIST_LOAN_CERTIFICATES, Action.ANNOUNCE_POSTING),
    *(Action.LIST_THREADS, Action.VIEW_THREAD, Action.OPEN_THREAD, Action.POST_MESSAGE, Action.MARK_READ),
    *(Action.LIST_WAITING, Action.SETTLE_THREAD, Action.VIEW_CORRECTIONS, Action.REQUEST_CORRECTION),
    *(Action.LIST_TASKS, Action.WORK_TASK, Action.ADD_PARTICIPANTS),
    *(Action.LIST_PROVISIONS, Action.RECORD_PROVISION, Action.LIST_MAINTENANCE),
}
# A wrong rate changes every loan of its month; a wrong announcement closes the counter.
FOR_APPROVERS = {Action.IMPORT_RATES, Action.ANNOUNCE_MAINTENANCE}
# What a party must have been granted for what it may be admitted to at all.
FOR_PARTIES = {
    Action.LIST_OWN: "view",
    Action.STEP: None,
    Action.LEAVE: None,
    Action.VIEW: "view",
    Action.TIMELINE: "view",
    Action.VIEW_CERTIFICATE: "view",
    Action.VIEW_LOAN_CERTIFICATE: "view",
    Action.VIEW_REPAYMENT: "view",
    Action.LIST_THREADS: "view",
    Action.VIEW_THREAD: "view",
    Action.OPEN_THREAD: "view",
    Action.POST_MESSAGE: "view",
    Action.MARK_READ: "view",
    Action.ADD_PARTICIPANTS: "view",
    Action.VIEW_CORRECTIONS: "view",
    Action.VIEW_CONTRACT: "view",
    Action.SIGN_CONTRACT: "view",
    Action.EDIT: "edit",
    Action.CHECK: "edit",
}
# What is not for every kind of party.
ONLY_FOR = {
    Action.VIEW_LOAN_CERTIFICATE: PERSONS,
    Action.VIEW_REPAYMENT: PERSONS | {Role.BANK},
    Action.VIEW_CONTRACT: PERSONS,
    Action.SIGN_CONTRACT: PERSONS,
}
ME, MY_FIRM, OTHERS = (UUID(int=n) for n in range(1, 4))
GRANTED = [(), ("view",), ("edit",), ("view", "edit")]


def may_be_a_party(role, action):
    return action in FOR_PARTIES and role in ONLY_FOR.get(action, PARTIES)


def expected(role, action, mine, submitted):
    if (role in OWNERS and action in FOR_OWNERS) or (
        role in PERSONS and action in FOR_DEBTORS | {Action.SIGN_CONTRACT}
    ):
        return None if mine else NotFound
    if role is Role.OFFICE_APPROVER and action is Action.STEP:
        return None  # what a step of theirs does to a draft, the table says: it may be stopped (GL-086)
    if role in OFFICE and action in FOR_OFFICE:
        return None if submitted else NotFound
    if role is Role.OFFICE_APPROVER and action in FOR_APPROVERS:
        return None if submitted else NotFound
    if may_be_a_party(role, action):
        return NotFound
    return Forbidden


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_matrix(role, action):
    actor = Actor(ME, role, uuid4(), MY_FIRM)
    for mine, submitted in product((True, False), repeat=2):
        application = Reach(ME if mine else OTHERS, int(submitted))
        error = expected(role, action, mine, submitted)
        if error is None:
            allow(actor, action, application)
        else:
            with pytest.raises(error):
                allow(actor, action, application)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", sorted(PARTIES))
@pytest.mark.parametrize("grants", GRANTED)
def test_a_party_reaches_what_it_was_granted_itself_or_by_its_organisation(role, action, grants):
    for party in (ME, MY_FIRM, OTHERS):
        application = Reach(OTHERS, 1, (Party(party_id=party, kind="some", grants=grants),))
        needed = FOR_PARTIES[action] if may_be_a_party(role, action) else "nothing will do"
        known = may_be_a_party(role, action) or (role in OWNERS and action in FOR_OWNERS)
        if party != OTHERS and needed in {None, *grants}:
            allow(Actor(ME, role, uuid4(), MY_FIRM), action, application)
        else:
            with pytest.raises(NotFound if known else Forbidden):
                allow(Actor(ME, role, uuid4(), MY_FIRM), action, application)


@pytest.mark.parametrize("role", sorted(set(Role) - PARTIES))
def test_taking_part_opens_nothing_to_other_roles(role):
    reach = Reach(OTHERS, 0, (Party(party_id=ME, kind="some", grants=("view", "edit")),))
    for action in set(Action) - ({Action.STEP} if role is Role.OFFICE_APPROVER else set()):
        with pytest.raises((Forbidden, NotFound)):
            allow(Actor(ME, role, uuid4(), MY_FIRM), action, reach)


@pytest.mark.rule("GL-086")
def test_the_only_step_of_an_approver_on_a_draft_is_to_stop_a_loan():
    found = {
        (name, row.track, row.command)
        for name, programme in PROGRAMMES.items()
        for row in programme.workflow.transitions
        for who in row.actors
        if who.role is Role.OFFICE_APPROVER
        and (row.track != programme.workflow.main or {NOTHING, "draft"} & set(row.sources))
    }
    assert found == {("green_loan", "loan", "stop")}


def test_grants_are_asked_where_parties_are_admitted():
    admitted = {action: scopes[Scope.PARTY] for action, scopes in MATRIX.items() if Scope.PARTY in scopes}
    assert all(admitted[action] == ONLY_FOR.get(action, PARTIES) for action in GRANTS)


def test_the_timeline_has_a_word_for_every_role():
    assert set(BY) == set(Role)


def test_the_matrix_has_a_row_for_every_action():
    assert set(MATRIX) == set(Action)


@pytest.fixture
async def filed(counter):
    return await counter.applied()


THREADS = "/v1/applications/{application}/threads"
THREAD = f"{THREADS}/{ME}"
CORRECTIONS = "/v1/applications/{application}/corrections"
PROVISIONS = "/v1/applications/{application}/provisions"
PROVISION = {"person": str(ME), "recipient": "tax_office", "case": "LAW", "data_fields": ["name"], "purpose": "tax"}
OF_MESSAGES = [
    ("GET", THREADS, None),
    ("POST", THREADS, {"subject": "件名", "text": "本文"}),
    ("GET", THREAD, None),
    ("POST", f"{THREAD}/messages", {"text": "本文"}),
    ("POST", f"{THREAD}/read", {"up_to": 1}),
    ("POST", f"{THREAD}/participants", {"persons": []}),
    ("GET", CORRECTIONS, None),
]
MAINTENANCE = "/v1/programmes/green_loan/maintenance/announcements"
ANNOUNCED = {
    "service": "counter",
    "begins_at": "2099-04-01T22:00:00+09:00",
    "ends_at": "2099-04-01T23:00:00+09:00",
    "reason": "システムの更新",
}
ROUTES = [
    ("POST", "/v1/applications", {"programme": "bond"}),
    ("GET", "/v1/applications", None),
    ("GET", "/v1/applications/{application}", None),
    ("PUT", "/v1/applications/{application}/draft", {"content": {}}),
    ("GET", "/v1/applications/{application}/check", None),
    ("POST", "/v1/applications/{application}/submit", {"content_sha256": "0" * 64, "proof": "x"}),
    ("POST", "/v1/applications/{application}/steps/withdraw", {}),
    ("DELETE", f"/v1/applications/{{application}}/parties/{ME}", None),
    ("GET", "/v1/applications/{application}/papers", None),
    ("GET", "/v1/applications/{application}/timeline", None),
    ("POST", "/v1/applications/{application}/draft/set-aside", {"content": {}}),
    ("GET", "/v1/applications/{application}/versions", None),
    ("GET", "/v1/applications/{application}/versions/1", None),
    ("GET", "/v1/applications/{application}/contact-notes", None),
    ("POST", "/v1/applications/{application}/contact-notes", {"about": "name", "text": "確認"}),
    *OF_MESSAGES,
    ("GET", "/v1/applications/{application}/repayment", None),
    ("GET", "/v1/applications/{application}/balance-certificates", None),
    ("GET", "/v1/applications/{application}/balance-certificates/2026.pdf", None),
    ("GET", "/v1/programmes/green_loan/balance-certificates/2026", None),
    (
        "POST",
        "/v1/programmes/green_loan/balance-certificates/2026/posting",
        {"first": "2027-01-15", "last": "2027-01-31"},
    ),
    ("GET", MAINTENANCE, None),
    ("POST", MAINTENANCE, ANNOUNCED),
    ("GET", f"{MAINTENANCE}/{ME}", None),
    ("POST", f"{MAINTENANCE}/{ME}/shorten", ANNOUNCED),
    ("POST", f"{MAINTENANCE}/{ME}/withdraw", None),
    ("GET", "/v1/threads?state=waiting", None),
    ("POST", f"{THREAD}/settle", {"up_to": 1}),
    ("POST", CORRECTIONS, {"items": [{"field": "name_kanji", "text": "確認"}]}),
    ("POST", f"{CORRECTIONS}/{ME}/withdraw", None),
    ("GET", "/v1/tasks", None),
    ("POST", f"/v1/tasks/{ME}/claim", None),
    ("POST", f"/v1/tasks/{ME}/finish", {"note": "確認済み"}),
    ("GET", "/v1/provisions", None),
    ("GET", PROVISIONS, None),
    ("POST", PROVISIONS, PROVISION),
    ("GET", "/v1/programmes/bond/applications?state=applied", None),
    ("GET", "/v1/reviews", None),
    ("GET", "/v1/reviews/{review}", None),
    *(("POST", f"/v1/reviews/{{review}}/{command}", None) for command in ("claim", "release", "recommend", "approve")),
    ("POST", "/v1/reviews/{review}/reject", {"reason": "理由"}),
    ("GET", "/v1/postal-codes/1128570", None),
    ("GET", "/v1/companies?query=a", None),
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
    stranger = counter.person(role, organisation_id=uuid4())
    for method, path, body in ROUTES[:-4]:
        place = path.format(application=filed.application_id, review=filed.review_id)
        answer = await stranger.call(method, place, proven(stranger, body), If_Match='"1"')
        if path == "/v1/applications" and method == "GET" and role in PARTIES:
            assert answer.json()["items"] == []
        else:
            assert answer.status_code in ({403, 404} if role in PARTIES else {403}), (method, path)


async def test_another_association_learns_nothing_of_an_application(counter, filed):
    stranger = await counter.association()
    for method, path, body in [*ROUTES[2:13], *OF_MESSAGES]:
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
