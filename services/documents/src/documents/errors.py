"""What can go wrong with documents, as a tree.

kit.errors.ServiceError
├── Refused
│   ├── UnknownSlot          the application has no such slot (DO-01)
│   ├── WrongSubject         whose paper it is must be said of a slot per person, and of no other
│   ├── PaperNotRecordable   a paper by post: its arrival is yet to come, or a date that decides is missing (DO-34)
│   ├── DueDatePassed        the office asked for a document by a day that is over
│   └── UploadRefused        a check failed; carries the rule and the code that the event carries
├── Conflict
│   ├── SetFrozen            the documents are part of a submission (DO-08)
│   ├── ApplicationOver      the application came to an end that nothing follows
│   ├── ChangeUnderWay       somebody else prepares a change of what was approved (AS-83)
│   ├── AlreadyHandedIn      the document that the office asked for is there: the request cannot be withdrawn
│   ├── AlreadyHeld, NotHeld a legal hold is there already, or is not
│   ├── FileHeld             a file with an individual number is under a legal hold (GL-371)
│   ├── NotUploaded          nothing has arrived in the store yet
│   ├── CompletionInProgress somebody checks this file already, or has just tried
│   └── UploadOver           the upload was cancelled or ran out of time
├── TooMany
│   └── TooManyUploads       too many uploads were begun and not completed
└── Unavailable
    ├── StorageUnavailable   the object store does not answer
    └── ScannerUnavailable   the malware scanner gives no verdict, which never counts as clean

ObjectMissing is between the storage and its callers: the store has no such object.
"""

from __future__ import annotations

from kit.errors import Conflict, Refused, TooMany, Unavailable


class UnknownSlot(Refused):
    """The application has no such slot (409, DO-01)."""

    code = "unknown_slot"
    title = "この書類の提出欄はありません。"
    default_rules = ("DO-01",)


class WrongSubject(Refused):
    """A slot per person takes papers of the owner and of persons who take part, another one nobody's own (409)."""

    code = "wrong_subject"
    title = "どなたの書類かを、正しく指定してください。"


class DueDatePassed(Refused):
    """A document cannot be asked for by a day that is over (409)."""

    code = "due_date_passed"
    title = "提出期限には、今日以降の日付を指定してください。"


class PaperNotRecordable(Refused):
    """The record of a paper that came by post lacks something, or cannot be right (409, DO-34)."""

    code = "paper_not_recordable"
    title = "書類の到着を記録できませんでした。入力内容をご確認ください。"


class UploadRefused(Refused):
    """A file did not pass its checks and was deleted (409)."""

    code = "upload_refused"
    title = "ファイルを添付できませんでした。"


class SetFrozen(Conflict):
    """The documents are part of a submission and cannot be changed (409, DO-08)."""

    code = "documents_frozen"
    title = "申請中のため、書類を変更できません。"
    default_rules = ("DO-08",)


class ChangeUnderWay(Conflict):
    """A change of what was approved is being prepared, and the content was not reopened for the actor (409, AS-83)."""

    code = "change_under_way"
    title = "変更内容の入力中のため、書類を変更できません。"
    default_rules = ("AS-83",)


class ApplicationOver(Conflict):
    """The application came to an end that nothing follows (409)."""

    code = "application_over"
    title = "このお申込みは終了しているため、書類を変更できません。"


class AlreadyHandedIn(Conflict):
    """The document that the office asked for is there, and it has become a part of what is decided about (409)."""

    code = "already_handed_in"
    title = "この書類は、既に提出されています。"


class AlreadyHeld(Conflict):
    """The application is under a legal hold already (409)."""

    code = "already_held"
    title = "この申請の書類は、既に保全の対象です。"


class FileHeld(Conflict):
    """Nothing of the application is deleted while it is under a legal hold; an operator releases it first (409)."""

    code = "file_held"
    title = "この申請の書類は保全の対象のため、削除できません。運用担当者に保全の解除を依頼してください。"


class NotHeld(Conflict):
    """The application is under no legal hold (409)."""

    code = "not_held"
    title = "この申請の書類は、保全の対象ではありません。"


class NotUploaded(Conflict):
    """The file has not arrived in the store (409)."""

    code = "not_uploaded"
    title = "ファイルがまだ届いていません。アップロードが終わってからもう一度お試しください。"


class CompletionInProgress(Conflict):
    """The file is being checked by another request or by the worker, or waits for its next try (409)."""

    code = "request_in_progress"
    title = "ファイルを確認しています。しばらくしてからもう一度お試しください。"


class UploadOver(Conflict):
    """The upload was cancelled or ran out of time, or its document has left the set (409)."""

    code = "upload_over"
    title = "このアップロードは終了しています。もう一度ファイルを選んでください。"


class TooManyUploads(TooMany):
    """Too many uploads of one application wait for completion (429)."""

    code = "too_many_uploads"
    title = "完了していないアップロードが多すぎます。しばらく時間をおいてからお試しください。"


class StorageUnavailable(Unavailable):
    """The object store does not answer, or not as it should (503)."""

    code = "storage_unavailable"


class ScannerUnavailable(Unavailable):
    """The malware scanner gave no verdict (503): the file stays where it is and is scanned later."""

    code = "scanner_unavailable"
    title = "ただいまファイルの安全確認ができません。しばらくしてからもう一度お試しください。"


class ObjectMissing(Exception):
    """The store has no object with this key."""
