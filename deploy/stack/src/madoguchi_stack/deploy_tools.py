"""What `make deploy-check` needs and Python's index does not have: obtained once into `.real/`, pinned.

Helm and Kubernetes (API server, controllers, etcd) are built from their Go modules; the schemas of compose files and of
the custom resources come in the Go modules of those who define them; promtool comes in Debian's package of Prometheus,
which is unpacked and not installed; the linter of Dockerfiles comes from npm.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from madoguchi_stack.layout import REAL_FOLDER
from madoguchi_stack.real import SOURCES, go_command, run_step
from madoguchi_stack.supervisor import StackFailed

FOLDER = REAL_FOLDER / "tools"
HELM_VERSION = "v4.3.1"
DOCKERFILE_UTILS_VERSION = "0.16.3"
# Not optimised and without tables for debuggers: what runs for a minute must not take minutes more to build.
QUICK = ("-trimpath", "-buildvcs=false", "-gcflags=all=-N -l -dwarf=false")
# Pinned by its go.mod: what Kubernetes says of its own parts counts only where it is the main module.
KUBERNETES = SOURCES / "kubernetes"
PROGRAMS = {
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "etcd": "go.etcd.io/etcd/server/v3",
}
# Which files of which module; the version is in the name of the folder, so that another pin is another folder.
SCHEMAS = {
    "compose": ("github.com/compose-spec/compose-go/v2@v2.16.2", "schema/compose-spec.json"),
    "scaledobjects": ("github.com/kedacore/keda/v2@v2.21.0", "config/crd/bases/keda.sh_scaledobjects.yaml"),
    "servicemonitors": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
    "prometheusrules": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
}


def helm_binary() -> Path:
    """Where Helm lies."""
    return FOLDER / f"helm-{HELM_VERSION}" / "helm"


def kubernetes_binary(name: str) -> Path:
    """Where a program of `PROGRAMS` lies; in a folder named after its pins."""
    pins = b"".join((KUBERNETES / file).read_bytes() for file in ("go.mod", "go.sum"))
    return REAL_FOLDER / f"kubernetes-{hashlib.sha256(pins).hexdigest()[:12]}" / name


def promtool_binary() -> Path:
    """Where promtool lies. Its version is that of the Debian release."""
    return FOLDER / "promtool"


def dockerfile_linter() -> Path:
    """Where the linter of Dockerfiles lies."""
    return FOLDER / f"dockerfile-utils-{DOCKERFILE_UTILS_VERSION}" / "node_modules/.bin/dockerfile-utils"


def schema_file(name: str) -> Path:
    """Where a file of `SCHEMAS` lies."""
    module, path = SCHEMAS[name]
    return FOLDER / f"{name}-{module.rpartition('@')[2]}{Path(path).suffix}"


def obtain() -> None:
    """Get what is not there yet. Raises StackFailed naming what the machine lacks or which step failed."""
    started = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not helm_binary().exists():
        environment = {"GOBIN": str(helm_binary().parent), "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
        module = f"helm.sh/helm/v4/cmd/helm@{HELM_VERSION}"
        run_step(go_command(), "install", *QUICK, "-ldflags=-s -w", module, environment=environment)
    for name, package in PROGRAMS.items():
        if not kubernetes_binary(name).exists():
            _build(package, kubernetes_binary(name))
    for name, (module, path) in SCHEMAS.items():
        if not schema_file(name).exists():
            _copy(_module_folder(module) / path, schema_file(name))
    if not promtool_binary().exists():
        _obtain_promtool()
    if not dockerfile_linter().exists():
        _obtain_dockerfile_linter()
    print(f"tools for `make deploy-check`: ready after {time.monotonic() - started:.0f} s", flush=True)


def _build(package: str, binary: Path) -> None:
    """A program of Kubernetes."""
    (version,) = re.findall(r"k8s\.io/kubernetes (v\d+\.\d+\.\d+)", (KUBERNETES / "go.mod").read_text())
    # What a release says of itself is put in by its own build; Helm would not install on a cluster without a version.
    linking = f"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion={version}"
    flags = (*QUICK, "-mod=readonly", linking)
    command = (go_command(), "-C", str(KUBERNETES), "build", *flags, "-o", str(binary), package)
    run_step(*command, environment={"GOTOOLCHAIN": "local", "CGO_ENABLED": "0"})


def _module_folder(module: str) -> Path:
    """A module's files, downloaded and checked by Go; nothing of it is built."""
    command = (go_command(), "mod", "download", "-json", module)
    with tempfile.TemporaryDirectory() as nowhere:  # outside of any module
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=nowhere).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise StackFailed(f"could not obtain {module}: {error}") from error
    return Path(json.loads(said)["Dir"])


def _obtain_promtool() -> None:
    for command in ("apt-get", "dpkg-deb"):
        if not shutil.which(command):
            raise StackFailed(f"{command} is missing: promtool is obtained from Debian's package prometheus")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # apt downloads as a user of its own
        # A machine that was made of an image may have no lists of packages yet.
        download = "apt-get download --quiet prometheus"
        script = f"cd {folder} && ({download} || (apt-get update --quiet && {download})) && dpkg-deb --extract *.deb ."
        run_step("sh", "-c", script)
        _copy(Path(folder) / "usr/bin/promtool", promtool_binary())


def _obtain_dockerfile_linter() -> None:
    beside = FOLDER / "dockerfile-utils.new"
    shutil.rmtree(beside, ignore_errors=True)
    package = f"dockerfile-utils@{DOCKERFILE_UTILS_VERSION}"
    run_step("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"--prefix={beside}", package)
    beside.rename(FOLDER / f"dockerfile-utils-{DOCKERFILE_UTILS_VERSION}")


def _copy(source: Path, target: Path) -> None:
    """Copied beside and renamed: what is half there must not look obtained."""
    beside = target.with_suffix(".new")
    shutil.copyfile(source, beside)
    shutil.copymode(source, beside)
    beside.chmod(beside.stat().st_mode | 0o200)  # Go keeps its files read-only
    beside.rename(target)
