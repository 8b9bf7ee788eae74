"""What the API takes and gives."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from madoguchi_contracts.envelope import Key, Sha256
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from documents.models import PostedPaper
from documents.papers import Paper
from documents.rules import PLACEHOLDER_TITLE, display_name


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


def _whole(value: object) -> object:
    """JSON knows one kind of numbers: 558.0 is an integer, too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class UploadRequest(BaseModel):
    """A file that somebody wants to attach."""

    model_config = ConfigDict(extra="forbid")

    slot: Key = Field(examples=["kanri_kiyaku"])
    subject: UUID | None = Field(
        default=None,
        description="whose paper it is: the account, in a slot per person, and null in others",
        examples=[None],
    )
    file_name: FileName = Field(description="as the computer names it, without folders", examples=["管理規約.pdf"])
    size_bytes: Annotated[int, BeforeValidator(_whole)] = Field(ge=0, le=10**12, strict=True, examples=[3_000_000])
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
    subject: UUID | None
    file_name: str = Field(description="in NFC")
    content_type: str
    size_bytes: int
    sha256: str
    standard_type: bool = Field(description="whether the file is of an offered type (DO-06)")
    placeholder: bool = Field(description="whether it only announces that papers follow by post (DO-13)")
    scanned: bool = Field(description="whether a malware scanner has seen it; false only where none is installed")
    stored_at: datetime


class SlotBody(BaseModel):
    """A slot, and what is in it. A slot per person comes once for each person whose papers the reader may see."""

    slot: str
    subject: UUID | None = Field(description="whose paper goes here, in a slot per person")
    label: str
    required: bool
    due_on: date | None = Field(description="by when the office asked for it; null for the programme's own slots")
    changeable: bool = Field(description="whether the reader may put a file here now")
    document: DocumentBody | None


class PostBody(BaseModel):
    """Where papers go that do not fit into the limit, or replace eKYC (DO-10, DO-14, DO-30)."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    postal_code: str
    address: str
    telephone: str
    opening_hours: str
    document_margin: list[str] = Field(description="what to write in the margin of documents (DO-11)")
    identity_margin: list[str] = Field(description="what to write in the margin of an identity paper (DO-31)")
    placeholder_title: str = Field(
        default=PLACEHOLDER_TITLE, description="title of the file that stands for a document by post (DO-13)"
    )


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
    files_deleted_at: datetime | None = Field(
        description="when the files were deleted because the time for which they are kept was over"
    )
    post: PostBody | None = Field(description="null where the programme takes no papers by post")


class DocumentRequest(BaseModel):
    """What the office asks for."""

    model_config = ConfigDict(extra="forbid")

    label: Label = Field(description="what it is, as the applicant reads it; no names", examples=["修繕積立金の決算書"])
    due_on: date = Field(description="in Japan time, today or later", examples=["2026-04-30"])
    subject: UUID | None = Field(
        default=None,
        description="the account of the person whose paper it is; null if it is nobody's own",
        examples=[None],
    )
    replaces: Key | None = Field(
        default=None,
        description="the slot of a paper that was rejected: what comes counts in its stead; null if it is one more",
        examples=[None],
    )


class NumberSeen(BaseModel):
    """Until when the paper without the number is asked for."""

    model_config = ConfigDict(extra="forbid")

    due_on: date = Field(description="in Japan time, today or later", examples=["2026-04-30"])


class RequestedSlotBody(BaseModel):
    """The slot for it."""

    slot: str
    due_on: date


class DownloadBody(BaseModel):
    """A link to a file."""

    url: str
    expires_at: datetime


class PaperRequest(BaseModel):
    """What an officer records of a paper that came by post (DO-34)."""

    model_config = ConfigDict(extra="forbid")

    kind: Key = Field(
        description="an identity paper, such as passport, or the slot whose file it stands for", examples=["passport"]
    )
    arrived_on: date = Field(description="in Japan time, today or earlier", examples=["2026-04-10"])
    sides: Literal["both", "front"] | None = Field(default=None, examples=["both"])
    issued_on: date | None = Field(default=None, examples=["2026-03-10"])
    applied_on: date | None = Field(default=None, description="of a passport", examples=["2020-02-03"])
    expires_on: date | None = Field(default=None, description="of a health insurance card", examples=["2025-11-10"])
    original: bool = False
    has_address: bool | None = Field(default=None, examples=[True])
    pages: frozenset[Literal["photo", "holder"]] = Field(default=frozenset(), description="of a passport copy")

    def paper(self) -> Paper:
        """As the rules take it."""
        return Paper(
            kind=self.kind,
            arrived=self.arrived_on,
            sides=self.sides,
            issued=self.issued_on,
            has_address=self.has_address,
            expires=self.expires_on,
            original=self.original,
            applied=self.applied_on,
            pages=frozenset(self.pages),
        )


class PaperBody(BaseModel):
    """A paper that came by post, and what the rule says of it."""

    paper_id: UUID
    version: int = Field(description="grows by one with every correction; the ETag")
    kind: str
    arrived_on: date
    result: str = Field(description="OK, or what is wrong, such as TOO_OLD")
    sides: str | None = None
    issued_on: date | None = None
    applied_on: date | None = None
    expires_on: date | None = None
    original: bool = False
    has_address: bool | None = None
    pages: list[str] = []
    recorded_by: UUID
    recorded_at: datetime

    @classmethod
    def of(cls, paper: PostedPaper) -> PaperBody:
        """From the row."""
        dates = {f"{name}_on": paper.facts.get(name) for name in ("issued", "applied", "expires")}
        others = {name: value for name, value in paper.facts.items() if name not in ("issued", "applied", "expires")}
        return cls.model_validate(
            {
                "paper_id": paper.id,
                "version": paper.version,
                "kind": paper.kind,
                "arrived_on": paper.arrived_on,
                "result": paper.result,
                "recorded_by": paper.recorded_by,
                "recorded_at": paper.recorded_at,
                **dates,
                **others,
            }
        )


class PapersBody(BaseModel):
    """The papers of an application."""

    awaited: list[str] = Field(description="slots whose placeholder says that the paper follows by post (DO-13)")
    papers: list[PaperBody] = Field(description="by arrival, each as it was recorded last")


class AwaitedBody(BaseModel):
    """An application under review that waits for papers."""

    model_config = ConfigDict(from_attributes=True)

    application_id: UUID
    programme: str
    submission: int
    waiting_since: datetime = Field(description="when it was submitted")
    slots: list[str]


class AwaitedPage(BaseModel):
    """Those that wait longest first."""

    items: list[AwaitedBody]
    next_cursor: str | None = Field(description="pass it as `cursor` for the next page; null at the end")
