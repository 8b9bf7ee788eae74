"""Every release of the events' schemas, kept for ever beside the present ones: `shared/contracts/released/`.

A folder per version of `madoguchi-contracts` holds the schemas that were new or other in it. `SHA256SUMS` lists them,
and the examples of the same versions (`tests/contracts/golden/`), by their digests: a released file never changes, so a
change to that list other than new lines at its end is one to stop in a review. It can be checked without us:
`sha256sum -c shared/contracts/released/SHA256SUMS` in the root of the checkout.

    python -m madoguchi_events.releases freeze

keeps the present schemas as those of the present version. Do it when the version goes out; raise the version before the
next change.
"""

import argparse
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from madoguchi_contracts.schema import Schema, released

from madoguchi_events.manifest import ROOT

RELEASED = "shared/contracts/released"
CORPUS = "tests/contracts/golden"
PRESENT = "shared/contracts/src/madoguchi_contracts/schemas"
SUMS = f"{RELEASED}/SHA256SUMS"


def version_of(root: Path = ROOT) -> str:
    """The present version of `madoguchi-contracts`."""
    version: str = tomllib.loads((root / "shared/contracts/pyproject.toml").read_text("utf-8"))["project"]["version"]
    return version


def releases(root: Path = ROOT) -> dict[str, dict[str, Schema]]:
    """All schemas of each release by their names, the oldest release first."""
    folders = (folder for folder in (root / RELEASED).iterdir() if folder.is_dir())
    known: dict[str, Schema] = {}
    found = {}
    for folder in sorted(folders, key=lambda folder: _number(folder.name)):
        known = {**known, **released(folder)}
        found[folder.name] = known
    return found


def problems(root: Path = ROOT) -> list[str]:
    """What is not as it was released: changed, missing and unlisted files, and a released version that goes on."""
    listed = _listed(root)
    frozen = [folder.name for folder in (root / RELEASED).iterdir() if folder.is_dir()]
    there = {file.relative_to(root).as_posix(): file for file in _files(root, frozen)}
    found = [f"{name}: released, and missing now" for name in sorted(listed.keys() - there.keys())]
    for name, file in sorted(there.items()):
        if name not in listed:
            found.append(f"{name}: not in {SUMS}; a release is kept whole by the command freeze")
        elif listed[name] != _digest(file):
            found.append(f"{name}: released, and changed since")
    version = version_of(root)
    if version in frozen and releases(root)[version] != released(root / PRESENT):
        found.append(f"the schemas are not those of {version}, which is released: raise the version first")
    return found


def freeze(root: Path = ROOT) -> list[Path]:
    """Keep the present schemas and examples as those of the present version; gives the files that are listed now.

    Raises ValueError when that version is released already, or when a release is not as it was.
    """
    version = version_of(root)
    if wrong := problems(root):
        raise ValueError("; ".join(wrong))
    done = releases(root)
    if version in done:
        raise ValueError(f"{version} is released already: raise the version first")
    latest = list(done.values())[-1] if done else {}
    kept = []
    for file in sorted((root / PRESENT).glob("*/*.json")):
        schema = json.loads(file.read_text("utf-8"))
        if latest.get(schema["$id"]) != schema:
            copy = root / RELEASED / version / file.relative_to(root / PRESENT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
            kept.append(copy)
    kept += sorted((root / CORPUS / version).glob("*/*.json"))
    with (root / SUMS).open("a", encoding="utf-8") as sums:
        sums.writelines(f"{_digest(file)}  {file.relative_to(root).as_posix()}\n" for file in kept)
    return kept


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _listed(root: Path) -> dict[str, str]:
    """The released files with their digests."""
    lines = (line.split("  ", 1) for line in (root / SUMS).read_text("utf-8").splitlines())
    return {name: digest for digest, name in lines}


def _files(root: Path, frozen: list[str]) -> Iterator[Path]:
    """Everything that lies where released files lie."""
    for version in frozen:
        yield from (root / RELEASED / version).glob("*/*")
        yield from (root / CORPUS / version).glob("*/*")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Keep the present schemas as a release; 1 when that may not be."""
    parser = argparse.ArgumentParser(prog="python -m madoguchi_events.releases", description="Keep a release for ever.")
    parser.add_argument("what", choices=["freeze"])
    parser.parse_args(arguments)
    try:
        kept = freeze()
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(kept)} files are released as {version_of()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
