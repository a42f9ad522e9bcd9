"""Terms that name holders to whom nothing can be sealed."""

from typing import Any

import httpx
import pytest

from app.demo.api import CallRefused
from app.platform.runtime import Runtime
from app.shared.sealing import prove_holder, proves_holder
from app.shared.sealing.primitives import b64, public_of
from tests.auctions.holders import TERMS, sealed_lot
from tests.shared.sealing.dealer import AUCTION, HOLDERS, PRIVATE
from tests.world import World

LINES = [{"sequence": 1, "unreadable": True}]
EXCHANGE = bytes(range(32))


async def test_every_key_that_nothing_can_be_sealed_to_is_named(
    world: World, shared_runtime: Runtime, client: httpx.AsyncClient
) -> None:  # AU69
    good = TERMS["holders"][0]
    low_order, short = b64(bytes(32)), b64(bytes(31))
    holders: list[dict[str, Any]] = [
        {"name": "交易所", "public_key": low_order},
        good,
        {"name": "公证处", "public_key": short},
    ]
    terms = {"holders": holders, "threshold": 4}
    with pytest.raises(CallRefused) as refused:
        await sealed_lot(world, shared_runtime, client, terms=terms)
    problem = refused.value.answer.json()
    assert problem["code"] == "terms_contradict"
    assert [fault["field"] for fault in problem["faults"]] == [
        "threshold",
        "holders.0.public_key",
        "holders.2.public_key",
    ]


def test_proof_is_of_one_holder_one_auction_and_these_lines() -> None:  # AU72
    exchange_key = b64(public_of(EXCHANGE))
    proof = prove_holder(PRIVATE[1], exchange_key=exchange_key, auction_id=AUCTION, shares=LINES)
    assert proof is not None

    def shown(
        *,
        by: bytes = EXCHANGE,
        holder: int = 2,
        auction_id: str = AUCTION,
        shares: list[dict[str, Any]] = LINES,
        told: str = proof,
    ) -> bool:
        key = HOLDERS[holder - 1].public_key
        return proves_holder(told, by, holder=key, auction_id=auction_id, shares=shares)

    assert shown()
    assert not shown(holder=3)
    assert not shown(by=bytes(32))
    assert not shown(auction_id="0192f0c1-2b3c-7d4e-8f50-000000000000")
    assert not shown(shares=[{"sequence": 2, "unreadable": True}])
    assert not shown(told="ü")


@pytest.mark.parametrize("key", ["", "nonsense", b64(bytes(32))])
def test_no_proof_is_made_to_an_unusable_key(key: str) -> None:
    assert prove_holder(PRIVATE[0], exchange_key=key, auction_id=AUCTION, shares=LINES) is None
