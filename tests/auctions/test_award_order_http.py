"""Who stands where in the award queue, in each kind of format."""

import pytest

from tests.auctions.acts import (
    FORMATS,
    act,
    code_of,
    done,
    event_of,
    offer,
)
from tests.auctions.lot import buyer, yuan
from tests.auctions.standby import (
    HOUR,
    THREE,
    MakeLot,
    answer,
    awards,
    confirmed,
    default,
    deposits,
    lots,
    told_prices,
)
from tests.eventually import eventually

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


SCORES = {"buyer": [50, 50], "other_buyer": [50, 50], "third_buyer": [100, 100]}


@pytest.mark.parametrize(
    ("kind", "bids", "expected"),
    [
        # Equal sealed prices: the earlier one.
        ("sealed_first", (640, 700, 640), [(1, 700), (0, 640), (2, 640)]),
        # The winner pays the second price; who stands by buys at its own bid.
        ("sealed_second", (640, 700, 620), [(1, 640), (0, 640), (2, 620)]),
        # Score, then price, then time.
        ("weighted", (700, 700, 690), [(2, 690), (0, 700), (1, 700)]),
    ],
)
async def test_sealed_bids_queue_as_they_were_ranked(  # AU80, AU17
    lots: MakeLot,
    kind: str,
    bids: tuple[int, int, int],
    expected: list[tuple[int, int]],
) -> None:
    lot = await lots(**FORMATS[kind])
    for name, amount in zip(THREE, bids, strict=True):
        assert (await act(lot, "bids", {"amount": yuan(amount * 1000)}, who=buyer(name))).is_success
    await lot.at(lot.opens_at + 3 * HOUR)
    await lot.run_worker()
    if kind == "weighted":
        scores = {code_of(lot, name): points for name, points in SCORES.items()}
        await done(lot, "scores", {"scores": scores})
    await done(lot, "confirmation")
    names = {code_of(lot, name): name for name in THREE}
    queue = [(names[it["bidder_code"]], it["amount"]) for it in await awards(lot)]
    assert queue == [(THREE[number], yuan(amount * 1000)) for number, amount in expected]


async def test_a_secret_reserve_counts_for_the_queue(lots: MakeLot) -> None:  # AU80
    lot = await lots(secret=610_000, reserve_secret=True)
    await confirmed(lot)
    rows = await awards(lot)
    assert [it["bidder_code"] for it in rows] == [
        code_of(lot, "buyer"),
        code_of(lot, "other_buyer"),  # the third bid less than the reserve
    ]
    assert (await deposits(lot))["third_buyer"] == "voided"


@pytest.mark.parametrize("kind", ["multiple_bids", "sealed_first"])
async def test_who_matched_stands_before_who_bid(lots: MakeLot, kind: str) -> None:  # AU80
    terms = {"priority_mode": "after", "priority_window_s": 3600}
    lot = await lots(holders=("buyer", "other_buyer"), **FORMATS[kind], **terms)
    assert (await offer(lot, "third_buyer", 640_000)).is_success
    await lot.at(lot.opens_at + HOUR)
    for name in ("other_buyer", "buyer"):  # the better rank last
        assert (await offer(lot, name, 640_000, what="matches")).is_success
    await lot.at(lot.opens_at + 3 * HOUR)
    await done(lot, "confirmation")
    names = {code_of(lot, name): name for name in THREE}
    assert [names[it["bidder_code"]] for it in await awards(lot)] == list(THREE)
    await default(lot)
    assert (await answer(lot, "other_buyer", accept=True)).status_code == 200
    record = (await event_of(lot, "opted_in"))["restricted"]["priority"]
    assert [it["decision"] for it in record] == ["took_part", "won"]

    async def resold() -> bool:
        (found,) = await told_prices(lot, 1)
        return (found["outcome"], found["defaults"]) == ("sold", 1)

    await eventually(resold)  # IN3: who stood by brings the same lot back
