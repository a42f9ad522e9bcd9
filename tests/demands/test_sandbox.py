"""Whole demands over HTTP, from the draft to who is owed what; only the sandbox's clock moves."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from app.platform.runtime import Runtime
from tests.auctions.lot import OPERATOR
from tests.demands.board import body, yuan
from tests.demands.play import POSTER, SOLVERS, Play, play_of
from tests.demands.reverse import PLAN
from tests.world import World

pytestmark = pytest.mark.concurrency

RACE: dict[str, Any] = {
    "decision": "racing",
    "winners_max": 2,
    "route_budgets": [yuan("500000.00"), yuan("400000.00")],
}
OBJECTION = {
    "ground": "procedure",
    "text": "评审意见未说明扣分依据。",
    "evidence": "结果公示页面打印件。",
    "name": "沈望舒",
    "contact": "0571-88000000",
}


@pytest.fixture
async def play(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> Play:
    return await play_of(own_world, own_runtime, own_client)


async def proposed(
    play: Play, prices: dict[str, str], routes: dict[str, str] | None = None
) -> None:
    for name, price in prices.items():
        route = (routes or {}).get(name, "阻尼镗杆")
        answer = await play.propose(name, price, route=route)
        assert answer.status_code == 201, answer.text
    await play.close()
    await play.admit()


async def test_a_single_winner_is_paid_by_milestones_until_all_is_accepted(play: Play) -> None:
    """DM5, DM79"""
    await play.post(content={"lump_sum": True})
    await proposed(play, {"seller": "800000.00", "other_buyer": "700000.00"})
    late = await play.propose("third_buyer", "650000.00")
    assert (late.status_code, late.json()["code"]) == (409, "proposals_not_taken")
    await play.judge({"seller": 90, "other_buyer": 70})
    assert (await play.read(None))["status"] == "noticed"
    [engagement] = await play.award()
    assert (await play.read(None))["status"] == "contracted"
    assert engagement["price"] == yuan("800000.00")
    await play.sign(engagement, paid="240000.00")
    await play.deliver(engagement, "seller", 1)
    await play.decide(engagement, "acceptance", 1)
    await play.deliver(engagement, "seller", 2)
    await play.decide(engagement, "acceptance", 2)
    told = await play.statement(engagement)
    assert [told[name] for name in ("earned", "released", "owed")] == [
        yuan("800000.00"),
        yuan("240000.00"),
        yuan("560000.00"),
    ]
    await play.pay(engagement, "560000.00")  # it came late, and goes on at once
    await play.later(seconds=1)
    told = await play.statement(engagement)
    assert (told["released"], told["owed"]) == (yuan("800000.00"), yuan("0.00"))
    assert (await play.read(None))["status"] == "accepted"
    assert await play.books() == ["0.00"]


async def test_a_race_goes_on_when_one_route_is_cut_at_a_milestone(play: Play) -> None:
    """DM79, DM84"""
    await play.post(content={"lump_sum": True}, **RACE)
    routes = {"seller": "被动阻尼", "other_buyer": "主动抑振"}
    await proposed(play, {"seller": "480000.00", "other_buyer": "380000.00"}, routes)
    await play.judge({"seller": 90, "other_buyer": 80}, routes=routes)
    first, second = await play.award()
    for engagement, price in ((first, "480000.00"), (second, "380000.00")):
        assert engagement["price"] == yuan(price)
        await play.sign(engagement, paid=price)
    await play.deliver(second, "other_buyer", 1)
    for _ in range(2):  # refused, mended, refused again
        await play.decide(second, "refusal", 1)
        if (await play.api.get(OPERATOR, f"/v1/engagements/{second['id']}"))["milestones"][0][
            "status"
        ] != "failed":
            await play.deliver(second, "other_buyer", 1)
    await play.api.post(
        POSTER, f"/v1/engagements/{second['id']}/cut", {"reason": "仿真动刚度不达标"}
    )
    told = await play.statement(second)
    assert (told["released"], told["returned"]) == (yuan("0.00"), yuan("380000.00"))
    for milestone in (1, 2):
        await play.deliver(first, "seller", milestone)
        await play.decide(first, "acceptance", milestone)
    await play.later(seconds=1)
    assert (await play.statement(first))["released"] == yuan("480000.00")
    assert (await play.read(None))["status"] == "accepted"
    assert await play.books() == ["0.00"]


async def test_a_reverse_auction_finds_the_price_of_the_work(play: Play) -> None:
    """DM97, DM98"""
    await play.post(plan=PLAN, decision="reverse_auction")
    await proposed(play, {"seller": "880000.00", "other_buyer": "860000.00"})
    await play.judge({"seller": 80, "other_buyer": 70})
    await play.later(seconds=1)
    auction = (await play.read())["auction_id"]
    path = f"/v1/auctions/{auction}"
    found = await play.api.get(OPERATOR, path)
    await play.move_to(datetime.fromisoformat(found["opens_at"]))
    for name, price in (("seller", "900000.00"), ("other_buyer", "780000.00")):
        sent = {"amount": yuan(price)}
        await play.api.post(SOLVERS[name], f"{path}/bids", sent)
    stranger = {"amount": yuan("700000.00")}
    refused = await play.api.send("POST", SOLVERS["third_buyer"], f"{path}/bids", stranger)
    assert refused.is_error
    await play.later(hours=3)
    await play.api.post(OPERATOR, f"{path}/confirmation")
    await play.later(seconds=1)
    assert (await play.read(None))["status"] == "noticed"
    [engagement] = await play.award()
    assert engagement["price"] == yuan("780000.00")


async def test_what_nobody_answers_is_mended_and_posted_anew(play: Play) -> None:
    """DM9"""
    await play.post()
    await play.close()
    assert (await play.read(None))["status"] == "unanswered"
    await play.api.post(POSTER, f"{play.path}/revision")
    wider = body(who_may_answer=["organisation", "person", "consortium"])
    await play.api.put(POSTER, play.path, wider, etag='"1"')
    await play.api.post(POSTER, f"{play.path}/submission")
    await play.post()
    await proposed(play, {"seller": "800000.00"})
    await play.judge({"seller": 90})
    assert [notice["round"] for notice in await play.notices()][-1] == 2
    await play.later(seconds=1)
    path = f"/v1/demands/statistics?by=field&market_id={play.world.market_id}"
    told = (await play.api.get(None, path))["total"]
    assert (told["posted"], told["answered"], told["not_taken_up"]["no_proposal"]) == (2, 1, 1)


async def test_an_upheld_objection_has_the_proposals_judged_anew(play: Play) -> None:
    """DM66"""
    await play.post()
    await proposed(play, {"seller": "800000.00", "other_buyer": "700000.00"})
    await play.judge({"seller": 90, "other_buyer": 80})
    filed = await play.api.send("POST", None, f"{play.path}/objections", OBJECTION)
    assert filed.status_code == 201, filed.text
    decision = f"/v1/demand-objections/{filed.json()['id']}/decision"
    await play.api.post(OPERATOR, decision, {"reopening": {}, "reason": "扣分依据确未记录"})
    assert (await play.read(None))["status"] == "evaluating"
    await play.score({"seller": 70, "other_buyer": 85})
    [engagement] = await play.award()
    assert engagement["solver_id"] == str(play.world.other_buyer)


async def test_a_poster_that_withdraws_behind_the_result_owes_its_winner_the_costs(
    play: Play,
) -> None:
    """DM8, DM88"""
    await play.post()
    await proposed(play, {"seller": "800000.00", "other_buyer": "700000.00"})
    await play.judge({"seller": 90, "other_buyer": 80})
    await play.api.post(POSTER, f"{play.path}/withdrawal", {"reason": "产线停建"})
    notice = (await play.notices())[-1]
    assert notice["kind"] == "withdrawal"
    claims = notice["content"]["claims"]
    assert [claim["claim"] for claim in claims] == ["nothing", "reasonable_costs"]
    assert (await play.read(None))["status"] == "withdrawn"
    assert (await play.api.get(OPERATOR, f"/v1/engagements?demand_id={play.id}"))["items"] == []
