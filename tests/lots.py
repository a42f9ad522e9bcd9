"""Fixtures of lots to bid on, for every module that needs one."""

import httpx
import pytest

from app.platform.runtime import Runtime
from tests.auctions.lot import Lot, make_lot
from tests.world import World


@pytest.fixture
async def lot(world: World, shared_runtime: Runtime, client: httpx.AsyncClient) -> Lot:
    """A lot with two bidders, five minutes before it opens; rolled back after the test."""
    return await make_lot(world, shared_runtime, client)


@pytest.fixture
async def own_lot(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> Lot:
    """The same with three bidders on a database of the test's own, with real commits."""
    return await make_lot(
        own_world, own_runtime, own_client, bidders=("buyer", "other_buyer", "third_buyer")
    )
