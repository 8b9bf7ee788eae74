"""Who may see and do what: one matrix, as data, and the one function that enforces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from madoguchi_contracts import Party, Role

from applications.workflow import EDIT, VIEW, Caller


class Action(StrEnum):
    """What can be asked of this service about an application or a review."""

    START = "start"
    LIST_OWN = "list_own"
    VIEW = "view"
    TIMELINE = "timeline"
    LIST_VERSIONS = "list_versions"
    VIEW_VERSION = "view_version"
    EDIT = "edit"
    CHECK = "check"
    SUBMIT = "submit"
    STEP = "step"
    LIST_REVIEWS = "list_reviews"
    VIEW_REVIEW = "view_review"
    CLAIM = "claim"
    RELEASE = "release"
    DECIDE = "decide"
    NOTE = "note"
    VIEW_NOTES = "view_notes"
    VIEW_CERTIFICATE = "view_certificate"
    VIEW_LOAN_CERTIFICATE = "view_loan_certificate"
    VIEW_REPAYMENT = "view_repayment"
    LIST_LOAN_CERTIFICATES = "list_loan_certificates"
    ANNOUNCE_POSTING = "announce_posting"
    IMPORT_BALANCES = "import_balances"
    IMPORT_RATES = "import_rates"
    ANNOUNCE_MAINTENANCE = "announce_maintenance"
    LIST_MAINTENANCE = "list_maintenance"
    LEAVE = "leave"
    LIST_SUBMITTED = "list_submitted"
    LIST_THREADS = "list_threads"
    VIEW_THREAD = "view_thread"
    OPEN_THREAD = "open_thread"
    ADD_PARTICIPANTS = "add_participants"
    POST_MESSAGE = "post_message"
    MARK_READ = "mark_read"
    LIST_WAITING = "list_waiting"
    SETTLE_THREAD = "settle_thread"
    VIEW_CORRECTIONS = "view_corrections"
    REQUEST_CORRECTION = "request_correction"
    VIEW_CONTRACT = "view_contract"
    SIGN_CONTRACT = "sign_contract"
    LIST_TASKS = "list_tasks"
    WORK_TASK = "work_task"
    LIST_OWN_PROVISIONS = "list_own_provisions"
    LIST_PROVISIONS = "list_provisions"
    RECORD_PROVISION = "record_provision"


class Scope(StrEnum):
    """On which applications."""

    OWN = "own"  # those of one's own account
    SUBMITTED = "submitted"  # those that were handed in: a draft is nobody's business but its owner's
    DRAFT = "draft"  # those that were not: what is in them nobody else sees, but they may have to be stopped (GL-086)
    PARTY = "party"  # those in which one takes part, oneself or for one's organisation, with the grant of GRANTS


OFFICE = frozenset({Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER})
_PERSONS = frozenset({Role.APPLICANT, Role.JOINT_DEBTOR})  # who joins one application may have another of their own
_OWNERS = {Scope.OWN: _PERSONS | {Role.ASSOCIATION}}
_DEBTORS = {Scope.OWN: _PERSONS, Scope.PARTY: _PERSONS}
_OFFICERS = {Scope.SUBMITTED: OFFICE}
_PARTIES = {Scope.PARTY: _PERSONS | {Role.COMPANY, Role.INSPECTION_BODY, Role.BANK}}

READS = frozenset(
    {
        Action.VIEW,
        Action.VIEW_VERSION,
        Action.VIEW_REVIEW,
        Action.VIEW_NOTES,
        Action.VIEW_CERTIFICATE,
        Action.VIEW_LOAN_CERTIFICATE,
        Action.VIEW_REPAYMENT,
        Action.LIST_THREADS,
        Action.VIEW_THREAD,
        Action.VIEW_CORRECTIONS,
        Action.VIEW_CONTRACT,
        Action.LIST_PROVISIONS,
    }
)
"""The actions that show personal data: done by the office, they leave a row in the access log."""

# Action x scope -> roles. What is not here is forbidden. Which steps of the workflow are open to whom is said by the
# programme's table; START, SUBMIT, STEP and DECIDE are the doors to it.
MATRIX: Mapping[Action, Mapping[Scope, frozenset[Role]]] = {
    Action.START: _OWNERS,
    Action.LIST_OWN: _OWNERS | _PARTIES,
    Action.VIEW: _OWNERS | _OFFICERS | _PARTIES,
    Action.TIMELINE: _OWNERS | _OFFICERS | _PARTIES,
    Action.LIST_VERSIONS: _OWNERS | _OFFICERS,
    Action.VIEW_VERSION: _OWNERS | _OFFICERS,
    Action.EDIT: _OWNERS | _PARTIES,
    Action.CHECK: _OWNERS | _PARTIES,
    Action.SUBMIT: _OWNERS,
    Action.STEP: {**_OWNERS, **_OFFICERS, **_PARTIES, Scope.DRAFT: frozenset({Role.OFFICE_APPROVER})},
    Action.LIST_REVIEWS: _OFFICERS,
    Action.VIEW_REVIEW: _OFFICERS,
    Action.CLAIM: _OFFICERS,
    Action.RELEASE: _OFFICERS,
    Action.DECIDE: _OFFICERS,
    Action.NOTE: _OFFICERS,
    Action.VIEW_NOTES: _OFFICERS,
    Action.VIEW_CERTIFICATE: _OWNERS | _OFFICERS | _PARTIES,
    # What somebody owes and whether it is paid is nothing for inspection bodies; the certificate is for debtors alone.
    Action.VIEW_LOAN_CERTIFICATE: _DEBTORS | _OFFICERS,
    Action.VIEW_REPAYMENT: {
        **_DEBTORS,
        **_OFFICERS,
        Scope.PARTY: _PERSONS | {Role.BANK},
    },
    Action.LIST_LOAN_CERTIFICATES: _OFFICERS,
    Action.ANNOUNCE_POSTING: _OFFICERS,
    Action.IMPORT_BALANCES: _OFFICERS,
    Action.IMPORT_RATES: {Scope.SUBMITTED: frozenset({Role.OFFICE_APPROVER})},
    Action.ANNOUNCE_MAINTENANCE: {Scope.SUBMITTED: frozenset({Role.OFFICE_APPROVER})},
    Action.LIST_MAINTENANCE: _OFFICERS,
    Action.LEAVE: _OWNERS | _PARTIES,
    Action.LIST_SUBMITTED: _OFFICERS,
    # Of a party that is an organisation, `threads.is_part` asks besides whether it is part of the thread.
    Action.LIST_THREADS: _OWNERS | _OFFICERS | _PARTIES,
    Action.VIEW_THREAD: _OWNERS | _OFFICERS | _PARTIES,
    Action.OPEN_THREAD: _OWNERS | _OFFICERS | _PARTIES,
    Action.ADD_PARTICIPANTS: _OWNERS | _OFFICERS | _PARTIES,
    Action.POST_MESSAGE: _OWNERS | _OFFICERS | _PARTIES,
    Action.MARK_READ: _OWNERS | _OFFICERS | _PARTIES,
    Action.LIST_WAITING: _OFFICERS,
    Action.SETTLE_THREAD: _OFFICERS,
    Action.VIEW_CORRECTIONS: _OWNERS | _OFFICERS | _PARTIES,
    Action.REQUEST_CORRECTION: _OFFICERS,
    # Of those who take part, who does not sign finds no contract (`econtract.queries`).
    Action.VIEW_CONTRACT: {Scope.OWN: _PERSONS, Scope.PARTY: _PERSONS} | _OFFICERS,
    Action.SIGN_CONTRACT: {Scope.OWN: _PERSONS, Scope.PARTY: _PERSONS},
    Action.LIST_TASKS: _OFFICERS,
    Action.WORK_TASK: _OFFICERS,
    Action.LIST_OWN_PROVISIONS: _OWNERS,
    Action.LIST_PROVISIONS: _OFFICERS,
    Action.RECORD_PROVISION: _OFFICERS,
}


# What a party must have been granted; where nothing is asked, taking part is enough.
GRANTS: Mapping[Action, str] = {
    Action.LIST_OWN: VIEW,
    Action.VIEW: VIEW,
    Action.TIMELINE: VIEW,
    Action.VIEW_CERTIFICATE: VIEW,
    Action.VIEW_LOAN_CERTIFICATE: VIEW,
    Action.VIEW_REPAYMENT: VIEW,
    Action.LIST_THREADS: VIEW,
    Action.VIEW_THREAD: VIEW,
    Action.OPEN_THREAD: VIEW,
    Action.ADD_PARTICIPANTS: VIEW,
    Action.POST_MESSAGE: VIEW,
    Action.MARK_READ: VIEW,
    Action.VIEW_CORRECTIONS: VIEW,
    Action.VIEW_CONTRACT: VIEW,
    Action.SIGN_CONTRACT: VIEW,
    Action.EDIT: EDIT,
    Action.CHECK: EDIT,
}


@dataclass(frozen=True)
class Reach:
    """What decides whether an application is within a scope."""

    account_id: UUID
    submission: int
    parties: tuple[Party, ...] = ()


def caller_of(actor: Actor) -> Caller:
    """The actor as the programmes' tables see them."""
    return Caller(actor.role, actor.account_id, actor.organisation_id)


def allow(actor: Actor, action: Action, application: Reach | None = None) -> None:
    """Let the actor pass, or raise Forbidden (the role never may), or NotFound (not this application).

    Forbidden is said before anything is looked up, so it tells nothing about what exists.
    """
    scopes = [scope for scope, roles in MATRIX[action].items() if actor.role in roles]
    if not scopes:
        raise Forbidden(account_id=str(actor.account_id), role=actor.role.value, action=action.value)
    if application is not None and not any(_within(scope, actor, action, application) for scope in scopes):
        raise NotFound


def _within(scope: Scope, actor: Actor, action: Action, application: Reach) -> bool:
    if scope is Scope.OWN:
        return application.account_id == actor.account_id
    if scope is Scope.SUBMITTED:
        return application.submission > 0
    if scope is Scope.DRAFT:
        return application.submission == 0
    caller, grant = caller_of(actor), GRANTS.get(action)
    return any(caller.is_party(party) and grant in {None, *party.grants} for party in application.parties)
