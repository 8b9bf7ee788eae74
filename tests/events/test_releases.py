"""Releases are kept for ever: as they were, whole, and one after the other."""

import json
import shutil
import subprocess

import pytest
from madoguchi_events import releases
from madoguchi_events.manifest import ROOT
from madoguchi_events.releases import CORPUS, PRESENT, RELEASED, SUMS, freeze, problems


@pytest.fixture
def root(tmp_path):
    """A copy of what concerns releases, in which 9.0.0 is coming."""
    for folder in (RELEASED, CORPUS, PRESENT):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "shared/contracts/pyproject.toml").write_text('[project]\nversion = "9.0.0"\n')
    return tmp_path


def test_nothing_released_was_changed():
    assert problems() == []


def test_the_list_can_be_checked_without_us():
    subprocess.run(("sha256sum", "--check", "--strict", "--quiet", SUMS), cwd=ROOT, check=True)


def test_releases_are_told_oldest_first_and_each_whole():
    versions = list(releases.releases())
    assert versions[:2] == ["1.0.0", "1.1.0"]
    by_version = releases.releases()
    assert len(by_version["1.0.0"]) == len(by_version["1.1.0"]) == 31
    issued = "urn:madoguchi:identity:UserIdIssued:v1"
    assert by_version["1.0.0"][issued] != by_version["1.1.0"][issued]


def test_a_released_schema_that_was_changed_is_told(root):
    file = root / RELEASED / "1.0.0/identity/OtpReset.v1.json"
    file.write_text(file.read_text() + " ")
    assert problems(root) == [f"{RELEASED}/1.0.0/identity/OtpReset.v1.json: released, and changed since"]


def test_a_released_example_that_was_changed_is_told(root):
    file = root / CORPUS / "1.0.0/identity/OtpReset.v1.json"
    file.write_text("{}")
    assert problems(root) == [f"{CORPUS}/1.0.0/identity/OtpReset.v1.json: released, and changed since"]


def test_a_released_file_that_was_taken_away_is_told(root):
    (root / RELEASED / "1.1.0/identity/UserIdIssued.v1.json").unlink()
    assert problems(root) == [f"{RELEASED}/1.1.0/identity/UserIdIssued.v1.json: released, and missing now"]


def test_a_file_put_into_a_release_later_is_told(root):
    shutil.copy(root / PRESENT / "identity/OtpReset.v1.json", root / RELEASED / "1.1.0/identity/Later.v1.json")
    (told,) = problems(root)
    assert told.startswith(f"{RELEASED}/1.1.0/identity/Later.v1.json: not in {SUMS}")


def test_a_release_keeps_what_is_new_or_other_and_nothing_twice(root):
    before = list(releases.releases(root).values())[-1]
    present = {json.loads(file.read_text())["$id"]: file for file in (root / PRESENT).glob("*/*.json")}
    other = {name for name, file in present.items() if before.get(name) != json.loads(file.read_text())}
    kept = freeze(root)
    assert {json.loads(file.read_text())["$id"] for file in kept} == other
    assert problems(root) == []
    assert releases.releases(root)["9.0.0"].keys() == present.keys()


def test_a_version_goes_out_once_and_is_not_changed_afterwards(root):
    freeze(root)
    with pytest.raises(ValueError, match="raise the version first"):
        freeze(root)
    file = root / PRESENT / "identity/OtpReset.v1.json"
    file.write_text(file.read_text().replace('"description": "', '"description": "Other. ', 1))
    assert problems(root) == ["the schemas are not those of 9.0.0, which is released: raise the version first"]


def test_nothing_goes_out_while_an_older_release_is_not_as_it_was(root):
    (root / RELEASED / "1.0.0/identity/OtpReset.v1.json").write_text("{}")
    with pytest.raises(ValueError, match="changed since"):
        freeze(root)
