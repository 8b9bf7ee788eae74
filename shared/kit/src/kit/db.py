"""Sessions and units of work: one request, or one event, is one transaction, committed here and nowhere else.

A session and the driver's own connection (`driver`) work in the same transaction. Statements go through the session;
the few that every request or every event runs go straight to the driver, at half of the cost (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from kit.errors import Unavailable

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_LOST_RACES = {"40001", "40P01", "55P03", "57014"}  # serialization, deadlock, lock or statement timeout
_DOWN_SQLSTATE_CLASSES = ("08", "57P", "53")  # connection, operator intervention, insufficient resources


def new_metadata() -> MetaData:
    """Metadata with named constraints, so that a migration can name what it changes."""
    return MetaData(naming_convention=NAMING)


def sqlstate(error: BaseException) -> str:
    """The SQLSTATE of a database error, or an empty string."""
    original = getattr(error, "orig", error)
    return str(getattr(original, "sqlstate", "") or "")


def is_down(error: BaseException) -> bool:
    """Whether the error says that PostgreSQL cannot be reached or cannot serve right now."""
    if isinstance(error, PoolTimeout):  # every connection is in use
        return True
    if isinstance(error, OSError):  # also TimeoutError; SQLAlchemy lets what happens while connecting through as it is
        return error.filename is None  # a missing file is a defect of ours and would be tried again for ever
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # Said by the driver and not the server, so there is no SQLSTATE: the connection is closed, or broke in mid-answer.
    if isinstance(error, asyncpg.InternalClientError):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error)
    return sqlstate(error).startswith(_DOWN_SQLSTATE_CLASSES)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed when simply tried again: the database is down, a race was lost, or a migration
    has just changed a table under a prepared statement."""
    statement_is_stale = isinstance(
        getattr(getattr(error, "orig", None), "__cause__", error), asyncpg.InvalidCachedStatementError
    )
    return statement_is_stale or is_down(error) or sqlstate(error) in _LOST_RACES


# A row that stays locked for longer is held by something stuck: the request ends with 503 or 409 and can be repeated,
# instead of keeping a connection of the pool.
LOCK_TIMEOUT = "3s"
HANG_TIMEOUT = "15s"  # between two statements of a transaction: none of ours thinks for so long


class Database:
    """One service's database: an engine, and transactions on it."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        """`url` is postgresql+asyncpg://..., with what the driver reads of PostgreSQL's own parameters, such as
        ?sslmode=verify-full&sslrootcert=...; up to `pool_size` connections are kept.
        """
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            async_creator=self._connect,
            isolation_level="AUTOCOMMIT",  # `transaction` begins and commits, on the driver's connection
            hide_parameters=True,  # else the text of every error repeats the values of its statement
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,  # seconds; then Unavailable
            pool_pre_ping=False,  # a broken connection raises, becomes 503 or a retry, and is replaced
        )
        self.after_events: Callable[[], None] = _nobody_to_wake

    @property
    def dsn(self) -> str:
        """The plain DSN, for connections outside the pool (relay, listeners)."""
        return dsn_of(self.url)

    async def _connect(self) -> asyncpg.Connection[Any]:
        """The driver's own, as for connections outside the pool: one way to read the DSN, TLS included."""
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            self.dsn,
            timeout=5,
            command_timeout=30,
            server_settings={
                "application_name": "madoguchi",
                "lock_timeout": LOCK_TIMEOUT,
                # A process that hangs in a transaction would keep its row locks for as long as it hangs.
                "idle_in_transaction_session_timeout": HANG_TIMEOUT,
            },
        )
        return connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction: committed at the end, rolled back on any error.

        Raises Unavailable when PostgreSQL cannot be reached or has no connection left: nothing was changed then, unless
        the connection broke in the very moment of the commit; callers are idempotent for that case.
        """
        try:
            async with self.engine.connect() as connection:
                held = await _live(connection)
                async with (
                    _unit_of_work(held),
                    AsyncSession(connection, expire_on_commit=False, info={"driver": held}) as session,
                ):
                    yield session
                    await session.flush()
        except Exception as error:
            if not isinstance(error, Unavailable) and is_down(error):
                raise Unavailable(retry_after_seconds=5) from error
            raise
        if session.info.get("events_recorded"):
            self.after_events()

    async def ping(self) -> None:
        """Raise if the database does not answer a query."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def dsn_of(url: str) -> str:
    """SQLAlchemy's URL as the driver reads it, with PostgreSQL's own parameters."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def driver(session: AsyncSession) -> asyncpg.Connection[Any]:
    """The driver's connection, in the session's transaction. JSON goes in as text and comes out as values."""
    held: asyncpg.Connection[Any] = session.info["driver"]
    return held


@asynccontextmanager
async def _unit_of_work(held: asyncpg.Connection[Any]) -> AsyncIterator[None]:
    """Commit at the end. A rollback that fails never hides why it was tried, least of all a cancellation."""
    transaction = held.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # then `_live` drops the connection
            await transaction.rollback()
        raise
    await transaction.commit()


async def _live(connection: AsyncConnection) -> asyncpg.Connection[Any]:
    """The driver's connection; another one when it was closed in the pool, or its last rollback was interrupted."""
    held: asyncpg.Connection[Any] | None = None
    while held is None or held.is_closed() or held.is_in_transaction():
        if held is not None:
            await connection.invalidate()  # the pool has more of this kind after a restart of the server
        held = (await connection.get_raw_connection()).driver_connection
    return held


def _nobody_to_wake() -> None:
    """A process without a wake-up bell: the relay finds the events at its next look."""
