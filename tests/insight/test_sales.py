"""Real sales, as auctions, deals and listings tell of them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.auctions.lot import Lot, yuan
from tests.auctions.standby import MakeLot, answer, confirmed, default, lots, rerun
from tests.eventually import eventually

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


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


async def test_a_contested_lot_its_default_and_its_rerun_count_once_each(lots: MakeLot) -> None:
    """IN2, IN3, IN5: three have bid on the first, two on its re-run."""
    lot = await lots(standby_count=0)
    await confirmed(lot)
    (sold,) = await told(lot, 1)
    assert (sold["outcome"], sold["method"], sold["bidders"]) == ("sold", "contested", 3)
    assert (sold["start"], sold["price"]) == (yuan(600_000), yuan(640_000))
    assert (sold["premium_rate"], sold["appraisal"]) == ("0.0667", yuan(600_000))
    await default(lot)
    await lot.listing_becomes("failed")
    again = await rerun(lot, 500_000, "other_buyer", "third_buyer")
    await again.at(again.opens_at + timedelta(minutes=1))
    await confirmed(again, ("other_buyer", 500_000), ("third_buyer", 540_000))
    first, second = await told(lot, 2)
    assert (first["outcome"], first["price"], first["defaults"]) == ("defaulted", None, 1)
    assert (second["outcome"], second["bidders"]) == ("sold", 2)
    path = f"/v1/insight/prices?by=pricing_mode&market_id={lot.listing['market_id']}"
    floor = (await lot.api.get(None, path))["total"]["contested"]
    assert (floor["lots"], floor["priced"], floor["resold"], floor["defaults"]) == (2, 1, 1, 1)
    assert floor["price"] == yuan(540_000)


async def test_a_next_bidder_brings_the_same_lot_back(lots: MakeLot) -> None:
    """IN3"""
    lot = await lots(standby_count=1)
    await confirmed(lot)
    await default(lot)
    assert (await answer(lot, "other_buyer", accept=True)).is_success

    async def resold() -> bool:
        (found,) = await told(lot, 1)
        return bool(found["outcome"] == "sold")

    await eventually(resold)
    (found,) = await told(lot, 1)
    assert (found["price"], found["defaults"], found["bidders"]) == (yuan(620_000), 1, 3)
