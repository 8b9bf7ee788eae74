"""Bodies of what is looked up while filling in a form."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from applications.api.schemas.common import Body
from applications.organisations import Entry


class PlaceBody(Body):
    """An address down to the neighbourhood."""

    prefecture: str = Field(examples=["東京都"])
    city: str
    neighborhood: str
    name: str = Field(description="of the large office to which the code belongs; else empty")


class Places(Body):
    """The addresses of a postal code."""

    items: list[PlaceBody]
    as_of: str = Field(description="month of the data", examples=["2026-10"])


class CompanyBody(Body):
    """A company that has registered with the agency."""

    id: UUID
    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str

    @classmethod
    def of(cls, entry: Entry) -> CompanyBody:
        """The line."""
        return cls.model_validate(entry)


class CompanyList(Body):
    """Companies that fit, by kana."""

    items: list[CompanyBody]
    next_cursor: str | None


class InstitutionBody(Body):
    """A financial institution."""

    code: str
    name: str
    kana: str
    kind: str = Field(examples=["bank"])


class InstitutionList(Body):
    """Institutions that fit."""

    items: list[InstitutionBody]
    more: bool = Field(description="others fit too and are not shown: more of the name is needed")
    as_of: date = Field(description="date of the data")


class BranchBody(Body):
    """A branch."""

    code: str
    name: str
    kana: str


class BranchList(Body):
    """Branches that fit."""

    items: list[BranchBody]
    more: bool = Field(description="others fit too and are not shown: more of the name is needed")
    as_of: date = Field(description="date of the data")
