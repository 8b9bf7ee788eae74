"""The one manifest of topics and access (`deploy/topics.yaml`), and where things lie in the checkout."""

from pathlib import Path
from typing import Annotated, Self

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, model_validator

ROOT = Path(__file__).resolve().parents[4]
MANIFEST = ROOT / "deploy" / "topics.yaml"

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
"""A service or a team: also its user's name at the broker and in Kubernetes, which allows no other characters."""


class _Strict(BaseModel):
    """A misspelt word in the manifest must fail and not be passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Topic(_Strict):
    """One topic. The part of its name before the first dot is the service that tells it."""

    name: str = Field(pattern=r"^[a-z]+\.[a-z]+\.v[1-9][0-9]*$")
    partitions: int = Field(ge=1, le=64)
    retention_days: int = Field(ge=0)
    """0: kept for ever."""

    @property
    def owner(self) -> str:
        """The service that tells it."""
        return self.name.partition(".")[0]

    @property
    def config(self) -> dict[str, str]:
        """What the broker is told of it."""
        return {
            "cleanup.policy": "delete",  # compaction would lose facts: every event counts, not the last one of a key
            "retention.ms": str(self.retention_days * 86_400_000 or -1),
        }


class Manifest(_Strict):
    """All topics, and which topics each service and each team reads."""

    cluster: Name
    topics: list[Topic]
    services: dict[Name, list[str]]
    teams: dict[Name, list[str]]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        names = [topic.name for topic in self.topics]
        if len(names) != len(set(names)):
            raise ValueError("a topic stands there twice")
        if unknown := {name for reads in self._readers().values() for name in reads} - set(names):
            raise ValueError(f"read, and no topic: {', '.join(sorted(unknown))}")
        if homeless := {topic.owner for topic in self.topics} - self.services.keys():
            raise ValueError(f"no service tells the topics of {', '.join(sorted(homeless))}")
        if both := self.services.keys() & self.teams.keys():
            raise ValueError(f"a service and a team: {', '.join(sorted(both))}")
        return self

    def _readers(self) -> dict[str, list[str]]:
        return {**self.services, **self.teams}

    def topic(self, name: str) -> Topic:
        """The topic of that name. Raises KeyError."""
        return {topic.name: topic for topic in self.topics}[name]

    def teams_of(self, topic: str) -> list[str]:
        """The teams that may read a topic, sorted."""
        return sorted(team for team, reads in self.teams.items() if topic in reads)


def read_manifest(file: Path = MANIFEST) -> Manifest:
    """The manifest. Raises pydantic.ValidationError naming what is wrong in it."""
    return Manifest.model_validate(yaml.safe_load(file.read_text("utf-8")))
