"""Who may do what at the broker, as the manifest has it: the one list from which ACLs and Strimzi's users are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from madoguchi_events.manifest import Manifest


@dataclass(frozen=True, order=True)
class Rule:
    """One thing that a user may do. Everything else is forbidden."""

    user: str
    resource: Literal["group", "topic"]
    name: str
    prefix: bool
    """Whether the rule holds for all names that begin like this."""
    operation: Literal["Describe", "Read", "Write"]

    def __str__(self) -> str:
        """One line for a person: `statistics may Read topic documents.documents.v1`."""
        return f"{self.user} may {self.operation} {self.resource} {self.name}{'*' if self.prefix else ''}"


def rules(manifest: Manifest) -> list[Rule]:
    """All of them, sorted."""
    return sorted({*_of_services(manifest), *_of_teams(manifest)})


def _of_services(manifest: Manifest) -> Iterator[Rule]:
    for service, reads in manifest.services.items():
        own = [topic.name for topic in manifest.topics if topic.owner == service]
        for topic in own:
            yield Rule(service, "topic", topic, False, "Write")
        # Its own ones too: `madoguchi replay` looks whether the broker has forgotten them.
        yield from _reading(service, [*own, *reads])
        yield Rule(service, "group", service, False, "Read")


def _of_teams(manifest: Manifest) -> Iterator[Rule]:
    for team, reads in manifest.teams.items():
        yield from _reading(team, reads)
        # The dot keeps it out of the groups of a team whose name begins like its own.
        yield Rule(team, "group", f"{team}.", True, "Read")


def _reading(user: str, topics: list[str]) -> Iterator[Rule]:
    for topic in topics:
        yield Rule(user, "topic", topic, False, "Describe")
        yield Rule(user, "topic", topic, False, "Read")
