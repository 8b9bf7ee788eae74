"""Bodies of the log of what is provided to third parties."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from madoguchi_contracts import Key
from pydantic import BaseModel, Field

from applications.api.schemas.common import Body, LongText, ShortText
from applications.privacy import DataField, LegalCase, Provision


class ProvisionBody(Body):
    """Who was given which data about a person, by which of the six cases, and what for; no value of the data."""

    application_id: UUID
    reference: str
    person: UUID
    recipient: str = Field(description="a kind of recipient, such as handling_institution, credit_bureau, insurer")
    which: str = Field(description="which of several of that kind: the id of an organisation, or a code")
    recipient_name: str | None = Field(description="of an organisation that is registered with the agency")
    case: str
    data_fields: tuple[str, ...]
    purpose: str
    consent_version: str | None
    restricted: bool
    safety_asked: bool
    provided_at: datetime
    ground: str | None = Field(description="to the office alone")
    recorded_by: UUID | None = Field(description="to the office alone; missing where a rule or a timer provided")


class ProvisionPage(Body):
    """The newest first."""

    items: list[ProvisionBody]
    next_cursor: str | None


class NewProvision(BaseModel):
    """What the office gives to somebody outside of any step."""

    person: UUID
    recipient: Key = Field(examples=["tax_office"])
    which: ShortText = ""
    case: LegalCase = Field(examples=["LAW"])
    data_fields: list[DataField] = Field(min_length=1, max_length=12, examples=[["name", "address"]])
    purpose: Key = Field(examples=["tax"])
    ground: LongText = Field(
        default="", examples=["国税徴収法第141条"], description="why the case holds; kept encrypted"
    )
    restricted: bool = Field(default=False, description="the recipient was restricted in purpose and method (GL-615)")
    safety_asked: bool = Field(default=False, description="and asked for safety measures (GL-615)")

    def provision(self) -> Provision:
        """As the rules judge it."""
        return Provision(
            recipient=self.recipient,
            case=self.case,
            data_fields=frozenset(self.data_fields),
            purpose=self.purpose,
            ground=self.ground,
            restricted=self.restricted,
            safety_asked=self.safety_asked,
        )


class Recorded(Body):
    """It is in the log."""

    provided_at: datetime
