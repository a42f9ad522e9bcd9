"""Staff's acts against bids and against each other: the auction's row lock orders them."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.platform import timers
from tests.auctions.acts import act, events_of, offer
from tests.auctions.lot import SELLER, Lot, yuan

pytestmark = pytest.mark.concurrency
MINUTE = timedelta(minutes=1)
WHY = {"reason": "系统受到攻击"}
NAMES = ("buyer", "other_buyer", "third_buyer")


@pytest.mark.parametrize("name", ["pause", "cancellation"])
async def test_no_bid_stands_behind_a_pause_or_a_cancellation(  # AU47, AU49
    own_lot: Lot, name: str
) -> None:
    lot = own_lot
    await lot.at(lot.opens_at + MINUTE)
    codes: dict[str, int] = {}

    async def storm(bidder: str) -> None:
        for step in range(25):
            answer = await offer(lot, bidder, 600_000 + 20_000 * step)
            code = answer.json().get("code", "accepted")
            codes[code] = codes.get(code, 0) + 1

    async def interrupt() -> None:
        await asyncio.sleep(0.15)
        assert (await act(lot, name, WHY)).status_code == 200

    await asyncio.gather(*(storm(bidder) for bidder in NAMES), interrupt())
    final = "auction_paused" if name == "pause" else "bid_after_close"
    assert codes["accepted"] >= 1
    assert codes[final] >= 1, codes
    standing, over = 0, False
    for event in await events_of(lot):
        over = over or event["type"] in {"auction.paused", "auction.cancelled"}
        for bid in event["public"].get("bids", ()):
            assert not over or bid["refusal"] == final
            standing += "refusal" not in bid
    assert standing == codes["accepted"] == (await lot.auction())["bid_count"]


async def test_a_result_is_confirmed_or_annulled_and_never_both(own_lot: Lot) -> None:  # AU12, AU49
    lot = own_lot
    await lot.at(lot.opens_at + MINUTE)
    assert (await offer(lot, "buyer", 600_000)).status_code == 201
    await lot.at(lot.opens_at + timedelta(hours=2))
    void = {**WHY, "ground": "system_error"}
    answers = await asyncio.gather(
        act(lot, "confirmation"), act(lot, "annulment", void), act(lot, "confirmation")
    )
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200, 409, 409]
    wanted = "annulled" if statuses[1] == 200 else "confirmed"
    assert (await lot.auction())["status"] == wanted
    deals = await lot.api.get(lot.operator, "/v1/deals")
    assert len(deals["items"]) == (wanted == "confirmed")


async def test_one_act_under_one_key_happens_once(own_lot: Lot) -> None:
    lot = own_lot
    await lot.at(lot.opens_at + MINUTE)
    answers = await asyncio.gather(*(act(lot, "pause", WHY, key="once") for _ in range(5)))
    assert {answer.content for answer in answers} == {answers[0].content}
    told: list[Any] = [it for it in await events_of(lot) if it["type"] == "auction.paused"]
    assert len(told) == 1
    reserve = {"amount": yuan(700_000)}
    assert (await act(lot, "reserve", reserve, who=SELLER)).json()["code"] == "reserve_not_secret"


@pytest.mark.parametrize("name", ["cancellation", "resumption"])
async def test_staff_and_a_worker_on_the_same_deadline_do_not_wait_for_each_other(  # AU47, AU49
    own_lot: Lot, name: str
) -> None:
    """The worker has the timer and goes for the auction's row; staff have the row."""
    lot = own_lot
    await lot.at(lot.opens_at + MINUTE)
    await lot.run_worker()
    assert (await offer(lot, "buyer", 600_000)).status_code == 201
    assert (await act(lot, "pause", WHY)).status_code == 200
    await lot.at(lot.opens_at + timedelta(hours=2))  # the free phase's timer is due
    body: dict[str, Any] = dict(WHY)
    if name == "resumption":
        body["resumes_at"] = (lot.opens_at + timedelta(hours=3)).isoformat()
    async with lot.database.transaction() as session:
        due = await timers.claim_due(session)
        assert due is not None
        assert (due.kind, str(due.subject_id)) == ("auction.deadline", lot.auction_id)
        staff = asyncio.create_task(act(lot, name, body))
        await asyncio.sleep(0.3)
        before = lot.api.request_count
        assert await timers.handle(session, due, lot.runtime.timer_handlers)
    assert (await staff).status_code == 200
    assert lot.api.request_count == before  # no 503 in between
    async with lot.database.transaction() as session:
        next_at = await session.scalar(
            select(timers.Timer.due_at).where(timers.Timer.subject_id == UUID(lot.auction_id))
        )
    wanted = {"cancellation": None, "resumption": lot.opens_at + timedelta(hours=3)}
    assert next_at == wanted[name]
