"""Fixtures of lots to bid on, for every module that needs one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from app.auctions.repository import auctions as repository
from app.main import create_app
from app.platform.runtime import Runtime
from tests.auctions.lot import Lot, api_of, make_lot
from tests.databases import made
from tests.world import World

THREE = ("buyer", "other_buyer", "third_buyer")


@pytest.fixture
async def lot(world: World, shared_runtime: Runtime, client: httpx.AsyncClient) -> Lot:
    """A lot with two bidders, five minutes before it opens; rolled back after the test."""
    return await make_lot(world, shared_runtime, client)


@pytest.fixture(scope="session")
async def lot_template(
    server_url: str, world_template: tuple[str, World], shared_runtime: Runtime
) -> AsyncIterator[tuple[str, Lot]]:
    """A database with a committed lot of three bidders, to be cloned."""
    world_name, world = world_template
    async with made(server_url, world_name) as (name, database):
        runtime = replace(shared_runtime, database=database, live={})
        transport = httpx.ASGITransport(create_app(runtime), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://zhepai.test") as client:
            lot = await make_lot(world, runtime, client, bidders=THREE)
            await lot.announced()  # other workers' open transactions hold the feed
        await database.close()
        yield name, lot


@pytest.fixture
async def own_lot(
    own_world: World,
    own_runtime: Runtime,
    own_client: httpx.AsyncClient,
    lot_template: tuple[str, Lot],
) -> Lot:
    """The same with three bidders on a database of the test's own, with real commits."""
    lot = replace(
        lot_template[1],
        database=own_runtime.database,
        runtime=own_runtime,
        api=api_of(own_world, own_client),
    )
    repository._TERMS.clear()  # another test may have given its clone of the lot other terms
    await lot.at(lot.opens_at - timedelta(minutes=5))
    return lot
