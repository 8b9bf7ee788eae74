"""Who may see and do what: one matrix, as data, and the one function that enforces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from kit.errors import Forbidden, NotFound
from kit.tokens import Actor
from madoguchi_contracts import Role


class Action(StrEnum):
    """What can be asked of this service about an application or a review."""

    START = "start"
    LIST_OWN = "list_own"
    VIEW = "view"
    TIMELINE = "timeline"
    EDIT = "edit"
    CHECK = "check"
    SUBMIT = "submit"
    LIST_REVIEWS = "list_reviews"
    VIEW_REVIEW = "view_review"
    CLAIM = "claim"
    RELEASE = "release"
    DECIDE = "decide"


class Scope(StrEnum):
    """On which applications."""

    OWN = "own"  # those of one's own account
    SUBMITTED = "submitted"  # those that were handed in: a draft is nobody's business but its owner's


OFFICE = frozenset({Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER})
_OWNERS = dict.fromkeys((Role.ASSOCIATION, Role.APPLICANT), Scope.OWN)
_OFFICERS = dict.fromkeys(sorted(OFFICE), Scope.SUBMITTED)

READS = frozenset({Action.VIEW, Action.VIEW_REVIEW})
"""The actions that show personal data: done by the office, they leave a row in the access log."""

# Role x action -> scope. What is not here is forbidden. Which steps of the workflow are open to whom is said by the
# programme's table; START, SUBMIT and DECIDE are the doors to it.
MATRIX: Mapping[Action, Mapping[Role, Scope]] = {
    Action.START: _OWNERS,
    Action.LIST_OWN: _OWNERS,
    Action.VIEW: _OWNERS | _OFFICERS,
    Action.TIMELINE: _OWNERS | _OFFICERS,
    Action.EDIT: _OWNERS,
    Action.CHECK: _OWNERS,
    Action.SUBMIT: _OWNERS,
    Action.LIST_REVIEWS: _OFFICERS,
    Action.VIEW_REVIEW: _OFFICERS,
    Action.CLAIM: _OFFICERS,
    Action.RELEASE: _OFFICERS,
    Action.DECIDE: _OFFICERS,
}


@dataclass(frozen=True)
class Standing:
    """What decides whether an application is within a scope."""

    account_id: UUID
    submission: int


def allow(actor: Actor, action: Action, application: Standing | None = None) -> None:
    """Let the actor pass, or raise Forbidden (the role never may), or NotFound (not this application).

    Forbidden is said before anything is looked up, so it tells nothing about what exists.
    """
    scope = MATRIX[action].get(actor.role)
    if scope is None:
        raise Forbidden(account_id=str(actor.account_id), role=actor.role.value, action=action.value)
    if application is None:
        return
    within = {Scope.OWN: application.account_id == actor.account_id, Scope.SUBMITTED: application.submission > 0}
    if not within[scope]:
        raise NotFound
