"""The errors of applications.

ServiceError
├── Conflict
│   ├── ApplicationExists        the account has its one application of the programme already
│   ├── ContactNotYetKnown       the registered mail address is still on its way to us: try again
│   ├── ContentChanged           what is submitted is not what the confirmation screen showed
│   ├── DayIsOver                a deadline that lies in the past
│   ├── ImpossibleTransition     the workflow has no such step from here
│   ├── MaintenanceOver          what was announced is over, or was withdrawn
│   ├── NotOfThisApplication     a document, organisation, field or slot that the application does not have
│   ├── NotYetOnWorklist         the submission is still on its way to the office's worklist: try again
│   ├── NotYetSubmitted          nothing was handed in yet, so nobody in the office could read the message
│   ├── NotEditable              the content is closed while the office has it
│   ├── ReviewHeldByAnother      another officer works on the review
│   ├── TaskClosed               the task is done, or there is no ground for it any more
│   └── TaskHeldByAnother        another officer works on the task
├── Refused
│   └── SecondOfficerNeeded      four eyes: one officer recommends, another one approves
├── PreconditionFailed
│   └── DraftChanged             saved from another screen in the meantime; names the current version
├── TooManyMessages              429: so many in a day; names the limit
└── BadCursor, BadContent        400 and 422: the request itself is malformed
    └── MessageTooLong           names the limit
"""

from __future__ import annotations

from typing import Any

from kit.errors import Conflict, PreconditionFailed, Refused, ServiceError, TooMany


class ApplicationExists(Conflict):
    """The programme allows one application per account, and there is one (409)."""

    code = "application_exists"
    title = "すでに申込みを開始しています。"


class ContactNotYetKnown(Conflict):
    """The account's contact has not arrived here yet (409, with Retry-After)."""

    code = "contact_not_yet_known"
    title = "ご登録情報の準備をしています。しばらくしてからもう一度お試しください。"


class ContentChanged(Conflict):
    """The digest that was confirmed is not the digest of what is here now (409)."""

    code = "content_changed"
    title = "確認画面を表示したあとに内容が変わりました。内容をもう一度ご確認ください。"


class ImpossibleTransition(Conflict):
    """The workflow's table has no such step from the present state (409)."""

    code = "impossible_transition"


class MaintenanceOver(Conflict):
    """What was announced is over, or was withdrawn: nothing of it can be changed any more (409)."""

    code = "maintenance_over"
    title = "この期間は、すでに終了したか、取り消されています。"


class NotEditable(Conflict):
    """The content cannot be changed in the present state (409)."""

    code = "not_editable"
    title = "現在の状態では、内容を変更することはできません。"


class NotOfThisApplication(Conflict):
    """What is referred to is no document, organisation, field or slot of the application (409)."""

    code = "not_of_this_application"
    title = "指定された書類または項目が、この申込みにありません。"


class NotYetSubmitted(Conflict):
    """Messages begin when something was handed in: a draft is seen by nobody in the office (409)."""

    code = "not_yet_submitted"
    title = "メッセージは、お申込みのあとにご利用いただけます。"


class DayIsOver(Conflict):
    """The deadline is over before it begins (409)."""

    code = "day_is_over"
    title = "期限は、本日以降の日付としてください。"


class NotYetOnWorklist(Conflict):
    """The office cannot act on a submission before its review is open (409, with Retry-After)."""

    code = "not_yet_on_worklist"
    title = "審査の受付を準備しています。しばらくしてからもう一度お試しください。"


class ReviewHeldByAnother(Conflict):
    """Another officer holds the review (409)."""

    code = "review_held_by_another"
    title = "別の担当者が審査中です。"


class TaskClosed(Conflict):
    """The task is done, or was dropped because there is no ground for it any more (409)."""

    code = "task_closed"
    title = "この確認事項は、すでに終了しています。"


class TaskHeldByAnother(Conflict):
    """Another officer holds the task (409)."""

    code = "task_held_by_another"
    title = "別の担当者が対応中です。"


class SecondOfficerNeeded(Refused):
    """The decision needs an officer's recommendation, and a second officer to decide (409)."""

    code = "second_officer_needed"
    title = "この決定には、別の担当者による推薦が必要です。"


class DraftChanged(PreconditionFailed):
    """The draft was saved from elsewhere since it was read (412)."""

    code = "draft_changed"

    def __init__(self, current_version: int) -> None:
        super().__init__(f"現在の版は {current_version} です。")
        self.current_version = current_version

    def problem(self) -> dict[str, Any]:
        """The problem body, with the version to read again."""
        return {**super().problem(), "current_version": self.current_version}


class TooManyMessages(TooMany):
    """Somebody wrote as much on an application as may be written in a day (429)."""

    code = "too_many_messages"
    title = "本日送信できるメッセージの件数に達しました。"

    def __init__(self, per_day: int) -> None:
        super().__init__(
            f"1日に送信できるメッセージは{per_day}件までです。入力した内容を控えて、明日もう一度お送りください。"
        )


class BadCursor(ServiceError):
    """The cursor is none of ours (400)."""

    code = "bad_cursor"
    status = 400
    title = "ページの指定が正しくありません。"


class BadContent(ServiceError):
    """The content cannot be kept as JSON text (422)."""

    code = "bad_content"
    status = 422
    title = "送信された内容の形式が正しくありません。"


class MessageTooLong(BadContent):
    """A message is longer than the office takes (422)."""

    code = "message_too_long"
    title = "メッセージが長すぎます。"

    def __init__(self, most: int) -> None:
        super().__init__(f"メッセージは{most}文字以内で入力してください。分けてお送りいただくこともできます。")
