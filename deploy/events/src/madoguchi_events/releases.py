"""Every release of the events, kept for ever beside the present ones: schemas and examples.

A folder per version of `madoguchi-contracts` holds what was new or other in it: the schemas in
`shared/contracts/released/`, the examples in `tests/contracts/golden/`. `SHA256SUMS` lists both by their digests: a
released file never changes, so a change to that list other than new lines at its end is one to stop in a review. It can
be checked without us: `sha256sum -c shared/contracts/released/SHA256SUMS` in the root of the checkout. How a release
comes about: `freeze`.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from madoguchi_contracts.schema import Schema, released

from madoguchi_events.manifest import ROOT

RELEASED = "shared/contracts/released"
CORPUS = "tests/contracts/golden"
SCHEMAS = "shared/contracts/src/madoguchi_contracts/schemas"
EXAMPLES = "shared/contracts/src/madoguchi_contracts/fixtures"
VERSION = "shared/contracts/pyproject.toml"
SUMS = f"{RELEASED}/SHA256SUMS"

Files = dict[str, bytes]
"""Files by where they lie below the folder of their kind: `identity/UserIdIssued.v1.json`."""


def version_of(root: Path = ROOT) -> str:
    """The present version of `madoguchi-contracts`."""
    version: str = tomllib.loads((root / VERSION).read_text("utf-8"))["project"]["version"]
    return version


def number_of(version: str) -> tuple[int, ...]:
    """A version as something that can be put in order."""
    return tuple(map(int, version.split(".")))


def releases(root: Path = ROOT) -> dict[str, dict[str, Schema]]:
    """All schemas of each release by their names, the oldest release first."""
    known: dict[str, Schema] = {}
    found = {}
    for version in versions(root):
        known = {**known, **released(root / RELEASED / version)}
        found[version] = known
    return found


def versions(root: Path = ROOT) -> list[str]:
    """The releases, the oldest first."""
    return sorted((folder.name for folder in (root / RELEASED).iterdir() if folder.is_dir()), key=number_of)


def latest(kind: str, root: Path = ROOT) -> Files:
    """The files of a kind (RELEASED or CORPUS) as the newest release has them, whichever of them kept each."""
    found: Files = {}
    for version in versions(root):
        found |= files_of(root / kind / version)
    return found


def files_of(folder: Path) -> Files:
    """All schemas or examples of a folder."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.glob("*/*.json")}


def problems(root: Path = ROOT) -> list[str]:
    """What is not as it was released: changed, missing and unlisted files, and a released version that goes on."""
    listed = _listed(root)
    there = {file.relative_to(root).as_posix(): file for file in _kept(root)}
    found = [f"{name}: released, and missing now" for name in sorted(listed.keys() - there.keys())]
    for name, file in sorted(there.items()):
        if name not in listed:
            found.append(f"{name}: not in {SUMS}; only the command freeze keeps files there, a whole release at once")
        elif listed[name] != digest_of(file):
            found.append(f"{name}: released, and changed since")
    version = version_of(root)
    if version in versions(root):
        if releases(root)[version] != released(root / SCHEMAS):
            found.append(f"the schemas are not those of {version}, which is released: raise the version first")
        if latest(CORPUS, root) != files_of(root / EXAMPLES):
            found.append(f"the examples are not those of {version}, which is released: raise the version first")
    return found


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, as the list of released files has it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _listed(root: Path) -> dict[str, str]:
    """The released files with their digests."""
    lines = (line.split("  ", 1) for line in (root / SUMS).read_text("utf-8").splitlines())
    return {name: digest for digest, name in lines}


def _kept(root: Path) -> Iterator[Path]:
    """Everything that lies where released files lie."""
    for kind in (RELEASED, CORPUS):
        yield from (file for file in (root / kind).glob("*/*/*") if file.is_file())
