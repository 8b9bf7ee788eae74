"""Writes: one function per use case, in the caller's transaction, under the row lock of the application's set."""

from documents.commands.papers import correct_paper, record_paper
from documents.commands.requests import ask_for_document
from documents.commands.sets import (
    approve_set,
    change_parties,
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
    "correct_paper",
    "drop_of_sessions",
    "expire_upload",
    "freeze_set",
    "open_set",
    "purge_document",
    "record_paper",
    "remove_document",
    "reopen_for",
    "return_lease",
    "return_set",
    "set_aside",
    "settle_upload",
    "start_upload",
    "take_up",
    "withdraw_change",
]
