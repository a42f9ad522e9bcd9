"""The fixture everybody's endpoint tests stand on."""

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import PartyStatus, get_party
from app.platform.clock import market_now
from tests.world import START, World


async def test_world_has_verified_parties_and_clocks_at_start(
    world: World, session: AsyncSession
) -> None:
    for party_id in (world.seller, world.other_buyer, world.operator_elsewhere):
        assert (await get_party(session, party_id)).status is PartyStatus.VERIFIED
    assert abs((await market_now(session, world.market_id) - START).total_seconds()) < 5
    later = await world.later(session, days=30)
    assert (later - START).days == 30


async def test_headers_name_the_actor(world: World, client: httpx.AsyncClient) -> None:
    actor = world.actor("buyer_staff", world.other_buyer)
    assert actor.party_id == world.other_buyer
    header = world.headers("buyer_staff", world.other_buyer)["Authorization"]
    assert world.tokens.read(header.removeprefix("Bearer ")) == actor
    assert world.headers("anonymous") == {}
