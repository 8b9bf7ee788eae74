"""All events by name and by topic, and the one way to read an event from its wire form."""

from pydantic import ValidationError

from madoguchi_contracts import applications, documents, identity, notifications
from madoguchi_contracts.envelope import Event

EVENTS: dict[str, type[Event]] = {
    event.type_name: event for service in (identity, applications, documents, notifications) for event in service.EVENTS
}
"""Every event by its type name, grouped by service."""

TOPICS: dict[str, tuple[type[Event], ...]] = {
    topic: tuple(event for event in EVENTS.values() if event.topic == topic)
    for topic in dict.fromkeys(event.topic for event in EVENTS.values())
}
"""The events of every topic."""

# `madoguchi.<service>.<Class>` of every event, to tell an unknown version from an unknown event.
_NAMES = {type_name.rpartition(".")[0] for type_name in EVENTS}


class Unparsable(Exception):
    """A known event that cannot be read. The message names event and field, and never quotes a value."""

    def __init__(self, type_name: str, problem: str) -> None:
        super().__init__(f"{type_name}: {problem}")
        self.type_name = type_name


class UnknownVersion(Unparsable):
    """A known event in a version that this release does not know: the reader must be updated first."""


def parse(type_name: str, body: bytes) -> Event | None:
    """Read an event from its `ce_type` header and JSON body; None when the event is unknown.

    An unknown event is none of the reader's business and may be passed over. A known event that cannot be
    read must not be: passing over it would lose a fact.

    Raises:
        UnknownVersion: the event is known, but not in this version.
        Unparsable: the body is not what the event's schema says.
    """
    event = EVENTS.get(type_name)
    if event is None:
        if type_name in _NAMES or type_name.rpartition(".")[0] in _NAMES:
            raise UnknownVersion(type_name, "this version of the event is not known here")
        return None
    try:
        # Strict: lax mode would read the text "3" as the number 3 and a number as a time, which the schema
        # forbids.
        return event.model_validate_json(body, strict=True)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['type']}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        )
        # Not chained, and kinds instead of messages: the original error quotes the input.
        raise Unparsable(type_name, problems) from None
