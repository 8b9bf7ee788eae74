"""One database for many tests, empty again for each: a new one costs a copy, new connections and cold caches."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
from madoguchi_stack.servers import Servers

Wipe = Callable[[], Awaitable[None]]

_WIPE = """
DO $$
DECLARE one regclass;
BEGIN
    FOR one IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE 'DELETE FROM ' || one;
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""


@asynccontextmanager
async def slate(servers: Servers, url: str) -> AsyncIterator[Wipe]:
    """`await wipe()`: the database at `url` as its migrations left it, without a row and with every number unused.

    It fails when a transaction of an earlier test is still open after ten seconds.
    """
    place = servers.admin_dsn.rpartition("/")[0] + "/" + url.rpartition("/")[2]
    # As a replica, the server asks no trigger: history refuses to be deleted, also by its owner.
    settings = {"session_replication_role": "replica", "lock_timeout": "10s"}
    connection = await asyncpg.connect(place, server_settings=settings)

    async def wipe() -> None:
        await connection.execute(_WIPE)

    try:
        yield wipe
    finally:
        await connection.close()
