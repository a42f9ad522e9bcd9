"""A posted listing with two buyers or more hands over to bidding by itself."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.auctions.service.handover import open_bidding
from app.platform import timers
from app.platform.journal import JournalEvent, history
from app.shared.calendar import SHANGHAI
from tests.auctions.acts import code_of, done, events_of, move_to, offer
from tests.auctions.handed import MakePosted, end_disclosure, handed_over, join, posted, read
from tests.auctions.lot import OPERATOR, Lot, nothing_kept, yuan
from tests.auctions.standby import (
    DEPOSIT,
    HOUR,
    check_books,
    check_proof,
    confirmed,
    default,
    sign,
)
from tests.eventually import eventually

__all__ = ["posted"]

pytestmark = pytest.mark.concurrency

TWO = ("buyer", "other_buyer")


async def test_two_buyers_bid_by_themselves_and_one_of_them_buys(posted: MakePosted) -> None:
    """AU91, LS76: at the reduced floor, three working days later at the announced hour."""
    reductions = [yuan(580_000)]
    lot = await posted(extensions=1, reductions=reductions)
    await end_disclosure(lot)
    extended = await read(lot)
    assert (extended["status"], extended["floor"]) == ("disclosing", yuan(580_000))
    lot.listing.update(extended)
    await join(lot, *TWO)
    ends_at = await end_disclosure(lot)
    lot = await handed_over(lot)
    assert lot.listing["status"] == "closed"
    # Extended in the first instant of 18 March by five working days; over with 25 March. Three
    # working days after Thursday the 26th are Tuesday.
    assert ends_at.astimezone(SHANGHAI).date().isoformat() == "2026-03-26"
    assert lot.opens_at.astimezone(SHANGHAI).isoformat() == "2026-03-31T10:00:00+08:00"
    auction = await lot.auction()
    assert (auction["status"], auction["terms"]["start"]) == ("scheduled", yuan(580_000))
    kinds = [event["type"] for event in await events_of(lot)]
    assert kinds == ["auction.scheduled", "auction.announced"]
    await move_to(lot, lot.opens_at + timedelta(minutes=1))
    await confirmed(lot, ("buyer", 580_000), ("other_buyer", 600_000))
    await lot.listing_becomes("sold")
    await sign(lot)
    await check_books(lot, escrow=DEPOSIT)
    await check_proof(lot)


async def test_a_winner_in_default_leaves_a_posted_listing_without_a_buyer(
    posted: MakePosted,
) -> None:
    """AU91: what follows an auction does so here, too."""
    lot = await posted(bidders=TWO, mode="licence_exclusive")
    await end_disclosure(lot)
    lot = await handed_over(lot)
    await move_to(lot, lot.opens_at + timedelta(minutes=1))
    await confirmed(lot, ("buyer", 600_000), ("other_buyer", 620_000))
    await default(lot)
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=DEPOSIT)


async def test_a_repeated_event_and_two_at_once_make_one_auction(posted: MakePosted) -> None:
    """AU91"""
    lot = await posted(bidders=TWO)
    await end_disclosure(lot)
    lot = await handed_over(lot)
    due = await _bidding_due(lot)
    await asyncio.gather(*(_react(lot, due) for _ in range(3)))
    assert await _count(lot, "auctions") == 1
    assert [event["type"] for event in await events_of(lot)].count("auction.announced") == 1


async def test_two_reactions_before_there_is_an_auction_make_one(posted: MakePosted) -> None:
    """AU91"""
    lot = await posted(bidders=TWO)
    await _judge(lot)
    due = await _bidding_due(lot)
    await asyncio.gather(*(_react(lot, due) for _ in range(4)))
    assert await _count(lot, "auctions") == 1


async def _judge(lot: Lot) -> None:
    """Let the field be judged, and no reaction hear of it."""
    await lot.at(datetime.fromisoformat(lot.listing["disclosure_ends_at"]))
    while await timers.run_one(lot.database, lot.runtime.timer_handlers):
        pass


async def _bidding_due(lot: Lot) -> JournalEvent:
    async with lot.database.transaction() as session:
        events = await history(session, lot.listing["id"])
        (due,) = [event for event in events if event.type == "listing.bidding_due"]
        session.expunge(due)
        return due


async def _react(lot: Lot, due: JournalEvent) -> None:
    async with lot.database.transaction() as session:
        await open_bidding(session, due)


async def _count(lot: Lot, table: str) -> int:
    async with lot.database.transaction() as session:
        return int(await session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


async def test_a_listing_that_ended_meanwhile_gets_no_auction(posted: MakePosted) -> None:
    """AU91"""
    lot = await posted(bidders=TWO)
    await _judge(lot)
    path = f"/v1/listings/{lot.listing['id']}"
    await lot.api.post(OPERATOR, f"{path}/termination", {"reason": "专利权被宣告无效"})
    await lot.run_worker()
    assert await _count(lot, "auctions") == 0
    assert (await read(lot))["status"] == "terminated"
    await nothing_kept(lot)


async def test_an_opening_beyond_the_known_days_holds_up_its_own_listing_alone(
    posted: MakePosted,
) -> None:
    """AU91, LS76: also where the days ran out between the call and the worker."""
    lot = await posted(bidders=TWO)
    await _judge(lot)
    await _bidding_due(lot)
    await lot.at(datetime(2026, 12, 30, 10, tzinfo=SHANGHAI))

    async def waits() -> bool:
        await lot.run_worker()
        waiting = "timers WHERE kind = 'listing.judge_field' AND attempts > 0"
        return await _count(lot, waiting) == 1

    await eventually(waits)
    assert await _count(lot, "auctions") == 0
    assert await _count(lot, "reaction_cursors WHERE attempts > 0") == 0
    assert (await read(lot))["status"] == "closed"
    await _bidding_due(lot)  # no second call yet


async def test_a_holder_of_a_right_holds_it_in_the_auction_too(posted: MakePosted) -> None:
    """AU92"""
    lot = await posted(bidders=(*TWO, "third_buyer"), holders=("third_buyer",))
    await end_disclosure(lot)
    lot = await handed_over(lot)
    path = f"/v1/auctions/{lot.auction_id}/priority-holders"
    (holder,) = (await lot.api.get(OPERATOR, path))["items"]
    assert holder["party_id"] == str(lot.world.third_buyer)
    assert datetime.fromisoformat(holder["notified_at"]) < lot.opens_at - timedelta(days=3)
    await move_to(lot, lot.opens_at + timedelta(minutes=1))
    for name, amount in (("buyer", 600_000), ("other_buyer", 620_000)):
        assert (await offer(lot, name, amount)).status_code == 201
    await move_to(lot, lot.opens_at + timedelta(hours=1, minutes=10))
    assert (await lot.auction())["status"] == "matching"
    assert (await offer(lot, "third_buyer", 620_000, what="matches")).status_code == 201
    await move_to(lot, lot.opens_at + 3 * HOUR)
    assert (await lot.auction())["leader_code"] == code_of(lot, "third_buyer")
    await done(lot, "confirmation")
    await check_proof(lot)
