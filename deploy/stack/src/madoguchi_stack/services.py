"""The table of processes: the simulated providers and two processes for each service, with their environment.

A service runs here exactly as in production; only addresses and secrets differ.
"""

import json
import shlex
import sys
from collections.abc import Mapping

from madoguchi_stack import readiness
from madoguchi_stack.keyring import JWK
from madoguchi_stack.layout import HOST, OFFICE_MAILBOX, PROVIDERS, SERVICES
from madoguchi_stack.servers import Servers
from madoguchi_stack.supervisor import Process, dies_with_launcher

PRIVATE_PARTS = ("d",)
ENVIRONMENTS = "environments"


def service_environment(service: str, servers: Servers) -> dict[str, str]:
    """What the processes of one service find in their environment: its own secrets and no other service's."""
    return {**_common(service, servers), **_own(servers)[service]}


def write_environments(servers: Servers) -> None:
    """Keep every service's environment as a file for a shell, readable by the owner only: for operators' commands."""
    folder = servers.folder / ENVIRONMENTS
    folder.mkdir(mode=0o700, exist_ok=True)
    for service in SERVICES:
        lines = [
            f"export {name}={shlex.quote(value)}\n" for name, value in service_environment(service, servers).items()
        ]
        file = folder / f"{service}.sh"
        file.touch(mode=0o600)
        file.write_text("".join(lines))


def service_processes(service: str, servers: Servers) -> list[Process]:
    """The service's API and its worker."""
    return [_uvicorn(service, part, servers) for part in ("api", "worker")]


def simulators(servers: Servers) -> list[Process]:
    """The simulated providers, and the simulated income information retrieval service."""
    return [*(_simulator(name, servers) for name in PROVIDERS), _income_service(servers)]


def _income_service(servers: Servers) -> Process:
    """It calls nobody, and people bring what it issues."""
    port, signer = servers.ports["income_service"], servers.secrets.income_service_signer
    return Process(
        "income_service",
        dies_with_launcher(
            (sys.executable, "-m", "uvicorn", "--factory", "madoguchi_stack.income_service:build", *_at(port))
        ),
        ready=lambda: readiness.http_is_ok(f"{_url(servers, 'income_service')}/readyz"),
        ports=(port,),
        environment={
            "INCOME_SERVICE_SIMULATOR_CERTIFICATE": signer.certificate,
            "INCOME_SERVICE_SIMULATOR_KEY": signer.key,
        },
    )


def _simulator(name: str, servers: Servers) -> Process:
    port, settings = servers.ports[name], f"{name.upper()}_SIMULATOR"
    application = f"madoguchi_stack.{name}:build"
    return Process(
        name,
        dies_with_launcher((sys.executable, "-m", "uvicorn", "--factory", application, *_at(port))),
        ready=lambda: readiness.http_is_ok(f"{_url(servers, name)}/readyz"),
        ports=(port,),
        environment={
            f"{settings}_STATE": str(servers.folder / f"{name}.json"),
            f"{settings}_URL": _url(servers, name),
            f"{settings}_API_KEY": getattr(servers.secrets, f"{name}_api_key"),
            f"{settings}_CALLBACK_SECRET": getattr(servers.secrets, f"{name}_callback_secret"),
        },
    )


def _uvicorn(service: str, part: str, servers: Servers) -> Process:
    name = f"{service}_{part}"
    port = servers.ports[name]
    return Process(
        f"{service}-{part}",
        dies_with_launcher(
            (
                sys.executable,
                "-m",
                "uvicorn",
                "--factory",
                f"{service}.main:build_{part}",
                "--no-access-log",
                # As in the image (deploy/image/build.sh): a connection that is closed here while a request is on its
                # way in is a request without an answer, so clients close theirs first.
                "--timeout-graceful-shutdown=25",
                "--timeout-keep-alive=75",
                *_at(port),
            )
        ),
        ready=lambda: readiness.http_is_ok(f"{_url(servers, name)}/readyz"),
        ports=(port,),
        environment=service_environment(service, servers),
        grace_seconds=30,  # a worker drains for up to 25 seconds
    )


def _at(port: int) -> tuple[str, ...]:
    return ("--host", HOST, "--port", str(port))


def _url(servers: Servers, name: str) -> str:
    return f"http://{HOST}:{servers.ports[name]}"


def _common(service: str, servers: Servers) -> dict[str, str]:
    secrets = servers.secrets
    public = {name: _public(key) for name, key in secrets.seal_keys.items()}
    return {
        "MADOGUCHI_ENVIRONMENT": "local",
        "MADOGUCHI_DATABASE_URL": servers.database_url(service),
        "MADOGUCHI_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
        "MADOGUCHI_KAFKA_IDEMPOTENCE": json.dumps(servers.kafka_idempotence),
        # The broker from the wheel lets a new member wait for half of this before it gets its partitions.
        "MADOGUCHI_KAFKA_SESSION_TIMEOUT_MS": "4000",
        # It also holds an empty fetch to its end, whatever comes meanwhile: a short one is the latency of every event.
        **({"MADOGUCHI_KAFKA_FETCH_MAX_WAIT_MS": "20"} if servers.kind == "local" else {}),
        "MADOGUCHI_IDENTITY_JWKS_URL": f"{_url(servers, 'identity_api')}/.well-known/jwks.json",
        "MADOGUCHI_TOKEN_ISSUER": _url(servers, "identity_api"),
        "MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(secrets.seal_keys[service]),
        "MADOGUCHI_SEAL_PUBLIC_KEYS": json.dumps(public),
        "MADOGUCHI_VAULT_KEYS": secrets.vault_keys[service].model_dump_json(),
        # Links in mails start with it.
        "MADOGUCHI_PUBLIC_BASE_URL": _url(servers, "identity_api"),
    }


def _own(servers: Servers) -> Mapping[str, dict[str, str]]:
    secrets, s3, smtp = servers.secrets, servers.s3, servers.smtp
    return {
        "identity": {
            "MADOGUCHI_SIGNING_KEYS": json.dumps({"keys": secrets.signing_keys}),
            "MADOGUCHI_BLIND_INDEX_KEY": secrets.blind_index_key,
            **_provider("ekyc", f"{_url(servers, 'identity_api')}/v1/ekyc/callbacks", servers),
        },
        "applications": {
            **_provider("danshin", f"{_url(servers, 'applications_api')}/v1/providers/danshin/callbacks", servers),
            **_provider("econtract", f"{_url(servers, 'applications_api')}/v1/providers/econtract/callbacks", servers),
            "MADOGUCHI_ECONTRACT_VIDEO_URL": f"{_url(servers, 'econtract')}/video",
            "MADOGUCHI_INCOME_SERVICE_URL": f"{_url(servers, 'income_service')}/",
        },
        "documents": {
            "MADOGUCHI_S3_INTERNAL_URL": s3.url,
            "MADOGUCHI_S3_PUBLIC_URL": s3.url,
            "MADOGUCHI_S3_ACCESS_KEY": s3.access_key,
            "MADOGUCHI_S3_SECRET_KEY": s3.secret_key,
            "MADOGUCHI_S3_BUCKET": s3.bucket,
            "MADOGUCHI_INCOME_SERVICE_CERTIFICATES": secrets.income_service_signer.certificate,
            **_scanner(servers),
        },
        "notifications": {
            "MADOGUCHI_SMTP_RELAYS": json.dumps([{"host": smtp.host, "port": smtp.port}]),
            "MADOGUCHI_OFFICE_MAILBOX": OFFICE_MAILBOX,
        },
    }


def _provider(name: str, callback_url: str, servers: Servers) -> dict[str, str]:
    """How a service and its simulated provider reach each other."""
    settings = f"MADOGUCHI_{name.upper()}"
    return {
        f"{settings}_URL": _url(servers, name),
        f"{settings}_API_KEY": getattr(servers.secrets, f"{name}_api_key"),
        f"{settings}_CALLBACK_SECRET": getattr(servers.secrets, f"{name}_callback_secret"),
        f"{settings}_CALLBACK_URL": callback_url,
    }


def _scanner(servers: Servers) -> dict[str, str]:
    if servers.clamd is None:
        return {"MADOGUCHI_SCANNER": "none"}
    host, port = servers.clamd
    return {"MADOGUCHI_SCANNER": "clamd", "MADOGUCHI_CLAMD_HOST": host, "MADOGUCHI_CLAMD_PORT": str(port)}


def _public(key: JWK) -> JWK:
    return {name: value for name, value in key.items() if name not in PRIVATE_PARTS}
