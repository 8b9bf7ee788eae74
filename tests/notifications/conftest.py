"""The fixture of this folder; what it gives is in `support.mailroom`."""

from collections.abc import AsyncIterator

import pytest_asyncio
from kit.db import Database
from madoguchi_stack.servers import Servers
from support.mailroom import Mailroom, mailroom_on
from support.servers import FreshDatabase
from support.slate import Wipe, slate


@pytest_asyncio.fixture(scope="session")
async def shelf(servers: Servers, postgres_url: FreshDatabase) -> AsyncIterator[tuple[Database, Wipe]]:
    """A database that is wiped for each test."""
    url = await postgres_url("notifications")
    database = Database(url, pool_size=8)
    async with slate(servers, url) as wipe:
        yield database, wipe
    await database.close()


@pytest_asyncio.fixture
async def room(shelf: tuple[Database, Wipe]) -> AsyncIterator[Mailroom]:
    """A mailroom that has never been used."""
    database, wipe = shelf
    await wipe()
    async with mailroom_on(database) as room:
        yield room
