"""The areas of documents: what a sequence of uploads and deletions comes to."""

from __future__ import annotations

from typing import Annotated, Literal

from kit.areas import Answer, Area, Question
from pydantic import Field

from documents.rules import Attachment, attach, total_bytes

# DO-05, I-46: 6 MB. At work the limit comes with the application's policy; the book's own is needed only here.
BOND_LIMIT_BYTES = 6 * 1024 * 1024

Put = tuple[Literal["put"], str, Annotated[int, Field(ge=0)]]
Delete = tuple[Literal["delete"], str]


class UploadSequenceQuestion(Question):
    """What is done, in this order: ["put", slot, bytes] or ["delete", slot]."""

    operations: list[Put | Delete]


class UploadSequenceAnswer(Answer):
    """What became of each operation, and the size of the set at the end."""

    results: list[Literal["stored", "refused", "deleted"]]
    total_bytes: int


def upload_sequence(question: UploadSequenceQuestion) -> UploadSequenceAnswer:
    """Play uploads and deletions against an empty set. Deleting from an empty slot changes nothing."""
    files: dict[str, int] = {}
    results: list[Literal["stored", "refused", "deleted"]] = []
    for operation in question.operations:
        slot = operation[1]
        if operation[0] == "delete":
            files.pop(slot, None)
            results.append("deleted")
        elif attach(files, slot, operation[2], BOND_LIMIT_BYTES) is Attachment.STORED:
            files[slot] = operation[2]
            results.append("stored")
        else:
            results.append("refused")
    return UploadSequenceAnswer(results=results, total_bytes=total_bytes(files))


AREAS = [
    Area(
        "bond/upload_sequence",
        ("DO-03", "DO-05"),
        UploadSequenceQuestion,
        UploadSequenceAnswer,
        upload_sequence,
    ),
]
