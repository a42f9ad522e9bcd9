"""Reverse auctions with real commits: reactions at once, and the worker's way to the result."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.demands.domain.demand import DemandStatus
from app.platform import reactions
from app.platform.runtime import Runtime
from tests.auctions.acts import done, offer
from tests.demands.reverse import SEALED, Reverse
from tests.eventually import eventually
from tests.world import World

pytestmark = pytest.mark.concurrency


async def test_reactions_at_once_make_one_auction_whose_result_the_worker_tells(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """AU97, DM97, DM98: four reactions to one call, then everything by the worker."""
    await reactions.register(own_runtime.database, own_runtime.reactions)
    reverse = Reverse(own_world, own_runtime.database, own_runtime, own_client)
    await reverse.evaluating(SEALED, "other_buyer", "third_buyer")
    called = await reverse.call()
    await asyncio.gather(*(reverse.follow(called) for _ in range(4)))
    async with own_runtime.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM auctions")) == 1
    assert (await reverse.events()).count("demand.bidding_opened") == 1
    lot = await reverse.lot()
    await lot.at(lot.opens_at)
    for name, amount in (("other_buyer", 800_000), ("third_buyer", 790_000)):
        assert (await offer(lot, name, amount)).status_code == 201
    await lot.at(lot.opens_at + timedelta(hours=2))
    await lot.run_worker()
    await done(lot, "confirmation")

    async def noticed() -> bool:
        await lot.run_worker()
        return (await reverse.read()).status is DemandStatus.NOTICED

    await eventually(noticed)
