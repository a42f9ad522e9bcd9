"""The office at which the tests of evaluations work."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.runtime import Runtime
from tests.listings.factories import Desk
from tests.valuations.panels import EXPERTS, Office, make_expert
from tests.world import World


@pytest.fixture
async def office(
    client: httpx.AsyncClient, world: World, session: AsyncSession, shared_runtime: Runtime
) -> Office:
    """Five experts of five units beside everybody else; rolled back after the test."""
    experts = [
        await make_expert(session, world, name, unit, number=number)
        for number, (name, unit) in enumerate(EXPERTS)
    ]
    return Office(Desk(client, world, session), experts, shared_runtime.timer_handlers)
