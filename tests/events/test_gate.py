"""The gate with the teams behind it: planted changes of real events, each judged, and the broken ones named."""

import copy
import json
import shutil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from madoguchi_contracts import EVENTS
from madoguchi_contracts.fixtures import example_body
from madoguchi_contracts.release import SCHEMAS
from madoguchi_contracts.schema import CONTRACTS, current, file_of, released
from madoguchi_events import gate
from madoguchi_events.gate import changes
from madoguchi_events.manifest import ROOT, Manifest, read_manifest
from madoguchi_events.releases import CORPUS, RELEASED, files_of, releases, versions
from madoguchi_events.teams import CONSUMERS, Team, fields_of, problems, read_teams
from pydantic import ValidationError

Schema = dict[str, Any]

SUBMITTED = "urn:madoguchi:applications:ApplicationSubmitted:v1"
EKYC = "urn:madoguchi:identity:EkycStatusChanged:v1"
LOCKED = "urn:madoguchi:identity:AccountLocked:v1"
ACCEPTED = "urn:madoguchi:notifications:MailAccepted:v1"
LINK = "urn:madoguchi:identity:PasswordLinkIssued:v1"

SCREENING = Team(
    team="screening",
    purpose="Planted.",
    validates=False,
    events={
        "madoguchi.applications.ApplicationSubmitted.v1": ["programme", "submission", "documents[].slot"],
        "madoguchi.identity.EkycStatusChanged.v1": ["status"],
        "madoguchi.identity.AccountLocked.v1": ["until"],
    },
)
ARCHIVE = Team(
    team="archive",
    purpose="Planted.",
    validates=True,
    events={
        "madoguchi.applications.ApplicationSubmitted.v1": ["application_id", "content_sha256"],
        "madoguchi.notifications.MailAccepted.v1": ["message_id", "attempts"],
    },
)
TEAMS = [SCREENING, ARCHIVE]
READERS = ["service documents", "service notifications"]  # of ApplicationSubmitted
WHOLE = "team archive (validates whole bodies)"
TEXT = {"type": "string", "pattern": "^[a-z]+$", "description": "Planted."}
SUBMITTED_DOCUMENT = "$defs.SubmittedDocument.properties"

DROP = object()

PRESENT, RELEASES = current(), releases()
NEWEST = versions()[-1]

# title: (contract, {path: new value or DROP}, the field that is named, who is broken)
BREAKING: dict[str, tuple[str, dict[str, Any], str, list[str]]] = {
    "a used field removed": (SUBMITTED, {"properties.programme": DROP}, "programme", ["team screening (programme)"]),
    "a field removed that only the other team uses": (
        SUBMITTED,
        {"properties.content_sha256": DROP},
        "content_sha256",
        ["team archive (content_sha256)"],
    ),
    "a field removed that nobody uses": (SUBMITTED, {"properties.reference": DROP}, "reference", [WHOLE]),
    "a used field inside a list removed": (
        SUBMITTED,
        {f"{SUBMITTED_DOCUMENT}.slot": DROP},
        "documents[].slot",
        ["team screening (documents[].slot)"],
    ),
    "a field inside a list removed that nobody uses": (
        SUBMITTED,
        {f"{SUBMITTED_DOCUMENT}.sha256": DROP},
        "documents[].sha256",
        [WHOLE],
    ),
    "the whole list removed": (
        SUBMITTED,
        {"properties.documents": DROP},
        "documents",
        ["team screening (documents[].slot)"],
    ),
    "the list became text": (
        SUBMITTED,
        {"properties.documents": TEXT},
        "documents",
        ["team screening (documents[].slot)"],
    ),
    "a used text became a number": (
        SUBMITTED,
        {"properties.programme": {"type": "integer"}},
        "programme",
        ["team screening (programme)"],
    ),
    "a used number became text": (
        SUBMITTED,
        {"properties.submission": TEXT},
        "submission",
        ["team screening (submission)"],
    ),
    "a used number may have a fraction": (
        SUBMITTED,
        {"properties.submission.type": "number"},
        "submission",
        ["team screening (submission)"],
    ),
    "a used number may be zero": (
        SUBMITTED,
        {"properties.submission.minimum": 0},
        "submission",
        ["team screening (submission)"],
    ),
    "a used number must be two": (
        SUBMITTED,
        {"properties.submission.minimum": 2},
        "submission",
        ["team screening (submission)"],
    ),
    "a used number limited above": (
        SUBMITTED,
        {"properties.submission.maximum": 9},
        "submission",
        ["team screening (submission)"],
    ),
    "a used text of another pattern": (
        SUBMITTED,
        {"properties.programme.pattern": "^[A-Z]+$"},
        "programme",
        ["team screening (programme)"],
    ),
    "a used text without pattern": (
        SUBMITTED,
        {"properties.programme.pattern": DROP},
        "programme",
        ["team screening (programme)"],
    ),
    "a used text limited to listed values": (
        SUBMITTED,
        {"properties.programme.enum": ["bond"]},
        "programme",
        ["team screening (programme)"],
    ),
    "a used field may be null": (
        SUBMITTED,
        {"properties.programme": {"anyOf": [TEXT, {"type": "null"}]}},
        "programme",
        ["team screening (programme)"],
    ),
    "a used field may be missing": (
        SUBMITTED,
        {"required": ["application_id", "account_id", "reference", "submission", "content_sha256", "documents"]},
        "programme",
        ["team screening (programme)"],
    ),
    "the key field may be missing": (
        SUBMITTED,
        {"required": ["programme", "account_id", "reference", "submission", "content_sha256", "documents"]},
        "application_id",
        ["team archive (application_id)"],
    ),
    "a new field that must be there": (
        SUBMITTED,
        {
            "properties.channel": TEXT,
            "required": [
                *("application_id", "programme", "account_id", "reference", "submission", "content_sha256"),
                *("documents", "channel"),
            ],
        },
        "channel",
        [WHOLE],
    ),
    "a new field in a part that must be there": (
        SUBMITTED,
        {
            f"{SUBMITTED_DOCUMENT}.pages": {"type": "integer"},
            "$defs.SubmittedDocument.required": ["document_id", "slot", "sha256", "pages"],
        },
        "documents[].pages",
        [WHOLE],
    ),
    "another topic": (SUBMITTED, {"x-topic": "applications.other.v1"}, "", ["team screening (the whole event)"]),
    "another key": (SUBMITTED, {"x-key": "account_id"}, "", ["team archive (the whole event)"]),
    "further fields forbidden": (SUBMITTED, {"additionalProperties": False}, "", ["team archive (the whole event)"]),
    "a list without limit to its items": (
        SUBMITTED,
        {"properties.documents.items": DROP},
        "documents[]",
        ["team screening (documents[].slot)"],
    ),
    "an empty list forbidden": (
        SUBMITTED,
        {"properties.documents.minItems": 1},
        "documents",
        ["team screening (documents[].slot)"],
    ),
    "a longer digest": (
        SUBMITTED,
        {"properties.content_sha256.pattern": "^[0-9a-f]{128}$"},
        "content_sha256",
        ["team archive (content_sha256)"],
    ),
    "an id that is none": (
        SUBMITTED,
        {"properties.application_id.format": DROP},
        "application_id",
        ["team archive (application_id)"],
    ),
    "a value added to a closed list": (
        EKYC,
        {"properties.status.enum": ["data_registered", "method_chosen", "running", "passed", "failed", "lost"]},
        "status",
        ["team screening (status)", "service applications"],
    ),
    "a value removed from a closed list": (
        EKYC,
        {"properties.status.enum": ["data_registered", "method_chosen", "running", "passed"]},
        "status",
        ["team screening (status)", "service applications"],
    ),
    "a closed list opened": (EKYC, {"properties.status.enum": DROP}, "status", ["team screening (status)"]),
    "null forbidden where a team looks at another field": (
        EKYC,
        {"properties.ekyc_id": {"type": "string", "format": "uuid"}},
        "ekyc_id",
        ["service applications"],
    ),
    "a time became a day": (LOCKED, {"properties.until.format": "date"}, "until", ["team screening (until)"]),
    "a time without format": (LOCKED, {"properties.until.format": DROP}, "until", ["team screening (until)"]),
    "a time may be null": (
        LOCKED,
        {"properties.until": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}},
        "until",
        ["team screening (until)"],
    ),
    "an id that nobody uses may be null": (
        LOCKED,
        {"properties.account_id": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}},
        "account_id",
        [],
    ),
    "a count may be zero": (ACCEPTED, {"properties.attempts.minimum": 0}, "attempts", ["team archive (attempts)"]),
    "a count became text": (ACCEPTED, {"properties.attempts": TEXT}, "attempts", ["team archive (attempts)"]),
    "a count removed": (ACCEPTED, {"properties.attempts": DROP}, "attempts", ["team archive (attempts)"]),
    "another pattern of a field that is only validated": (
        ACCEPTED,
        {"properties.template.pattern": "^[A-Z]+$"},
        "template",
        [WHOLE],
    ),
    "sealed for another service": (
        LINK,
        {"properties.link.x-sealed-for": "documents"},
        "link",
        ["service notifications"],
    ),
    "no longer sealed": (LINK, {"properties.link": TEXT}, "link", ["service notifications"]),
    "another content sealed": (
        LINK,
        {"properties.link.x-sealed-model": "urn:madoguchi:sealed:Contact:v1"},
        "link",
        ["service notifications"],
    ),
    "a field of what is sealed removed": (
        "urn:madoguchi:sealed:Reason:v1",
        {"properties.text": DROP},
        "text",
        ["service notifications"],
    ),
    "the event removed": (SUBMITTED, {"": DROP}, "", ["team screening (the whole event)", *READERS]),
}

SAFE: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": (SUBMITTED, {}),
    "the event told better": (SUBMITTED, {"description": "Told better."}),
    "a used field told better": (SUBMITTED, {"properties.programme.description": "Told better."}),
    "a used field declared old": (SUBMITTED, {"properties.programme.deprecated": True}),
    "a new field that may be missing": (SUBMITTED, {"properties.channel": {**TEXT, "default": "web"}}),
    "a new field that may be null": (
        SUBMITTED,
        {"properties.channel": {"anyOf": [TEXT, {"type": "null"}], "default": None}},
    ),
    "a new field of a part": (SUBMITTED, {f"{SUBMITTED_DOCUMENT}.pages": {"type": "integer", "default": 0}}),
    "a new list that may be missing": (
        SUBMITTED,
        {"properties.tags": {"type": "array", "items": TEXT, "default": []}},
    ),
    "the listed values in another order": (
        EKYC,
        {"properties.status.enum": ["failed", "passed", "running", "method_chosen", "data_registered"]},
    ),
    "the required fields in another order": (
        ACCEPTED,
        {"required": sorted(PRESENT[ACCEPTED]["required"], reverse=True)},
    ),
    "an example": (ACCEPTED, {"properties.attempts.examples": [1]}),
}


def planted(contract: str, edits: dict[str, Any]) -> dict[str, Schema]:
    """The present schemas with edits of one of them; DROP takes a field away, and the empty path the whole event."""
    schemas = {**PRESENT, contract: copy.deepcopy(PRESENT[contract])}
    for path, value in edits.items():
        if path == "":
            del schemas[contract]
            continue
        *way, last = path.split(".")
        node = schemas[contract]
        for step in way:
            node = node[step]
        if value is DROP:
            del node[last]
            owner = schemas[contract] if way == ["properties"] else schemas[contract].get("$defs", {}).get(way[1], {})
            if way[-1] == "properties":
                owner["required"] = [name for name in owner["required"] if name != last]
        else:
            node[last] = value
    return schemas


def test_there_are_at_least_forty_planted_changes():
    assert len(BREAKING) + len(SAFE) >= 40
    assert len(BREAKING) >= 40


@pytest.mark.parametrize(("contract", "edits", "field", "broken"), BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_names_its_field_and_everybody_it_breaks(contract, edits, field, broken):
    told = changes({"released": PRESENT}, planted(contract, edits), TEAMS)
    about = f"{contract} {field}".strip() + ": "
    (line, *_) = [line for line in told if line.startswith(about)]
    for one in broken:
        assert one in line
    named = {team.team for team in TEAMS if f"team {team.team} " in line}
    assert named == {one.split()[1] for one in broken if one.startswith("team")} | expected_at_event_level(
        contract, field
    )
    assert ("nobody who told us" in line) == (not broken)


def expected_at_event_level(contract: str, field: str) -> set[str]:
    """Who reads the event at all is broken by what concerns all of it; who validates it, by every change."""
    using = [team for team in TEAMS if contract.removeprefix("urn:").replace(":", ".") in team.events]
    return {team.team for team in using if not field or team.validates}


@pytest.mark.parametrize(("contract", "edits"), SAFE.values(), ids=SAFE)
def test_a_change_that_breaks_nobody_passes_in_silence(contract, edits):
    assert changes({"released": PRESENT}, planted(contract, edits), TEAMS) == []


def test_a_change_since_several_releases_is_told_once():
    new = planted(ACCEPTED, {"properties.attempts": DROP})
    assert len(changes({"1": PRESENT, "2": PRESENT}, new, TEAMS)) == 1


# Every release, in both directions, and events through them


def validator(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=FormatChecker())


@pytest.mark.parametrize("version", RELEASES)
def test_present_examples_pass_every_released_schema(version):
    """Somebody who still validates with the schemas of that release."""
    checked = 0
    for contract in CONTRACTS:
        if contract.schema_name in RELEASES[version]:
            validator(RELEASES[version][contract.schema_name]).validate(json.loads(example_body(contract)))
            checked += 1
    assert checked == len(RELEASES[version])


@pytest.mark.parametrize("version", RELEASES)
def test_events_of_every_release_are_read_by_the_present_models(version):
    by_file = {file_of(contract): contract for contract in CONTRACTS}
    files = files_of(ROOT / CORPUS / version)
    for name, body in files.items():
        by_file[name].model_validate_json(body, strict=True)
    assert files


# A change that is planted in models and schemas alike: only what is kept of the releases can find it


KEPT = sorted(released(ROOT / RELEASED / NEWEST))
OURS = read_teams()
USED = [(team.team, name, field) for team in OURS for name, fields in team.events.items() for field in fields]


def against_newest(contract: str, edits: dict[str, Any]) -> list[str]:
    """What the newest release alone says of a change."""
    return changes({NEWEST: RELEASES[NEWEST]}, planted(contract, edits), OURS)


@pytest.mark.parametrize("contract", KEPT)
def test_what_the_newest_release_brought_cannot_be_taken_back_or_renamed(contract):
    (line,) = against_newest(contract, {"": DROP})
    assert line.startswith(f"{contract}: removed; breaks old readers of new events and new readers of old events")
    field = RELEASES[NEWEST][contract]["required"][-1]
    renamed = {f"properties.{field}_renamed": PRESENT[contract]["properties"][field], f"properties.{field}": DROP}
    assert any(f"{contract} {field}: removed; breaks old readers" in line for line in against_newest(contract, renamed))


@pytest.mark.parametrize("contract", KEPT)
def test_no_field_of_the_newest_release_becomes_something_else(contract):
    required = PRESENT[contract]["required"]
    for name in RELEASES[NEWEST][contract]["properties"]:
        told = against_newest(contract, {f"properties.{name}": {"type": "number", "description": "Planted."}})
        assert any(line.startswith(f"{contract} {name}: type changed") for line in told), name
        if name not in required:
            (line, *_) = against_newest(contract, {"required": [*required, name]})
            assert line.startswith(f"{contract} {name}: now required")


@pytest.mark.parametrize(("team", "name", "field"), USED)
def test_what_a_team_uses_is_kept_for_it_by_name(team, name, field):
    contract = f"urn:{name.replace('.', ':')}"
    (line, *_) = against_newest(contract, {f"properties.{field}": DROP})
    assert line.startswith(f"{contract} {field}: removed")
    assert f"team {team} ({field})" in line


def test_the_command_finds_it_when_models_and_schemas_of_the_package_were_changed_together(monkeypatch, capsys):
    schemas = planted(KEPT[0], {"": DROP})
    monkeypatch.setattr(gate, "current", lambda: schemas)
    monkeypatch.setattr(gate, "released", lambda *_: schemas)
    assert gate.main([]) == 1
    assert f"{KEPT[0]}: removed; breaks" in capsys.readouterr().out


def test_a_released_example_that_the_models_no_longer_read_is_found():
    """What the test of the corpus would say of a field that became another one: planted, because none did."""
    contract = next(one for one in CONTRACTS if file_of(one) in files_of(ROOT / CORPUS / NEWEST))
    body = json.loads(files_of(ROOT / CORPUS / NEWEST)[file_of(contract)])
    (first, *_) = PRESENT[contract.schema_name]["required"]
    renamed = {f"{first}_renamed" if name == first else name: value for name, value in body.items()}
    with pytest.raises(ValidationError, match=first):
        contract.model_validate_json(json.dumps(renamed), strict=True)


@settings(max_examples=100, deadline=None)
@given(event=st.sampled_from(list(EVENTS.values())), data=st.data())
def test_whatever_may_be_left_out_of_a_present_event_every_released_schema_takes_it(event, data):
    body = json.loads(example_body(event))
    required = set(PRESENT[event.schema_name].get("required", ()))
    for field in [name for name in body if name not in required]:
        if data.draw(st.booleans()):
            del body[field]
    for schemas in RELEASES.values():
        if event.schema_name in schemas:
            validator(schemas[event.schema_name]).validate(body)


# The command


def test_the_command_passes_what_is_there(capsys):
    assert gate.main([]) == 0
    told = capsys.readouterr().out
    assert f"{len(CONTRACTS)} contracts keep all promises of {len(RELEASES) + 1} releases" in told


@pytest.fixture
def other_branch(tmp_path):
    """The schemas of a branch in which PasswordSet had one more field and one more reason."""
    folder = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, folder)
    file = folder / "identity/PasswordSet.v1.json"
    schema = json.loads(file.read_text("utf-8"))
    schema["properties"]["reason"]["enum"].append("expired")
    schema["properties"]["strength"] = {"type": "integer"}
    file.write_text(json.dumps(schema), "utf-8")
    return folder


def test_the_command_compares_with_the_schemas_of_another_branch_and_names_the_broken(other_branch, capsys):
    assert gate.main(["--released", str(other_branch)]) == 1
    lines = capsys.readouterr().out.splitlines()
    name = "urn:madoguchi:identity:PasswordSet:v1"
    assert lines == [
        f"{name} strength: removed; breaks old readers of new events: service notifications",
        f'{name} reason: "expired" removed; breaks new readers of old events: service notifications',
    ]


def test_the_command_fails_when_there_is_nothing_to_compare_with(tmp_path, capsys):
    assert gate.main(["--released", str(tmp_path)]) == 2
    assert "no released schemas" in capsys.readouterr().err


# What the teams wrote down


def manifest(**teams: list[str]) -> Manifest:
    return read_manifest().model_copy(update={"teams": teams})


def test_the_teams_of_the_manifest_are_those_that_wrote_down_what_they_use():
    assert problems(read_teams(), read_manifest()) == []
    assert {team.team for team in read_teams()} == read_manifest().teams.keys()


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an event that does not exist": (
        {"events": {"madoguchi.identity.Dreamt.v1": ["x"], **SCREENING.events}},
        ["screening: there is no event madoguchi.identity.Dreamt.v1"],
    ),
    "a field that does not exist": (
        {"events": {**SCREENING.events, "madoguchi.identity.AccountLocked.v1": ["untill"]}},
        ["screening: madoguchi.identity.AccountLocked.v1 has no field untill"],
    ),
    "a topic that it may not read": (
        {"events": {**SCREENING.events, "madoguchi.notifications.MailFailed.v1": ["code"]}},
        ["screening: uses events of notifications.messages.v1, which it may not read"],
    ),
    "a topic of which it uses nothing": (
        {"events": {"madoguchi.identity.AccountLocked.v1": ["until"]}},
        ["screening: may read applications.applications.v1, and uses no event of it"],
    ),
}


@pytest.mark.parametrize(("wrong", "told"), WRONG.values(), ids=WRONG)
def test_what_a_team_writes_down_is_held_against_events_and_access(wrong, told, tmp_path):
    granted = manifest(screening=["identity.accounts.v1", "applications.applications.v1"])
    assert problems([SCREENING], granted, tmp_path) == []
    assert problems([SCREENING.model_copy(update=wrong)], granted, tmp_path) == told


def test_a_team_without_a_file_and_a_file_of_another_name_are_told(tmp_path):
    shutil.copy(CONSUMERS / "statistics.yaml", tmp_path / "statistik.yaml")
    assert problems([], manifest(screening=[]), tmp_path) == [
        "statistik.yaml: not named after its team",
        "screening: in the manifest, without a file",
    ]


def test_the_fields_of_an_event_are_found_at_every_depth():
    documents = {"documents", "documents[].document_id", "documents[].slot", "documents[].sha256"}
    assert documents < fields_of(PRESENT[SUBMITTED])
    assert fields_of(RELEASES["1.0.0"][LOCKED]) == {"account_id", "until"}
