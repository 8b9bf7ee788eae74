"""Who may do what in identity: one table, role by relation by action. What is not in it is forbidden.

A relation says how somebody is connected with the account they act on; everybody acts on their own account only, and
what concerns other people's accounts is a command of an operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kit.errors import Forbidden
from madoguchi_contracts import Role


class Relation(StrEnum):
    """How somebody is connected with the account."""

    MAILED_LINK = "mailed_link"  # holds a one-time link that was mailed to the registered address
    PASSWORD_GIVEN = "password_given"  # noqa: S105 - gave the right password, not yet the one-time password (ID-35)
    LOGGED_IN = "logged_in"


class Action(StrEnum):
    """What can be done with an account."""

    SET_PASSWORD = "set_password"  # noqa: S105
    OPEN_EKYC_LINK = "open_ekyc_link"
    ENROL_OTP = "enrol_otp"
    GIVE_OTP = "give_otp"
    RESET_OTP = "reset_otp"
    USE_SESSION = "use_session"
    SEE_ACCOUNT = "see_account"
    CHANGE_PASSWORD = "change_password"  # noqa: S105
    PROVE_OTP = "prove_otp"
    START_EKYC = "start_ekyc"
    SEE_EKYC = "see_ekyc"


_EVERYBODY = frozenset(Role)
_ASSOCIATION = frozenset({Role.ASSOCIATION})

ALLOWED: Mapping[Relation, Mapping[Action, frozenset[Role]]] = {
    Relation.MAILED_LINK: {
        Action.SET_PASSWORD: _EVERYBODY,
        Action.OPEN_EKYC_LINK: _ASSOCIATION,
    },
    Relation.PASSWORD_GIVEN: {
        Action.ENROL_OTP: _EVERYBODY,
        Action.GIVE_OTP: _EVERYBODY,
        # ID-46 asks for the secret answer. Accounts that the office opened have none: an operator resets theirs.
        Action.RESET_OTP: _ASSOCIATION,
    },
    Relation.LOGGED_IN: {
        Action.USE_SESSION: _EVERYBODY,
        Action.SEE_ACCOUNT: _EVERYBODY,
        Action.CHANGE_PASSWORD: _EVERYBODY,
        # ID-40, ID-42: at submission and approval of proxy input, and of an association only.
        Action.PROVE_OTP: _ASSOCIATION,
        # ID-70: started in the registration form, which only associations have.
        Action.START_EKYC: _ASSOCIATION,
        Action.SEE_EKYC: _ASSOCIATION,
    },
}


def may(role: Role, relation: Relation, action: Action) -> bool:
    """Whether somebody with this role, so connected with the account, may do this."""
    return role in ALLOWED[relation].get(action, frozenset())


def authorise(role: Role, relation: Relation, action: Action) -> None:
    """The one place where the table is enforced. Raises Forbidden."""
    if not may(role, relation, action):
        raise Forbidden(role=role.value, relation=relation.value, action=action.value)
