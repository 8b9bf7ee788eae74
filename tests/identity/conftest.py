"""The fixture of this folder; what it gives is in `support.identity`."""

from collections.abc import AsyncIterator

import pytest_asyncio
from madoguchi_stack.servers import Servers
from support.identity import World, as_new, generous, identity_world
from support.servers import FreshDatabase
from support.slate import Wipe, slate


@pytest_asyncio.fixture(scope="session")
async def house(servers: Servers, postgres_url: FreshDatabase) -> AsyncIterator[tuple[World, Wipe]]:
    """The API on a database that is wiped for each test."""
    limits = generous("login_address", "registration_address", "reset_address", "reminder_address", "link_address")
    url = await postgres_url("identity")
    async with identity_world(url, rate_limits=limits) as opened, slate(servers, url) as wipe:
        yield opened, wipe


@pytest_asyncio.fixture
async def world(house: tuple[World, Wipe]) -> World:
    """The API as if it had never been used. All requests come from one address: its limits are in test_limits alone."""
    opened, wipe = house
    await wipe()
    return as_new(opened)
