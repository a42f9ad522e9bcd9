"""Priority rights over HTTP: notified in time, exercised in three modes, on record at the end."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.platform.access import Role
from app.platform.runtime import Runtime
from tests.auctions.acts import (
    FORMATS,
    act,
    code_of,
    done,
    event_of,
    events_of,
    move_to,
    offer,
    refused,
)
from tests.auctions.lot import OPERATOR, SELLER, Lot, buyer, make_lot, yuan
from tests.world import World

pytestmark = pytest.mark.concurrency
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
THREE = ("buyer", "other_buyer", "third_buyer")
AFTER = {"priority_mode": "after", "priority_window_s": 3600}


@pytest.fixture
def lots(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> Any:
    """Make a lot of some terms, four days before its opening."""

    async def make(**terms: Any) -> Lot:
        lot = await make_lot(own_world, own_runtime, own_client, bidders=THREE, terms=terms)
        await lot.at(lot.opens_at - 4 * DAY)
        return lot

    return make


def holder(lot: Lot, name: str, rank: int = 1) -> dict[str, Any]:
    return {"party_id": str(getattr(lot.world, name)), "rank": rank, "basis": "民法典 847"}


async def notified(lot: Lot, **ranks: int) -> None:
    for name, rank in ranks.items():
        await done(lot, "priority-holders", holder(lot, name, rank))


async def decided(lot: Lot) -> dict[str, str]:
    """Confirm, and return what the confirmation records of each holder."""
    await done(lot, "confirmation")
    record = (await event_of(lot, "confirmed"))["restricted"]["priority"]
    names = {str(getattr(lot.world, name)): name for name in THREE}
    return {names[it["party_id"]]: it["decision"] for it in record}


async def test_holders_are_notified_three_days_before_the_opening(lots: Any) -> None:  # AU43
    lot: Lot = await lots(**AFTER)
    made = await done(lot, "priority-holders", holder(lot, "buyer"))
    assert (made["rank"], made["waived_at"], made["silent"]) == (1, None, False)
    corrected = {**holder(lot, "buyer", 2), "basis": "民法典 860"}
    assert (await done(lot, "priority-holders", corrected))["rank"] == 2
    await notified(lot, other_buyer=2)  # ranks may tie
    unknown = {**holder(lot, "buyer"), "party_id": str(lot.world.buyer_elsewhere)}
    assert (await refused(lot, "priority-holders", unknown))[0] == 404
    for bad in ({**holder(lot, "buyer"), "rank": 0}, {**holder(lot, "buyer"), "basis": ""}):
        assert (await act(lot, "priority-holders", bad)).status_code == 422
    await lot.at(lot.opens_at - 3 * DAY + MINUTE)
    status, problem = await refused(lot, "priority-holders", holder(lot, "third_buyer"))
    assert (status, problem["code"]) == (409, "priority_too_late")
    assert problem["latest"] == (lot.opens_at - 3 * DAY).isoformat()

    await lot.announced()
    path = f"/v1/auctions/{lot.auction_id}/priority-holders"
    parties = [str(lot.world.buyer), str(lot.world.other_buyer)]
    for role in (Role.OPERATOR, Role.AUDITOR):
        headers = lot.world.headers(role)
        seen = (await lot.api._client.get(path, headers=headers)).json()["items"]
        assert sorted(it["party_id"] for it in seen) == sorted(parties)
    own = await lot.api.get(buyer("buyer"), path)
    assert [it["party_id"] for it in own["items"]] == parties[:1]
    assert (await lot.api.get(buyer("third_buyer"), path))["items"] == []
    assert (await lot.api.send("GET", SELLER, path)).status_code == 403
    for event in await events_of(lot):
        assert not any(party in str(event["public"]) for party in parties)


async def test_rights_need_a_mode_in_the_terms(lots: Any) -> None:
    lot: Lot = await lots()
    status, problem = await refused(lot, "priority-holders", holder(lot, "buyer"))
    assert (status, problem["code"]) == (400, "priority_not_in_terms")
    status, problem = await refused(lot, "priority-waiver", who=buyer("buyer"))
    assert (status, problem["code"]) == (404, "priority_right_unknown")


async def test_after_the_bidding_the_better_rank_wins_at_the_price(lots: Any) -> None:  # AU41, AU44
    lot: Lot = await lots(**AFTER)
    await notified(lot, other_buyer=2, third_buyer=1)
    await move_to(lot, lot.opens_at + MINUTE)
    await offer(lot, "buyer", 640_000)
    early = await offer(lot, "third_buyer", 640_000, what="matches")
    assert early.json()["code"] == "match_not_possible"
    await move_to(lot, lot.opens_at + HOUR)
    auction = await lot.auction()
    assert (auction["status"], auction["minimum_next"]) == ("matching", yuan(640_000))
    assert (await refused(lot, "confirmation"))[1]["code"] == "transition_refused"
    assert (await offer(lot, "buyer", 660_000)).json()["code"] == "bid_after_close"
    low = await offer(lot, "other_buyer", 639_999, what="matches")
    assert low.json()["code"] == "bid_too_low"
    assert (await offer(lot, "other_buyer", 640_000, what="matches")).status_code == 201
    assert (await offer(lot, "third_buyer", 640_000, what="matches")).status_code == 201
    worse = await offer(lot, "other_buyer", 640_000, what="matches")
    assert worse.json()["code"] == "match_not_possible"
    await move_to(lot, lot.opens_at + 3 * HOUR)
    auction = await lot.auction()
    assert (auction["status"], auction["leader_code"]) == ("awarded", code_of(lot, "third_buyer"))
    assert await decided(lot) == {"third_buyer": "won", "other_buyer": "took_part"}


async def test_silence_and_waivers_are_on_record_before_the_deal(lots: Any) -> None:  # AU44
    lot: Lot = await lots(**AFTER)
    await notified(lot, other_buyer=1, third_buyer=1)
    waived = await done(lot, "priority-waiver", who=buyer("third_buyer"))
    assert waived["waived_at"] is not None
    status, problem = await refused(lot, "priority-waiver", who=buyer("third_buyer"))
    assert (status, problem["code"]) == (409, "priority_decided")
    await move_to(lot, lot.opens_at + MINUTE)
    await offer(lot, "buyer", 600_000)
    await move_to(lot, lot.opens_at + HOUR)
    gone = await offer(lot, "third_buyer", 600_000, what="matches")
    assert gone.json()["code"] == "match_not_possible"
    await move_to(lot, lot.opens_at + 3 * HOUR)
    status, problem = await refused(lot, "priority-waiver", who=buyer("other_buyer"))
    assert (status, problem["code"]) == (409, "priority_decided")
    path = f"/v1/auctions/{lot.auction_id}/priority-holders"
    silent = (await lot.api.get(buyer("other_buyer"), path))["items"][0]
    assert silent["silent"]
    assert silent["waived_at"].startswith((lot.opens_at + 2 * HOUR).isoformat()[:19])
    assert await decided(lot) == {"other_buyer": "silent", "third_buyer": "waived"}


async def test_no_confirmation_while_a_holder_has_not_decided(lots: Any) -> None:  # AU44
    lot: Lot = await lots(**AFTER)
    await notified(lot, other_buyer=1)
    await move_to(lot, lot.opens_at + MINUTE)
    await offer(lot, "buyer", 600_000)
    await move_to(lot, lot.opens_at + 3 * HOUR)
    async with lot.database.transaction() as session:  # as if the record had been lost
        await session.execute(text("UPDATE priority_holders SET waived_at = NULL, silent = false"))
    status, problem = await refused(lot, "confirmation")
    assert (status, problem["code"], problem["undecided"]) == (409, "priority_undecided", 1)
    assert (await lot.auction())["status"] == "awarded"


async def test_inside_the_bidding_a_holder_matches_and_may_be_overbid(lots: Any) -> None:  # AU40
    lot: Lot = await lots(priority_mode="inside")
    await notified(lot, other_buyer=2, third_buyer=1)
    await move_to(lot, lot.opens_at + MINUTE)
    assert (await offer(lot, "other_buyer", 600_000, what="matches")).json()["code"] == (
        "match_not_possible"
    )
    await offer(lot, "buyer", 640_000)
    assert (await offer(lot, "other_buyer", 640_000, what="matches")).status_code == 201
    assert (await offer(lot, "third_buyer", 640_000, what="matches")).status_code == 201
    again = await offer(lot, "other_buyer", 640_000, what="matches")
    assert again.json()["code"] == "match_not_possible"
    status, problem = await refused(lot, "priority-waiver", who=buyer("third_buyer"))
    assert (status, problem["code"]) == (409, "priority_decided")  # it leads
    assert (await offer(lot, "buyer", 660_000)).status_code == 201
    await move_to(lot, lot.opens_at + 3 * HOUR)
    assert (await lot.auction())["leader_code"] == code_of(lot, "buyer")
    assert await decided(lot) == {"other_buyer": "took_part", "third_buyer": "took_part"}


@pytest.mark.parametrize("waives", [False, True])
async def test_as_an_ordinary_bidder_a_holder_wins_a_tie_of_sealed_bids(  # AU17, AU44
    lots: Any, *, waives: bool
) -> None:
    lot: Lot = await lots(**FORMATS["sealed_first"], priority_mode="ordinary")
    await notified(lot, other_buyer=2, third_buyer=1)
    if waives:
        await done(lot, "priority-waiver", who=buyer("third_buyer"))
    await move_to(lot, lot.opens_at + MINUTE)
    for name in THREE:
        assert (await offer(lot, name, 650_000)).status_code == 201
    matched = await offer(lot, "third_buyer", 650_000, what="matches")
    assert matched.json()["code"] == "match_not_possible"
    await move_to(lot, lot.opens_at + 2 * HOUR)
    winner = "other_buyer" if waives else "third_buyer"
    assert (await lot.auction())["leader_code"] == code_of(lot, winner)
    made = await decided(lot)
    assert made[winner] == "won"
    assert made["third_buyer"] == ("waived" if waives else "won")


async def test_a_holder_who_takes_a_dutch_price_has_taken_part(lots: Any) -> None:  # AU44
    lot: Lot = await lots(**FORMATS["dutch"], priority_mode="ordinary")
    await notified(lot, buyer=1, other_buyer=1)
    await move_to(lot, lot.opens_at + MINUTE)
    assert (await offer(lot, "buyer", 800_000)).status_code == 201
    path = f"/v1/auctions/{lot.auction_id}/priority-holders"
    seen = {it["party_id"]: it["silent"] for it in (await lot.api.get(OPERATOR, path))["items"]}
    assert seen == {str(lot.world.buyer): False, str(lot.world.other_buyer): True}
    assert await decided(lot) == {"buyer": "won", "other_buyer": "silent"}
    assert UUID(lot.auction_id)
