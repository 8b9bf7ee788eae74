"""What is built from a commit works where nothing else of this repository is: each service alone, and the contracts.

Wheels are installed into fresh environments with the pins that the images use, as `deploy` would do it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points, requires
from pathlib import Path

import asyncpg
import pytest
from madoguchi_stack.layout import ROOT, SERVICES
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

MEMBERS = (*ROOT.glob("shared/*"), *ROOT.glob("services/*"), ROOT / "deploy/events", ROOT / "deploy/stack")
FOLDERS = {folder.name: folder for folder in MEMBERS}
PACKAGES = {"contracts": "madoguchi_contracts", "kit": "kit", **{service: service for service in SERVICES}}
PINS = ROOT / "requirements"
PIN_FILES = (
    *sorted(PINS.glob("*.txt")),
    ROOT / "deploy/real/go.txt",
    ROOT / "deploy/samples/python/requirements.txt",
)
PIN = re.compile(r"([a-z0-9][a-z0-9._-]*)==([0-9][A-Za-z0-9.!+]*)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


# The pins


def pins(file: Path) -> dict[str, Version]:
    """{normalised name: version} of a requirements file."""
    found = (PIN.fullmatch(line) for line in file.read_text().splitlines())
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in found if pin}


def declared(member: str) -> list[Requirement]:
    """What a member's pyproject asks for, without our own distributions."""
    project = tomllib.loads((FOLDERS[member] / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(line) for line in project.get("dependencies", [])]
    return [one for one in wanted if not one.name.startswith("madoguchi-")]


def tools() -> list[Requirement]:
    """What requirements/dev.in asks for."""
    lines = (line.partition("#")[0].strip() for line in (PINS / "dev.in").read_text().splitlines())
    return [Requirement(line) for line in lines if line]


@pytest.mark.parametrize("file", PIN_FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_pins_are_exact_and_hashed_and_name_no_host_and_no_path(file: Path):
    lines = file.read_text().splitlines()
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []
    unhashed = [
        line
        for line, below in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.fullmatch(line) and not HASH.fullmatch(below)
    ]
    assert unhashed == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_pinned_completely_and_to_the_versions_that_are_tested(service: str):
    shipped, tested = pins(PINS / f"{service}.txt"), pins(PINS / "dev.txt")
    wanted = [one for member in ("contracts", "kit", service) for one in declared(member)]
    assert [
        str(one) for one in wanted if not one.specifier.contains(shipped.get(canonicalize_name(one.name), "0"))
    ] == []
    assert {name: version for name, version in shipped.items() if tested.get(name) != version} == {}


def test_the_development_pins_hold_what_every_member_and_every_tool_asks_for():
    tested = pins(PINS / "dev.txt")
    wanted = [*tools(), *(one for member in FOLDERS for one in declared(member))]
    assert [
        str(one) for one in wanted if not one.specifier.contains(tested.get(canonicalize_name(one.name), "0"))
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_tool_of_development_is_shipped(service: str):
    own = {one.name for member in ("contracts", "kit", service) for one in declared(member)}
    for_development = {one.name for one in (*tools(), *declared("events"), *declared("stack"))} - own
    assert for_development & pins(PINS / f"{service}.txt").keys() == set()


# The wheels


def run(*command: str | Path, **options: object) -> str:
    """Standard output of a program that must succeed."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, **options)
    assert ended.returncode == 0, f"{' '.join(map(str, command))}:\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def uv() -> str:
    """The machine's uv, or the one that `make setup` put beside Python."""
    found = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, "uv is missing; `make setup` installs it"
    return found


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment, used from a folder outside the checkout."""

    folder: Path

    def install(self, *what: str | Path) -> None:
        run(uv(), "pip", "install", "--quiet", "--python", self._bin("python"), *what)

    def is_consistent(self) -> None:
        """Every installed distribution finds what it asks for, in a fitting version."""
        run(uv(), "pip", "check", "--python", self._bin("python"))

    def python(self, code: str, **environment: str) -> str:
        """What a program prints."""
        return run(self._bin("python"), "-I", "-c", code, cwd=self.folder, env={**CLEAN, **environment})

    def madoguchi(self, *arguments: str, asked: str = "", **environment: str) -> str:
        """What the command prints; it must not complain."""
        command = (self._bin("madoguchi"), *arguments)
        ended = subprocess.run(
            command,
            input=asked,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            cwd=self.folder,
            env={**CLEAN, **environment},
        )
        assert ended.returncode == 0, ended.stderr
        assert "cannot be" not in ended.stderr
        return ended.stdout

    def _bin(self, program: str) -> Path:
        return self.folder / "bin" / program


# Nothing of the test's own environment: neither its settings nor its import path.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("MADOGUCHI_", "PYTHON", "VIRTUAL_"))}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The members that are shipped, each built as a wheel."""
    out = tmp_path_factory.mktemp("wheels")
    built = {}
    for member in PACKAGES:
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out / member, cwd=FOLDERS[member])
        (built[member],) = (out / member).iterdir()
    return built


@dataclass(frozen=True)
class Alone(Environment):
    """An environment with one service and what it needs."""

    service: str


@pytest.fixture(scope="module", params=SERVICES)
def alone(
    request: pytest.FixtureRequest, wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Alone]:
    """Each service in turn, installed as an image would have it."""
    service = request.param
    environment = Alone(tmp_path_factory.mktemp(service), service)
    run(uv(), "venv", "--quiet", "--python", sys.executable, environment.folder)
    environment.install("--require-hashes", "-r", PINS / f"{service}.txt")
    environment.install("--no-deps", *(wheels[member] for member in ("contracts", "kit", service)))
    yield environment
    shutil.rmtree(environment.folder)


@pytest.mark.slow
@pytest.mark.parametrize("member", PACKAGES)
def test_a_wheel_holds_every_file_of_its_package_and_nothing_else(member: str, wheels: dict[str, Path]):
    source = FOLDERS[member] / "src"
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    expected = {name for name in files if "__pycache__" not in name and ".egg-info/" not in name}
    with zipfile.ZipFile(wheels[member]) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected


@pytest.mark.slow
def test_a_service_starts_both_its_processes_alone(alone: Alone, servers: Servers):
    alone.is_consistent()
    code = f"""
from {alone.service}.main import build_api, build_worker
build_worker()
print("\\n" + " ".join(build_api().openapi()["paths"]))
"""
    paths = alone.python(code, **service_environment(alone.service, servers)).splitlines()[-1].split()
    assert "/v1/simulations/{book}/{area}" in paths
    assert len(paths) > 1


@pytest.mark.slow
def test_a_service_alone_brings_no_other_and_no_development_tool(alone: Alone):
    code = "import importlib.util, sys; print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
    names = [*PACKAGES.values(), "madoguchi_events", "madoguchi_stack", "pytest", "hypothesis", "support"]
    code = code.replace("sys.argv[1:]", repr(names))
    assert set(alone.python(code).split()) == {alone.service, "kit", "madoguchi_contracts"}


@pytest.mark.slow
async def test_a_service_alone_migrates_its_database(alone: Alone, empty_postgres_url):
    url = await empty_postgres_url(alone.service)
    for _ in range(2):  # the second time there is nothing to do
        alone.madoguchi("migrate", alone.service, MADOGUCHI_DATABASE_URL=url)
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    code = f"from {alone.service}.models import metadata; print(*metadata.tables)"
    assert {row["tablename"] for row in tables} == {"alembic_version", *alone.python(code).split()}


@pytest.mark.slow
def test_a_service_alone_answers_for_its_own_areas_only(alone: Alone):
    by_service = {entry.name: {area.name for area in entry.load()} for entry in entry_points(group="madoguchi.areas")}
    listed = {line.split("\t")[0] for line in alone.madoguchi("areas").splitlines()}
    assert listed == by_service[alone.service]

    everything = sorted(set().union(*by_service.values()))
    asked = "".join(json.dumps({"area": area, "input": "nothing that an area takes"}) + "\n" for area in everything)
    answers = [json.loads(line) for line in alone.madoguchi("evaluate", asked=asked).splitlines()]
    assert [answer["area"] for answer in answers] == everything
    unknown = {answer["area"] for answer in answers if answer["error"]["code"] == "unknown_area"}
    assert unknown == set(everything) - by_service[alone.service]


@pytest.mark.slow
def test_a_service_alone_offers_its_own_commands_and_those_of_the_kit(alone: Alone):
    owners = {one.name: one.dist.name for one in entry_points(group="madoguchi.commands") if one.dist is not None}
    offered = set(re.findall(r"^│ (\w+) ", alone.madoguchi("--help"), re.MULTILINE))
    expected = {name for name, owner in owners.items() if owner in {f"madoguchi-{alone.service}", "madoguchi-kit"}}
    assert {"parked", "migrate"} <= expected
    assert offered & set(owners) == expected


@pytest.mark.slow
def test_the_contracts_bring_pydantic_and_nothing_else(wheels: dict[str, Path], tmp_path: Path):
    reader = Environment(tmp_path / "reader")
    run(uv(), "venv", "--quiet", "--python", sys.executable, reader.folder)
    reader.install("--constraint", PINS / "dev.txt", wheels["contracts"])
    of_pydantic = {Requirement(line).name for line in requires("pydantic") or () if "extra ==" not in line}
    listed = json.loads(run(uv(), "pip", "list", "--format", "json", "--python", reader.folder / "bin/python"))
    assert {one["name"] for one in listed} == {"madoguchi-contracts", "pydantic", *of_pydantic}

    code = """
from madoguchi_contracts import EVENTS, ApplicationApproved, parse
from madoguchi_contracts.fixtures import example, example_body
from madoguchi_contracts.fakes import Fakes
from madoguchi_contracts.schema import released
assert parse(ApplicationApproved.type_name, example_body(ApplicationApproved)) == example(ApplicationApproved)
assert {event.schema_name for event in EVENTS.values()} <= released().keys()
for event in EVENTS.values():
    record = Fakes(1).record(Fakes(2).make(event))
    assert parse(dict(record.headers)["ce_type"].decode(), record.value) == Fakes(2).make(event)
    assert type(example(event)) is event
print("read")
"""
    assert reader.python(code) == "read\n"
