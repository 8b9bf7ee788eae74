"""What the notifications service tells: the fate of each mail. Aggregate and Kafka key: the message."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from madoguchi_contracts.envelope import Code, Event

Template = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")]
"""Which mail it is: the rule of the catalogue (NO-02) or a name of our own (OFFICE-NEW-CASE). Open."""


class MessageEvent(Event):
    """Something happened to a mail."""

    service: ClassVar[str] = "notifications"
    topic: ClassVar[str] = "notifications.messages.v1"
    aggregate_field: ClassVar[str] = "message_id"

    message_id: UUID = Field(description="The mail.")
    template: Template = Field(description="Which mail it is, such as NO-02 or OFFICE-NEW-CASE. Open.")


class MailQueued(MessageEvent):
    """A mail is to be sent. Exactly one is queued per cause and template (NO-12).

    When: the event that causes it was heard of.
    """

    cause_event_id: UUID = Field(description="The event (its `ce_id`) that caused the mail.")
    account_id: UUID | None = Field(description="Whom it is for; null for a notice to the office.")


class MailAccepted(MessageEvent):
    """The mail server took the mail over. This does not prove that it was delivered or read.

    When: the server answered that it accepts the mail.
    """

    attempts: int = Field(ge=1, description="How many tries it took.")


class MailFailed(MessageEvent):
    """The mail will not be sent any more. What caused it stays done (NO-12).

    When: the mail server refused for good, or all tries were used up.
    """

    code: Code = Field(description="Why, in one word or a code of the mail server. Open.")


EVENTS: tuple[type[Event], ...] = (MailQueued, MailAccepted, MailFailed)
