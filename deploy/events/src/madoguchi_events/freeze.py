"""Release the present version of the events: keep its schemas and examples for ever (see `releases`).

    python -m madoguchi_events.freeze

`make freeze` does it in the checkout. Only what passes the gate is kept, and the changelog says afterwards that the
version is released. When to do it: docs/how-to-add-an-event.md.
"""

import argparse
import sys
from pathlib import Path

from madoguchi_contracts.schema import current, released

from madoguchi_events import catalogue, gate, releases
from madoguchi_events.manifest import ROOT
from madoguchi_events.releases import CORPUS, EXAMPLES, RELEASED, SCHEMAS, SUMS, VERSION, digest_of, files_of, latest


def freeze(root: Path = ROOT) -> list[Path]:
    """Keep the schemas and examples that are new or other; gives the files that are listed now.

    Raises ValueError when there is nothing to keep, when the version is not newer than every release, or when a release
    is not as it was.
    """
    if wrong := releases.problems(root):
        raise ValueError("; ".join(wrong))
    version, done = releases.version_of(root), releases.versions(root)
    if done and releases.number_of(version) <= releases.number_of(done[-1]):
        raise ValueError(f"{done[-1]} is released already: raise the version first")
    kept = []
    for kind, present in ((RELEASED, SCHEMAS), (CORPUS, EXAMPLES)):
        before = latest(kind, root)
        for name, content in sorted(files_of(root / present).items()):
            if before.get(name) != content:
                copy = root / kind / version / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
                kept.append(copy)
    if not kept:
        raise ValueError(f"nothing is new or other since {done[-1]}: there is nothing to release")
    with (root / SUMS).open("a", encoding="utf-8") as sums:
        sums.writelines(f"{digest_of(file)}  {file.relative_to(root).as_posix()}\n" for file in kept)
    return kept


def main(arguments: list[str] | None = None) -> int:
    """Freeze in the checkout and write the catalogue anew; 1 when something must be mended first."""
    parser = argparse.ArgumentParser(prog="python -m madoguchi_events.freeze", description="Keep a release for ever.")
    parser.parse_args(arguments)
    if gate.main([]):
        return 1
    if released() != current():
        sys.stderr.write("the models say something else than their schemas: python -m madoguchi_contracts.release\n")
        return 1
    try:
        kept = freeze(ROOT)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    catalogue.main([str(ROOT / "docs")])
    version = releases.version_of(ROOT)
    sys.stdout.write(f"{version} is released, {len(kept)} files are kept: commit them with docs/events-changelog.md.\n")
    sys.stdout.write(f"Whoever changes an event from now on raises the version in {VERSION} first.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
