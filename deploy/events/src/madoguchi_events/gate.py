"""The gate in front of every change of events: compared with all releases, and who would be broken, by name.

    python -m madoguchi_events.gate [--released FOLDER]

Compares the models with the schemas that are in the package now, with every release that is kept, and with those in a
folder, such as another branch's; needs no network (see `releases`). What breaks readers: `madoguchi_contracts.gate`.
"""

import argparse
import sys
from pathlib import Path

from madoguchi_contracts.gate import judge
from madoguchi_contracts.schema import Schema, current, released

from madoguchi_events import releases, teams
from madoguchi_events.manifest import read_manifest


def main(arguments: list[str] | None = None) -> int:
    """0: may go out; 1: breaks somebody or says what is not so; 2: nothing to compare with."""
    parser = argparse.ArgumentParser(prog="python -m madoguchi_events.gate", description="Find breaking changes.")
    parser.add_argument("--released", type=Path, help="folder with more released schemas, such as another branch's")
    extra: Path | None = parser.parse_args(arguments).released
    old = {"the package": released(), **releases.releases(), **({str(extra): released(extra)} if extra else {})}
    if empty := [name for name, schemas in old.items() if not schemas]:
        # An empty folder is a wrong path; passing it would switch the gate off without a word.
        sys.stderr.write(f"no released schemas found: {', '.join(empty)}\n")
        return 2
    all_teams = teams.read_teams()
    found = [*releases.problems(), *teams.problems(all_teams, read_manifest()), *changes(old, current(), all_teams)]
    for line in found:
        sys.stdout.write(f"{line}\n")
    if found:
        return 1
    kept = f"{len(current())} contracts keep all promises of {len(old)} releases"
    sys.stdout.write(f"{kept}, and serve {len(all_teams)} teams\n")
    return 0


def changes(old: dict[str, dict[str, Schema]], new: dict[str, Schema], all_teams: list[teams.Team]) -> list[str]:
    """What breaks whom, a line for each change; a change since several releases is told once."""
    found = [change for schemas in old.values() for change in judge(schemas, new)]
    return [teams.explain(change, all_teams) for change in dict.fromkeys(found)]


if __name__ == "__main__":
    sys.exit(main())
