"""Real sales, as auctions, deals and listings tell of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.handlers import REACTIONS
from app.listings.handlers import take_outcome
from app.platform.journal import history
from app.settlement.handlers import open_awarded
from app.settlement.public import deals_of
from app.shared.ids import ListingId
from tests.auctions.lot import Lot, yuan
from tests.auctions.standby import MakeLot, answer, confirmed, default, lots, rerun
from tests.eventually import eventually
from tests.listings.factories import Desk, done
from tests.settlement.factories import Counter
from tests.settlement.payment_terms import Till, entry_fee
from tests.settlement.test_awarded import award_of
from tests.world import World

__all__ = ["lots"]

(PRICES,) = REACTIONS


async def told(lot: Lot, number: int) -> list[dict[str, Any]]:
    """Return the market's lots once so many are told of, the first one that ended first."""
    path = f"/v1/insight/prices/lots?market_id={lot.listing['market_id']}"
    found: list[dict[str, Any]] = []

    async def known() -> bool:
        await lot.run_worker()
        found[:] = (await lot.api.get(None, path))["items"]
        return len(found) == number

    await eventually(known)
    return found[::-1]


@pytest.mark.concurrency
async def test_a_lot_its_next_bidder_and_its_rerun_count_once_each(lots: MakeLot) -> None:
    """IN2, IN3, IN5: three have bid on the first, one on its re-run."""
    lot = await lots(standby_count=1)
    await confirmed(lot)
    (sold,) = await told(lot, 1)
    assert (sold["outcome"], sold["method"], sold["bidders"]) == ("sold", "contested", 3)
    assert (sold["start"], sold["price"]) == (yuan(600_000), yuan(640_000))
    assert (sold["premium_rate"], sold["appraisal"]) == ("0.0667", yuan(600_000))
    await default(lot)
    assert (await answer(lot, "other_buyer", accept=True)).is_success

    async def resold() -> bool:
        (found,) = await told(lot, 1)
        return (found["price"], found["defaults"]) == (yuan(620_000), 1)

    await eventually(resold)
    await default(lot)
    await lot.listing_becomes("failed")
    again = await rerun(lot, 500_000, "third_buyer")
    await again.at(again.opens_at + timedelta(minutes=1))
    await confirmed(again, ("third_buyer", 500_000))
    first, second = await told(lot, 2)
    assert (first["outcome"], first["price"], first["defaults"]) == ("defaulted", None, 2)
    assert (second["outcome"], second["bidders"]) == ("sold", 1)
    path = f"/v1/insight/prices?by=pricing_mode&market_id={lot.listing['market_id']}"
    total = (await lot.api.get(None, path))["total"]
    assert (total["contested"]["lots"], total["contested"]["defaults"]) == (1, 2)
    alone = total["uncontested"]
    assert (alone["priced"], alone["resold"], alone["price"]) == (1, 1, yuan(500_000))
    assert total["competition"]["distribution"] == [
        {"bidders": 1, "lots": 1},
        {"bidders": 3, "lots": 1},
    ]


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
    assert (off["price"], off["premium_rate_median"]) == (yuan(600_000), "0.0000")
    till = Till(Counter(client, world, session), deal.id)
    done(await till.fix(entry_fee() | {"price": yuan(600_000)}))
    for event in await history(session, deal.id):
        if event.type == "deal.terms_fixed":
            await PRICES.react(session, event)
    off = (await client.get(path)).json()["total"]["off_floor"]
    assert (off["outcomes"]["sold"], off["unknown_amounts"], off["priced"]) == (1, 1, 0)
    assert (off["price"], off["premium_rate"]) == (yuan(0), None)
