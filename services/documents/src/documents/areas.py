"""The areas of documents: what uploads and deletions come to, and how a paper that came by post is judged."""

from __future__ import annotations

from typing import Annotated, Literal

from kit.areas import Answer, Area, Day, Question
from pydantic import Field

from documents.papers import Paper
from documents.programmes import bond
from documents.rules import Attachment, attach, total_bytes

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
        elif attach(files, slot, operation[2], bond.TOTAL_LIMIT_BYTES) is Attachment.STORED:
            files[slot] = operation[2]
            results.append("stored")
        else:
            results.append("refused")
    return UploadSequenceAnswer(results=results, total_bytes=total_bytes(files))


class PaperQuestion(Question):
    """What the staff record of an identity paper."""

    kind: str
    arrived: Day
    sides: Literal["both", "front"] | None = None
    issued: Day | None = None
    has_address: bool | None = None
    expires: Day | None = None
    original: bool = False
    applied: Day | None = None
    pages: frozenset[Literal["photo", "holder"]] = frozenset()


class PaperAnswer(Answer):
    """OK, or the first fault of the paper."""

    result: str


def identity_paper(question: PaperQuestion) -> PaperAnswer:
    """Judge an identity paper."""
    return PaperAnswer(result=bond.identity_paper_result(Paper(**question.model_dump())))


AREAS = [
    Area(
        "bond/identity_paper",
        tuple(f"DO-{number}" for number in range(30, 35)),
        PaperQuestion,
        PaperAnswer,
        identity_paper,
    ),
    Area(
        "bond/upload_sequence",
        ("DO-03", "DO-05"),
        UploadSequenceQuestion,
        UploadSequenceAnswer,
        upload_sequence,
    ),
]
