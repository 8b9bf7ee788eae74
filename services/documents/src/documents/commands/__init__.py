"""Writes: one function per use case, in the caller's transaction, under the row lock of the application's set."""

from documents.commands.evidence import count_failure, settle_reading
from documents.commands.numbers import delete_with_number
from documents.commands.papers import correct_paper, record_paper
from documents.commands.requests import ask_for_document, withdraw_request
from documents.commands.retention import (
    delete_unneeded,
    held_keys,
    hold,
    is_held,
    note_lifted,
    release,
    released_keys,
)
from documents.commands.sets import (
    approve_set,
    change_parties,
    close_set,
    drop_of_sessions,
    freeze_set,
    open_set,
    reopen_for,
    return_set,
    set_aside,
    withdraw_change,
)
from documents.commands.uploads import (
    COMPLETION_LEASE,
    MAX_PENDING,
    UPLOAD_LIFETIME,
    ask_completion,
    expire_upload,
    purge_document,
    remove_document,
    return_lease,
    settle_upload,
    start_upload,
    take_up,
)

__all__ = [
    "COMPLETION_LEASE",
    "MAX_PENDING",
    "UPLOAD_LIFETIME",
    "approve_set",
    "ask_completion",
    "ask_for_document",
    "change_parties",
    "close_set",
    "correct_paper",
    "count_failure",
    "delete_unneeded",
    "delete_with_number",
    "drop_of_sessions",
    "expire_upload",
    "freeze_set",
    "held_keys",
    "hold",
    "is_held",
    "note_lifted",
    "open_set",
    "purge_document",
    "record_paper",
    "release",
    "released_keys",
    "remove_document",
    "reopen_for",
    "return_lease",
    "return_set",
    "set_aside",
    "settle_reading",
    "settle_upload",
    "start_upload",
    "take_up",
    "withdraw_change",
    "withdraw_request",
]
