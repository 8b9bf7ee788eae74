"""Who may do what over HTTP, as one table. What is not in it is refused."""

from __future__ import annotations

from enum import StrEnum

from madoguchi_contracts import Role


class Action(StrEnum):
    """What can be asked of this service."""

    LIST_MESSAGES = "list_messages"


MAY: dict[Action, frozenset[Role]] = {
    Action.LIST_MESSAGES: frozenset({Role.OFFICE_REVIEWER, Role.OFFICE_APPROVER, Role.OPERATOR}),
}
