"""The compose file: of the right form, with every setting that the services ask for, and nothing left open."""

from __future__ import annotations

import json
import os
import runpy
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from deploy.sandbox import USER
from deploy.tools import schema_of_compose
from jsonschema import Draft7Validator
from madoguchi_stack.layout import ROOT, SERVICES
from madoguchi_stack.topics import read_topics

FOLDER = ROOT / "deploy/compose"
FILE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
CONTAINERS: dict[str, dict[str, Any]] = FILE["services"]
PROCESSES = [f"{service}-{part}" for service in SERVICES for part in ("migrate", "api", "worker")]
FOLDER_OF_SECRETS = "${MADOGUCHI_SECRETS:-../../.run/compose}/"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with secrets that the compose file reads."""
    folder = tmp_path_factory.mktemp("compose")
    runpy.run_path(str(FOLDER / "prepare.py"))["prepare"](folder)
    return folder


def environment(container: str, prepared: Path) -> dict[str, str]:
    """What a container finds in its environment."""
    found: dict[str, str] = {}
    for file in CONTAINERS[container].get("env_file", ()):
        lines = (prepared / file.removeprefix(FOLDER_OF_SECRETS)).read_text().splitlines()
        for line in lines:
            (assignment,) = shlex.split(line)
            name, _, value = assignment.partition("=")
            found[name] = value
    return found | {name: str(value) for name, value in CONTAINERS[container].get("environment", {}).items()}


def test_the_file_is_of_the_form_that_the_specification_asks_for():
    assert [error.message for error in Draft7Validator(schema_of_compose()).iter_errors(FILE)] == []


@pytest.mark.parametrize("container", PROCESSES)
def test_a_process_is_given_every_setting_it_requires_and_none_that_it_does_not_know(
    container: str, prepared: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = import_module(f"{container.partition('-')[0]}.settings").Settings
    known = {f"MADOGUCHI_{name.upper()}": field for name, field in settings.model_fields.items()}
    given = environment(container, prepared)
    assert set(given) - set(known) == set()
    assert {name for name, field in known.items() if field.is_required()} - set(given) == set()
    for name in [name for name in os.environ if name.startswith("MADOGUCHI_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert settings().kafka_bootstrap == "kafka:9092"


@pytest.mark.parametrize("container", PROCESSES)
def test_a_process_can_write_nothing_and_has_no_rights(container: str):
    said = CONTAINERS[container]
    assert (said["read_only"], said["user"], said["cap_drop"]) == (True, f"{USER}:{USER}", ["ALL"])
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in said
    assert said["stop_grace_period"] == "40s"


def test_every_image_is_an_exact_release_and_every_port_stays_on_this_machine():
    tags = {
        said["image"].rpartition(":")[2] for said in CONTAINERS.values() if not said["image"].startswith("madoguchi/")
    }
    assert all(tag[0] in "v0123456789" and "." in tag for tag in tags), tags
    assert [port for said in CONTAINERS.values() for port in said.get("ports", ()) if "127.0.0.1:" not in port] == []


def test_nothing_secret_stands_in_the_file(prepared: Path):
    secrets = json.loads((prepared / "secrets.json").read_text())
    text = (FOLDER / "compose.yaml").read_text()
    assert [name for name in SECRET if f"{name}:" in text] == []
    assert secrets["postgres_admin_password"] not in text


SECRET = [
    f"MADOGUCHI_{name.upper()}"
    for service in SERVICES
    for name, field in import_module(f"{service}.settings").Settings.model_fields.items()
    if "SecretStr" in str(field.annotation)
]


def test_secrets_are_made_once_and_are_the_owners_only(prepared: Path):
    before = {file.name: file.read_text() for file in prepared.iterdir()}
    runpy.run_path(str(FOLDER / "prepare.py"))["prepare"](prepared)
    assert {file.name: file.read_text() for file in prepared.iterdir()} == before
    assert {file.stat().st_mode & 0o77 for file in prepared.glob("*.env")} == {0}


def test_topics_are_those_of_the_manifest(prepared: Path):
    lines = [line.split(maxsplit=2) for line in (prepared / "topics").read_text().splitlines()]
    told = {name: (int(partitions), set(options.split()) - {"--config"}) for name, partitions, options in lines}
    assert told == {
        topic.name: (topic.partitions, {f"{key}={value}" for key, value in topic.config.items()})
        for topic in read_topics()
    }


def test_processes_wait_for_what_happens_once_and_for_nothing_that_may_be_away():
    for service in SERVICES:
        for part in ("api", "worker"):
            waits = CONTAINERS[f"{service}-{part}"]["depends_on"]
            assert {how["condition"] for how in waits.values()} == {"service_completed_successfully"}
            assert f"{service}-migrate" in waits
            assert ("topics" in waits) is (part == "worker")
    assert {name for said in CONTAINERS.values() for name in said.get("depends_on", ())} <= CONTAINERS.keys()
