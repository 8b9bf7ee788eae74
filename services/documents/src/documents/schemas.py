"""What the API takes and gives."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from madoguchi_contracts.envelope import Key, Sha256
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from documents.rules import display_name


def _usable_name(name: str) -> str:
    if not display_name(name):
        raise ValueError("the name is empty")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise ValueError("the name has control characters")
    return name


FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=255),
    AfterValidator(_usable_name),
    # What `_usable_name` asks for, in the words of the document.
    Field(
        json_schema_extra={
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
        }
    ),
]
ContentType = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9][\w!#$&^.+-]{0,62}/[A-Za-z0-9][\w!#$&^.+-]{0,126}$")
]


Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class UploadRequest(BaseModel):
    """A file that somebody wants to attach."""

    model_config = ConfigDict(extra="forbid")

    slot: Key = Field(examples=["kanri_kiyaku"])
    file_name: FileName = Field(description="as the computer names it, without folders", examples=["管理規約.pdf"])
    size_bytes: int = Field(ge=0, le=10**12, examples=[3_000_000])
    sha256: Sha256 = Field(
        description="of the file's bytes, in lower-case hex",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    content_type: ContentType = Field(
        description="as the browser sees it; application/octet-stream when it does not know",
        examples=["application/pdf"],
    )


class SignedForm(BaseModel):
    """A form for multipart/form-data: all fields first, then the file in the field `file`."""

    url: str
    fields: dict[str, str]
    expires_at: datetime = Field(description="until then the store takes the file, and completion can be asked for")


class UploadBody(BaseModel):
    """A place for one file."""

    document_id: UUID
    upload: SignedForm


class DocumentBody(BaseModel):
    """A document of the set."""

    document_id: UUID
    slot: str
    file_name: str = Field(description="in NFC")
    content_type: str
    size_bytes: int
    sha256: str
    standard_type: bool = Field(description="whether the file is of an offered type (DO-06)")
    placeholder: bool = Field(description="whether it only announces that papers follow by post (DO-13)")
    scanned: bool = Field(description="whether a malware scanner has seen it; false only where none is installed")
    stored_at: datetime


class SlotBody(BaseModel):
    """A slot, and what is in it."""

    slot: str
    label: str
    required: bool
    due_on: date | None = Field(description="by when the office asked for it; null for the programme's own slots")
    changeable: bool = Field(description="whether the reader may put a file here now")
    document: DocumentBody | None


class DocumentSetBody(BaseModel):
    """All slots of an application in the order of the screen."""

    application_id: UUID
    version: int = Field(description="grows by one with every change")
    changeable: bool = Field(
        description="whether the reader may change the set now; nobody may while a submission is reviewed (DO-08)"
    )
    total_bytes: int
    total_limit_bytes: int = Field(description="inclusive (DO-05)")
    slots: list[SlotBody]


class DocumentRequest(BaseModel):
    """What the office asks for."""

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(description="what it is, as the applicant reads it; no names", examples=["修繕積立金の決算書"])
    due_on: date = Field(description="in Japan time, today or later", examples=["2026-04-30"])


class RequestedSlotBody(BaseModel):
    """The slot for it."""

    slot: str
    due_on: date


class DownloadBody(BaseModel):
    """A link to a file."""

    url: str
    expires_at: datetime
