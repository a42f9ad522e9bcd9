"""Staff's acts against bids and against each other: the auction's row lock orders them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

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
