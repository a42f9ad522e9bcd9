"""The bundle of an auction whose holders opened crooked bids, too, verifies without them."""

from typing import Any

import httpx
import pytest

from app.auctions.proof.broken import LinkBroken
from app.auctions.proof.verify import verify
from app.platform.runtime import Runtime
from tests.auctions.holders import AUDITOR, sealed_lot
from tests.auctions.lot import yuan
from tests.shared.sealing.dealer import crooked
from tests.world import World


@pytest.mark.concurrency
async def test_refused_void_and_unreadable_bids_are_proved(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:  # AU70
    lot = await sealed_lot(own_world, own_runtime, own_client)
    await lot.lot.announced()
    receipts = []

    async def bid(name: str, sealed: dict[str, Any]) -> None:
        receipts.append((await lot.bid(name, sealed)).json()["receipt"])

    def odd(name: str, **fault: Any) -> dict[str, Any]:
        of = {"auction_id": lot.lot.auction_id, "bidder_code": lot.code(name)}
        return crooked(bid=of, **fault)

    await bid("buyer", {"not": "a seal"})
    await bid("buyer", lot.sealed("other_buyer", 1_000_000))
    receipts.append((await lot.lot.bid("buyer", 700_000)).json()["receipt"])
    await bid("buyer", lot.sealed("buyer", 610_000))
    await bid("buyer", {"not": "a seal"})
    await bid("other_buyer", odd("other_buyer", off=[2]))
    await bid("third_buyer", odd("third_buyer", misdealt={2: "garbage", 3: "low_order"}))
    await lot.close()
    for position in (1, 2, 3):
        assert (await lot.hand_in(await lot.submission(position))).is_success
    (opened,) = await lot.events("bids_opened")
    reasons = [row["void_reason"] for row in opened["bids"]]
    assert reasons == [None, "shares_inconsistent", "too_few_shares"]
    path = f"{lot.path}/proof?audience="
    for who, audience in ((None, "public"), (AUDITOR, "auditor")):
        bundle = await lot.lot.api.get(who, path + audience)
        report = verify(bundle, receipts=receipts)
        assert report.result["price"] == yuan(610_000)
        assert report.notes["complaints"] == 1
        event = next(it for it in bundle["events"] if it["type"] == "auction.bids_opened")
        event["public"]["complaints"] = []
        with pytest.raises(LinkBroken):
            verify(bundle)
