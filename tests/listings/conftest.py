"""The desk at which the tests of listings work."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.listings.factories import Desk
from tests.listings.posted import Counter
from tests.world import World


@pytest.fixture
async def desk(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Desk:
    """Everybody at the exchange; what they do is rolled back after the test."""
    return Desk(client, world, session)


@pytest.fixture
async def counter(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Counter:
    """The desk of posted listings; what is done there is rolled back after the test."""
    return Counter(client, world, session)
