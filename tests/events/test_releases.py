"""Releases are kept for ever: as they were, whole, one after the other. Nothing here knows which one is the last."""

import json
import shutil
import subprocess

import pytest
from madoguchi_contracts.schema import CONTRACTS, file_of, released
from madoguchi_events import changelog, freeze, releases
from madoguchi_events.manifest import ROOT
from madoguchi_events.releases import CORPUS, EXAMPLES, RELEASED, SCHEMAS, SUMS, VERSION, problems, versions

STORED = "identity/OtpReset.v1.json"


def raise_version(root, version):
    (root / VERSION).write_text(f'[project]\nversion = "{version}"\n')


def tell_something_new(root):
    """A schema with other words and a new event, each with its example."""
    schema = json.loads((root / SCHEMAS / STORED).read_text())
    other = {**schema, "description": f"Planted. {schema['description']}"}
    (root / SCHEMAS / STORED).write_text(json.dumps(other))
    planted = {**schema, "$id": "urn:madoguchi:identity:Planted:v1", "title": "Planted"}
    (root / SCHEMAS / "identity/Planted.v1.json").write_text(json.dumps(planted))
    shutil.copy(root / EXAMPLES / STORED, root / EXAMPLES / "identity/Planted.v1.json")


@pytest.fixture
def root(tmp_path):
    """A copy of what concerns releases, all of it released until 8.0.0, in which 9.0.0 is coming with something new."""
    for folder in (RELEASED, CORPUS, SCHEMAS, EXAMPLES):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "docs").mkdir()
    raise_version(tmp_path, "8.0.0")
    schema = json.loads((tmp_path / SCHEMAS / STORED).read_text())
    (tmp_path / SCHEMAS / STORED).write_text(json.dumps({**schema, "title": "Planted"}))
    freeze.freeze(tmp_path)
    raise_version(tmp_path, "9.0.0")
    tell_something_new(tmp_path)
    return tmp_path


# What is kept in the checkout


def test_nothing_released_was_changed():
    assert problems() == []


def test_the_list_can_be_checked_without_us():
    subprocess.run(("sha256sum", "--check", "--strict", "--quiet", SUMS), cwd=ROOT, check=True)


def test_releases_are_told_oldest_first_and_each_whole():
    by_version = releases.releases()
    assert list(by_version)[:2] == versions()[:2] == ["1.0.0", "1.1.0"]
    assert len(by_version["1.0.0"]) == len(by_version["1.1.0"]) == 31
    issued = "urn:madoguchi:identity:UserIdIssued:v1"
    assert by_version["1.0.0"][issued] != by_version["1.1.0"][issued]


def test_versions_are_ordered_as_numbers(root):
    (root / RELEASED / "10.0.0").mkdir()
    assert versions(root)[-2:] == ["8.0.0", "10.0.0"]


def test_everything_released_has_an_example():
    newest = list(releases.releases().values())[-1]
    assert set(releases.latest(CORPUS)) == {file_of(one) for one in CONTRACTS if one.schema_name in newest}


# What was touched


def test_a_released_schema_that_was_changed_is_told(root):
    file = root / RELEASED / f"1.0.0/{STORED}"
    file.write_text(file.read_text() + " ")
    assert problems(root) == [f"{RELEASED}/1.0.0/{STORED}: released, and changed since"]


def test_a_released_example_that_was_changed_is_told(root):
    (root / CORPUS / f"1.0.0/{STORED}").write_text("{}")
    assert problems(root) == [f"{CORPUS}/1.0.0/{STORED}: released, and changed since"]


def test_a_released_file_that_was_taken_away_is_told(root):
    (root / RELEASED / "1.1.0/identity/UserIdIssued.v1.json").unlink()
    assert problems(root) == [f"{RELEASED}/1.1.0/identity/UserIdIssued.v1.json: released, and missing now"]


@pytest.mark.parametrize("kind", [RELEASED, CORPUS])
@pytest.mark.parametrize("version", ["1.1.0", "9.0.0"])
def test_a_file_put_among_the_kept_ones_by_hand_is_told_and_nothing_is_released_beside_it(root, kind, version):
    (root / kind / version / "identity").mkdir(parents=True, exist_ok=True)
    shutil.copy(root / SCHEMAS / STORED, root / kind / version / "identity/Later.v1.json")
    told, *_ = problems(root)
    assert told.startswith(f"{kind}/{version}/identity/Later.v1.json: not in {SUMS}")
    with pytest.raises(ValueError, match=r"identity/Later.v1.json: not in"):
        freeze.freeze(root)


# Releasing


def test_a_release_keeps_what_is_new_or_other_and_nothing_twice(root):
    kept = [file.relative_to(root).as_posix() for file in freeze.freeze(root)]
    assert kept == [
        f"{RELEASED}/9.0.0/{STORED}",
        f"{RELEASED}/9.0.0/identity/Planted.v1.json",
        f"{CORPUS}/9.0.0/identity/Planted.v1.json",
    ]
    assert problems(root) == []
    assert releases.releases(root)["9.0.0"] == released(root / SCHEMAS)
    sums = (root / SUMS).read_text()
    assert sums.startswith((ROOT / SUMS).read_text())
    assert [line.split("  ")[1] for line in sums.splitlines()[-3:]] == kept


def test_a_version_goes_out_once_and_is_not_changed_afterwards(root):
    freeze.freeze(root)
    with pytest.raises(ValueError, match=r"9\.0\.0 is released already: raise the version first"):
        freeze.freeze(root)
    example = root / EXAMPLES / STORED
    example.write_text(example.read_text() + "\n")
    assert problems(root) == ["the examples are not those of 9.0.0, which is released: raise the version first"]
    tell_something_new(root)
    assert "the schemas are not those of 9.0.0, which is released: raise the version first" in problems(root)
    raise_version(root, "9.1.0")
    assert problems(root) == []
    assert f"{RELEASED}/9.1.0/{STORED}" in [file.relative_to(root).as_posix() for file in freeze.freeze(root)]


def test_a_version_older_than_the_newest_release_does_not_go_out(root):
    raise_version(root, "7.9.9")
    with pytest.raises(ValueError, match=r"8\.0\.0 is released already"):
        freeze.freeze(root)


def test_a_version_that_brings_nothing_does_not_go_out(root):
    freeze.freeze(root)
    raise_version(root, "9.1.0")
    with pytest.raises(ValueError, match=r"nothing is new or other since 9\.0\.0"):
        freeze.freeze(root)
    assert versions(root)[-1] == "9.0.0"


def test_nothing_goes_out_while_an_older_release_is_not_as_it_was(root):
    (root / RELEASED / f"1.0.0/{STORED}").write_text("{}")
    with pytest.raises(ValueError, match="changed since"):
        freeze.freeze(root)


# The command


@pytest.fixture
def command(root, monkeypatch, capsys):
    """`make freeze` in the copy: its answer, and what it wrote."""
    monkeypatch.setattr(freeze, "ROOT", root)

    def run():
        code = freeze.main([])
        written = capsys.readouterr()
        return code, written.out + written.err

    return run


def test_the_command_keeps_the_release_writes_the_catalogue_and_says_what_comes_next(root, command):
    code, said = command()
    assert code == 0
    assert "9.0.0 is released, 3 files are kept" in said
    assert "raises the version" in said
    assert problems(root) == []
    assert {file.name for file in (root / "docs").iterdir()} >= {"events.md", "events-changelog.md"}
    code, said = command()
    assert (code, said.splitlines()[-1]) == (1, "9.0.0 is released already: raise the version first")


def test_the_command_releases_nothing_that_the_gate_refuses(root, command, monkeypatch):
    monkeypatch.setattr("madoguchi_events.gate.changes", lambda *_: ["planted: removed; breaks everybody"])
    code, said = command()
    assert (code, said) == (1, "planted: removed; breaks everybody\n")
    assert "9.0.0" not in versions(root)


def test_the_command_releases_no_schemas_that_the_models_have_left_behind(root, command, monkeypatch):
    monkeypatch.setattr(freeze, "current", dict)
    code, said = command()
    assert code == 1
    assert said.endswith("python -m madoguchi_contracts.release\n")
    assert "9.0.0" not in versions(root)


# The changelog


def test_the_changelog_tells_what_each_release_brought_the_newest_first(root):
    freeze.freeze(root)
    page = changelog.markdown(root)
    chapters = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert list(chapters)[:2] == ["9.0.0", "8.0.0"]
    assert list(chapters)[-2:] == ["1.1.0", "1.0.0"]
    new, _, other = chapters["9.0.0"].strip().partition("### Described anew")
    assert "| `identity.accounts.v1` | [Planted](events.md#planted) |" in new
    assert "| [OtpReset](events.md#otpreset) | the event | Planted. " in other
    assert "`contact_for_applications`" in chapters["1.1.0"]
    assert "The first release: 27 events, 4 contents of sealed fields." in chapters["1.0.0"]


def test_only_a_version_that_is_not_released_says_so(root):
    raise_version(root, "9.9.9")
    assert changelog.markdown(root).count("Not released yet") == 1
    freeze.freeze(root)
    assert "Not released yet" not in changelog.markdown(root)


def test_a_release_changes_nothing_in_the_changelog_but_that_it_is_one(root, monkeypatch):
    monkeypatch.setattr(changelog, "current", lambda: released(root / SCHEMAS))
    before = changelog.markdown(root)
    freeze.freeze(root)
    after = changelog.markdown(root)
    assert [line for line in before.splitlines() if line not in after.splitlines()] == [changelog.NOT_RELEASED]
