"""Organisations and staff."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from madoguchi_contracts import Role
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from identity.domain.people import OrganisationKind
from identity.schemas.common import Body, DeedBody, Reason, Text


class OrganisationBody(Body):
    """What is written down of an organisation."""

    name: Text = Field(examples=["みどり管理株式会社"])
    name_kana: Text = Field(examples=["ミドリカンリカブシキガイシャ"])
    postal_code: Text = Field(examples=["1128570"])
    address: Text = Field(examples=["東京都文京区後楽1-4-10"])
    phone: Text = Field(examples=["0358009479"])
    reason: Reason


class NewOrganisationBody(OrganisationBody):
    """An organisation that the agency works with."""

    kind: OrganisationKind


class OrganisationId(BaseModel):
    """The organisation is registered."""

    organisation_id: UUID


class OrganisationAnswer(BaseModel):
    """A registered organisation."""

    model_config = ConfigDict(from_attributes=True)

    organisation_id: UUID = Field(validation_alias=AliasChoices("organisation_id", "id"))
    kind: OrganisationKind
    name: str
    name_kana: str
    postal_code: str
    address: str
    phone: str
    registered_at: datetime
    closed_at: datetime | None


class OrganisationPage(BaseModel):
    """Some of them."""

    items: list[OrganisationAnswer]
    next_cursor: UUID | None = Field(description="pass it as `cursor` for the next page; null at the end")


class StaffBody(DeedBody):
    """Somebody of the office or of an organisation."""

    role: Role
    name: Text = Field(examples=["窓口 花子"])
    mail: Text = Field(examples=["hanako@office.example.jp"])
    organisation_id: UUID | None = Field(
        default=None,
        description="for company, inspection_body and bank",
        examples=["8d1f0a52-6f0b-4f2f-9d37-2f3f0c8f2a11"],
    )


class StaffItem(BaseModel):
    """An account of an organisation's people."""

    account_id: UUID
    name: str
    opened_at: datetime
    last_login_at: datetime | None
    closed_at: datetime | None


class StaffList(BaseModel):
    """The accounts of an organisation's people."""

    items: list[StaffItem]
