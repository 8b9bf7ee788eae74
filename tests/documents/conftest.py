"""The service under test, once per module, and an owner for each test."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from madoguchi_stack.s3 import S3
from support.documents import Desk, desk
from support.servers import FreshDatabase


@pytest_asyncio.fixture(scope="module")
async def at(postgres_url: FreshDatabase, s3: S3) -> AsyncIterator[Desk]:
    """The service on a fresh database."""
    async with desk(await postgres_url("documents"), s3) as made:
        yield made


@pytest.fixture
def owner() -> UUID:
    """An account that owns an application."""
    return uuid4()
