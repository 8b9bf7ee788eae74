"""What the catalogue says of an event's readers is what the other services listen to."""

import inspect
from importlib import import_module
from typing import Any

import pytest
from madoguchi_contracts import EVENTS, Event

SERVICES = ("identity", "applications", "documents", "notifications")


def heard_by(service: str) -> set[type[Event]]:
    """The events a service has a handler for. Making the handlers uses none of what they work with."""
    handlers: Any = import_module(f"{service}.consumers").handlers
    return set(handlers(*(None for _ in inspect.signature(handlers).parameters)))


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_the_readers_of_an_event_are_the_other_services_that_listen_to_it(event: type[Event]) -> None:
    others = set(SERVICES) - {event.service}
    assert set(event.readers) == {service for service in others if event in heard_by(service)}
