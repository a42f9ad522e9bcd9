"""The lane with real commits: batches, repeats, neighbours, many processes' worth of lanes."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from app.auctions.domain.judging import judge
from app.auctions.domain.model import Bid, BiddingState
from app.auctions.endpoints.bidding import lanes_of
from app.auctions.lane import Lanes
from app.auctions.repository.auctions import load
from app.auctions.service.trail import BidCommand
from app.auctions.vault import Vault
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


async def submit(lanes: Lanes, lot: Lot, bid: BidCommand, key: str) -> Answer:
    printed = f"{bid.bidder_id} {bid.amount}".encode()
    auction_id = uuid.UUID(lot.auction_id)
    return await lanes.submit(auction_id, bid, key=key, request_print=printed)


def lanes_like(lot: Lot, *, batch_max: int, queue_max: int) -> Lanes:
    """Return the lanes of another process."""
    return Lanes(
        database=lot.database,
        signer=lot.runtime.signer,
        vault=Vault(lot.runtime.box),
        batch_max=batch_max,
        queue_max=queue_max,
    )


async def naive(lot: Lot) -> tuple[BiddingState, list[str | None]]:
    """Judge what the database holds one by one with the pure rules, as an auditor would."""
    async with lot.database.transaction() as session:
        rows = (
            await session.execute(
                text(
                    "SELECT bidder_code, amount_minor, judged_at, refusal FROM bids "
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
    for code, amount_minor, judged_at, refusal in rows:
        judged = judge(state, Bid(code, Money(amount_minor)), judged_at)
        state = judged.state
        refusals.append(judged.refusal.code if judged.refusal else None)
        assert refusals[-1] == refusal
    assert state == stored
    return state, refusals


async def test_a_storm_through_two_lanes_equals_judging_one_by_one(own_lot: Lot) -> None:  # AU9
    """Two processes' lanes on one lot: the row lock orders them; each answer is in the books."""
    lanes = await opened(own_lot)
    other = lanes_like(own_lot, batch_max=7, queue_max=999)
    auction_id = uuid.UUID(own_lot.auction_id)
    bidders = parties(own_lot)
    answers = await asyncio.gather(
        *(
            submit(
                lanes if number % 2 else other,
                own_lot,
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
    told = [bid for event in events for bid in event.public.get("bids", ())]
    assert [bid["sequence"] for bid in told] == list(range(1, 241))


async def test_repeats_in_one_batch_fold_into_one_bid(own_lot: Lot) -> None:  # AU9
    lanes = await opened(own_lot)
    bid = command(own_lot.world.buyer, 600_000)
    answers = await asyncio.gather(*(submit(lanes, own_lot, bid, "one") for _ in range(50)))
    assert len({(answer.status, answer.body) for answer in answers}) == 1
    with pytest.raises(KeyReused):
        await submit(lanes, own_lot, command(own_lot.world.buyer, 620_000), "one")
    state, refusals = await naive(own_lot)
    assert (state.bid_count, refusals) == (1, [None])


async def test_different_requests_under_one_key_in_one_batch(own_lot: Lot) -> None:
    lanes = await opened(own_lot)
    first, second = (command(own_lot.world.buyer, yuan) for yuan in (600_000, 620_000))
    results = await asyncio.gather(
        submit(lanes, own_lot, first, "one"),
        submit(lanes, own_lot, second, "one"),
        return_exceptions=True,
    )
    assert isinstance(results[0], Answer)
    assert isinstance(results[1], KeyReused)
    assert (await naive(own_lot))[0].leading == Money(60_000_000)


async def test_one_bad_bid_harms_no_neighbour(own_lot: Lot) -> None:
    """A bid that PostgreSQL cannot store fails alone; the batch is rerun one by one."""
    lanes = await opened(own_lot)
    good, other = parties(own_lot)[:2]
    bad = BidCommand(good, Money(70_000_000), "user:" + "x" * 300, "test")  # longer than its column
    results = await asyncio.gather(
        submit(lanes, own_lot, command(good, 600_000), "a"),
        submit(lanes, own_lot, bad, "b"),
        submit(lanes, own_lot, command(other, 620_000), "c"),
        return_exceptions=True,
    )
    assert [isinstance(result, Answer) for result in results] == [True, False, True]
    assert (await naive(own_lot))[0].leading == Money(62_000_000)


async def test_a_full_queue_says_so_and_decides_nothing(own_lot: Lot) -> None:
    await opened(own_lot)
    lanes = lanes_like(own_lot, batch_max=2, queue_max=3)
    bids = [
        submit(
            lanes,
            own_lot,
            command(parties(own_lot)[number % 3], 600_000 + 20_000 * number),
            str(number),
        )
        for number in range(10)
    ]
    results = await asyncio.gather(*bids, return_exceptions=True)
    busy = [result for result in results if isinstance(result, Busy)]
    assert len(busy) == 7
    assert busy[0].fields["retry_after_s"] == 1
    assert (await naive(own_lot))[0].bid_count == 3
    assert lanes.idle


async def test_a_hung_up_bidder_does_not_stop_the_lane(own_lot: Lot) -> None:
    lanes = await opened(own_lot)
    gone = asyncio.create_task(
        submit(lanes, own_lot, command(own_lot.world.buyer, 600_000), "gone")
    )
    await asyncio.sleep(0)
    gone.cancel()
    stays = await submit(lanes, own_lot, command(own_lot.world.other_buyer, 620_000), "stays")
    assert stays.status == 201
    truth = await submit(lanes, own_lot, command(own_lot.world.buyer, 600_000), "gone")
    assert truth.status == 201  # the retry learns that the bid had been accepted
    assert (await naive(own_lot))[0].bid_count == 2


async def test_a_key_that_another_lots_lane_claims_meanwhile_is_told_as_reused(
    own_lot: Lot,
) -> None:
    """AU9: another process's transaction holds the key, uncommitted, while the bid is judged."""
    lanes = await opened(own_lot)
    bid = command(own_lot.world.buyer, 600_000)
    caller = f"bids of {bid.actor}"
    async with own_lot.database.transaction() as session:
        assert await claim(session, caller=caller, key="both", request_print=b"other") is None
        await store(session, caller=caller, key="both", answer=Answer(201, {}, b"{}"))
        racing = asyncio.create_task(submit(lanes, own_lot, bid, "both"))
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
    lanes = await opened(own_lot)
    bids = [
        asyncio.create_task(submit(lanes, own_lot, command(party, 600_000), f"{party}"))
        for party in parties(own_lot)
    ]

    async def judging() -> bool:
        lane = lanes._lanes.get(uuid.UUID(own_lot.auction_id))
        return lane is not None and lane.busy and not lane.waiting

    await eventually(judging, every_s=0)
    for runner in lanes._runners:
        runner.cancel()
    results = await asyncio.wait_for(asyncio.gather(*bids, return_exceptions=True), 5)
    assert [type(result) for result in results] == [Busy, Busy, Busy]
    again = await submit(
        lanes, own_lot, command(own_lot.world.buyer, 600_000), f"{own_lot.world.buyer}"
    )
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
