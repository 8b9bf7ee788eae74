"""Who may do what in identity: one table, role by relation by action. What is not in it is forbidden.

Every route names its cell (`api.deps`); a test fails for one that names none. Strangers, and holders of links and half-
finished logins, are let in to their actions whatever their role; the command asks the table again as soon as it knows
whose account it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kit.errors import Forbidden
from madoguchi_contracts import Role


class Relation(StrEnum):
    """How somebody is connected with what they act on."""

    STRANGER = "stranger"  # said nothing of themselves that was checked
    MAILED_LINK = "mailed_link"  # holds a one-time link that was mailed to them
    PASSWORD_GIVEN = "password_given"  # noqa: S105 - gave the right password, not yet the one-time password (ID-35)
    LOGGED_IN = "logged_in"  # acts on their own account
    COUNTER = "counter"  # is logged in, and acts on accounts and organisations of others


class Action(StrEnum):
    """What can be done."""

    READ_PUBLIC = "read_public"
    REGISTER = "register"
    LOG_IN = "log_in"
    ASK_FOR_RESET = "ask_for_reset"
    ASK_FOR_USER_ID = "ask_for_user_id"
    TELL_OF_EKYC = "tell_of_ekyc"
    SET_PASSWORD = "set_password"  # noqa: S105
    OPEN_EKYC_LINK = "open_ekyc_link"
    ACCEPT_INVITATION = "accept_invitation"
    TAKE_OVER = "take_over"
    OBJECT_TO_SUCCESSION = "object_to_succession"
    ENROL_OTP = "enrol_otp"
    GIVE_OTP = "give_otp"
    RESET_OTP = "reset_otp"
    USE_SESSION = "use_session"
    SEE_ACCOUNT = "see_account"
    CHANGE_PASSWORD = "change_password"  # noqa: S105
    PROVE_OTP = "prove_otp"
    START_EKYC = "start_ekyc"
    SEE_EKYC = "see_ekyc"
    INVITE = "invite"
    CHANGE_REPRESENTATIVE = "change_representative"
    SEE_ORGANISATIONS = "see_organisations"
    MANAGE_ORGANISATIONS = "manage_organisations"
    MANAGE_STAFF = "manage_staff"
    ASK_ABOUT_DATA = "ask_about_data"
    HANDLE_DATA_REQUESTS = "handle_data_requests"
    DECIDE_DATA_REQUESTS = "decide_data_requests"


_EVERYBODY = frozenset(Role)
_ASSOCIATION = frozenset({Role.ASSOCIATION})
_BORROWERS = frozenset({Role.APPLICANT, Role.JOINT_DEBTOR})
_OFFICE = frozenset({Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER})
_OPERATOR = frozenset({Role.OPERATOR})

ALLOWED: Mapping[Relation, Mapping[Action, frozenset[Role]]] = {
    Relation.STRANGER: {
        Action.READ_PUBLIC: _EVERYBODY,
        Action.REGISTER: _EVERYBODY,
        Action.LOG_IN: _EVERYBODY,
        Action.ASK_FOR_RESET: _EVERYBODY,
        Action.ASK_FOR_USER_ID: _EVERYBODY,
        Action.TELL_OF_EKYC: _EVERYBODY,  # the provider, by its signature
    },
    Relation.MAILED_LINK: {
        Action.REGISTER: _EVERYBODY,
        Action.SET_PASSWORD: _EVERYBODY,
        Action.OPEN_EKYC_LINK: _ASSOCIATION | _BORROWERS,
        Action.ACCEPT_INVITATION: _EVERYBODY,  # opens an account; with one, it takes a login
        Action.TAKE_OVER: _ASSOCIATION,
        Action.OBJECT_TO_SUCCESSION: _ASSOCIATION,  # logged in, it is part of CHANGE_REPRESENTATIVE
    },
    Relation.PASSWORD_GIVEN: {
        Action.ENROL_OTP: _EVERYBODY,
        Action.GIVE_OTP: _EVERYBODY,
        # ID-46 asks for the secret answer. Accounts that an operator opened have none: an operator resets theirs.
        Action.RESET_OTP: _ASSOCIATION | _BORROWERS,
    },
    Relation.LOGGED_IN: {
        Action.USE_SESSION: _EVERYBODY,
        Action.SEE_ACCOUNT: _EVERYBODY,
        Action.CHANGE_PASSWORD: _EVERYBODY,
        Action.RESET_OTP: _ASSOCIATION | _BORROWERS,  # with the secret answer, which the others do not have
        # ID-40, ID-42: a company is never asked but at login. What a proof is good for is decided where it is used.
        Action.PROVE_OTP: _EVERYBODY - {Role.COMPANY},
        # ID-70: of those who apply, and of nobody who works for an organisation.
        Action.START_EKYC: _ASSOCIATION | _BORROWERS,
        Action.SEE_EKYC: _ASSOCIATION | _BORROWERS,
        Action.INVITE: frozenset({Role.APPLICANT}),
        Action.ACCEPT_INVITATION: _BORROWERS,
        Action.CHANGE_REPRESENTATIVE: _ASSOCIATION,
        Action.ASK_ABOUT_DATA: _BORROWERS,  # GL-618; an association's account goes from person to person
    },
    Relation.COUNTER: {
        Action.CHANGE_REPRESENTATIVE: _OFFICE | _OPERATOR,
        Action.SEE_ORGANISATIONS: _OFFICE | _OPERATOR,
        Action.MANAGE_ORGANISATIONS: _OPERATOR,
        Action.MANAGE_STAFF: _OPERATOR,
        Action.HANDLE_DATA_REQUESTS: _OFFICE,
        Action.DECIDE_DATA_REQUESTS: frozenset({Role.OFFICE_APPROVER}),
    },
}


def may(role: Role, relation: Relation, action: Action) -> bool:
    """Whether somebody with this role, so connected with what they act on, may do this."""
    return role in ALLOWED[relation].get(action, frozenset())


def authorise(role: Role, relation: Relation, action: Action) -> None:
    """The one place where the table is enforced. Raises Forbidden."""
    if not may(role, relation, action):
        raise Forbidden(role=role.value, relation=relation.value, action=action.value)
