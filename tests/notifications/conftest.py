"""The fixture of this folder; what it gives is in `support.mailroom`."""

from collections.abc import AsyncIterator

import pytest_asyncio
from support.mailroom import Mailroom, open_mailroom
from support.servers import FreshDatabase


@pytest_asyncio.fixture
async def room(postgres_url: FreshDatabase) -> AsyncIterator[Mailroom]:
    """A mailroom on a database of its own."""
    async with open_mailroom(await postgres_url("notifications")) as room:
        yield room
