"""拍卖 over HTTP: its licence, every contradiction at once, and bids from the room."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.demo.market import content, records
from app.demo.steps import accept_achievement, become_bidder, draft_listing
from app.platform.runtime import Runtime
from tests.auctions.acts import act, code_of, done, events_of, move_to, offer
from tests.auctions.lot import BUYERS, OPERATOR, SELLER, Lot, buyer, make_lot, yuan
from tests.world import START, World

pytestmark = pytest.mark.concurrency
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TERMS = {
    "format": "multiple_bids",
    "start": yuan(600_000),
    "step": yuan(20_000),
    "free_phase_s": 3600,
    "window_s": 120,
}


def licence(opens_at: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "company": "浙江省国际商品拍卖有限公司",
        "company_licence": "浙拍字第001号",
        "auctioneer": "陈某",
        "auctioneer_licence": "33000001",
        "notice_published_at": (opens_at - 8 * DAY).isoformat(),
        "notice_medium": "浙江日报",
        "display_from": (opens_at - 4 * DAY).isoformat(),
        "display_until": (opens_at - 1 * DAY).isoformat(),
        "display_place": "杭州市文三路展厅",
        **changes,
    }


async def drafted(lot: Lot) -> tuple[dict[str, Any], datetime]:
    body = content(records("achievements")[0], "owner")
    achievement_id = await accept_achievement(lot.api, SELLER, OPERATOR, body)
    draft = await draft_listing(
        lot.api,
        SELLER,
        achievement_id=achievement_id,
        conversion_mode=body["conversion_modes"][0],
        start=yuan(600_000),
        deposit=yuan(120_000),
        session_id=None,
    )
    return draft, datetime.fromisoformat(draft["earliest_opening"]) + timedelta(hours=9)


@pytest.fixture
async def hall(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> Lot:
    """A 拍卖 that opens in a minute, with two bidders who also sit in the room."""
    lot = await make_lot(own_world, own_runtime, own_client, bidders=())
    await lot.at(START)
    draft, opens_at = await drafted(lot)
    asked = {
        "listing_id": draft["id"],
        "opens_at": opens_at.isoformat(),
        "terms": {**TERMS, "kind": "auction"},
        "licence": licence(opens_at),
    }
    made = await lot.api.post(OPERATOR, "/v1/auctions", asked)
    assert made["licence"]["auctioneer"] == "陈某"
    lot.auction_id, lot.opens_at = made["id"], opens_at
    lot.listing = await lot.api.post(OPERATOR, f"/v1/listings/{draft['id']}/notice")
    for name in ("buyer", "other_buyer"):
        lot.registrations[name] = await become_bidder(
            lot.api,
            buyer(name),
            OPERATOR,
            lot.listing,
            name=BUYERS[name],
            received_at=START.isoformat(),
        )
    return lot


async def test_an_auction_lacks_nothing_or_is_refused_with_every_fault(own_lot: Lot) -> None:
    """AU1, AU24."""
    lot = own_lot
    draft, opens_at = await drafted(lot)
    late = licence(
        opens_at,
        notice_published_at=(opens_at - 6 * DAY).isoformat(),
        display_from=(opens_at - DAY).isoformat(),
        display_until=(opens_at + MINUTE).isoformat(),
    )

    async def faults(code: str, **asked: Any) -> set[tuple[str, str]]:
        body = {"listing_id": draft["id"], "opens_at": opens_at.isoformat(), **asked}
        answer = await lot.api.send("POST", OPERATOR, "/v1/auctions", body)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert all("accepted" in fault for fault in answer.json()["faults"])
        return {(fault["field"], fault["rule"]) for fault in answer.json()["faults"]}

    auction = {**TERMS, "kind": "auction"}
    assert await faults("auction_not_licensed", terms=auction) == {("licence", "needed_by_kind")}
    of_bidding = await faults("auction_not_licensed", terms=TERMS, licence=licence(opens_at))
    assert of_bidding == {("licence", "only_with_kind")}
    of_facts = {
        ("licence.notice_published_at", "seven_days_before_opening"),
        ("licence.display_until", "two_days_of_display"),
        ("licence.display_until", "before_opening"),
    }
    assert await faults("auction_not_licensed", terms=auction, licence=late) == of_facts
    wrong = {**auction, "start": yuan(500_000), "window_s": 5, "rounds": 3, "interval_s": 60}
    assert await faults("terms_contradict", terms=wrong, licence=late) >= of_facts | {
        ("start", "equals_announced_price"),
        ("window_s", "within"),
        ("rounds", "not_of_this_format"),
        ("interval_s", "not_of_this_format"),
    }
    for name, value in (("company", " "), ("display_from", "0001-01-01T00:00:00Z")):
        body = {
            "listing_id": draft["id"],
            "opens_at": opens_at.isoformat(),
            "terms": auction,
            "licence": licence(opens_at, **{name: value}),
        }
        answer = await lot.api.send("POST", OPERATOR, "/v1/auctions", body)
        assert answer.status_code == 422, name


async def test_online_and_floor_bids_go_through_one_lane(hall: Lot) -> None:  # AU45
    lot = hall
    await move_to(lot, lot.opens_at + MINUTE)
    room, online = code_of(lot, "buyer"), code_of(lot, "other_buyer")

    async def from_the_floor(paddle: str, amount: int, **how: Any) -> httpx.Response:
        return await act(lot, "floor-bids", {"paddle": paddle, "amount": yuan(amount)}, **how)

    assert (await from_the_floor(room, 600_000)).status_code == 201
    assert (await offer(lot, "other_buyer", 620_000)).status_code == 201
    first = await from_the_floor(room, 640_000, key="hammer")
    assert (await from_the_floor(room, 640_000, key="hammer")).content == first.content
    assert first.json()["bidder_code"] == room
    assert (await from_the_floor(room, 660_000)).json()["code"] == "self_overbid"
    assert (await from_the_floor(online, 670_000)).json()["code"] == "bid_off_step"
    unknown = await from_the_floor("ZZ000", 660_000)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "paddle_unknown")
    assert unknown.json()["paddle"] == "ZZ000"
    assert (await from_the_floor("", 660_000)).status_code == 422
    for who in (SELLER, buyer("buyer")):
        assert (await from_the_floor(room, 660_000, who=who)).status_code == 403
    await move_to(lot, lot.opens_at + timedelta(hours=2))
    bids = (await lot.api.get(None, f"/v1/auctions/{lot.auction_id}/bids"))["items"]
    assert [(bid["origin"], bid["bidder_code"]) for bid in bids] == [
        ("floor", room),
        ("bidder", online),
        ("floor", room),
    ]
    judged = [event for event in await events_of(lot) if event["type"] == "auction.bids_judged"]
    by = judged[0]["restricted"]["by"][0]
    clerk = lot.world.users[lot.world.operator]
    assert (by["party_id"], by["actor"]) == (str(lot.world.buyer), f"user:{clerk}")
    confirmed = await done(lot, "confirmation")
    assert confirmed["auction"]["leader_code"] == room


async def test_an_exchange_procedure_has_no_floor(own_lot: Lot) -> None:  # AU45
    await own_lot.at(own_lot.opens_at + MINUTE)
    body = {"paddle": code_of(own_lot, "buyer"), "amount": yuan(600_000)}
    answer = await act(own_lot, "floor-bids", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "floor_bid_not_possible")
    assert answer.json()["accepted"] == "auction"
    assert (await own_lot.auction())["bid_count"] == 0
