"""Lanes beside others: keys that another route holds, lots that are unknown or locked."""

import asyncio
import uuid
from datetime import timedelta

import httpx
import pytest

from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.repository.auctions import AuctionUnknown, load
from app.auctions.service.trail import BidCommand
from app.platform.idempotency import Answer, claim
from app.platform.runtime import Runtime
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.auctions.lot import Lot, make_lot
from tests.world import World

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
    assert isinstance(unknown, AuctionUnknown)
    assert isinstance(known, Answer), known
    assert known.status == 201


async def test_lots_that_are_held_up_hold_up_no_other(
    own_lot: Lot, own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    """AU9: several lots' rows are locked, as by an opening; the neighbours in their batch go on."""
    held = [
        uuid.UUID((await make_lot(own_world, own_runtime, own_client, bidders=())).auction_id)
        for _ in range(3)
    ]
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    await own_lot.run_worker()
    lanes, auction_id = lanes_of(own_runtime), uuid.UUID(own_lot.auction_id)
    async with own_lot.database.transaction() as session:
        for name in held:
            await load(session, name, lock=True)
        own = command(own_world.buyer, 600_000)
        stuck = [asyncio.create_task(submit(lanes, name, own, f"{name}")) for name in held]
        for number, party in enumerate((own_world.buyer, own_world.other_buyer)):
            bid = command(party, 600_000 + 20_000 * number)
            answer = await asyncio.wait_for(submit(lanes, auction_id, bid, f"key-{number}"), 2)
            assert answer.status == 409  # its bidding is over by now; it is judged all the same
        assert not any(bid.done() for bid in stuck)
    assert [bid.status for bid in await asyncio.gather(*stuck)] == [403] * 3
    await asyncio.sleep(0)
    assert lanes.idle
