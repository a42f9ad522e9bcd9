"""A real agreement, as deal and listing tell of it; auctions are counted in `tests.auctions`."""

from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.handlers import REACTIONS
from app.listings.handlers import take_outcome
from app.platform.journal import history
from app.settlement.handlers import open_awarded
from app.settlement.public import deals_of
from app.shared.ids import ListingId
from tests.listings.factories import Desk, done, yuan
from tests.settlement.factories import Counter
from tests.settlement.payment_terms import Till, entry_fee
from tests.settlement.test_awarded import award_of
from tests.world import World

(PRICES,) = REACTIONS


async def test_an_agreement_is_found_off_the_floor(
    client: httpx.AsyncClient, session: AsyncSession, world: World
) -> None:
    """IN3, IN6: with a buyer of its own and no bidding; a royalty on top leaves the sums."""
    desk = Desk(client, world, session)
    listing, awarded_event = await award_of(desk)
    await open_awarded(session, awarded_event)
    listing_id = UUID(listing["id"])
    (deal,) = await deals_of(session, ListingId(listing_id))
    for event in await history(session, deal.id):
        if event.type == "deal.opened":
            await take_outcome(session, event)
    for subject in (listing_id, deal.id):
        for event in await history(session, subject):
            if event.type in PRICES.types:
                await PRICES.react(session, event)
    path = f"/v1/insight/prices?by=year&market_id={world.market_id}"
    told = (await client.get(path, headers=world.headers("operator"))).json()["total"]
    assert (told["floor"]["lots"], told["competition"]["lots"]) == (0, 0)
    off = told["off_floor"]
    assert (off["outcomes"]["sold"], off["priced"], off["premium_rate"]) == (1, 1, "0.0000")
    assert (off["price"], off["premium_rate_median"]) == (yuan("600000.00"), "0.0000")
    till = Till(Counter(client, world, session), deal.id)
    done(await till.fix(entry_fee() | {"price": yuan("600000.00")}))
    for event in await history(session, deal.id):
        if event.type == "deal.terms_fixed":
            await PRICES.react(session, event)
    off = (await client.get(path)).json()["total"]["off_floor"]
    assert (off["outcomes"]["sold"], off["unknown_amounts"], off["priced"]) == (1, 1, 0)
    assert (off["price"], off["premium_rate"]) == (yuan("0.00"), None)
