"""Keys of bids: another route's transaction may hold one, another lot may have been asked first."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.repository.auctions import AuctionUnknown, load
from app.auctions.service.trail import BidCommand
from app.platform.idempotency import Answer, KeyReused, claim
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.auctions.lot import Lot

pytestmark = pytest.mark.concurrency


def command(party: PartyId, yuan: int) -> BidCommand:
    return BidCommand(party, Money(yuan * 100), f"user:{party}", "test")


async def submit(lanes: Lanes, auction_id: uuid.UUID, bid: BidCommand, key: str) -> Answer:
    printed = f"{auction_id} {bid.bidder_id} {bid.amount}".encode()
    return await lanes.submit(auction_id, bid, key=key, request_print=printed)


async def test_a_key_that_another_route_holds_delays_no_bid(own_lot: Lot) -> None:
    """AU9: a bidder's own other request holds the key and then waits for the auction's row.

    It must neither delay the lane, which has that row, nor deadlock with it: a leader could so
    keep its rivals from bidding in the last second.
    """
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    await own_lot.run_worker()
    lanes, auction_id = lanes_of(own_lot.runtime), uuid.UUID(own_lot.auction_id)
    own = command(own_lot.world.buyer, 600_000)
    rival = command(own_lot.world.other_buyer, 620_000)
    async with own_lot.database.transaction() as session:
        assert await claim(session, caller=own.actor, key="both", request_print=b"other") is None
        bids = [
            asyncio.create_task(submit(lanes, auction_id, own, "both")),
            asyncio.create_task(submit(lanes, auction_id, rival, "rival")),
        ]
        await asyncio.sleep(0.3)
        await load(session, auction_id, lock=True)
        answers = await asyncio.wait_for(asyncio.gather(*bids, return_exceptions=True), 5)
    assert [getattr(answer, "status", answer) for answer in answers] == [201, 201]
    assert (await own_lot.auction())["bid_count"] == 2


async def test_a_key_asked_of_an_unknown_lot_first_is_free_for_a_known_one(own_lot: Lot) -> None:
    """AU9: an unknown auction decides nothing, so it does not take its batch's key with it."""
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    await own_lot.run_worker()
    lanes, auction_id = lanes_of(own_lot.runtime), uuid.UUID(own_lot.auction_id)
    bid = command(own_lot.world.buyer, 600_000)
    unknown, known = await asyncio.gather(
        submit(lanes, uuid.uuid4(), bid, "one"),
        submit(lanes, auction_id, bid, "one"),
        return_exceptions=True,
    )
    assert isinstance(unknown, KeyReused | AuctionUnknown)
    assert isinstance(known, Answer), known
    assert known.status == 201
