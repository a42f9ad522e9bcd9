"""Objections to a demand's result: anyone's, while its notice is open; then judged anew."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.demands.domain.award import Winner
from app.demands.domain.demand import DemandStatus
from app.demands.domain.posting import DecisionWay
from app.demands.repository import demands, judged, results
from app.demands.service.announcing import NOTICE_OVER, announce_result
from app.platform import timers
from app.platform.journal import history
from app.shared.calendar import DayUnit, Duration
from app.shared.money import Money
from tests.demands.board import Json, done, refusal
from tests.demands.reviews import Hall

OBJECTION: Json = {
    "ground": "related_party",
    "text": "排名第一的申报方与一名评审专家所在单位存在共同投资。",
    "evidence": "工商登记信息摘录。",
    "name": "沈望舒",
    "contact": "shen@example.cn",
}
POINTS = {"seller": 70, "other_buyer": 90}
REJECT: Json = {"reason": "经核查登记信息,未发现关联关系。", "reopening": None}


async def noticed(hall: Hall) -> None:
    done_ = await hall.noticed("seller", "other_buyer", points=POINTS)
    assert done_["status"] == "noticed"


async def objected(hall: Hall, who: str = "anonymous", **changes: Any) -> Json:
    return done(await hall.act("objections", who, OBJECTION | changes))


async def decided(hall: Hall, objection: Json, sent: Json) -> Json:
    return done(await hall.post(f"demand-objections/{objection['id']}/decision", "operator", sent))


async def test_an_open_objection_holds_the_award_until_it_is_rejected(hall: Hall) -> None:
    """DM70, DM71, DM72"""
    await noticed(hall)
    objection = await objected(hall)
    assert (objection["status"], objection["name"], objection["text"]) == ("open", None, None)
    for who in ("buyer_staff", "anonymous", hall.world.seller):
        told = done(await hall.read("objections", who))["items"][0]
        assert (told["ground"], told["name"], told["contact"]) == ("related_party", None, None)
    assert done(await hall.read("objections", "operator"))["items"][0]["name"] == "沈望舒"
    await hall.later(days=10)
    assert (await hall.demand()).status is DemandStatus.NOTICED
    refusal(await hall.act("objections", "anonymous", OBJECTION), 409, "demand_objections_closed")
    assert (await decided(hall, objection, REJECT))["status"] == "rejected"
    assert (await hall.demand()).status is DemandStatus.CONTRACTED
    published = [it for it in await hall.notices() if it["kind"] == "objection_result"]
    assert published[0]["content"]["decision"] == REJECT["reason"]
    assert "沈望舒" not in str(await hall.notices())


@pytest.mark.parametrize("same_panel", [True, False])
async def test_an_upheld_objection_leads_to_a_new_review(hall: Hall, same_panel: bool) -> None:
    """DM73"""
    await noticed(hall)
    first = done(await hall.read("review", "operator"))
    code = hall.proposals["other_buyer"]["code"]
    reopening = {"same_panel": same_panel, "excluded": {code: "与评审专家存在关联关系"}}
    objection = await objected(hall)
    wrong = REJECT | {"reopening": {"excluded": {"NOBODY": "无此方案"}}}
    path = f"demand-objections/{objection['id']}/decision"
    refusal(await hall.post(path, "operator", wrong), 400, "reopening_invalid")
    await decided(hall, objection, {"reason": "异议成立。", "reopening": reopening})
    refusal(await hall.post(path, "operator", REJECT), 409, "transition_refused")
    view = done(await hall.read("review", "operator"))
    assert (view["number"], view["status"]) == (2, "appointed" if same_panel else "begun")
    assert (view["scores"], view["ranking"]) == ({}, [])
    if not same_panel:
        done(await hall.act("review/panel", "operator", hall.panel()))
    del hall.proposals["other_buyer"]
    await hall.declared()
    done(await hall.act("review/scoring", "operator", {"due_at": await hall.in_days(3)}))
    await hall.score(seller=71)
    done(await hall.act("review/conclusion", "operator"))
    winners = (await hall.notices())[-1]["content"]["winners"]
    assert [it["code"] for it in winners] == [hall.proposals["seller"]["code"]]
    # What was scored first stays on record.
    kept = await results.ranking_of(hall.session, await review_id(hall, first["number"]))
    assert [place.total for place in kept] == ["90.0000", "70.0000"]
    await hall.later(days=8)
    assert (await hall.demand()).status is DemandStatus.CONTRACTED


async def review_id(hall: Hall, number: int) -> UUID:
    found = await hall.session.scalar(
        text("SELECT id FROM demand_reviews WHERE demand_id = :demand AND number = :number"),
        {"demand": hall.demand_id, "number": number},
    )
    return UUID(str(found))


async def test_where_nobody_is_left_the_new_review_fails(hall: Hall) -> None:
    """DM73"""
    await noticed(hall)
    codes = [proposal["code"] for proposal in hall.proposals.values()]
    reopening = {"excluded": dict.fromkeys(codes, "材料不实")}
    await decided(hall, await objected(hall), {"reason": "异议成立。", "reopening": reopening})
    demand = await hall.demand()
    assert (demand.status, demand.reason) == (DemandStatus.UNANSWERED, "no_suitable")


async def test_who_was_scored_out_before_an_auction_is_judged_anew_as_well(hall: Hall) -> None:
    """DM69, DM73: of its points, too, somebody may object."""
    await hall.opened("seller", "other_buyer", points={"seller": 80, "other_buyer": 59})
    demand = await hall.demand()
    assert demand.terms is not None
    terms = replace(demand.terms, decision=DecisionWay.REVERSE_AUCTION)
    await demands.save(hall.session, replace(demand, terms=terms))
    done(await hall.act("review/conclusion", "operator"))
    demand = await hall.demand()
    [bidder] = await judged.admitted(hall.session, demand.id, 1)
    won = Winner(proposal_id=bidder.id, party_id=bidder.party_id, rank=1, price=Money(50_000_000))
    await announce_result(hall.session, demand, [won], at=await hall.now(), actor="system")
    await decided(hall, await objected(hall), {"reason": "评分漏计。", "reopening": {}})
    again = await judged.admitted(hall.session, demand.id, 1)
    assert {item.status for item in again} == {"admitted"}
    assert len(again) == 2


async def test_who_objects_says_who_it_is_and_may_take_it_back(hall: Hall) -> None:
    """DM70, DM71"""
    await noticed(hall)
    nameless = OBJECTION | {"name": None}
    refusal(await hall.act("objections", "anonymous", nameless), 400, "demand_objector_unknown")
    own = await objected(hall, "seller_staff", name=None, contact=None)
    assert own["name"] == "之澜理工大学"
    path = f"demand-objections/{own['id']}/withdrawal"
    refusal(await hall.post(path, "buyer_staff"), 403, "not_yours")
    await hall.later(days=8)
    assert done(await hall.post(path, "seller_staff"))["status"] == "withdrawn"
    assert (await hall.demand()).status is DemandStatus.CONTRACTED


async def test_nobody_decides_its_own_objection(hall: Hall) -> None:
    """DM71"""
    await noticed(hall)
    own = await objected(hall, "operator")
    path = f"demand-objections/{own['id']}/decision"
    refusal(await hall.post(path, "operator", REJECT), 403, "own_demand_objection")
    refusal(await hall.post(path, "buyer_staff", REJECT), 403, "role_not_allowed")


async def test_an_undecided_objection_is_told_to_staff(hall: Hall) -> None:
    """DM72"""
    await noticed(hall)
    objection = await objected(hall)
    await hall.later(days=40)
    kinds = [event.type for event in await history(hall.session, UUID(objection["id"]))]
    assert kinds == ["demand_objection.filed", "demand_objection.overdue"]


async def test_the_next_in_the_ranking_follows_a_winner_who_did_not_sign(hall: Hall) -> None:
    """DM74"""
    await noticed(hall)
    reason = {"reason": "中榜方逾期未签约"}
    refusal(await hall.act("review/next", "operator", reason), 409, "transition_refused")
    await hall.later(days=8)
    # Its contract waits for the signatures: two winners of one work there shall never be.
    assert (await hall.demand()).status is DemandStatus.CONTRACTED
    refusal(await hall.act("review/next", "operator", reason), 409, "transition_refused")
    await hall.board.put_in(hall.session, hall.demand_id, DemandStatus.EVALUATING)
    done(await hall.act("review/next", "operator", reason))
    winners = (await hall.notices())[-1]["content"]["winners"]
    assert [(it["rank"], it["code"]) for it in winners] == [(2, hall.proposals["seller"]["code"])]
    lost = done(await hall.read("review", hall.world.other_buyer))["own"][0]
    assert lost["fate"] == "not_signed"
    await hall.board.put_in(hall.session, hall.demand_id, DemandStatus.EVALUATING)
    refusal(await hall.act("review/next", "operator", reason), 409, "nobody_follows")
    done(await hall.act("review/failure", "operator", reason))
    proposals = await judged.admitted(hall.session, (await hall.demand()).id, 1)
    assert {item.status for item in proposals} == {"not_chosen"}  # who did not sign has not won


async def test_the_end_of_the_notice_binds_the_poster_however_late_the_timer(hall: Hall) -> None:
    """DM72"""
    await noticed(hall)
    await timers.cancel(hall.session, kind=NOTICE_OVER, subject_id=UUID(hall.demand_id))
    await hall.later(days=8)
    assert (await hall.demand()).status is DemandStatus.NOTICED
    withdrawal = {"reason": "不愿签约。"}
    refusal(await hall.act("withdrawal", "buyer_staff", withdrawal), 409, "transition_refused")


async def test_a_notice_whose_end_is_not_known_stays_open_and_parks_nothing(hall: Hall) -> None:
    """DM70"""
    await hall.opened("seller", points={"seller": 80})
    demand = await hall.demand()
    assert demand.terms is not None
    # From March 2026 there are fewer working days than this up to the calendar's end.
    long = replace(demand.terms, notice_period=Duration(300, DayUnit.WORKING_DAY))
    await demands.save(hall.session, replace(demand, terms=long))
    done(await hall.act("review/conclusion", "operator"))
    assert (await hall.notices())[-1]["closes_at"] is None
    await hall.later(days=3)
    await objected(hall)
    assert (await hall.demand()).status is DemandStatus.NOTICED
