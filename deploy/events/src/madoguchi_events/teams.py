"""What other teams use of the events (`shared/contracts/consumers/<team>.yaml`), and whom a change would break."""

from pathlib import Path

import yaml  # type: ignore[import-untyped]
from madoguchi_contracts.gate import Change
from madoguchi_contracts.registry import EVENTS
from madoguchi_contracts.schema import Schema, flat, schema_of
from pydantic import BaseModel, ConfigDict, Field

from madoguchi_events.manifest import ROOT, Manifest, Name

CONSUMERS = ROOT / "shared" / "contracts" / "consumers"


class Team(BaseModel):
    """One team's needs, as it wrote them down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    team: Name
    purpose: str
    """What for, in a sentence."""
    validates: bool
    """Whether it checks whole bodies against the schemas: then every change of an event that it uses stops it."""
    events: dict[str, list[str]] = Field(min_length=1)
    """By type name the fields that it uses, as the catalogue writes them: `documents[].slot`."""

    def breaks_by(self, change: Change) -> list[str]:
        """Why a change would break this team: the fields that it uses, or what else it needs; empty if it would not."""
        used = self.events.get(_type_name(change.contract))
        if used is None:
            return []
        if not change.field:
            return ["the whole event"]
        fields = [field for field in used if _overlap(field, change.field)]
        return fields or (["validates whole bodies"] if self.validates else [])


def read_teams(folder: Path = CONSUMERS) -> list[Team]:
    """All teams, by name. Raises pydantic.ValidationError for a file of another shape."""
    return [Team.model_validate(yaml.safe_load(file.read_text("utf-8"))) for file in sorted(folder.glob("*.yaml"))]


def problems(teams: list[Team], manifest: Manifest, folder: Path = CONSUMERS) -> list[str]:
    """What the teams' files say and the events or the manifest do not: an event, a field, a topic they may read."""
    names = {team.team for team in teams}
    found = [f"{file.name}: not named after its team" for file in folder.glob("*.yaml") if file.stem not in names]
    found += [f"{team}: in the manifest, without a file" for team in sorted(manifest.teams.keys() - names)]
    for team in teams:
        granted = set(manifest.teams.get(team.team, []))
        used = {EVENTS[name].topic for name in team.events if name in EVENTS}
        found += [f"{team.team}: uses events of {topic}, which it may not read" for topic in sorted(used - granted)]
        found += [f"{team.team}: may read {topic}, and uses no event of it" for topic in sorted(granted - used)]
        for name, fields in team.events.items():
            if name not in EVENTS:
                found.append(f"{team.team}: there is no event {name}")
            else:
                known = fields_of(schema_of(EVENTS[name]))
                found += [f"{team.team}: {name} has no field {field}" for field in fields if field not in known]
    return found


def explain(change: Change, teams: list[Team]) -> str:
    """A change for a person, with every team and every service of Madoguchi that it would break."""
    broken = [f"team {team.team} ({', '.join(why)})" for team in teams if (why := team.breaks_by(change))]
    broken += [f"service {service}" for service in _services(change.contract)]
    return f"{change}: {', '.join(broken) or 'nobody who told us; others may read it'}"


def _services(contract: str) -> list[str]:
    """The services that act on an event, or those that open what is inside a sealed field."""
    event = EVENTS.get(_type_name(contract))
    if event is not None:
        return list(event.readers)
    fields = (field for one in EVENTS.values() for field in flat(schema_of(one))["properties"].values())
    return sorted({field["x-sealed-for"] for field in fields if field.get("x-sealed-model") == contract})


def fields_of(schema: Schema) -> set[str]:
    """The paths of all fields of a schema, however deep."""
    paths: set[str] = set()

    def collect(prefix: str, node: Schema) -> None:
        for name, field in node.get("properties", {}).items():
            paths.add(f"{prefix}{name}")
            collect(f"{prefix}{name}.", field)
            collect(f"{prefix}{name}[].", field.get("items", {}))

    collect("", flat(schema))
    return paths


def _type_name(schema_name: str) -> str:
    return schema_name.removeprefix("urn:").replace(":", ".")


def _overlap(one: str, other: str) -> bool:
    """Whether one path is the other, or is inside it."""
    a, b = one.replace("[]", "").split("."), other.replace("[]", "").split(".")
    shared = min(len(a), len(b))
    return a[:shared] == b[:shared]
