"""What several bodies share."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from kit.http import FindingBody
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from applications.workflow import Document

Digest = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256, hexadecimal",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
ShortText = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
LongText = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """A response: read from our own objects by the names of their fields."""

    model_config = ConfigDict(from_attributes=True)


class RemarkBody(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(from_attributes=True)

    field: ShortText = Field(examples=["representative.address"])
    text: LongText = Field(examples=["住所に建物名を補ってください。"])


class DocumentBody(Body):
    """A file in one of the slots."""

    document_id: UUID
    slot: str
    sha256: str
    size_bytes: int
    standard_type: bool
    placeholder: bool
    subject: UUID | None = Field(description="whose paper it is, in a slot per person")


def finding_body(finding: Any) -> FindingBody:
    """A finding as the API tells it."""
    return FindingBody(rule=finding.rule, code=finding.code, message=finding.message, field=finding.field)


FindingList = Annotated[list[FindingBody], BeforeValidator(lambda found: [finding_body(one) for one in found])]
"""Findings, where a body is made of an object's attributes."""


class ExaminedBody(Body):
    """Something that the office examines, and how far that is."""

    kind: str = Field(examples=["person"])
    key: str = Field(description="the account, the number of the cost, the paper")
    label: str
    state: str = Field(examples=["unchecked"])
    rule: str
    on: date | None
    document_id: UUID | None
    findings: FindingList = Field(description="what is wrong with what was read in a file")


def document_bodies(documents: tuple[Document, ...]) -> list[DocumentBody]:
    """Files as the API tells them."""
    return [DocumentBody.model_validate(one) for one in documents]
