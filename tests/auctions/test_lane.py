"""The lane with real commits: batches, repeats, neighbours, many processes' worth of lanes."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.auctions.domain.bidding import judge
from app.auctions.domain.model import BiddingState
from app.auctions.endpoints import lanes_of
from app.auctions.lane import Lane, Lanes
from app.auctions.repository import load
from app.auctions.service.place_bids import BidCommand
from app.main import create_app
from app.platform.idempotency import Answer, KeyReused, claim, store
from app.platform.journal import history, verify_chain
from app.platform.problems import Busy
from app.platform.signing import Signer
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.auctions.lot import Lot, yuan
from tests.eventually import eventually

pytestmark = pytest.mark.concurrency


async def opened(lot: Lot) -> Lanes:
    await lot.at(lot.opens_at + timedelta(minutes=1))
    await lot.run_worker()
    return lanes_of(lot.runtime)


def command(party: PartyId, yuan: int) -> BidCommand:
    return BidCommand(party, Money(yuan * 100), f"user:{party}", "test")


def parties(lot: Lot) -> list[PartyId]:
    return [lot.world.buyer, lot.world.other_buyer, lot.world.third_buyer]


async def submit(lane: Lane, bid: BidCommand, key: str) -> Answer:
    printed = f"{bid.bidder_id} {bid.amount}".encode()
    return await lane.submit(bid, key=key, request_print=printed)


async def naive(lot: Lot) -> tuple[BiddingState, list[str | None]]:
    """Judge what the database holds one by one with the pure rules, as an auditor would."""
    async with lot.database.transaction() as session:
        rows = (
            await session.execute(
                text(
                    "SELECT party_id, amount_minor, judged_at, refusal FROM bids "
                    "WHERE auction_id = :id ORDER BY sequence"
                ),
                {"id": uuid.UUID(lot.auction_id)},
            )
        ).all()
        stored = (await load(session, uuid.UUID(lot.auction_id))).state
    state = BiddingState(
        terms=stored.terms, status=stored.status.SCHEDULED, deadline_at=lot.opens_at
    )
    refusals = []
    for party_id, amount_minor, judged_at, refusal in rows:
        judged = judge(
            state, bidder_id=PartyId(party_id), amount=Money(amount_minor), now=judged_at
        )
        state = judged.state
        refusals.append(judged.refusal.code if judged.refusal else None)
        assert refusals[-1] == refusal
    assert state == stored
    return state, refusals


async def test_a_storm_through_two_lanes_equals_judging_one_by_one(own_lot: Lot) -> None:  # AU9
    """Two processes' lanes on one lot: the row lock orders them; each answer is in the books."""
    lanes = await opened(own_lot)
    other = Lanes(
        database=own_lot.database, signer=own_lot.runtime.signer, batch_max=7, queue_max=999
    )
    auction_id = uuid.UUID(own_lot.auction_id)
    bidders = parties(own_lot)
    answers = await asyncio.gather(
        *(
            submit(
                (lanes if number % 2 else other).of(auction_id),
                command(bidders[number % 3], 600_000 + 20_000 * (number // 2)),
                f"key-{number}",
            )
            for number in range(240)
        )
    )
    state, refusals = await naive(own_lot)
    accepted = sum(answer.status == 201 for answer in answers)
    assert accepted == refusals.count(None) == state.bid_count
    assert accepted > 5
    assert len(refusals) == 240
    async with own_lot.database.transaction() as session:
        events = await history(session, auction_id)
        verify_chain(events)
    told = [event for event in events if event.type.startswith("auction.bid_")]
    assert [event.public["sequence"] for event in told] == list(range(1, 241))


async def test_repeats_in_one_batch_fold_into_one_bid(own_lot: Lot) -> None:  # AU9
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    bid = command(own_lot.world.buyer, 600_000)
    answers = await asyncio.gather(*(submit(lane, bid, "one") for _ in range(50)))
    assert len({(answer.status, answer.body) for answer in answers}) == 1
    with pytest.raises(KeyReused):
        await submit(lane, command(own_lot.world.buyer, 620_000), "one")
    state, refusals = await naive(own_lot)
    assert (state.bid_count, refusals) == (1, [None])


async def test_different_requests_under_one_key_in_one_batch(own_lot: Lot) -> None:
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    first, second = (command(own_lot.world.buyer, yuan) for yuan in (600_000, 620_000))
    results = await asyncio.gather(
        submit(lane, first, "one"), submit(lane, second, "one"), return_exceptions=True
    )
    assert isinstance(results[0], Answer)
    assert isinstance(results[1], KeyReused)
    assert (await naive(own_lot))[0].leading == Money(60_000_000)


async def test_one_bad_bid_harms_no_neighbour(own_lot: Lot) -> None:
    """A bid that PostgreSQL cannot store fails alone; the batch is rerun one by one."""
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    good, other = parties(own_lot)[:2]
    bad = BidCommand(good, Money(70_000_000), "user:" + "x" * 300, "test")  # longer than its column
    results = await asyncio.gather(
        submit(lane, command(good, 600_000), "a"),
        submit(lane, bad, "b"),
        submit(lane, command(other, 620_000), "c"),
        return_exceptions=True,
    )
    assert [isinstance(result, Answer) for result in results] == [True, False, True]
    assert (await naive(own_lot))[0].leading == Money(62_000_000)


async def test_a_full_queue_says_so_and_decides_nothing(own_lot: Lot) -> None:
    lanes = await opened(own_lot)
    lane = Lane(
        uuid.UUID(own_lot.auction_id),
        database=own_lot.database,
        signer=lanes_of(own_lot.runtime)._make[1],
        batch_max=2,
        queue_max=3,
    )
    bids = [
        submit(lane, command(parties(own_lot)[number % 3], 600_000 + 20_000 * number), str(number))
        for number in range(10)
    ]
    results = await asyncio.gather(*bids, return_exceptions=True)
    busy = [result for result in results if isinstance(result, Busy)]
    assert len(busy) == 7
    assert busy[0].fields["retry_after_s"] == 1
    assert (await naive(own_lot))[0].bid_count == 3
    assert lanes.of(uuid.UUID(own_lot.auction_id)).idle


async def test_a_hung_up_bidder_does_not_stop_the_lane(own_lot: Lot) -> None:
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    gone = asyncio.create_task(submit(lane, command(own_lot.world.buyer, 600_000), "gone"))
    await asyncio.sleep(0)
    gone.cancel()
    stays = await submit(lane, command(own_lot.world.other_buyer, 620_000), "stays")
    assert stays.status == 201
    truth = await submit(lane, command(own_lot.world.buyer, 600_000), "gone")
    assert truth.status == 201  # the retry learns that the bid had been accepted
    assert (await naive(own_lot))[0].bid_count == 2


async def test_a_key_that_another_route_claims_meanwhile_is_told_as_reused(own_lot: Lot) -> None:
    """AU9: the other route's transaction holds the key, uncommitted, while the bid is judged."""
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    bid = command(own_lot.world.buyer, 600_000)
    async with own_lot.database.transaction() as session:
        assert await claim(session, caller=bid.actor, key="both", request_print=b"other") is None
        await store(session, caller=bid.actor, key="both", answer=Answer(201, {}, b"{}"))
        racing = asyncio.create_task(submit(lane, bid, "both"))
        await eventually(lambda: waits_for_a_lock(own_lot))
    with pytest.raises(KeyReused):
        await racing
    assert (await own_lot.auction())["bid_count"] == 0


async def waits_for_a_lock(lot: Lot) -> bool:
    async with lot.database.transaction() as session:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(await session.scalar(waiting))


async def test_a_stopping_process_leaves_nobody_waiting(own_lot: Lot) -> None:
    lane = (await opened(own_lot)).of(uuid.UUID(own_lot.auction_id))
    bids = [
        asyncio.create_task(submit(lane, command(party, 600_000), f"{party}"))
        for party in parties(own_lot)
    ]

    async def judging() -> bool:
        return lane._runner is not None and not lane._queue

    await eventually(judging, every_s=0)
    assert lane._runner is not None
    lane._runner.cancel()
    results = await asyncio.wait_for(asyncio.gather(*bids, return_exceptions=True), 5)
    assert [type(result) for result in results] == [Busy, Busy, Busy]
    again = await submit(lane, command(own_lot.world.buyer, 600_000), f"{own_lot.world.buyer}")
    assert again.status == 201  # the same key decides now


async def test_a_fresh_process_replays_the_signed_answer(own_lot: Lot) -> None:
    """AU9, P14, P23: it has signed nothing yet and must find the key that the answer names."""
    await opened(own_lot)
    first = await own_lot.bid("buyer", 600_000, key="once")
    runtime = own_lot.runtime
    fresh = replace(runtime, signer=Signer(runtime.box), live={})
    transport = httpx.ASGITransport(create_app(fresh), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://z") as client:
        again = await client.post(
            f"/v1/auctions/{own_lot.auction_id}/bids",
            json={"amount": yuan(600_000)},
            headers={**own_lot.world.headers("buyer_staff"), "Idempotency-Key": "once"},
        )
    assert (again.status_code, again.content) == (201, first.content)
