"""The service under test, once per module."""

import pytest_asyncio
from support.counter import open_counter


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counter(postgres_url):
    """API and consumer of applications on a fresh database."""
    async with open_counter(await postgres_url("applications")) as opened:
        yield opened
