"""Makes what compose.yaml reads and git must not hold: `python deploy/compose/prepare.py`, into .run/compose.

Secrets are made once and kept: the data in the volumes cannot be read with others.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from madoguchi_stack.keyring import Secrets, load_or_make
from madoguchi_stack.layout import RUN_FOLDER, SERVICES
from madoguchi_stack.s3 import BUCKET
from madoguchi_stack.topics import read_topics


def prepare(folder: Path) -> None:
    """Write all files. They are readable by the owner only, but for those that a container reads as somebody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets = load_or_make(folder / "secrets.json")
    for name, values in environments(secrets).items():
        # Single quotes: in nothing else does the reader of env files leave JSON and dollars alone.
        _write(folder / f"{name}.env", "".join(f"{key}='{value}'\n" for key, value in values.items()), 0o600)
    # The folder is closed to other users; inside, a mounted file is read by the server's own user.
    _write(folder / "databases.sql", _databases(secrets), 0o644)
    _write(folder / "s3-identities.json", json.dumps(_identities(secrets)), 0o644)
    topics = (" ".join(line) + "\n" for line in _topics())
    _write(folder / "topics", "".join(topics), 0o644)


def environments(secrets: Secrets) -> dict[str, dict[str, str]]:
    """The secret part of each container's environment."""
    public = {name: {part: key[part] for part in key if part != "d"} for name, key in secrets.seal_keys.items()}

    def common(service: str) -> dict[str, str]:
        password = secrets.postgres_passwords[service]
        return {
            "MADOGUCHI_DATABASE_URL": f"postgresql+asyncpg://{service}:{password}@postgres:5432/{service}",
            "MADOGUCHI_SEAL_PRIVATE_KEY": json.dumps(secrets.seal_keys[service]),
            "MADOGUCHI_SEAL_PUBLIC_KEYS": json.dumps(public),
        }

    def vault(service: str) -> dict[str, str]:
        return {"MADOGUCHI_VAULT_KEYS": secrets.vault_keys[service].model_dump_json()}

    return {
        "postgres": {"POSTGRES_PASSWORD": secrets.postgres_admin_password},
        "ekyc": {
            "EKYC_SIMULATOR_API_KEY": secrets.ekyc_api_key,
            "EKYC_SIMULATOR_CALLBACK_SECRET": secrets.ekyc_callback_secret,
        },
        "econtract": {
            "ECONTRACT_SIMULATOR_API_KEY": secrets.econtract_api_key,
            "ECONTRACT_SIMULATOR_CALLBACK_SECRET": secrets.econtract_callback_secret,
        },
        "identity": {
            **common("identity"),
            **vault("identity"),
            "MADOGUCHI_SIGNING_KEYS": json.dumps({"keys": secrets.signing_keys}),
            "MADOGUCHI_BLIND_INDEX_KEY": secrets.blind_index_key,
            "MADOGUCHI_EKYC_API_KEY": secrets.ekyc_api_key,
            "MADOGUCHI_EKYC_CALLBACK_SECRET": secrets.ekyc_callback_secret,
        },
        "danshin": {
            "DANSHIN_SIMULATOR_API_KEY": secrets.danshin_api_key,
            "DANSHIN_SIMULATOR_CALLBACK_SECRET": secrets.danshin_callback_secret,
        },
        "applications": {
            **common("applications"),
            **vault("applications"),
            "MADOGUCHI_DANSHIN_API_KEY": secrets.danshin_api_key,
            "MADOGUCHI_DANSHIN_CALLBACK_SECRET": secrets.danshin_callback_secret,
            "MADOGUCHI_ECONTRACT_API_KEY": secrets.econtract_api_key,
            "MADOGUCHI_ECONTRACT_CALLBACK_SECRET": secrets.econtract_callback_secret,
        },
        "documents": {
            **common("documents"),
            "MADOGUCHI_S3_ACCESS_KEY": secrets.s3_access_key,
            "MADOGUCHI_S3_SECRET_KEY": secrets.s3_secret_key,
        },
        "notifications": {**common("notifications"), **vault("notifications")},
    }


def _databases(secrets: Secrets) -> str:
    lines = []
    for service in SERVICES:
        lines += [
            f"CREATE ROLE {service} LOGIN PASSWORD '{secrets.postgres_passwords[service]}';",
            f"CREATE DATABASE {service} OWNER {service};",
            f"REVOKE ALL ON DATABASE {service} FROM public;",
        ]
    return "\n".join(lines) + "\n"


def _identities(secrets: Secrets) -> dict[str, object]:
    """Who may do what in the store: documents, in its one bucket."""
    credentials = [{"accessKey": secrets.s3_access_key, "secretKey": secrets.s3_secret_key}]
    actions = [f"{action}:{BUCKET}" for action in ("Read", "Write", "List", "Tagging")]
    return {"identities": [{"name": "documents", "credentials": credentials, "actions": actions}]}


def _topics() -> Iterator[list[str]]:
    """Each topic of the manifest as Kafka's own command wants it: name, partitions, options."""
    for topic in read_topics():
        yield [topic.name, str(topic.partitions), *(f"--config {key}={value}" for key, value in topic.config.items())]


def _write(file: Path, text: str, mode: int) -> None:
    file.touch(mode=mode)
    file.chmod(mode)
    file.write_text(text)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]) if len(sys.argv) > 1 else RUN_FOLDER / "compose")
