"""A seller that does not sign after its auction: nobody is asked, everybody leaves whole."""

import pytest

from tests.auctions.lot import OPERATOR
from tests.auctions.standby import (
    MakeLot,
    becomes,
    check_books,
    check_proof,
    confirmed,
    deposits,
    lots,
    outcomes,
)

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


async def test_a_sellers_default_ends_the_auction_and_costs_no_bidder_anything(
    lots: MakeLot,
) -> None:
    """LS29, ST116: the standby bidders are not asked for what the seller does not sell."""
    lot = await lots()
    deal_id = await confirmed(lot)
    body = {"ground": "出让方书面拒绝签约", "refused": True, "side": "seller"}
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/default", body)
    await becomes(lot, deal_id, "released")
    await lot.listing_becomes("failed")
    assert (await lot.auction())["status"] == "failed"
    assert set((await outcomes(lot)).values()) == {"released"}
    states = await deposits(lot)
    assert states["other_buyer"] == states["third_buyer"] == "voided"
    assert states["buyer"] == "posted"
    listed = await lot.api.get(OPERATOR, "/v1/deposits?state=returning")
    assert len(listed["items"]) == 3
    await check_books(lot)
    await check_proof(lot)
