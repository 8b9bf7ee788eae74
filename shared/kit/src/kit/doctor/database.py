"""The database: does it answer, is it of this release, do the clocks agree, is there room, and what waits in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from madoguchi_contracts import EVENTS

from kit.db import dsn_of
from kit.doctor.practice import Organ, Patient, Symptom, ill, well
from kit.eventlog import BUCKETS
from kit.relay import LOCK_CLASS
from kit.schema import revisions

CONNECT_SECONDS = 5
STATEMENT_TIMEOUT = "5s"
CLOCKS_DIFFER_SECONDS = 5  # the leeway of tokens: beyond it the newest ones are refused
OUTBOX_OLD_SECONDS = 60
DEADLINES_LATE_SECONDS = 300
WORKER_EXTRA = 3  # relay, bell, and a listener: connections of a worker outside its pool
LAST_EVENTS = 1000

_CONNECTIONS = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true)::int, 0) AS server_limit,
       (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) AS server_used,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user) AS role_used,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS database_used,
       (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'madoguchi-relay') AS workers,
       (SELECT count(DISTINCT client_addr) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'madoguchi%' AND pid <> pg_backend_pid()) AS hosts
"""
_OUTBOX = """
SELECT count(*) AS pending,
       (SELECT recorded_at FROM events WHERE id = min(o.id)) AS since,
       (SELECT topic FROM events WHERE id = min(o.id)) AS topic,
       (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.classid = $1 AND l.granted) AS buckets
FROM outbox o WHERE NOT replay
"""
_PARKED = """
SELECT k.topic, k.key, k.error_class, k.parked_at, count(*) OVER () AS keys,
       (SELECT count(*) FROM parked_events e WHERE e.consumer = $1 AND e.resolution IS NULL) AS events
FROM parked_keys k WHERE k.consumer = $1 ORDER BY k.parked_at LIMIT 1
"""
_LATE = """
SELECT kind, due_at, last_error, count(*) OVER () AS late FROM deadlines
WHERE due_at < now() - make_interval(secs => $1) ORDER BY due_at LIMIT 1
"""
_TYPES = "SELECT DISTINCT type FROM (SELECT type FROM events ORDER BY id DESC LIMIT $1) AS newest"


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[tuple[asyncpg.Connection[Any] | None, Symptom]]:
    """A connection that can only read, or None, and what was seen on the way."""
    where = urlsplit(url)
    place = f"{where.hostname}:{where.port or 5432}{where.path}"
    try:
        connection = await asyncpg.connect(
            dsn_of(url),
            timeout=CONNECT_SECONDS,
            server_settings={
                "application_name": "madoguchi-doctor",
                "default_transaction_read_only": "on",
                "statement_timeout": STATEMENT_TIMEOUT,
            },
        )
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        yield None, _refused(error, place)
        return
    try:
        yield connection, well(Organ.DATABASE, f"{place} answers")
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def _refused(error: BaseException, place: str) -> Symptom:
    who = "select usename, application_name, state, count(*) from pg_stat_activity group by 1, 2, 3 order by 4 desc"
    match error:
        case asyncpg.TooManyConnectionsError():
            said, then = f"PostgreSQL at {place} has no connection left", f"as its superuser: psql -c '{who}'"
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            said = f"PostgreSQL at {place} refuses the login"
            then = "compare user and password of MADOGUCHI_DATABASE_URL with the server's"
        case asyncpg.InvalidCatalogNameError():
            said, then = f"there is no database {place}", "compare the name in MADOGUCHI_DATABASE_URL with psql -l"
        case _:
            said = f"PostgreSQL at {place} does not answer ({type(error).__name__})"
            then = 'is the server up, and may this process reach it? psql "$MADOGUCHI_DATABASE_URL", without +asyncpg'
    return ill(Organ.DATABASE, said, then)


async def schema(patient: Patient) -> Sequence[Symptom]:
    """Whether the database is of the revision that this code was written for."""
    migrate = f"madoguchi migrate {patient.service}"
    known = revisions(patient.service)
    head = known[-1]
    try:
        has = await patient.connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        has = None
    if has == head:
        return [well(Organ.SCHEMA, f"revision {has}, as the code needs")]
    if has is None:
        return [ill(Organ.SCHEMA, f"the database is empty: the code needs revision {head}", migrate)]
    if has in known:
        said = f"the database is behind the code: it has revision {has}, and the code needs {head}"
        return [ill(Organ.SCHEMA, said, migrate)]
    said = f"the database is ahead of the code: its revision {has} is none of this release, whose last is {head}"
    return [ill(Organ.SCHEMA, said, "an old image runs: helm history madoguchi, and roll the newest one out")]


async def clock(patient: Patient) -> Sequence[Symptom]:
    """This machine's clock, and those of this service's processes, against the database's."""
    before = patient.clock()
    theirs: datetime = await patient.connection.fetchval("SELECT clock_timestamp()")
    after = patient.clock()
    apart = apart_seconds(theirs, before, after)
    if abs(apart) > CLOCKS_DIFFER_SECONDS:
        return [clock_is_off("PostgreSQL's", apart)]
    ahead = await patient.connection.fetchval(
        "SELECT max(recorded_at) - clock_timestamp() FROM (SELECT recorded_at FROM events ORDER BY id DESC LIMIT 100) e"
    )
    if ahead is not None and ahead > timedelta(seconds=CLOCKS_DIFFER_SECONDS):
        said = f"a process of {patient.service} has a clock {ahead.total_seconds():.0f} s ahead of PostgreSQL's"
        return [ill(Organ.CLOCK, said, "chronyc tracking, on each machine where the service runs")]
    return [well(Organ.CLOCK, f"{apart:+.1f} s to PostgreSQL's")]


def apart_seconds(theirs: datetime, before: datetime, after: datetime) -> float:
    """How far ours, read before and after theirs, is ahead of theirs at least; 0 when theirs lies between."""
    if before <= theirs <= after:
        return 0.0
    return (before - theirs).total_seconds() if before > theirs else (after - theirs).total_seconds()


def clock_is_off(whose: str, apart: float) -> Symptom:
    """The symptom of a clock that is `apart` seconds ahead of (negative: behind) another."""
    way = "ahead of" if apart > 0 else "behind"
    said = f"the clock of this machine is {abs(apart):.0f} s {way} {whose}: tokens and signatures are refused"
    return ill(Organ.CLOCK, said, "chronyc tracking, here and there; then chronyc makestep on the one that is wrong")


async def connections(patient: Patient) -> Sequence[Symptom]:
    """Whether the processes that are seen can fill their pools: pools x processes against every limit there is."""
    (row,) = await patient.connection.fetch(_CONNECTIONS)
    pool = patient.settings.database_pool_size
    processes = max(row["hosts"], 2 * row["workers"], 1)
    want = processes * pool + row["workers"] * WORKER_EXTRA
    limits = [(row[f"{of}_limit"], row[f"{of}_used"], of) for of in ("server", "role", "database")]
    limit, used, of = min((one for one in limits if one[0] >= 0), key=lambda one: one[0] - one[1])
    said = f"{used} of {limit} connections of the {of} are in use; {processes} x {pool} may be wanted"
    if limit - used < pool or want > limit:
        then = "lower MADOGUCHI_DATABASE_POOL_SIZE or the number of processes, or raise the limit"
        return [ill(Organ.CONNECTIONS, f"connections run out: {said}", then)]
    return [well(Organ.CONNECTIONS, said)]


async def release(patient: Patient) -> Sequence[Symptom]:
    """Whether this release knows the events that are recorded: else a newer one has been at work."""
    types = {row["type"] for row in await patient.connection.fetch(_TYPES, LAST_EVENTS)}
    if strangers := sorted(types - set(EVENTS)):
        said = f"the event log has {strangers[0]}, which the contracts of this release do not know"
        return [ill(Organ.RELEASE, said, "an old image runs: helm history madoguchi, and roll the newest one out")]
    return [well(Organ.RELEASE, f"the contracts know all {len(types)} types of the last {LAST_EVENTS} events")]


async def parked(patient: Patient) -> Sequence[Symptom]:
    """Keys whose events wait for an operator."""
    row = await patient.connection.fetchrow(_PARKED, patient.service)
    if row is None:
        return [well(Organ.PARKED, "no key is parked")]
    said = (
        f"{row['keys']} key(s) parked with {row['events']} event(s), the first since {_utc(row['parked_at'])}"
        f" for {row['error_class']}"
    )
    return [ill(Organ.PARKED, said, f"madoguchi parked explain {patient.service} {row['topic']} {row['key']}")]


async def outbox(patient: Patient) -> Sequence[Symptom]:
    """Events that were recorded and not told. Replays are left aside: they go at their own rate."""
    (row,) = await patient.connection.fetch(_OUTBOX, LOCK_CLASS)
    age = (patient.clock() - row["since"]).total_seconds() if row["since"] else 0.0
    relays = f"{row['buckets']} of {BUCKETS} buckets are held by a relay"
    if age <= OUTBOX_OLD_SECONDS:
        return [well(Organ.OUTBOX, f"{row['pending']} event(s) wait to be told; {relays}")]
    said = f"the relay is stuck: {row['pending']} event(s) wait to be told, {row['topic']} for {age:.0f} s; {relays}"
    if not row["buckets"]:
        return [
            ill(Organ.OUTBOX, said, f"no worker relays: kubectl get pods -l app.kubernetes.io/name={patient.service}")
        ]
    return [ill(Organ.OUTBOX, said, "look for relay_send_failed in the worker's log; else for a long transaction")]


async def deadlines(patient: Patient) -> Sequence[Symptom]:
    """Timers that should have fired."""
    row = await patient.connection.fetchrow(_LATE, DEADLINES_LATE_SECONDS)
    if row is None:
        return [well(Organ.DEADLINES, "none is late")]
    why = f", last for {row['last_error']}" if row["last_error"] else ": nobody tries"
    said = f"{row['late']} deadline(s) are late, {row['kind']} since {_utc(row['due_at'])}{why}"
    return [ill(Organ.DEADLINES, said, "look for deadline_failed in the worker's log: it has the error and where")]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
