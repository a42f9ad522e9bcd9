"""A single buyer's price becomes a deal, with real commits: for it, or for who goes before it."""

from datetime import datetime
from typing import Any

import pytest

from tests.auctions.acts import move_to
from tests.auctions.handed import MakePosted, end_disclosure, posted, read
from tests.auctions.lot import BUYERS, OPERATOR, Lot, buyer, yuan
from tests.auctions.standby import REFUSED, deposits
from tests.eventually import eventually

__all__ = ["posted"]

pytestmark = pytest.mark.concurrency


async def offered(lot: Lot, amount: int = 620_000) -> str:
    """Let the single buyer name its price; return the listing's path."""
    path = f"/v1/listings/{lot.listing['id']}"
    await end_disclosure(lot)
    await lot.api.post(buyer("buyer"), f"{path}/offer", {"amount": yuan(amount)})
    return path


async def sold(lot: Lot) -> dict[str, Any]:
    """Work until the listing has its deal; return that."""
    await lot.listing_becomes("sold")
    (deal,) = (await lot.api.get(OPERATOR, "/v1/deals"))["items"]
    return dict(deal)


async def books(lot: Lot) -> dict[str, str]:
    told = await lot.api.get(OPERATOR, "/v1/ledger/balance")
    assert told["balanced"]
    return {line["purpose"]: line["debit"]["amount"] for line in told["lines"]}


async def test_one_buyer_buys_at_its_price_and_loses_its_deposit_in_default(
    posted: MakePosted,
) -> None:
    """LS77, LS21: nobody stands by, so the listing ends."""
    lot = await posted(mode="licence_exclusive", bidders=("buyer",))
    await offered(lot)
    deal = await sold(lot)
    assert (deal["price"], deal["buyer_id"]) == (yuan(620_000), str(lot.world.buyer))
    assert await deposits(lot) == {"buyer": "posted"}
    await lot.api.post(OPERATOR, f"/v1/deals/{deal['id']}/default", REFUSED)
    await lot.listing_becomes("failed")
    told = await books(lot)
    assert (told["forfeited"], told["escrow"]) == ("-120000.00", "0.00")


async def test_a_holder_buys_at_that_price_and_the_buyer_has_its_deposit_back(
    posted: MakePosted,
) -> None:
    """LS79"""
    lot = await posted(bidders=("buyer",), holders=("third_buyer",))
    path = await offered(lot)
    assert (await read(lot))["status"] == "closed"
    body = {"accepted_terms_hash": lot.listing["notice"]["content_hash"]}
    holder = await lot.api.post(buyer("third_buyer"), f"{path}/priority-exercise", body)
    registration = f"/v1/registrations/{holder['registration_id']}"
    await lot.api.post(OPERATOR, f"{registration}/qualification", {"qualified": True})
    receipt = {
        "amount": yuan(120_000),
        "payer_name": BUYERS["third_buyer"],
        "bank_reference": "BZJ-0318-002",
        "received_at": (await lot.now()).isoformat(),
    }
    await lot.api.post(OPERATOR, f"{registration}/deposit", receipt)
    deal = await sold(lot)
    assert (deal["price"], deal["buyer_id"]) == (yuan(620_000), str(lot.world.third_buyer))

    async def returned() -> bool:
        await lot.run_worker()
        return await deposits(lot) == {"buyer": "voided"}

    await eventually(returned)
    assert (await books(lot))["escrow"] == "-120000.00"


async def test_one_move_of_the_clock_runs_through_two_extensions_to_the_end(
    posted: MakePosted,
) -> None:
    """LS74, LS75: each period counted from the notice before it, all of it by itself."""
    floors = [yuan(580_000), yuan(550_000)]
    lot = await posted(mode="licence_exclusive", extensions=2, reductions=floors)
    await move_to(lot, datetime.fromisoformat("2026-04-30T09:00:00+08:00"))
    listing = await read(lot)
    assert (listing["status"], listing["floor"]) == ("failed", floors[1])
    path = f"/v1/listings/{lot.listing['id']}/notices"
    notices = (await lot.api.get(None, path))["items"]
    assert [it["kind"] for it in notices] == ["offer", "extension", "extension"]
    # To 17 March; five working days after the 18th; five more after the 26th.
    ends = [it["content"]["disclosure_ends_at"] for it in notices]
    assert ends == [f"2026-03-{day}T16:00:00+00:00" for day in ("17", "25")] + [
        "2026-04-02T16:00:00+00:00"
    ]
    assert [it["content"]["floor"] for it in notices] == [yuan(600_000), *floors]
