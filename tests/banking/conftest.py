"""The bank desk, the desk of listings and the counter of settlement, in one world."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.db import Database
from tests.banking.teller import Teller
from tests.listings.factories import Desk
from tests.settlement.factories import Counter
from tests.world import World


@pytest.fixture
def desk(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Desk:
    return Desk(client, world, session)


@pytest.fixture
def counter(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Counter:
    return Counter(client, world, session)


@pytest.fixture
async def teller(client: httpx.AsyncClient, world: World, rolled_back: Database) -> Teller:
    teller = Teller(client, world, rolled_back)
    await teller.open()
    return teller
