"""The desk at which the tests of listings work."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.listings.factories import Desk
from tests.world import World


@pytest.fixture
async def desk(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Desk:
    """Everybody at the exchange; what they do is rolled back after the test."""
    return Desk(client, world, session)
