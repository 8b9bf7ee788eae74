"""The fixture of this folder; what it gives is in `support.identity`."""

from collections.abc import AsyncIterator

import pytest_asyncio
from support.identity import World, generous, identity_world
from support.servers import FreshDatabase


@pytest_asyncio.fixture
async def world(postgres_url: FreshDatabase) -> AsyncIterator[World]:
    """The API on a database of its own. All requests come from one address: its limits are in test_limits alone."""
    limits = generous("login_address", "registration_address", "reset_address", "reminder_address", "link_address")
    async with identity_world(await postgres_url("identity"), rate_limits=limits) as world:
        yield world
