"""Reviews over HTTP: from the closed demand to the announced result."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.demands.domain.demand import DemandStatus
from app.demands.domain.posting import DecisionWay
from app.demands.domain.presentation import commit, draw
from app.demands.domain.proposal import ProposalStatus
from app.demands.repository import bidders, demands
from app.identity.public import add_membership
from app.platform.access import Actor, Role
from app.platform.journal import history
from app.shared.ids import new_id
from tests.demands.board import Json, done, refusal, yuan
from tests.demands.reviews import CRITERIA, Hall, content
from tests.valuations.panels import make_expert

PARTIES = ("seller", "other_buyer", "third_buyer")


async def events(hall: Hall) -> list[Any]:
    return list(await history(hall.session, UUID(hall.demand_id)))


async def test_a_review_goes_from_the_closed_demand_to_a_result_and_its_award(hall: Hall) -> None:
    """DM55, DM60, DM64, DM68, DM72"""
    told = await hall.noticed(*PARTIES, points={"seller": 70, "other_buyer": 90, "third_buyer": 55})
    assert told["status"] == "noticed"
    notice = (await hall.notices())[-1]
    winner = notice["content"]["winners"][0]
    assert (notice["kind"], winner["rank"], winner["total"]) == ("result", 1, "90.0000")
    assert winner["code"] == hall.proposals["other_buyer"]["code"]
    # 2026-03-02 is a Monday; five working days end with the next Monday.
    assert notice["closes_at"] == "2026-03-09T16:00:00+00:00"
    view = done(await hall.read("review", hall.world.seller))
    own = view["own"][0]
    assert (own["rank"], own["fate"], own["points"]) == (
        2,
        "outranked",
        dict.fromkeys(CRITERIA, "70.0000"),
    )
    assert len(own["reasons"]["技术方案"]) == 3
    assert (view["ranking"], view["scores"], view["seats"]) == ([], {}, [])
    last = done(await hall.read("review", hall.world.third_buyer))["own"][0]
    assert last["fate"] == "below_minimum"
    inbox = done(await hall.get("notifications", hall.world.seller))["items"]
    assert inbox[0]["data"]["rank"] == 2
    await hall.later(days=8)
    assert (await hall.demand()).status is DemandStatus.CONTRACTED
    assert (await hall.notices())[-1]["kind"] == "award"


async def test_it_begins_when_every_proposal_is_decided_and_one_is_admitted(hall: Hall) -> None:
    """DM55"""
    await hall.closed("seller")
    await hall.propose("other_buyer", price_minor=1, status=str(ProposalStatus.OPENED))
    told = refusal(await hall.act("review", "operator"), 409, "proposals_undecided")
    assert told["codes"] == [hall.proposals["other_buyer"]["code"]]
    # While somebody may be judged, the demand does not fail.
    reason = {"reason": "无合格方案"}
    refusal(await hall.act("review/failure", "operator", reason), 409, "proposals_undecided")
    await hall.exclude_all()
    refusal(await hall.act("review", "operator"), 409, "none_admitted")
    assert done(await hall.act("review/failure", "operator", reason))["status"] == "unanswered"
    refusal(await hall.act("review", "operator"), 409, "transition_refused")


async def test_a_closed_demand_with_admitted_proposals_is_reviewed_not_failed(hall: Hall) -> None:
    """DM55"""
    await hall.closed("seller")
    reason = {"reason": "无合格方案"}
    refusal(await hall.act("review/failure", "operator", reason), 409, "transition_refused")
    refusal(await hall.act("review/panel", "operator", hall_panel()), 409, "review_missing")
    done(await hall.act("review", "operator"))
    assert done(await hall.act("review/failure", "operator", reason))["status"] == "unanswered"
    assert done(await hall.read("review", "operator"))["status"] == "failed"


def hall_panel() -> Any:
    return {"seats": [{"membership_id": str(new_id()), "chair": True}]}


async def test_experts_too_near_poster_or_proposer_are_refused_by_name(hall: Hall) -> None:
    """DM56"""
    await hall.closed("seller", "other_buyer")
    await hall.propose("third_buyer", price_minor=1, content=content(team="负责人:方知远"))
    done(await hall.act("review", "operator"))
    await hall.summon(4)
    session, world = hall.session, hall.world
    near = [
        await make_expert(session, world, "许望秋", world.buyer),
        await make_expert(session, world, "沈听澜", world.seller),
    ]
    people = [hall.experts[0], *near]
    told = refusal(
        await hall.act("review/panel", "operator", hall.panel(people)), 400, "expert_must_recuse"
    )
    grounds = {it["expert"]: [g["kind"] for g in it["grounds"]] for it in told["experts"]}
    assert grounds == {
        str(hall.experts[0].membership_id): ["completer"],
        str(near[0].membership_id): ["same_unit"],
        str(near[1].membership_id): ["same_unit"],
    }
    two = hall.panel(hall.experts[1:3])
    told = refusal(await hall.act("review/panel", "operator", two), 400, "review_panel_invalid")
    assert [error["rule"] for error in told["errors"]] == ["size"]
    done(await hall.act("review/panel", "operator", hall.panel(hall.experts[1:4])))


async def test_who_came_near_a_proposer_after_the_appointment_cannot_declare_to_be_apart(
    hall: Hall,
) -> None:
    """DM56, DM57"""
    await hall.appointed("seller")
    first = hall.experts[0]
    await add_membership(
        hall.session,
        user_id=first.user_id,
        party_id=hall.world.seller,
        market_id=hall.world.market_id,
        role=Role.SELLER_STAFF,
    )
    sent = {"interest": None}
    refusal(await hall.act("review/declaration", first, sent), 400, "expert_must_recuse")
    refusal(await hall.read("review/proposals", first), 409, "review_declaration_missing")
    await hall.declared(hall.experts[1:])


async def test_who_declares_an_interest_leaves_the_seat_and_does_not_come_back(
    hall: Hall,
) -> None:
    """DM57"""
    await hall.appointed("seller")
    first, second, third = hall.experts
    due = {"due_at": await hall.in_days(3)}
    refusal(await hall.act("review/scoring", "operator", due), 409, "review_panel_incomplete")
    refusal(await hall.read("review/proposals", first), 409, "review_declaration_missing")
    interest = {"interest": "与申报方有合作项目"}
    assert (await hall.act("review/declaration", first, interest)).status_code == 204
    await hall.declared([second, third])
    back = {"seat": 1, "membership_id": str(first.membership_id), "reason": "补选"}
    refusal(await hall.act("review/replacements", "operator", back), 400, "expert_must_recuse")
    refusal(
        await hall.act("review/replacements", "operator", back | {"seat": 9}),
        400,
        "review_seat_unknown",
    )
    spare = await make_expert(hall.session, hall.world, "贺晓棠", "瓯江自动化有限公司", number=60)
    newcomer = back | {"membership_id": str(spare.membership_id)}
    seats = done(await hall.act("review/replacements", "operator", newcomer))["seats"]
    assert [(seat["number"], seat["departure"]) for seat in seats] == [
        (1, "recused"),
        (2, None),
        (3, None),
        (1, None),
    ]
    await hall.declared([spare])
    done(await hall.act("review/scoring", "operator", due))
    refusal(await hall.read("review/proposals", first), 404, "object_unknown")
    shown = done(await hall.read("review/proposals", spare))["items"]
    assert (shown[0]["code"], shown[0]["price"]["amount"]) == (
        hall.proposals["seller"]["code"],
        "600000.00",
    )
    # A whole sheet, once, of who sits; its seat then stays.
    bad: Json = {"scores": {}}
    refusal(await hall.act("review/scores", spare, bad), 400, "review_scores_invalid")
    done(await hall.act("review/scores", spare, hall.sheet()))
    refusal(await hall.act("review/scores", spare, hall.sheet()), 409, "review_scores_handed_in")
    refusal(await hall.act("review/replacements", "operator", newcomer), 409, "review_seat_taken")


async def test_sheets_open_without_the_missing_after_the_deadline(hall: Hall) -> None:
    """DM59, DM60"""
    await hall.scoring("seller")
    chair, second, third = hall.experts
    done(await hall.act("review/scores", second, hall.sheet(seller=60)))
    early = {"due_at": (await hall.now() + timedelta(hours=1)).isoformat()}
    refusal(await hall.act("review/scoring", "operator", early), 400, "review_deadline_too_early")
    refusal(await hall.act("review/opening", "operator"), 409, "review_scores_not_due")
    done(await hall.act("review/scores", chair, hall.sheet(seller=91)))
    refusal(await hall.act("review/opening", "operator"), 409, "review_scores_not_due")
    await hall.later(days=3)
    refusal(await hall.act("review/scores", third, hall.sheet()), 409, "review_scores_late")
    assert "demand.scores_overdue" in [event.type for event in await events(hall)]
    view = done(await hall.act("review/opening", "operator"))
    assert (view["status"], sorted(view["scores"])) == ("opened", ["1", "2"])
    done(await hall.act("review/conclusion", "operator"))
    assert (await hall.notices())[-1]["content"]["winners"][0]["total"] == "75.5000"


async def test_nobody_above_the_minimum_leaves_the_demand_unanswered(hall: Hall) -> None:
    """DM68"""
    told = await hall.noticed("seller", "other_buyer", points={"seller": 59, "other_buyer": 20})
    assert (told["status"], told["reason"]) == ("unanswered", "no_suitable")
    own = done(await hall.read("review", hall.world.seller))["own"][0]
    assert (own["fate"], own["rank"]) == ("below_minimum", 1)


async def test_where_the_price_weighs_it_stays_in_its_own_envelope(hall: Hall) -> None:
    """DM57, DM65"""
    criteria = [
        {"name": name, "weight_bp": 3500, "description": "按公告评分。"} for name in CRITERIA
    ]
    on: Any = {"decision": "price_weighted", "criteria": criteria, "price_weight_bp": 3000}
    await hall.scoring("seller", "other_buyer", **on)
    expert = hall.experts[0]
    shown = done(await hall.read("review/proposals", expert))["items"]
    assert {item["price"] for item in shown} == {None}
    assert "price_deviation" not in shown[0]["content"]
    await hall.score(seller=80, other_buyer=84)
    shown = done(await hall.read("review/proposals", expert))["items"]
    assert {item["price"]["amount"] for item in shown} == {"600000.00", "700000.00"}
    done(await hall.act("review/conclusion", "operator"))
    # 0.7 · 80 + 0.3 · 100 = 86; 0.7 · 84 + 0.3 · 600/700 · 100 = 84.5143 (rounded).
    ranking = done(await hall.read("review", "operator"))["ranking"]
    assert [item["total"] for item in ranking] == ["86.0000", "84.5143"]
    assert ranking[1]["contributions"]["price"] == "25.7143"


async def test_a_race_has_several_winners_on_routes_that_the_chair_names(hall: Hall) -> None:
    """DM67"""
    budgets = [{"amount": amount, "currency": "CNY"} for amount in ("500000.00", "400000.00")]
    await hall.closed(decision="racing", winners_max=2, route_budgets=budgets)
    for name, price in (("seller", 45), ("other_buyer", 44), ("third_buyer", 39)):
        await hall.propose(name, price_minor=price * 1_000_000)
    done(await hall.act("review", "operator"))
    await hall.summon()
    done(await hall.act("review/panel", "operator", hall.panel()))
    await hall.declared()
    done(await hall.act("review/scoring", "operator", {"due_at": await hall.in_days(3)}))
    await hall.score(seller=90, other_buyer=85, third_buyer=70)
    refusal(await hall.act("review/conclusion", "operator"), 409, "review_routes_missing")
    codes = {name: proposal["code"] for name, proposal in hall.proposals.items()}
    routes = {codes["seller"]: "压电", codes["other_buyer"]: "压电", codes["third_buyer"]: "电磁"}
    some = {"routes": {codes["seller"]: "压电"}}
    refusal(await hall.act("review/routes", hall.experts[0], some), 400, "review_routes_invalid")
    refusal(
        await hall.act("review/routes", hall.experts[1], {"routes": routes}), 404, "object_unknown"
    )
    done(await hall.act("review/routes", hall.experts[0], {"routes": routes}))
    done(await hall.act("review/conclusion", "operator"))
    winners = (await hall.notices())[-1]["content"]["winners"]
    assert [(it["rank"], it["route"]) for it in winners] == [(1, "压电"), (3, "电磁")]
    await hall.later(days=8)
    awarded = (await hall.notices())[-1]["content"]["winners"]
    assert [it["price"]["amount"] for it in awarded] == ["450000.00", "390000.00"]


async def test_a_route_keeps_its_budget_where_an_earlier_one_paid_for_nobody(hall: Hall) -> None:
    """DM67, DM75: the price that won is the price of the contract."""
    await hall.closed(
        decision="racing", winners_max=2, route_budgets=[yuan("300000.00"), yuan("500000.00")]
    )
    await hall.propose("seller", price_minor=45_000_000)
    done(await hall.act("review", "operator"))
    await hall.summon()
    done(await hall.act("review/panel", "operator", hall.panel()))
    await hall.declared()
    done(await hall.act("review/scoring", "operator", {"due_at": await hall.in_days(3)}))
    await hall.score(seller=90)
    routes = {"routes": {hall.proposals["seller"]["code"]: "压电"}}
    done(await hall.act("review/routes", hall.experts[0], routes))
    done(await hall.act("review/conclusion", "operator"))
    await hall.later(days=8)
    [awarded] = (await hall.notices())[-1]["content"]["winners"]
    assert awarded["price"] == yuan("450000.00")


async def test_only_a_race_asks_for_routes(hall: Hall) -> None:
    """DM67"""
    await hall.opened("seller", points={"seller": 80})
    routes = {"routes": {hall.proposals["seller"]["code"]: "压电"}}
    refusal(
        await hall.act("review/routes", hall.experts[0], routes), 400, "review_routes_not_asked"
    )


async def test_presentations_are_drawn_followed_and_over_before_scores(hall: Hall) -> None:
    """DM62, DM63"""
    await hall.appointed("seller", "other_buyer", presentation=True)
    await hall.declared()
    due = {"due_at": await hall.in_days(5)}
    refusal(await hall.act("review/scoring", "operator", due), 409, "presentations_open")
    late = {"starts_at": (await hall.now()).isoformat(), "minutes": 30}
    refusal(await hall.act("presentations", "operator", late), 400, "presentation_times_invalid")
    committed = done(await hall.read("review", hall.world.seller))
    assert committed["seed"] is None
    times = {"starts_at": await hall.in_days(1), "minutes": 30}
    drawn = done(await hall.act("presentations", "operator", times))["items"]
    told = next(e for e in await events(hall) if e.type == "demand.presentations_drawn").public
    before = next(e for e in await events(hall) if e.type == "demand.panel_appointed").public
    assert commit(told["seed"]) == before["seed_digest"] == committed["seed_digest"]
    codes = [proposal["code"] for proposal in hall.proposals.values()]
    assert [item["code"] for item in drawn] == draw(told["seed"], codes)
    first, second = (item["code"] for item in drawn)
    move = "presentations/state"
    done(await hall.act(move, "operator", {"code": first, "act": "call"}))
    refusal(
        await hall.act(move, "operator", {"code": second, "act": "call"}), 409, "presentation_busy"
    )
    refusal(
        await hall.act(move, "operator", {"code": "NOBODY", "act": "call"}),
        404,
        "presentation_unknown",
    )
    for who in (hall.world.seller, hall.experts[0], "buyer_staff", "auditor"):
        items = done(await hall.read("presentations", who))["items"]
        assert [item["state"] for item in items] == ["presenting", "waiting"]
        assert not {"party_id", "proposal_id", "name"} & items[0].keys()
    refusal(await hall.read("presentations", hall.world.other_seller), 404, "object_unknown")
    done(await hall.act(move, "operator", {"code": first, "act": "finish"}))
    done(await hall.act(move, "operator", {"code": second, "act": "mark_absent"}))
    done(await hall.act("review/scoring", "operator", due))


async def test_where_none_present_nothing_is_drawn(hall: Hall) -> None:
    """DM63"""
    await hall.appointed("seller")
    times = {"starts_at": await hall.in_days(1), "minutes": 30}
    refusal(await hall.act("presentations", "operator", times), 400, "presentations_not_asked")
    assert done(await hall.read("presentations", "operator"))["items"] == []


async def test_an_expert_of_another_unit_with_the_same_person_takes_no_seat(hall: Hall) -> None:
    """DM57: a seat is a person acting for the unit that it was appointed from."""
    await hall.appointed("seller")
    person = hall.experts[0]
    other = Actor(
        f"user:{person.user_id}",
        Role.EXPERT,
        hall.experts[1].party_id,
        hall.world.market_id,
        frozenset({"demands:judge", "demands:read"}),
    )
    refusal(await hall.act("review/declaration", other, {"interest": None}), 404, "object_unknown")


@pytest.mark.parametrize("low", [True, False])
async def test_a_reverse_auction_is_called_for_those_above_the_minimum(
    hall: Hall, low: bool
) -> None:
    """DM69"""
    await hall.opened("seller", "other_buyer", points={"seller": 80, "other_buyer": 59})
    await reverse(hall, score_min=90 if low else 60)
    told = done(await hall.act("review/conclusion", "operator"))
    kinds = [event.type for event in await events(hall)]
    if low:
        assert (told["status"], told["reason"]) == ("unanswered", "no_suitable")
        assert "demand.bidding_due" not in kinds
        return
    assert told["status"] == "evaluating"
    assert kinds[-1] == "demand.bidding_due"
    refusal(await hall.act("review/conclusion", "operator"), 409, "transition_refused")
    found = await bidders.points(hall.session, (await hall.demand()).id, 1)
    assert found == {hall.proposals["seller"]["code"]: (80, 80)}


async def reverse(hall: Hall, *, score_min: int) -> None:
    """Let the demand stand as if it had been posted for a reverse auction."""
    demand = await hall.demand()
    assert demand.terms is not None
    way = DecisionWay.REVERSE_AUCTION
    terms = replace(demand.terms, decision=way, score_min=score_min)
    await demands.save(hall.session, replace(demand, terms=terms))
