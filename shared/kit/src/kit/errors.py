"""Errors that users and operators meet, as a tree.

ServiceError            has a stable code, an HTTP status and a Japanese title; rendered once as problem+json
├── Refused        409  a rule said no; carries every finding, not the first
├── Conflict       409  the thing is not in a state that allows this, or somebody else was faster
├── NotFound       404  also what the actor may not see
├── Forbidden      403
├── Unauthenticated 401
├── PreconditionFailed 412, PreconditionRequired 428   lost-update protection
├── TooMany        429
└── Unavailable    503  a dependency is down; try again later

Permanent and Transient are for consumers of events: the first parks the key, the second is tried again in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class Finding:
    """One thing a rule found: the rule's ID, a stable code, a Japanese message that says what to do, the field.

    `until` is when it goes away by itself, where that is known; the answer says so as Retry-After.
    """

    rule: str
    code: str
    message: str
    field: str = ""
    until: datetime | None = None


class ServiceError(Exception):
    """A failure with an answer. `facts` are ids for the log, never personal data."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "処理中にエラーが発生しました。"
    default_rules: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        detail: str = "",
        *,
        rules: Sequence[str] = (),
        findings: Sequence[Finding] = (),
        retry_after_seconds: int | None = None,
        **facts: object,
    ) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.findings = tuple(findings)
        self.rules = tuple(dict.fromkeys((*self.default_rules, *rules, *(f.rule for f in findings))))
        self.retry_after_seconds = retry_after_seconds
        self.facts = facts

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body."""
        body: dict[str, Any] = {
            "type": f"urn:madoguchi:problem:{self.code}",
            "code": self.code,
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.rules:
            body["rules"] = list(self.rules)
        if self.findings:
            told = ("rule", "code", "message", "field")
            body["findings"] = [{name: getattr(finding, name) for name in told} for finding in self.findings]
        return body


class Refused(ServiceError):
    """A rule said no (409): the request is well formed, and nothing was changed."""

    code = "refused"
    status = 409
    title = "お申込み内容をご確認ください。"


class Conflict(ServiceError):
    """The thing is not in a state that allows this, or somebody else was faster (409)."""

    code = "conflict"
    status = 409
    title = "現在の状態ではこの操作はできません。"


class NotFound(ServiceError):
    """There is no such thing, or the actor may not know of it (404)."""

    code = "not_found"
    status = 404
    title = "見つかりませんでした。"


class Forbidden(ServiceError):
    """The actor is known and may not do this (403)."""

    code = "forbidden"
    status = 403
    title = "この操作を行う権限がありません。"


class Unauthenticated(ServiceError):
    """Nobody is logged in, or the session has ended (401)."""

    code = "unauthenticated"
    status = 401
    title = "ログインが必要です。"


class PreconditionFailed(ServiceError):
    """The version named in If-Match is not the current one (412)."""

    code = "precondition_failed"
    status = 412
    title = "別の画面で内容が更新されています。最新の内容を確認してからやり直してください。"


class PreconditionRequired(ServiceError):
    """The request must name the version it changes (428)."""

    code = "precondition_required"
    status = 428
    title = "更新する版の指定が必要です。"


class TooMany(ServiceError):
    """Too many attempts (429)."""

    code = "too_many_requests"
    status = 429
    title = "しばらく時間をおいてからお試しください。"


class Unavailable(ServiceError):
    """A dependency is down (503); what was accepted is not lost."""

    code = "unavailable"
    status = 503
    title = "ただいまご利用いただけません。しばらくしてからもう一度お試しください。"


class Permanent(Exception):
    """An event that can never be processed as it is: its key is parked for an operator."""


class Transient(Exception):
    """An event that cannot be processed right now: tried again in place, with back-off."""
