"""The desk of listings and the counter of settlement, in the rolled-back world."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.listings.factories import Desk
from tests.settlement.factories import Counter
from tests.world import World


@pytest.fixture
def desk(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Desk:
    return Desk(client, world, session)


@pytest.fixture
def counter(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Counter:
    return Counter(client, world, session)
