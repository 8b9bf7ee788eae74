"""The errors of the notifications service.

ServiceError
├── NotFound
│   ├── NoSuchMail
│   └── NoSuchContact
└── Conflict
    └── NotRedrivable
"""

from __future__ import annotations

from kit.errors import Conflict, NotFound


class NoSuchMail(NotFound):
    """There is no mail with this id."""

    code = "no_such_mail"


class NoSuchContact(NotFound):
    """No address is known for this account."""

    code = "no_such_contact"


class NotRedrivable(Conflict):
    """The mail was accepted already, is on its way anyway, or what it would say is gone (an expired link)."""

    code = "not_redrivable"
    title = "このメールは再送できません。"
