"""What every event is: a frozen, named fact about one aggregate, and the value types that events share.

An event says what happened, with ids and facts. It carries no personal data: what one service must tell
another in confidence (an address, a one-time link) travels in a `Sealed` field, which only the recipient
service can open.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, NewType
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Sealed = NewType("Sealed", str)
"""A compact JWE (RFC 7516). A type of its own, so that a type checker refuses clear text."""

# The header of a compact JWE is a JSON object, and `{"` is `eyJ` in base64url: clear text with four dots
# does not fit.
_COMPACT_JWE = r"^eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){4}$"


class Contract(BaseModel):
    """What events and sealed contents have in common: frozen, and deaf to fields that a newer writer added.

    Errors never quote the input: a wrongly filled body may hold what must not reach a log.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    major: ClassVar[int] = 1
    schema_name: ClassVar[str]
    """An absolute URI (CloudEvents demands one for `dataschema`) that names the released JSON Schema."""


class Event(Contract):
    """The base of all events. A subclass per aggregate names service, topic and the field that is the key."""

    topic: ClassVar[str]
    service: ClassVar[str]
    aggregate_field: ClassVar[str]
    type_name: ClassVar[str]
    """`madoguchi.<service>.<Class>.v<major>`, the `ce_type` header."""
    readers: ClassVar[tuple[str, ...]] = ()
    """The services of Madoguchi that act on the event. Other teams may read every event."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Derive the names of an event from its class and service."""
        if hasattr(cls, "service"):
            cls.type_name = f"madoguchi.{cls.service}.{cls.__name__}.v{cls.major}"
            cls.schema_name = f"urn:madoguchi:{cls.service}:{cls.__name__}:v{cls.major}"

    @property
    def aggregate_id(self) -> UUID:
        """The id of what the event is about: Kafka key, `ce_subject` and `ce_partitionkey`."""
        aggregate_id: UUID = getattr(self, self.aggregate_field)
        return aggregate_id


class SealedContent(Contract):
    """The base of what is inside a `Sealed` field. Its representation hides the values from logs."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: Any) -> None:
        """Name the schema after the class."""
        cls.schema_name = f"urn:madoguchi:sealed:{cls.__name__}:v{cls.major}"

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Nothing: names, addresses and links stay out of representations."""
        return []


def sealed_for(recipient: str, content: type[SealedContent], description: str) -> Any:
    """Describe a `Sealed` field: which service can open it and which content is inside.

    The schema says both as `x-sealed-for` (service) and `x-sealed-model` (schema name of the content).
    """
    return Field(
        pattern=_COMPACT_JWE,
        description=description,
        json_schema_extra={
            "format": "jwe-compact",
            "x-sealed-for": recipient,
            "x-sealed-model": content.schema_name,
        },
    )


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant: a time without zone is refused, any other zone becomes UTC, and JSON shows it with `Z`."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest as 64 lower-case hexadecimal digits."""

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""A stable lower-case word that the code of a programme chooses: a programme, a document slot, a reason."""

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_:.-]{0,63}$")]
"""A machine-readable code. Open: a reader must expect codes it does not know. Has no room for a sentence."""

RuleId = Annotated[str, Field(pattern=r"^[A-Z]{2}-[0-9]{1,3}$")]
"""The ID of a rule in the specification, such as DO-05."""
