"""How formats decide by what the holders of shares have opened."""

import json

import httpx
import pytest

from app.auctions.live.frames import tell
from app.auctions.repository.rooms import RoomEvent
from app.platform.runtime import Runtime
from tests.auctions.holders import SealedLot, closed, sealed_lot
from tests.auctions.lot import OPERATOR, yuan
from tests.world import World


@pytest.fixture
async def lot(world: World, shared_runtime: Runtime, client: httpx.AsyncClient) -> SealedLot:
    return await sealed_lot(world, shared_runtime, client)


@pytest.mark.parametrize("scores_first", [True, False])
async def test_weighted_bids_open_when_points_and_shares_are_there(
    world: World, shared_runtime: Runtime, client: httpx.AsyncClient, scores_first: bool
) -> None:  # AU71
    terms = {"format": "weighted", "criteria": [{"name": "实施方案", "weight_bp": 4000}]}
    lot = await sealed_lot(world, shared_runtime, client, terms=terms, bidders=2)
    await closed(lot, 700_000, 690_000)
    scores = {"scores": {lot.code("buyer"): [50], lot.code("other_buyer"): [90]}}

    async def score() -> None:
        await lot.lot.api.post(OPERATOR, f"{lot.path}/scores", scores)

    async def open_bids() -> None:
        for position in (1, 2):
            assert (await lot.hand_in(await lot.submission(position))).status_code == 200

    steps = (score, open_bids) if scores_first else (open_bids, score)
    await steps[0]()
    waits = await lot.opening()
    assert (waits["status"], waits["scores_missing"]) == ("opening", not scores_first)
    assert await lot.events("bids_opened") == []
    await steps[1]()
    auction = await lot.lot.auction()
    assert (auction["status"], auction["leader_code"]) == ("awarded", lot.code("other_buyer"))
    again = await lot.lot.api.send("POST", OPERATOR, f"{lot.path}/scores", scores)
    assert again.json()["code"] == "scores_not_due"


async def test_second_price_opens_alike(
    world: World, shared_runtime: Runtime, client: httpx.AsyncClient
) -> None:
    lot = await sealed_lot(world, shared_runtime, client, terms={"format": "sealed_second"})
    await closed(lot, 700_000, 720_000)
    for position in (1, 2):
        await lot.hand_in(await lot.submission(position))
    auction = await lot.lot.auction()
    assert (auction["leading"], auction["leader_code"]) == (yuan(700_000), lot.code("other_buyer"))


async def test_live_stream_leaves_ciphertext_and_proofs_to_the_bundle(lot: SealedLot) -> None:
    await closed(lot, 700_000)
    for position in (1, 2):
        await lot.hand_in(await lot.submission(position))
    (opened,) = await lot.events("bids_opened")
    told = tell(RoomEvent(9, "auction.bids_opened", lot.lot.opens_at, opened, {}))
    (bid,) = json.loads(told.public)["public"]["bids"]
    assert bid["amount"] == yuan(700_000)
    assert opened["bids"][0].keys() - bid.keys() == {"sealed", "proof"}


async def test_nothing_to_open_fails_at_the_deadline(lot: SealedLot) -> None:
    await lot.close()
    assert (await lot.lot.auction())["status"] == "failed"
    assert (await lot.listed())["items"] == []
