"""The servers that the services need: PostgreSQL, a Kafka broker, an S3 store, an SMTP catcher, and a malware scanner
where the machine has one.

    async with Servers(folder, ports=free_ports()) as servers:
        ...  # servers.database_url("identity"), servers.kafka_bootstrap, servers.s3, servers.smtp

`kind="local"` takes all of them from wheels; `kind="real"` takes Apache Kafka and MinIO instead (see `real`).
"""

import asyncio
import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from madoguchi_stack import clamd, local, postgres, real
from madoguchi_stack import s3 as store
from madoguchi_stack.keyring import load_or_make
from madoguchi_stack.layout import HOST, Ports, free_ports
from madoguchi_stack.supervisor import Process, StackFailed, Supervisor
from madoguchi_stack.topics import create_topics, read_topics

__all__ = ["Kind", "Servers", "Smtp", "free_ports"]

Kind = Literal["local", "real"]


@dataclass(frozen=True)
class Smtp:
    """An SMTP server without TLS and without login."""

    host: str
    port: int


class Servers:
    """Starts the servers on entry and seeds them (databases and roles, bucket, topics); stops them on exit."""

    def __init__(
        self, folder: Path, *, ports: Ports, kind: Kind = "local", durable: bool = True, echo: bool = False
    ) -> None:
        """Data, secrets and logs live in `folder`. `durable=False` lets PostgreSQL lose data at a power cut."""
        self.folder = folder.resolve()
        self.ports = ports
        self.kind = kind
        self.supervisor = Supervisor(self.folder / "logs", echo=echo)
        self._durable = durable

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(self.folder)
        self.secrets = load_or_make(self.folder / "secrets.json")
        await self.supervisor.__aenter__()
        try:
            await self._start()
        except BaseException:
            # Python calls no __aexit__ when __aenter__ fails, and that would leave servers behind.
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.supervisor.__aexit__()
        finally:
            os.close(self._lock)

    @property
    def admin_dsn(self) -> str:
        """Where PostgreSQL's superuser connects (libpq form)."""
        return postgres.admin_dsn(self.ports["postgres"], self.secrets)

    def database_url(self, service: str, database: str | None = None) -> str:
        """Where a service's role connects (SQLAlchemy form): its own database unless another is named."""
        return postgres.database_url(self.ports["postgres"], self.secrets, service, database or service)

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of the broker."""
        return f"{HOST}:{self.ports['kafka']}"

    @property
    def kafka_idempotence(self) -> bool:
        """Whether the broker takes idempotent producers; the one from the wheel knows only a newer form than ours."""
        return self.kind == "real"

    @property
    def s3(self) -> store.S3:
        """The store and the credentials of the documents service."""
        return store.S3(store.address(self.ports), self.secrets.s3_access_key, self.secrets.s3_secret_key, store.BUCKET)

    @property
    def clamd(self) -> tuple[str, int] | None:
        """Host and port of the malware scanner, or None: this machine has none."""
        return (HOST, self.ports["clamd"]) if clamd.binary() else None

    @property
    def smtp(self) -> Smtp:
        """Where mail is handed in."""
        return Smtp(HOST, self.ports["smtp"])

    async def _start(self) -> None:
        folder, ports, secrets = self.folder, self.ports, self.secrets
        broker_and_store = await self._real_ones() if self.kind == "real" else self._local_ones()
        await postgres.prepare(folder, secrets, self.supervisor)
        program = clamd.binary()
        await self.supervisor.start(
            postgres.process(folder, ports["postgres"], secrets, durable=self._durable),
            *broker_and_store,
            local.mail_catcher(folder, ports),
            *([clamd.process(program, folder, ports)] if program else []),
        )
        await self.supervisor.unless_failed(self._seed())

    def _local_ones(self) -> tuple[Process, Process]:
        return local.tansu(self.folder, self.ports), local.seaweedfs(self.folder, self.ports, self.secrets)

    async def _real_ones(self) -> tuple[Process, Process]:
        await asyncio.to_thread(real.obtain)
        await real.format_kafka(self.folder, self.ports, self.supervisor)
        return real.kafka(self.folder, self.ports), real.minio(self.folder, self.ports, self.secrets)

    async def _seed(self) -> None:
        await postgres.make_databases(self.ports["postgres"], self.secrets)
        await store.make_bucket(store.admin(self.ports, self.secrets))
        if self.kind == "real":
            await real.allow_documents(self.ports, self.secrets)
        await create_topics(self.kafka_bootstrap, read_topics())


def _lock(folder: Path) -> int:
    """Hold the folder for this process. Raises StackFailed if another stack holds it: two would spoil the data."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StackFailed(f"another stack is running on the data in {folder}") from None
    return lock
