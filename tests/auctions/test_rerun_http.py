"""Nobody bought: a re-run after a default, and all bidders silent, with the books at the end."""

from datetime import timedelta
from typing import Any

import pytest

from tests.auctions.acts import (
    act,
    event_of,
    move_to,
)
from tests.auctions.lot import OPERATOR, Lot, buyer, yuan
from tests.auctions.standby import (
    DEPOSIT,
    HOUR,
    MakeLot,
    awarded,
    awards,
    bidding_of,
    check_books,
    check_proof,
    confirmed,
    default,
    deposits,
    draft_again,
    lots,
    rerun,
    sign,
    told_prices,
)

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


async def test_a_rerun_excludes_who_defaulted_and_notes_what_it_owes(lots: MakeLot) -> None:
    """AU27, AU87"""
    lot = await lots(standby_count=0)
    await confirmed(lot)
    await default(lot)
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=DEPOSIT)
    again = await rerun(lot, 500_000, "other_buyer", "third_buyer")
    status, problem = await _register(again, "buyer")
    assert (status, problem["code"]) == (400, "defaulter_excluded")
    await again.at(again.opens_at + timedelta(minutes=1))
    refusal = await act(again, "bids", {"amount": yuan(500_000)}, who=buyer("buyer"))
    assert refusal.json()["code"] == "bidder_not_qualified"

    await confirmed(again, ("other_buyer", 500_000), ("third_buyer", 540_000))
    owed = [it["shortfall"] for it in await awards(lot)]
    assert owed == [yuan(100_000)]  # 640,000 - 540,000
    assert [it["shortfall"] for it in await awards(lot, buyer("buyer"))] == owed
    assert [it["shortfall"] for it in await awards(lot, None)] == [None]
    assert (await again.auction())["rerun_of"] == lot.auction_id
    await sign(again)
    await check_books(again, forfeited=DEPOSIT, escrow=DEPOSIT)
    await check_proof(again)
    await _check_prices(lot, again)


async def _check_prices(lot: Lot, again: Lot) -> None:
    """IN2, IN3, IN5: three have bid on the first lot, two on its re-run; each counts once."""
    first, second = await told_prices(again, 2)
    assert (first["outcome"], first["price"], first["defaults"]) == ("defaulted", None, 1)
    assert (first["number"], first["bidders"]) == (lot.listing["number"], 3)
    assert (second["outcome"], second["method"], second["bidders"]) == ("sold", "contested", 2)
    assert (second["start"], second["price"]) == (yuan(500_000), yuan(540_000))
    assert second["premium_rate"] == "0.0800"
    path = f"/v1/insight/prices?by=pricing_mode&market_id={lot.listing['market_id']}"
    total = (await lot.api.get(None, path))["total"]
    contested = total["contested"]
    assert (contested["lots"], contested["defaults"], contested["resold"]) == (2, 1, 1)
    assert (contested["priced"], contested["price"]) == (1, yuan(540_000))
    assert total["competition"]["distribution"] == [
        {"bidders": 2, "lots": 1},
        {"bidders": 3, "lots": 1},
    ]


async def _register(lot: Lot, name: str) -> tuple[int, Any]:
    answered = await lot.api.send(
        "POST",
        buyer(name),
        f"/v1/listings/{lot.listing['id']}/registrations",
        {"accepted_terms_hash": lot.listing["notice"]["content_hash"]},
    )
    return answered.status_code, answered.json()


async def test_only_what_a_default_ended_can_be_repeated(lots: MakeLot) -> None:  # AU87
    lot = await lots(standby_count=0)
    await lot.at(lot.opens_at + 3 * HOUR)
    await lot.listing_becomes("failed")
    draft = await draft_again(lot, 500_000)
    body = bidding_of(draft, 500_000, lot.auction_id)
    refusal = await lot.api.send("POST", OPERATOR, "/v1/auctions", body)
    assert (refusal.status_code, refusal.json()["code"]) == (409, "rerun_not_possible")
    assert refusal.json()["rule"] == "winner_defaulted"
    body["rerun_of"] = draft["id"]
    refusal = await lot.api.send("POST", OPERATOR, "/v1/auctions", body)
    assert (refusal.status_code, refusal.json()["code"]) == (404, "auction_unknown")


@pytest.mark.parametrize("announced", [True, False])
async def test_all_silent(lots: MakeLot, announced: bool) -> None:  # AU28
    lot = await lots(silent_forfeits=announced)
    await check_books(lot, held=3 * DEPOSIT)
    await move_to(lot, lot.opens_at + 3 * HOUR)
    failed = (await event_of(lot, "failed"))["public"]
    assert (failed["silent"], failed["silent_forfeits"]) == (True, announced)
    await lot.listing_becomes("failed")
    assert set((await deposits(lot)).values()) == {"forfeited" if announced else "voided"}
    await check_books(lot, forfeited=3 * DEPOSIT if announced else 0)
    await check_proof(lot)


async def test_a_bid_below_the_reserve_is_not_silence(lots: MakeLot) -> None:  # AU28
    lot = await lots(silent_forfeits=True, reserve=yuan(700_000))
    await awarded(lot)
    failed = (await event_of(lot, "failed"))["public"]
    assert (failed["silent"], failed["silent_forfeits"]) == (False, False)
    await lot.listing_becomes("failed")
    await check_books(lot)
