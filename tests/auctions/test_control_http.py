"""Pause, resumption, cancellation and annulment over HTTP, on time and with a late worker."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.demo.market import content, records
from app.demo.steps import accept_achievement, draft_listing
from app.platform.access import Role
from app.platform.runtime import Runtime
from tests.auctions.acts import act, code_of, done, event_of, events_of, move_to, offer, refused
from tests.auctions.lot import OPERATOR, SELLER, Lot, buyer, make_lot, nothing_kept, yuan
from tests.world import START, World

pytestmark = pytest.mark.concurrency
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
WHY = {"reason": "接到主管部门通知，需核实权属"}


async def test_a_pause_refuses_bids_and_keeps_the_time_left(own_lot: Lot) -> None:  # AU47
    lot = own_lot
    await lot.at(lot.opens_at + 10 * MINUTE)
    assert (await offer(lot, "buyer", 600_000)).status_code == 201
    paused = await done(lot, "pause", WHY)
    assert (paused["status"], paused["pause"]["status"]) == ("paused", "free")
    left_s = paused["pause"]["time_left_s"]
    assert 2990 <= left_s <= 3000
    answer = await offer(lot, "other_buyer", 620_000)
    assert (answer.status_code, answer.json()["code"]) == (409, "auction_paused")
    await move_to(lot, lot.opens_at + timedelta(hours=5))  # long after the deadline that was
    assert (await lot.auction())["status"] == "paused"

    now = await lot.now()
    status, problem = await refused(
        lot, "resumption", {**WHY, "resumes_at": (now + MINUTE).isoformat()}
    )
    assert (status, problem["code"]) == (400, "resumption_too_early")
    earliest = datetime.fromisoformat(problem["minimum"])
    assert timedelta(0) < earliest - now <= 601 * SECOND
    resumes_at = lot.opens_at + timedelta(hours=6)
    told = await done(lot, "resumption", {**WHY, "resumes_at": resumes_at.isoformat()})
    assert datetime.fromisoformat(told["pause"]["resumes_at"]) == resumes_at
    assert (await offer(lot, "other_buyer", 620_000)).json()["resumes_at"] is not None

    await move_to(lot, resumes_at + MINUTE)
    resumed = await lot.auction()
    assert resumed["status"] == "free"
    left = datetime.fromisoformat(resumed["deadline_at"]) - resumes_at
    assert left_s <= left.total_seconds() < left_s + 1
    assert (await offer(lot, "other_buyer", 620_000)).status_code == 201
    event = await event_of(lot, "paused")
    assert event["public"]["reason"] == WHY["reason"]
    assert event["public"]["room"]["status"] == "paused"
    user = lot.world.users[lot.world.operator]
    assert event["restricted"]["actor"] == f"user:{user}"
    assert "actor" not in event["public"]


async def test_a_resumption_a_lifetime_away_is_refused(own_lot: Lot) -> None:
    await own_lot.at(own_lot.opens_at + MINUTE)
    await done(own_lot, "pause", WHY)
    for year in (2099, 9999):
        body = {**WHY, "resumes_at": f"{year}-12-31T00:00:00Z"}
        status, problem = await refused(own_lot, "resumption", body)
        assert (status, problem["code"]) == (400, "resumption_too_late")
        assert problem["maximum"]


async def test_each_act_needs_its_reason_its_key_and_an_operator(own_lot: Lot) -> None:
    lot = own_lot
    await lot.at(lot.opens_at + MINUTE)
    acts: dict[str, dict[str, Any]] = {
        "pause": {},
        "resumption": {"resumes_at": lot.opens_at.isoformat()},
        "cancellation": {},
        "annulment": {"ground": "collusion"},
    }
    for name, body in acts.items():
        for given in (body, {**body, "reason": " "}):
            assert (await act(lot, name, given)).status_code == 422, name
        for who in (SELLER, buyer("buyer")):
            assert (await act(lot, name, {**body, **WHY}, who=who)).status_code == 403, name
        path = f"/v1/auctions/{lot.auction_id}/{name}"
        headers = lot.world.headers(Role.OPERATOR)
        bare = await lot.api._client.post(path, json={**body, **WHY}, headers=headers)
        assert bare.json()["code"] == "idempotency_key_missing"
    assert (await act(lot, "annulment", {**WHY, "ground": "mood"})).status_code == 422
    assert (await lot.auction())["status"] == "free"


@pytest.mark.parametrize("when", ["disclosing", "scheduled", "free", "paused"])
async def test_a_cancelled_auction_ends_its_listing_and_returns_all_deposits(  # AU49
    own_lot: Lot, when: str
) -> None:
    lot = own_lot
    if when == "disclosing":
        await lot.at(lot.opens_at - timedelta(days=8))
    if when in {"free", "paused"}:
        await lot.at(lot.opens_at + MINUTE)
        assert (await offer(lot, "buyer", 600_000)).status_code == 201
    if when == "paused":
        await done(lot, "pause", WHY)
    key = "cancel"
    first = await act(lot, "cancellation", WHY, key=key)
    assert first.json()["status"] == "cancelled", first.text
    assert (await act(lot, "cancellation", WHY, key=key)).content == first.content
    status, problem = await refused(lot, "cancellation", WHY)
    assert (status, problem["code"]) == (409, "transition_refused")
    assert (await offer(lot, "other_buyer", 620_000)).json()["code"] == "bid_after_close"
    await lot.listing_becomes("failed")
    await nothing_kept(lot)
    await move_to(lot, lot.opens_at + timedelta(days=1))
    assert (await lot.auction())["status"] == "cancelled"
    assert (await event_of(lot, "cancelled"))["public"]["reason"] == WHY["reason"]


async def test_an_award_is_annulled_before_a_deal_and_not_while_one_stands(  # AU49
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    void = {**WHY, "ground": "misdescription"}
    lot = await make_lot(own_world, own_runtime, own_client)
    await lot.at(lot.opens_at + MINUTE)
    assert (await refused(lot, "annulment", void))[1]["code"] == "transition_refused"
    await offer(lot, "buyer", 600_000)
    await lot.at(lot.opens_at + timedelta(hours=2))
    annulled = await done(lot, "annulment", void)
    assert annulled["status"] == "annulled"
    event = await event_of(lot, "annulled")
    assert (event["public"]["ground"], event["public"]["reason"]) == (
        "misdescription",
        WHY["reason"],
    )
    await lot.listing_becomes("failed")
    status, problem = await refused(lot, "confirmation")
    assert (status, problem["code"]) == (409, "transition_refused")


async def test_a_confirmed_result_is_annulled_once_its_deal_has_ended(own_lot: Lot) -> None:
    lot = own_lot
    void = {**WHY, "ground": "unqualified_winner"}
    await lot.at(lot.opens_at + MINUTE)
    await offer(lot, "buyer", 600_000)
    await lot.at(lot.opens_at + timedelta(hours=2))
    confirmed = await done(lot, "confirmation")
    deal_id = confirmed["auction"]["deal_id"]
    status, problem = await refused(lot, "annulment", void)
    assert (status, problem["code"]) == (409, "deal_stands")
    assert (problem["deal_id"], problem["deal_status"]) == (deal_id, "opened")
    assert (await lot.auction())["status"] == "confirmed"
    default = {"ground": "受让方书面拒绝签约", "refused": True}
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/default", default)
    assert (await done(lot, "annulment", void))["status"] == "annulled"
    await lot.listing_becomes("failed")


def _draft_terms() -> dict[str, Any]:
    return {
        "format": "multiple_bids",
        "start": yuan(600_000),
        "step": yuan(20_000),
        "free_phase_s": 3600,
        "window_s": 120,
    }


async def test_a_draft_has_nothing_to_control(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    lot = await make_lot(own_world, own_runtime, own_client)
    listing = lot.listing
    body = content(records("achievements")[0], "owner")
    achievement_id = await accept_achievement(lot.api, SELLER, OPERATOR, body)
    draft = await draft_listing(
        lot.api,
        SELLER,
        achievement_id=achievement_id,
        conversion_mode=body["conversion_modes"][0],
        start=listing["floor"],
        deposit=listing["deposit"],
        session_id=None,
    )
    opens_at = datetime.fromisoformat(draft["earliest_opening"]) + timedelta(hours=9)
    made = await lot.api.post(
        OPERATOR,
        "/v1/auctions",
        {"listing_id": draft["id"], "opens_at": opens_at.isoformat(), "terms": _draft_terms()},
    )
    lot.auction_id = made["id"]
    for name in ("pause", "cancellation"):
        status, problem = await refused(lot, name, WHY)
        assert (status, problem["code"]) == (409, "auction_not_announced")


async def _story(lot: Lot, *, late: bool) -> list[dict[str, Any]]:
    """Run one story; the worker works at each step, or only at the very end."""

    async def at(moment: datetime) -> None:
        await lot.at(moment)
        if not late:
            await lot.run_worker()

    start = lot.opens_at
    for offset, name, amount in ((60, "buyer", 600_000), (70, "other_buyer", 640_000)):
        await at(start + offset * SECOND)
        assert (await offer(lot, name, amount)).status_code == 201
    await at(start + 3660 * SECOND)  # the free phase ended a minute ago
    await done(lot, "pause", WHY)
    resumes_at = start + 7200 * SECOND
    await done(lot, "resumption", {**WHY, "resumes_at": resumes_at.isoformat()})
    await at(resumes_at + 30 * SECOND)
    assert (await offer(lot, "buyer", 660_000)).status_code == 201
    await at(resumes_at + 600 * SECOND)
    refusal = await offer(lot, "other_buyer", 680_000)
    assert refusal.json()["code"] == "bid_after_close"
    await lot.run_worker()
    return await events_of(lot)


def _told(lot: Lot, events: list[dict[str, Any]]) -> list[Any]:
    """Return what a story decided: no ids, no codes, moments to the second from the opening."""
    names = {code_of(lot, name): name for name in lot.registrations}
    told = []
    for event in events:
        if event["type"] in {"auction.scheduled", "auction.announced"}:
            continue
        public = event["public"]
        bids = [
            (names.get(it.get("bidder_code")), it.get("amount")) for it in public.get("bids", ())
        ]
        facts = [names.get(public.get("bidder_code")), public.get("price"), bids]
        offset = (event["market_at"] - lot.opens_at) // (5 * SECOND)
        told.append([event["type"], offset, public["room"].get("status"), facts])
    return told


async def test_a_worker_that_was_away_decides_nothing_differently(  # AU6, AU47
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    stories = []
    for late in (False, True):
        async with own_runtime.database.transaction() as session:
            await own_world.at(session, START)
        lot = await make_lot(own_world, own_runtime, own_client)
        stories.append(_told(lot, await _story(lot, late=late)))
    assert stories[0] == stories[1]
    kinds = [event[0].removeprefix("auction.") for event in stories[0]]
    assert kinds[:1] == ["opened"]
    assert kinds[-2:] == ["awarded", "bids_judged"] or kinds[-1] == "awarded"
    assert {"contested", "paused", "resumption_announced", "resumed"} <= set(kinds)
