"""Who may do what: the table cell by cell, and every route against it, for every role."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from identity.api import routers
from identity.api.deps import CELL
from identity.permissions import ALLOWED, Action, Relation, authorise, may
from kit.errors import Forbidden
from madoguchi_contracts import Role
from support.identity import ANSWER, PASSWORD, World

R, A = Relation, Action
ALL = set(Role)
ASSOCIATION, COMPANY, APPLICANT, JOINT_DEBTOR = Role.ASSOCIATION, Role.COMPANY, Role.APPLICANT, Role.JOINT_DEBTOR
REGISTERED = {ASSOCIATION, APPLICANT, JOINT_DEBTOR}
OFFICE = {Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER}

# Written down once more, by hand: a change of the table is a decision, and shows here.
EXPECTED: dict[tuple[Relation, Action], set[Role]] = {
    (R.STRANGER, A.READ_PUBLIC): ALL,
    (R.STRANGER, A.REGISTER): ALL,
    (R.STRANGER, A.LOG_IN): ALL,
    (R.STRANGER, A.ASK_FOR_RESET): ALL,
    (R.STRANGER, A.ASK_FOR_USER_ID): ALL,
    (R.STRANGER, A.TELL_OF_EKYC): ALL,
    (R.MAILED_LINK, A.REGISTER): ALL,
    (R.MAILED_LINK, A.SET_PASSWORD): ALL,
    (R.MAILED_LINK, A.OPEN_EKYC_LINK): REGISTERED,
    (R.MAILED_LINK, A.ACCEPT_INVITATION): ALL,
    (R.MAILED_LINK, A.TAKE_OVER): {ASSOCIATION},
    (R.MAILED_LINK, A.OBJECT_TO_SUCCESSION): {ASSOCIATION},
    (R.PASSWORD_GIVEN, A.ENROL_OTP): ALL,
    (R.PASSWORD_GIVEN, A.GIVE_OTP): ALL,
    (R.PASSWORD_GIVEN, A.RESET_OTP): REGISTERED,
    (R.LOGGED_IN, A.USE_SESSION): ALL,
    (R.LOGGED_IN, A.SEE_ACCOUNT): ALL,
    (R.LOGGED_IN, A.CHANGE_PASSWORD): ALL,
    (R.LOGGED_IN, A.RESET_OTP): REGISTERED,
    (R.LOGGED_IN, A.PROVE_OTP): ALL - {COMPANY},
    (R.LOGGED_IN, A.START_EKYC): REGISTERED,
    (R.LOGGED_IN, A.SEE_EKYC): REGISTERED,
    (R.LOGGED_IN, A.INVITE): {APPLICANT},
    (R.LOGGED_IN, A.ACCEPT_INVITATION): {APPLICANT, JOINT_DEBTOR},
    (R.LOGGED_IN, A.CHANGE_REPRESENTATIVE): {ASSOCIATION},
    (R.COUNTER, A.CHANGE_REPRESENTATIVE): {*OFFICE, Role.OPERATOR},
    (R.COUNTER, A.SEE_ORGANISATIONS): {*OFFICE, Role.OPERATOR},
    (R.COUNTER, A.MANAGE_ORGANISATIONS): {Role.OPERATOR},
    (R.COUNTER, A.MANAGE_STAFF): {Role.OPERATOR},
    (R.LOGGED_IN, A.ASK_ABOUT_DATA): {APPLICANT, JOINT_DEBTOR},
    (R.COUNTER, A.HANDLE_DATA_REQUESTS): OFFICE,
    (R.COUNTER, A.DECIDE_DATA_REQUESTS): {Role.OFFICE_APPROVER},
}
CELLS = list(product(Role, Relation, Action))

NOBODY = UUID(int=0)
PERSON = {"name_kanji": "", "name_kana": "", "mail": ""}
ORGANISATION = {**dict.fromkeys(("name", "name_kana", "postal_code", "address", "phone"), ""), "reason": "a test"}
PASSWORDS = {"current_password": "x", "new_password": "x", "confirmed": False}
PROOF = {"code": "000000", "purpose": "submit", "digest": "0" * 64}
TOKEN = {"token": "x"}
DEED = {"code": "000000", "reason": "a test"}

# Every route that needs a login, with its cell and a body of the right form that changes nothing.
AUTHENTICATED: dict[tuple[str, str], tuple[tuple[Relation, Action], Any]] = {
    ("POST", "/v1/sessions/refresh"): ((R.LOGGED_IN, A.USE_SESSION), None),
    ("GET", "/v1/sessions"): ((R.LOGGED_IN, A.USE_SESSION), None),
    ("DELETE", "/v1/sessions/others"): ((R.LOGGED_IN, A.USE_SESSION), None),
    ("DELETE", "/v1/sessions/{session_id}"): ((R.LOGGED_IN, A.USE_SESSION), None),
    ("GET", "/v1/me"): ((R.LOGGED_IN, A.SEE_ACCOUNT), None),
    ("POST", "/v1/passwords/change"): ((R.LOGGED_IN, A.CHANGE_PASSWORD), PASSWORDS),
    ("POST", "/v1/otp/void"): ((R.LOGGED_IN, A.RESET_OTP), {"password": "x", "secret_answer": "x"}),
    ("POST", "/v1/otp/proofs"): ((R.LOGGED_IN, A.PROVE_OTP), PROOF),
    ("POST", "/v1/ekyc"): ((R.LOGGED_IN, A.START_EKYC), {"method": "photo"}),
    ("GET", "/v1/ekyc"): ((R.LOGGED_IN, A.SEE_EKYC), None),
    ("POST", "/v1/invitations"): (
        (R.LOGGED_IN, A.INVITE),
        {**PERSON, "application_id": str(NOBODY), "role": "joint_debtor"},
    ),
    ("GET", "/v1/invitations"): ((R.LOGGED_IN, A.INVITE), None),
    ("DELETE", "/v1/invitations/{invitation_id}"): ((R.LOGGED_IN, A.INVITE), None),
    ("POST", "/v1/invitations/accept"): ((R.LOGGED_IN, A.ACCEPT_INVITATION), TOKEN),
    ("POST", "/v1/successions"): ((R.LOGGED_IN, A.CHANGE_REPRESENTATIVE), {**PERSON, "code": "000000"}),
    ("DELETE", "/v1/successions/current"): ((R.LOGGED_IN, A.CHANGE_REPRESENTATIVE), None),
    ("GET", "/v1/successions"): ((R.LOGGED_IN, A.CHANGE_REPRESENTATIVE), None),
    ("POST", "/v1/accounts/{account_id}/successions"): ((R.COUNTER, A.CHANGE_REPRESENTATIVE), {**PERSON, **DEED}),
    ("GET", "/v1/accounts/{account_id}/successions"): ((R.COUNTER, A.CHANGE_REPRESENTATIVE), None),
    ("POST", "/v1/accounts/{account_id}/successions/{succession_id}/confirm"): (
        (R.COUNTER, A.CHANGE_REPRESENTATIVE),
        DEED,
    ),
    ("POST", "/v1/accounts/{account_id}/successions/withdraw"): (
        (R.COUNTER, A.CHANGE_REPRESENTATIVE),
        {"reason": "a test"},
    ),
    ("GET", "/v1/accounts/{account_id}/representatives"): ((R.COUNTER, A.CHANGE_REPRESENTATIVE), None),
    ("POST", "/v1/organisations"): ((R.COUNTER, A.MANAGE_ORGANISATIONS), {**ORGANISATION, "kind": "bank"}),
    ("GET", "/v1/organisations"): ((R.COUNTER, A.SEE_ORGANISATIONS), None),
    ("GET", "/v1/organisations/{organisation_id}"): ((R.COUNTER, A.SEE_ORGANISATIONS), None),
    ("PUT", "/v1/organisations/{organisation_id}"): ((R.COUNTER, A.MANAGE_ORGANISATIONS), ORGANISATION),
    ("POST", "/v1/organisations/{organisation_id}/close"): ((R.COUNTER, A.MANAGE_ORGANISATIONS), DEED),
    ("GET", "/v1/organisations/{organisation_id}/staff"): ((R.COUNTER, A.SEE_ORGANISATIONS), None),
    ("POST", "/v1/staff"): ((R.COUNTER, A.MANAGE_STAFF), {**DEED, "role": "operator", "name": "", "mail": ""}),
    ("POST", "/v1/staff/{account_id}/close"): ((R.COUNTER, A.MANAGE_STAFF), DEED),
    ("POST", "/v1/data-requests"): ((R.LOGGED_IN, A.ASK_ABOUT_DATA), {"code": "000000", "kind": "correction"}),
    ("GET", "/v1/data-requests"): ((R.LOGGED_IN, A.ASK_ABOUT_DATA), None),
    ("DELETE", "/v1/data-requests/{request_id}"): ((R.LOGGED_IN, A.ASK_ABOUT_DATA), None),
    ("GET", "/v1/data-requests/{request_id}/disclosure"): ((R.LOGGED_IN, A.ASK_ABOUT_DATA), None),
    ("GET", "/v1/counter/data-requests"): ((R.COUNTER, A.HANDLE_DATA_REQUESTS), None),
    ("GET", "/v1/counter/data-requests/{request_id}"): ((R.COUNTER, A.HANDLE_DATA_REQUESTS), None),
    ("POST", "/v1/counter/data-requests/{request_id}/identify"): (
        (R.COUNTER, A.HANDLE_DATA_REQUESTS),
        {"code": "000000", "seen_at_counter": True},
    ),
    ("POST", "/v1/counter/data-requests/{request_id}/propose"): (
        (R.COUNTER, A.HANDLE_DATA_REQUESTS),
        {"code": "000000", "step": "answer"},
    ),
    ("POST", "/v1/counter/data-requests/{request_id}/decide"): (
        (R.COUNTER, A.DECIDE_DATA_REQUESTS),
        {"code": "000000", "proposal": str(UUID(int=1))},
    ),
    ("DELETE", "/v1/sessions/current"): ((R.LOGGED_IN, A.USE_SESSION), None),  # the last one: it logs out
}
# Of these, those that take the session token itself.
BY_SESSION = {
    ("POST", "/v1/sessions/refresh"),
    ("DELETE", "/v1/sessions/current"),
    ("DELETE", "/v1/sessions/others"),
    ("DELETE", "/v1/sessions/{session_id}"),
}
# And every other one, with its cell.
OPEN = {
    ("GET", "/v1/terms"): (R.STRANGER, A.READ_PUBLIC),
    ("GET", "/v1/data-request-procedure"): (R.STRANGER, A.READ_PUBLIC),
    ("GET", "/v1/secret-questions"): (R.STRANGER, A.READ_PUBLIC),
    ("GET", "/v1/otp/guidance"): (R.STRANGER, A.READ_PUBLIC),
    ("GET", "/v1/ekyc/methods"): (R.STRANGER, A.READ_PUBLIC),
    ("GET", "/.well-known/jwks.json"): (R.STRANGER, A.READ_PUBLIC),
    ("POST", "/v1/registrations"): (R.STRANGER, A.REGISTER),
    ("POST", "/v1/registrations/inspect"): (R.MAILED_LINK, A.REGISTER),
    ("POST", "/v1/registrations/commit"): (R.MAILED_LINK, A.REGISTER),
    ("POST", "/v1/passwords/inspect"): (R.MAILED_LINK, A.SET_PASSWORD),
    ("POST", "/v1/passwords/set"): (R.MAILED_LINK, A.SET_PASSWORD),
    ("POST", "/v1/passwords/reset-requests"): (R.STRANGER, A.ASK_FOR_RESET),
    ("POST", "/v1/user-id-reminders"): (R.STRANGER, A.ASK_FOR_USER_ID),
    ("POST", "/v1/user-id-reminders/answer"): (R.STRANGER, A.ASK_FOR_USER_ID),
    ("POST", "/v1/sessions"): (R.STRANGER, A.LOG_IN),
    ("POST", "/v1/otp/enrolment"): (R.PASSWORD_GIVEN, A.ENROL_OTP),
    ("POST", "/v1/sessions/otp"): (R.PASSWORD_GIVEN, A.GIVE_OTP),
    ("POST", "/v1/otp/reset"): (R.PASSWORD_GIVEN, A.RESET_OTP),
    ("POST", "/v1/ekyc/open"): (R.MAILED_LINK, A.OPEN_EKYC_LINK),
    ("POST", "/v1/ekyc/callbacks"): (R.STRANGER, A.TELL_OF_EKYC),
    ("POST", "/v1/invitations/inspect"): (R.MAILED_LINK, A.ACCEPT_INVITATION),
    ("POST", "/v1/invitations/register"): (R.MAILED_LINK, A.ACCEPT_INVITATION),
    ("POST", "/v1/successions/inspect"): (R.MAILED_LINK, A.TAKE_OVER),
    ("POST", "/v1/successions/complete"): (R.MAILED_LINK, A.TAKE_OVER),
    ("POST", "/v1/successions/objections/inspect"): (R.MAILED_LINK, A.OBJECT_TO_SUCCESSION),
    ("POST", "/v1/successions/objections"): (R.MAILED_LINK, A.OBJECT_TO_SUCCESSION),
}


def cells_of(dependant: Dependant) -> list[tuple[Relation, Action]]:
    """The cells that a route's dependencies name."""
    own = [getattr(dependant.call, CELL)] if hasattr(dependant.call, CELL) else []
    return own + [cell for one in dependant.dependencies for cell in cells_of(one)]


def routes() -> dict[tuple[str, str], list[tuple[Relation, Action]]]:
    return {
        (method, route.path_format): cells_of(route.dependant)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }


@pytest.mark.rule("ID-40", "ID-42", "ID-46", "ID-70")
@pytest.mark.parametrize(("role", "relation", "action"), CELLS, ids=lambda value: str(value.value))
def test_every_cell_of_the_table(role: Role, relation: Relation, action: Action) -> None:
    allowed = role in EXPECTED.get((relation, action), set())
    assert may(role, relation, action) is allowed
    if allowed:
        authorise(role, relation, action)
    else:
        with pytest.raises(Forbidden):
            authorise(role, relation, action)


def test_the_table_has_a_row_for_every_relation_and_a_use_for_every_action() -> None:
    assert set(ALLOWED) == set(Relation)
    assert {action for actions in ALLOWED.values() for action in actions} == set(Action)


def test_every_route_is_in_the_table_with_exactly_one_cell() -> None:
    listed = {route: [cell] for route, cell in OPEN.items()}
    listed |= {route: [cell] for route, (cell, _) in AUTHENTICATED.items()}
    assert routes() == listed
    assert {cell for cells in listed.values() for cell in cells} == set(EXPECTED)


@pytest.mark.parametrize(("method", "path"), AUTHENTICATED)
async def test_nobody_gets_in_without_a_session(world: World, method: str, path: str) -> None:
    body = AUTHENTICATED[method, path][1]
    answer = await world.http.request(method, _at(path), json=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"]


@pytest.mark.rule("ID-26", "ID-42")
@pytest.mark.parametrize("role", Role)
async def test_every_role_gets_exactly_the_routes_of_the_table(world: World, role: Role) -> None:
    member = await world.somebody(role)
    await world.log_in(member)
    for (method, path), (cell, body) in AUTHENTICATED.items():
        headers = member.session if (method, path) in BY_SESSION else member.bearer
        answer = await world.http.request(method, _at(path), json=body, headers=headers)
        assert answer.status_code != 401, (role, method, path, answer.text)
        assert (answer.status_code != 403) is (role in EXPECTED[cell]), (role, method, path, answer.text)


@pytest.mark.rule("ID-38", "ID-39")
async def test_an_access_token_neither_renews_itself_nor_ends_sessions(world: World) -> None:
    member = await world.logged_in()
    for method, path in sorted(BY_SESSION):
        answer = await world.http.request(method, _at(path), headers=member.bearer)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
    await world.post("/v1/sessions/refresh", headers=member.session)


@pytest.mark.rule("ID-46", "ID-47")
@pytest.mark.parametrize("role", Role)
async def test_half_a_login_is_good_for_exactly_what_the_table_says(world: World, role: Role) -> None:
    member = await world.somebody(role)  # who set the password with a mailed link
    token = (await world.give_password(member))["login_token"]
    steps = {
        ("POST", "/v1/otp/enrolment"): {"login_token": token},
        ("POST", "/v1/sessions/otp"): {"login_token": token, "code": "000000"},
        ("POST", "/v1/otp/reset"): {"login_token": token, "secret_answer": ANSWER},
    }
    for (method, path), body in steps.items():
        answer = await world.http.request(method, path, json=body)
        assert (answer.status_code != 403) is (role in EXPECTED[OPEN[method, path]]), (role, path, answer.text)


@pytest.mark.rule("ID-17", "ID-26")
@pytest.mark.parametrize("role", Role)
async def test_everybody_sets_a_password_with_a_mailed_link_and_logs_in(world: World, role: Role) -> None:
    member = await world.somebody(role)
    assert member.password == PASSWORD
    assert (await world.log_in(member))["next"] == "done"


def _at(path: str) -> str:
    for name in ("session_id", "invitation_id", "account_id", "organisation_id", "succession_id"):
        path = path.replace(f"{{{name}}}", str(NOBODY))
    return path
