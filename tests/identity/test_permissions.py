"""Who may do what: the table cell by cell, and every route against it."""

from itertools import product
from typing import Any

import pytest
from fastapi.routing import APIRoute
from identity.api import routers
from identity.permissions import ALLOWED, Action, Relation, authorise, may
from kit.errors import Forbidden
from madoguchi_contracts import Role
from support.identity import World

R, A = Relation, Action
ALL = set(Role)
ASSOCIATION = {Role.ASSOCIATION}

# Written down once more, by hand: a change of the table is a decision, and shows here.
EXPECTED: dict[tuple[Relation, Action], set[Role]] = {
    (R.MAILED_LINK, A.SET_PASSWORD): ALL,
    (R.MAILED_LINK, A.OPEN_EKYC_LINK): ASSOCIATION,
    (R.PASSWORD_GIVEN, A.ENROL_OTP): ALL,
    (R.PASSWORD_GIVEN, A.GIVE_OTP): ALL,
    (R.PASSWORD_GIVEN, A.RESET_OTP): ASSOCIATION,
    (R.LOGGED_IN, A.USE_SESSION): ALL,
    (R.LOGGED_IN, A.SEE_ACCOUNT): ALL,
    (R.LOGGED_IN, A.CHANGE_PASSWORD): ALL,
    (R.LOGGED_IN, A.PROVE_OTP): ASSOCIATION,
    (R.LOGGED_IN, A.START_EKYC): ASSOCIATION,
    (R.LOGGED_IN, A.SEE_EKYC): ASSOCIATION,
}
CELLS = list(product(Role, Relation, Action))

# (method, path, body) of every route that needs a login, with its action.
AUTHENTICATED: dict[tuple[str, str], tuple[Action, Any]] = {
    ("POST", "/v1/sessions/refresh"): (A.USE_SESSION, None),
    ("GET", "/v1/me"): (A.SEE_ACCOUNT, None),
    ("POST", "/v1/passwords/change"): (
        A.CHANGE_PASSWORD,
        {"current_password": "x", "new_password": "x", "confirmed": False},
    ),
    ("POST", "/v1/otp/proofs"): (A.PROVE_OTP, {"code": "000000", "purpose": "submit", "digest": "0" * 64}),
    ("POST", "/v1/ekyc"): (A.START_EKYC, {"method": "photo"}),
    ("GET", "/v1/ekyc"): (A.SEE_EKYC, None),
    ("DELETE", "/v1/sessions/current"): (A.USE_SESSION, None),
}
PUBLIC = {
    ("GET", "/v1/terms"),
    ("GET", "/v1/secret-questions"),
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/v1/registrations"),
    ("POST", "/v1/registrations/inspect"),  # a mailed link
    ("POST", "/v1/registrations/commit"),
    ("POST", "/v1/passwords/inspect"),
    ("POST", "/v1/passwords/set"),
    ("POST", "/v1/ekyc/open"),
    ("POST", "/v1/passwords/reset-requests"),
    ("POST", "/v1/user-id-reminders"),
    ("POST", "/v1/user-id-reminders/answer"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/otp/enrolment"),  # a login token
    ("POST", "/v1/sessions/otp"),
    ("POST", "/v1/otp/reset"),
    ("POST", "/v1/ekyc/callbacks"),  # the provider's signature
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


def test_the_table_has_a_row_for_every_relation() -> None:
    assert set(ALLOWED) == set(Relation)


def test_every_route_is_either_public_or_needs_a_login() -> None:
    routes = {
        (method, route.path)
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert routes == PUBLIC | set(AUTHENTICATED)


@pytest.mark.parametrize(("method", "path"), AUTHENTICATED)
async def test_nobody_gets_in_without_a_session(world: World, method: str, path: str) -> None:
    body = AUTHENTICATED[method, path][1]
    answer = await world.http.request(method, path, json=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"]


async def test_every_role_gets_exactly_the_routes_of_the_table(world: World) -> None:
    for role in [Role.ASSOCIATION, Role.COMPANY, Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER, Role.OPERATOR]:
        member = await world.member() if role is Role.ASSOCIATION else await world.staff(role)
        await world.log_in(member)
        for (method, path), (action, body) in AUTHENTICATED.items():
            answer = await world.http.request(method, path, json=body, headers=member.bearer)
            may_pass = may(role, Relation.LOGGED_IN, action)
            assert (answer.status_code != 403) is may_pass, (role, method, path, answer.text)
