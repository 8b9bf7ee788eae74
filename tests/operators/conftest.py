"""The fixtures of this folder; what they give is in `operators.ward`."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from madoguchi_stack.servers import Servers
from madoguchi_stack.topics import read_topics
from operators.ward import Ward, broker, published
from support.clamd import fake_clamd
from support.servers import FreshDatabase


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A broker of this folder's own: nothing waits in its topics for anybody."""
    async with broker(tmp_path_factory.mktemp("broker"), read_topics()) as address:
        yield address


@pytest_asyncio.fixture
async def ward(servers: Servers, postgres_url: FreshDatabase, kafka: str) -> AsyncIterator[Ward]:
    """Healthy services."""
    async with fake_clamd() as clamd:
        with published(servers.secrets.signing_keys) as jwks:
            yield Ward(servers, postgres_url, jwks, kafka, clamd.port)
