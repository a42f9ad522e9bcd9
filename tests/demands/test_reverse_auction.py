"""Reverse auctions of demands, from the plan to what becomes of the demand."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.demands.domain.demand import DemandStatus
from app.demands.service.bidding import fail_bidding, on_call_due
from app.platform import journal
from app.platform.runtime import Runtime
from app.shared.calendar import SHANGHAI
from tests.auctions.acts import act, done, event_of, events_of, refused
from tests.auctions.holders import TERMS as HELD
from tests.auctions.holders import SealedLot
from tests.auctions.lot import OPERATOR, SELLER, Lot, buyer, yuan
from tests.auctions.standby import check_proof
from tests.demands.board import refusal, terms
from tests.demands.reverse import CEILING, CODES, PLAN, SEALED, WEIGHTED, Reverse, plan_of
from tests.queries import counted
from tests.world import World

HOUR = timedelta(hours=1)
WHO = {"seller": SELLER, "other_buyer": buyer("other_buyer"), "third_buyer": buyer("third_buyer")}
THREE = ("seller", "other_buyer", "third_buyer")


@pytest.fixture
def reverse(world: World, shared_runtime: Runtime, client: httpx.AsyncClient) -> Reverse:
    return Reverse(world, shared_runtime.database, shared_runtime, client)


async def bid(lot: Lot, name: str, amount: int, what: str = "bids") -> httpx.Response:
    return await act(lot, what, {"amount": yuan(amount)}, who=WHO[name])


async def stand(lot: Lot, name: str, amount: int, what: str = "bids") -> None:
    answer = await bid(lot, name, amount, what)
    assert answer.status_code == 201, answer.text


async def test_multiple_bids_from_the_plan_to_the_result(reverse: Reverse) -> None:
    """AU95, AU97, AU100, AU103, DM97, DM98"""
    await reverse.evaluating(None, *THREE)
    lot = await reverse.opened()
    # Called on Monday 2 March: two working days later, at the announced hour.
    assert lot.opens_at.astimezone(SHANGHAI).isoformat() == "2026-03-04T10:00:00+08:00"
    auction = await lot.auction()
    assert (auction["listing_id"], auction["demand_id"]) == (None, str(reverse.demand_id))
    assert (auction["terms"]["start"], auction["title"]) == (
        CEILING,
        (await reverse.read()).content.title,
    )
    await stand(lot, "other_buyer", 880_000)
    await stand(lot, "seller", 700_000, "limits")
    await stand(lot, "third_buyer", 850_000)
    mine = await lot.api.get(SELLER, f"/v1/auctions/{lot.auction_id}/mine")
    assert (mine["bidder_code"], mine["leads"], mine["limit"]) == (
        CODES["seller"],
        True,
        yuan(700_000),
    )
    room = await lot.api.get(OPERATOR, f"/v1/auctions/{lot.auction_id}/room")
    assert (room["listing_id"], room["demand_id"]) == (None, str(reverse.demand_id))
    codes = {it["bidder_code"]: it["party_id"] for it in room["bidders"]}
    assert codes == {CODES[name]: str(getattr(lot.world, name)) for name in THREE}
    await lot.at(lot.opens_at + 3 * HOUR)
    confirmed = await done(lot, "confirmation")
    # At once: there is no moment in which the poster could leave and owe the winner nothing.
    assert (await reverse.read()).status is DemandStatus.NOTICED
    assert confirmed["auction"]["deal_id"] is None
    told = (await event_of(lot, "confirmed"))["public"]
    assert told["demand_id"] == str(reverse.demand_id)
    assert [(it["bidder_code"], it["amount"]) for it in told["ranking"]] == [
        (CODES["seller"], yuan(840_000)),
        (CODES["third_buyer"], yuan(850_000)),
        (CODES["other_buyer"], yuan(880_000)),
    ]
    await check_proof(lot)
    awards = await lot.api.get(OPERATOR, f"/v1/auctions/{lot.auction_id}/awards")
    assert [(it["bidder_code"], it["outcome"]) for it in awards["items"]] == [
        (CODES["seller"], "confirmed")
    ]
    await reverse.hear(lot)
    assert (await reverse.read()).status is DemandStatus.NOTICED
    assert await reverse.standing() == {
        CODES["seller"]: "winner",
        CODES["other_buyer"]: "not_chosen",
        CODES["third_buyer"]: "not_chosen",
    }
    room = await lot.api.get(OPERATOR, f"/v1/auctions/{lot.auction_id}/room")
    assert len(room["bidders"]) == 3  # who was who stays known to staff


async def test_the_panels_points_and_the_price_decide_a_weighted_auction(reverse: Reverse) -> None:
    """AU99, AU103"""
    await reverse.evaluating(WEIGHTED, "seller", "other_buyer")
    await reverse.score({"seller": (95, 90), "other_buyer": (60, 60)})
    lot = await reverse.opened()
    await stand(lot, "seller", 800_000)
    await stand(lot, "other_buyer", 720_000)
    status, problem = await refused(lot, "scores", {"scores": {CODES["seller"]: [100, 100]}})
    assert (status, problem["code"]) == (400, "points_from_review")
    await lot.at(lot.opens_at + 2 * HOUR)
    auction = await lot.auction()
    assert (auction["status"], auction["leader_code"]) == ("awarded", CODES["seller"])
    await done(lot, "confirmation")
    kinds = [event["type"] for event in await events_of(lot)]
    assert kinds[-4:] == [
        "auction.closed",
        "auction.scored",
        "auction.awarded",
        "auction.confirmed",
    ]
    points = (await event_of(lot, "scored"))["public"]["points"]
    assert points == {CODES["seller"]: [95, 90], CODES["other_buyer"]: [60, 60]}
    await check_proof(lot)


async def test_points_are_given_before_the_holders_open_any_price(reverse: Reverse) -> None:
    """AU99: also where nobody at the exchange can read a bid."""
    criteria = {"format": "weighted", "criteria": WEIGHTED["criteria"]}
    shut = {name: HELD[name] for name in ("round_s", "sealing", "holders", "threshold")}
    await reverse.evaluating(WEIGHTED | shut | criteria, "other_buyer", "third_buyer")
    await reverse.score({"other_buyer": (95, 90), "third_buyer": (60, 60)})
    lot = await reverse.opened()
    lot.registrations = {name: {"bidder_code": CODES[name]} for name in CODES}
    held = SealedLot(lot)
    for name, amount in (("other_buyer", 800_000), ("third_buyer", 790_000)):
        answer = await held.bid(name, held.sealed(name, amount))
        assert answer.status_code == 201, answer.text
    await lot.at(lot.opens_at + 2 * HOUR)
    assert (await lot.auction())["status"] == "opening"
    assert not (await held.opening())["scores_missing"]
    for position in (1, 2):
        assert (await held.hand_in(await held.submission(position))).is_success
    auction = await lot.auction()
    assert (auction["status"], auction["leader_code"]) == ("awarded", CODES["other_buyer"])
    await check_proof(lot)


async def test_bids_on_listings_do_not_ask_for_proposals(lot: Lot) -> None:
    """AU104"""
    await lot.at(lot.opens_at + timedelta(minutes=1))
    with counted(lot.database) as sent:
        assert (await lot.bid("buyer", 600_000)).status_code == 201
    assert not [statement for statement in sent if "proposals" in statement]


async def test_a_weighted_auction_without_all_points_is_not_held(reverse: Reverse) -> None:
    """AU98"""
    await reverse.evaluating(WEIGHTED, "seller", "other_buyer")
    await reverse.score({"seller": (95, 90), "other_buyer": (60,)})
    await reverse.follow(await reverse.call())
    demand = await reverse.read()
    assert (demand.status, demand.reason) == (DemandStatus.UNANSWERED, "review_points_missing")


async def test_one_proposer_alone_wins_within_the_ceiling(reverse: Reverse) -> None:
    """AU98"""
    await reverse.evaluating(None, "seller")
    lot = await reverse.opened()
    answer = await bid(lot, "seller", 910_000)
    assert (answer.status_code, answer.json()["code"]) == (400, "bid_too_high")
    await stand(lot, "seller", 890_000)
    await lot.at(lot.opens_at + 2 * HOUR)
    auction = await lot.auction()
    assert (auction["status"], auction["leading"]) == ("awarded", yuan(890_000))


async def test_nobody_admitted_ends_the_review_without_an_auction(reverse: Reverse) -> None:
    """AU98"""
    await reverse.evaluating(None)
    await reverse.admit({"buyer": "BPOST"})  # the poster is never one
    await reverse.follow(await reverse.call())
    demand = await reverse.read()
    assert (demand.status, demand.auction_id) == (DemandStatus.UNANSWERED, None)


async def test_who_was_not_admitted_does_not_bid(reverse: Reverse) -> None:
    """AU95, AU11"""
    await reverse.evaluating(None, "seller", "other_buyer")
    await reverse.admit({"buyer": "BPOST"})
    lot = await reverse.opened()
    for who in (buyer("buyer"), buyer("third_buyer")):
        status, problem = await refused(lot, "bids", {"amount": yuan(800_000)}, who=who)
        assert (status, problem["code"]) == (403, "bidder_not_qualified")
    status, problem = await refused(lot, "bids", {"amount": yuan(800_000)}, who=OPERATOR)
    assert (status, problem["code"]) == (403, "role_not_allowed")
    await stand(lot, "seller", 800_000)
    room = await lot.api.get(buyer("buyer"), f"/v1/auctions/{lot.auction_id}/room")
    assert (room["bidders"], room["room"]["leader_code"]) == (None, CODES["seller"])
    assert str(lot.world.seller) not in str(room)


async def test_staff_of_a_seller_does_not_bid_on_listings(lot: Lot) -> None:
    """AU95"""
    await lot.at(lot.opens_at + timedelta(minutes=1))
    status, problem = await refused(lot, "bids", {"amount": yuan(600_000)}, who=SELLER)
    assert (status, problem["code"]) == (403, "bidder_not_qualified")
    owner = SELLER.__class__(SELLER.role, "buyer")  # the buyer's party, by staff of a seller
    status, problem = await refused(lot, "bids", {"amount": yuan(600_000)}, who=owner)
    assert (status, problem["code"]) == (403, "bidder_not_qualified")


async def test_a_plan_is_for_a_reviewed_demand_within_its_budget(reverse: Reverse) -> None:
    """AU96, DM95"""
    await reverse.reviewed()
    above = plan_of(PLAN["terms"] | {"start": yuan(950_000)})
    problem = refusal(await reverse.plan(above), 400, "terms_contradict")
    (fault,) = problem["faults"]
    assert (fault["field"], fault["accepted"]) == ("start", CEILING)
    problem = refusal(
        await reverse.plan(plan_of({**SEALED, "direction": "up"})), 400, "terms_contradict"
    )
    assert {fault["field"] for fault in problem["faults"]} == {"direction"}
    refusal(await reverse.plan(role="buyer_staff"), 403, "role_not_allowed")
    answer = await reverse.plan(plan_of(SEALED))
    assert answer.json()["ceiling"] == CEILING
    assert "demand.plan_attached" in await reverse.events()
    post = f"demands/{reverse.demand_id}/posting"
    other = await reverse.board.post(post, "operator", {"terms": terms()})
    assert refusal(other, 400, "posting_invalid")["errors"][0]["rule"] == "plan_not_expected"


async def test_a_posted_demand_takes_no_plan(reverse: Reverse) -> None:
    """DM95"""
    await reverse.evaluating(None)
    refusal(await reverse.plan(), 409, "transition_refused")
    await reverse.reviewed()
    post = f"demands/{reverse.demand_id}/posting"
    assert (await reverse.board.post(post, "operator", {"terms": terms()})).is_success
    refusal(await reverse.plan(), 400, "plan_not_of_this_decision")


async def test_a_posting_says_what_its_plan_says(reverse: Reverse) -> None:
    """DM96"""
    await reverse.reviewed()
    criteria = [{"name": "价格之外", "weight_bp": 4000}]
    assert (await reverse.plan(plan_of(WEIGHTED | {"criteria": criteria}))).is_success
    sent = {"terms": terms(decision="reverse_auction", ceiling=yuan(800_000))}
    answer = await reverse.board.post(f"demands/{reverse.demand_id}/posting", "operator", sent)
    problem = refusal(answer, 400, "posting_invalid")
    assert {error["rule"] for error in problem["errors"]} == {
        "plan_names_other_criteria",
        "plan_has_other_ceiling",
    }


async def test_a_call_that_is_heard_twice_makes_one_auction(reverse: Reverse) -> None:
    """AU97, DM97"""
    await reverse.evaluating(None, "seller", "other_buyer")
    first = await reverse.call()
    second = await reverse.call()
    for event in (first, second, first):
        await reverse.follow(event)
    events = await reverse.events()
    assert events.count("demand.bidding_opened") == 1
    lot = await reverse.lot()
    assert [event["type"] for event in await events_of(lot)] == [
        "auction.scheduled",
        "auction.announced",
    ]


async def test_an_auction_without_a_bid_fails_the_review(reverse: Reverse) -> None:
    """DM98"""
    await reverse.evaluating(SEALED, "seller", "other_buyer")
    lot = await reverse.opened()
    await lot.at(lot.opens_at + 2 * HOUR)
    assert (await lot.auction())["status"] == "failed"
    await reverse.hear(lot)
    demand = await reverse.read()
    assert (demand.status, demand.reason) == (DemandStatus.UNANSWERED, "auction_failed")
    await check_proof(lot)


async def test_an_annulled_result_leaves_nothing_behind(reverse: Reverse) -> None:
    """AU102, DM98, DM99: also where it is open to objections already."""
    await reverse.evaluating(SEALED, "seller", "other_buyer")
    lot = await reverse.opened()
    await stand(lot, "seller", 800_000)
    await lot.at(lot.opens_at + 2 * HOUR)
    await done(lot, "confirmation")
    await reverse.hear(lot)
    assert (await reverse.read()).status is DemandStatus.NOTICED
    void = {"ground": "system_error", "reason": "评分数据有误"}
    await reverse.stand(DemandStatus.CONTRACTED)
    status, problem = await refused(lot, "annulment", void)
    assert (status, problem["code"]) == (409, "result_stands")
    await reverse.stand(DemandStatus.NOTICED)
    await done(lot, "annulment", void)
    await reverse.hear(lot)
    demand = await reverse.read()
    assert (demand.status, demand.reason) == (DemandStatus.UNANSWERED, "auction_annulled")
    assert set((await reverse.standing()).values()) == {"not_chosen"}
    await check_proof(lot)


async def test_unknown_working_days_hold_up_one_demand_alone(reverse: Reverse) -> None:
    """AU97, DM97: its own timer calls again."""
    await reverse.evaluating(None, "seller", "other_buyer")
    called = await reverse.call()
    lot = Lot(
        reverse.world,
        reverse.database,
        reverse.runtime,
        reverse.api,
        "",
        {"market_id": str(reverse.world.market_id)},
        called.market_at,
    )
    late = datetime(2026, 12, 31, 10, tzinfo=SHANGHAI)
    await lot.at(late)
    await reverse.follow(called)  # raises nothing: other demands' calls go on
    assert (await reverse.read()).auction_id is None
    async with reverse.database.transaction() as session:
        waiting = text("SELECT due_at FROM timers WHERE kind = 'demand.call_bidding'")
        [first] = (await session.scalars(waiting)).all()
        # It looks again day by day: a handler that fails would be given up within minutes.
        await on_call_due(session, reverse.demand_id, first)
        [second] = (await session.scalars(waiting)).all()
        assert second >= first + timedelta(days=1)
    calm = called.market_at + timedelta(days=1)
    await lot.at(calm)
    async with reverse.database.transaction() as session:
        await on_call_due(session, reverse.demand_id, calm)
    await reverse.follow(await _last(reverse, "demand.bidding_due"))
    assert (await reverse.read()).auction_id is not None


async def test_the_auction_of_a_withdrawn_demand_is_cancelled(reverse: Reverse) -> None:
    """AU100, AU101"""
    await reverse.evaluating(SEALED, "seller", "other_buyer")
    lot = await reverse.opened()
    await stand(lot, "seller", 800_000)
    path = f"demands/{reverse.demand_id}/withdrawal"
    answer = await reverse.board.post(path, "buyer_staff", {"reason": "企业战略调整,不再投入"})
    assert answer.is_success, answer.text
    status, problem = await refused(lot, "confirmation")
    assert (status, problem["code"]) == (409, "demand_not_under_review")
    await reverse.follow(await _last(reverse, "demand.withdrawn"))
    auction = await lot.auction()
    assert auction["status"] == "cancelled"
    await reverse.hear(lot)
    assert (await reverse.read()).status is DemandStatus.WITHDRAWN


async def test_the_auction_of_a_review_that_is_given_up_is_cancelled(reverse: Reverse) -> None:
    """AU101"""
    await reverse.evaluating(SEALED, "seller", "other_buyer")
    lot = await reverse.opened()
    demand = await reverse.read()
    async with reverse.database.transaction() as session:
        await fail_bidding(session, demand, reason="other", at=lot.opens_at)
    await reverse.follow(await _last(reverse, "demand.unanswered"))
    assert (await lot.auction())["status"] == "cancelled"
    await reverse.hear(lot)
    assert (await reverse.read()).reason == "other"


async def _last(reverse: Reverse, kind: str) -> Any:
    async with reverse.database.transaction() as session:
        found = [it for it in await journal.history(session, reverse.demand_id) if it.type == kind]
        session.expunge(found[-1])
        return found[-1]
