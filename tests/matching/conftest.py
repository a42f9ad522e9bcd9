"""The market at which the tests of matching work."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.runtime import Runtime
from tests.matching.market import Market, engine_without_model
from tests.world import World


@pytest.fixture
def market(
    client: httpx.AsyncClient, world: World, session: AsyncSession, shared_runtime: Runtime
) -> Iterator[Market]:
    """A shelf and a board with an index in memory; what is done there is rolled back."""
    kept = dict(shared_runtime.live)
    engine = shared_runtime.live["matching"] = engine_without_model()
    yield Market(client, world, session, engine)
    shared_runtime.live.clear()
    shared_runtime.live.update(kept)
