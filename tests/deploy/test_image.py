"""The image: what its file says, and what its build makes, which is run here as a container would run it.

No container engine is needed: the build is a script, and the sandbox is made of the kernel's own parts. With
MADOGUCHI_IMAGES, what deploy/image/rehearse.sh made is taken instead, and the images themselves are looked at.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dockerfile
import pytest
from deploy.sandbox import USER, in_sandbox, output_of
from deploy.tools import REQUIRED, dockerfile_linter
from madoguchi_stack.case.web import until
from madoguchi_stack.layout import HOST, ROOT, SERVICES
from madoguchi_stack.readiness import NotReady, http_is_ok
from madoguchi_stack.servers import Servers
from madoguchi_stack.services import service_environment
from packaging.utils import canonicalize_name
from support.network import free_port
from support.servers import FreshDatabase

FOLDER = ROOT / "deploy/image"
BUILD = FOLDER / "build.sh"
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==\S+", re.MULTILINE)
# Nothing of these is in the image: what builds or installs, and what only development needs.
TOOLS = {"pip", "setuptools", "wheel", "hatchling", "cyclonedx-bom", "uv", "pytest", "madoguchi-stack"}
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
# Where deploy/image/rehearse.sh put images; without it /app alone is built, here.
IMAGES = os.environ.get("MADOGUCHI_IMAGES")
# A build may use what was downloaded before, and the mirror and the certificates that the machine is told to use.
BUILDING = {
    name: value for name, value in os.environ.items() if not name.startswith(("MADOGUCHI_", "PYTHON", "VIRTUAL_"))
} | CLEAN

# The file


def instructions() -> list[list[dockerfile.Command]]:
    """The instructions of each stage, as BuildKit's own parser reads them."""
    stages: list[list[dockerfile.Command]] = [[]]
    for command in dockerfile.parse_file(str(FOLDER / "Dockerfile")):
        if command.cmd == "FROM":
            stages.append([])
        stages[-1].append(command)
    return stages


def values(stage: list[dockerfile.Command], name: str) -> list[tuple[str, ...]]:
    return [command.value for command in stage if command.cmd == name]


def test_a_linter_finds_nothing_and_would_find_a_misspelt_instruction(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUNN true\n")
    said = [
        subprocess.run(
            (dockerfile_linter(), "lint", folder / "Dockerfile"), capture_output=True, text=True, check=False
        )
        for folder in (FOLDER, tmp_path)
    ]
    assert [one.returncode for one in said] == [0, 1], said
    assert "Unknown instruction: RUNN" in said[1].stdout + said[1].stderr


def test_both_stages_have_the_same_base_of_an_exact_release():
    before, build, final = instructions()
    assert values(build, "FROM") == [("${BASE}", "AS", "build")]
    assert values(final, "FROM") == [("${BASE}",)]
    (base,) = values(before, "ARG")
    assert re.fullmatch(r"BASE=[a-z]+:\d+\.\d+-slim", base[0])


def test_the_final_layers_hold_an_interpreter_the_app_and_no_tools():
    *_, final = instructions()
    ((run,),) = values(final, "RUN")
    installed = re.search(r"--no-install-recommends ([a-z0-9 -]+?) +&&", run)
    assert installed
    assert set(installed[1].split()) == {"ca-certificates", "python3"}
    assert [(command.flags, command.value) for command in final if command.cmd in ("COPY", "ADD")] == [
        (("--from=build",), ("/app", "/app"))
    ]


def test_the_process_is_nobody_in_particular_and_its_start_is_a_command_without_shell():
    *_, final = instructions()
    assert values(final, "USER") == [(f"{USER}:{USER}",)]
    assert [command.json for command in final if command.cmd == "CMD"] == [True]
    assert values(final, "HEALTHCHECK") == []
    assert max(i for i, c in enumerate(final) if c.cmd in ("RUN", "COPY")) < [c.cmd for c in final].index("USER")


def test_the_build_sees_only_what_it_reads():
    lines = (FOLDER / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert let_in == {"requirements/*.txt", "shared", "services", "deploy/image/build.sh"}
    _, build, _ = instructions()
    assert {source for source, _ in values(build, "COPY")} == {rule.removesuffix("/*.txt") for rule in let_in}


# The build


def takes_minutes() -> None:
    """Builds are left to `make deploy-check`."""
    if not REQUIRED:
        pytest.skip("builds an image's packages: `make deploy-check`")


@dataclass(frozen=True)
class App:
    """What `/app` of an image holds: at another place, or in the root of an image."""

    service: str
    folder: Path
    root: Path
    environment: dict[str, str]
    image: Path = Path("/")

    def command(self, *command: str) -> tuple[str, ...]:
        """A command of the image, in the sandbox."""
        return in_sandbox(self.root, self.folder / "bin" / command[0], *command[1:], of=self.image)

    @property
    def bill(self) -> Path:
        """Where the list of what is installed can be read."""
        return self.image / (self.folder / "sbom.cdx.json").relative_to("/")

    def python(self, code: str) -> str:
        """What a program prints."""
        return output_of(self.command("python", "-I", "-c", code), self.environment)


@pytest.fixture(scope="module", params=SERVICES)
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    """Each service in turn, built as the image is. Beside pytest's folders, which are closed to other users."""
    takes_minutes()
    beside = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="madoguchi-image-"))
    try:
        beside.chmod(0o755)
        (beside / "root").mkdir()
        if IMAGES:
            bundle = beside / "bundle"
            output_of(("umoci", "unpack", "--image", f"{IMAGES}/images:{request.param}", str(bundle)), BUILDING)
            said = json.loads((bundle / "config.json").read_text())["process"]["env"]
            environment = dict(one.split("=", 1) for one in said)
            yield App(request.param, Path("/app"), beside / "root", environment, bundle / "rootfs")
        else:
            output_of((str(BUILD), request.param, str(beside / "app")), BUILDING)
            environment = {**CLEAN, "PATH": f"{beside}/app/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
            yield App(request.param, beside / "app", beside / "root", environment)
    finally:
        shutil.rmtree(beside)


@pytest.mark.slow
def test_what_is_installed_is_what_is_pinned_and_the_list_of_it_says_so(app: App):
    code = "import importlib.metadata as m, json; print(json.dumps([d.name for d in m.distributions()]))"
    installed = {canonicalize_name(name) for name in json.loads(app.python(code))}
    own = {"madoguchi-contracts", "madoguchi-kit", f"madoguchi-{app.service}"}
    pinned = set(PIN.findall((ROOT / f"requirements/{app.service}.txt").read_text()))
    assert own <= installed <= pinned | own  # a pin may be for another system
    assert installed & TOOLS == set()
    bill = json.loads(app.bill.read_text())
    assert {canonicalize_name(one["name"]) for one in bill["components"]} == installed
    assert all(one.get("version") for one in bill["components"])


@pytest.mark.slow
def test_nothing_can_be_written_and_nobody_has_rights(app: App):
    code = """
import os
tried = []
for folder in ("/", "/tmp", "/var/tmp", os.path.dirname(os.__file__), {app!r}):
    try:
        open(folder + "/madoguchi-was-here", "w")
    except OSError as error:
        tried.append(error.errno)
print(os.getuid(), os.getgid(), len(tried))
"""
    assert app.python(code.replace("{app!r}", repr(str(app.folder)))).split() == [str(USER), str(USER), "5"]


@pytest.mark.slow
async def test_migrations_and_both_processes_work_in_the_sandbox(
    app: App, servers: Servers, empty_postgres_url: FreshDatabase
):
    url = await empty_postgres_url(app.service)
    environment = {**app.environment, **service_environment(app.service, servers), "MADOGUCHI_DATABASE_URL": url}
    output_of(app.command("madoguchi", "migrate", app.service), environment)
    for process in ("api", "worker"):
        port = free_port()
        with running(app.command(process), {**environment, "PORT": str(port)}) as child:
            await until(partial(is_ready, child, port), f"{app.service} {process}", 60)
            child.send_signal(signal.SIGTERM)
            assert child.wait(40) in (0, -signal.SIGTERM)


async def is_ready(child: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the process says so. AssertionError when it has ended."""
    assert child.poll() is None, f"ended with {child.returncode}"
    try:
        await http_is_ok(f"http://{HOST}:{port}/readyz")
    except NotReady:
        return False
    return True


@contextmanager
def running(command: tuple[str, ...], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test."""
    with subprocess.Popen(command, env=environment) as child:
        try:
            yield child
        finally:
            child.kill()


# The images


@dataclass(frozen=True)
class Layers:
    """An image of a registry's kind: what is said of it, and the files of each layer."""

    config: dict[str, Any]
    files: list[dict[str, int]]


def layers(service: str) -> Layers:
    """The image of a service, out of the OCI layout."""
    folder = Path(IMAGES or "") / "images"

    def blob(descriptor: dict[str, str]) -> Path:
        return folder / "blobs" / descriptor["digest"].replace(":", "/")

    (found,) = (
        one
        for one in json.loads((folder / "index.json").read_text())["manifests"]
        if one["annotations"]["org.opencontainers.image.ref.name"] == service
    )
    manifest = json.loads(blob(found).read_text())
    files = []
    for layer in manifest["layers"]:
        with tarfile.open(blob(layer)) as archive:
            files.append({one.name.removeprefix("./"): one.size for one in archive if one.isfile()})
    return Layers(json.loads(blob(manifest["config"]).read_text()), files)


@pytest.mark.slow
@pytest.mark.skipif(
    not IMAGES, reason="needs root and Debian's image tools: `make images` makes the images and runs this"
)
@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_no_tools_no_sources_and_no_secrets(service: str):
    image = layers(service)
    assert image.config["config"]["User"] == f"{USER}:{USER}"
    assert image.config["config"]["Cmd"] == ["api"]
    assert image.config["config"]["StopSignal"] == "SIGTERM"
    assert image.config["config"]["Labels"]["org.opencontainers.image.title"] == f"madoguchi-{service}"
    assert image.config["config"]["ExposedPorts"] == {"8080/tcp": {}}
    *_, ours = image.files
    assert any(name.startswith(f"app/lib/python3.11/site-packages/{service}/") for name in ours)
    assert [name for name in ours if name.startswith(("source/", "root/", "tmp/", "run/", "home/"))] == []
    assert [name for name in ours if re.search(r"(^|/)(pip3?|uv|gcc|cc|make|git|curl|wget)$", name)] == []
    others = {f"site-packages/{one}/" for one in {*SERVICES} - {service}}
    assert [name for name in ours if any(one in name for one in others)] == []
    keys = [name for name in ours if name.endswith((".pem", ".key", ".p12", ".env", "pip.conf", "netrc"))]
    # Debian's and certifi's authorities, which are public.
    assert [name for name in keys if not name.endswith("cacert.pem")] == []
    said = {one.partition("=")[0] for one in image.config["config"]["Env"]}
    assert said <= {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "SSL_CERT_FILE", "PIP_CERT"}
    # What was there in the base is marked as removed.
    caches = [
        name for name in ours if name.startswith(("var/cache/apt/", "var/lib/apt/lists/")) and "/.wh." not in name
    ]
    assert caches == []


@pytest.mark.slow
def test_a_download_that_is_not_what_was_pinned_is_refused(tmp_path: Path):
    takes_minutes()
    for what in ("requirements", "deploy/image"):
        shutil.copytree(ROOT / what, tmp_path / what)
    pins = tmp_path / "requirements/notifications.txt"
    pins.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", pins.read_text()))
    command = (str(tmp_path / "deploy/image/build.sh"), "notifications", str(tmp_path / "app"))
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=BUILDING)
    assert ended.returncode != 0
    assert "hash" in ended.stderr.lower()
