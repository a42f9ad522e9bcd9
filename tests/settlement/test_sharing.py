"""Income sharing over HTTP: plan, notice, objections, payments, and who sees what."""

import json
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.demo.market import content, records
from app.platform.clock import market_now
from app.platform.journal import JournalEvent, history
from app.platform.schema import encode_cursor
from app.settlement.service.engaging import open_engaged
from app.settlement.service.sharing.following import conclude, remind_unit
from app.settlement.sharing_handlers import note_engagement_income, note_income
from app.shared.ids import EngagementId, PartyId, SharingId
from tests.demands.work import put_engagement
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.factories import Counter
from tests.settlement.sharings import (
    TEAM,
    Unit,
    paid,
    plan_body,
    released,
    scheme_body,
    sold,
)
from tests.world import World


@pytest.fixture
async def unit(desk: Desk, counter: Counter) -> Unit:
    return await paid(desk, counter)


async def events(unit: Unit) -> list[Any]:
    sharing_id = (await unit.shown())["id"]
    return list(await history(unit.session, UUID(sharing_id)))


async def test_from_the_money_to_the_last_award(unit: Unit, counter: Counter) -> None:
    """ST138, ST141, ST142, ST143, ST145"""
    opened = done(await unit.act(""))
    assert opened["number"].startswith("ZP-S-2026-")
    assert [(one["name"], one["weight"]) for one in opened["persons"]] == [
        ("许澜清", 6000),
        ("郭一舟", 4000),
    ]
    assert (opened["scheme"]["name"], opened["due_on"]) == ("cn_zhejiang", "2026-09-23")
    costs = [{"kind": "valuation", "description": "评估费", "amount": yuan("30000.00")}]
    planned = done(await unit.plan(plan_body(costs=costs, tax=yuan("0.00"))))
    assert planned["net_income"]["net"] == yuan("700000.00")
    assert planned["pools"] == {"award": yuan("490000.00"), "unit": yuan("210000.00")}
    assert [one["total"]["amount"] for one in planned["persons"]] == [
        "278526.32",
        "185684.21",
        "25789.47",
    ]
    assert all(floor["met"] for floor in planned["floors"])
    noticed = done(await unit.act("/notice", {"days": 15}))
    assert (noticed["status"], noticed["notice_ends_at"]) == (
        "noticed",
        "2026-04-07T16:00:00+00:00",
    )
    refusal(await unit.pay(1, "1.00"), 409, "transition_refused")
    await unit.world.later(unit.session, days=16)
    assert (await unit.shown())["status"] == "final"  # no worker came
    told = refusal(await unit.pay(1, "278526.33"), 400, "award_above_owed")
    assert told["maximum"] == yuan("278526.32")
    for number, amount in [(1, "278526.32"), (2, "185684.21"), (3, "25789.47")]:
        last = done(await unit.pay(number, amount))
    assert (last["status"], last["due_on"]) == ("paid", None)
    kinds = [event.type for event in await events(unit)]
    assert kinds == [
        "sharing.opened",
        "sharing.planned",
        "sharing.noticed",
        "sharing.finalised",
        "sharing.award_paid",
        "sharing.award_paid",
        "sharing.paid",
    ]


async def test_a_later_income_owes_again(unit: Unit, counter: Counter) -> None:
    """ST138, ST145: a deal's second release; the paid sharing is final again."""
    await unit.final()
    for number, one in enumerate((await unit.shown())["persons"], start=1):
        done(await unit.pay(number, one["due"]["amount"]))
    assert (await unit.shown())["status"] == "paid"
    (event,) = await released(unit.session, unit.deal_id)
    await note_income(unit.session, event)  # as another release of the same amount would be
    again = await unit.shown()
    assert (again["status"], len(again["incomes"])) == ("final", 2)
    assert again["net_income"]["gross"] == yuan("1460000.00")
    assert again["pools"]["award"] == yuan("1022000.00")


async def test_the_release_that_pays_a_deal_is_one_income(unit: Unit) -> None:
    """ST145: also before anybody opens a sharing; the unit is told of its duty."""
    (event,) = await released(unit.session, unit.deal_id)
    assert event.restricted["released"] == yuan("730000.00")
    opened = done(await unit.act(""))
    assert [one["amount"] for one in opened["incomes"]] == [yuan("730000.00")]
    inbox = done(
        await unit.client.get("/v1/notifications", headers=unit.world.headers("seller_staff"))
    )
    topics = [one["topic"] for one in inbox["items"]]
    assert topics.count("settlement.income_to_share") == 1


async def test_only_the_unit_and_the_exchange_read_persons(unit: Unit) -> None:
    """ST144"""
    done(await unit.act(""))
    for role in ("seller_staff", "operator", "auditor"):
        assert done(await unit.get(role=role))["persons"]
    refusal(await unit.get(role="buyer_staff"), 403, "role_not_allowed")
    # The buyer's own seller staff: the deal is theirs, the sharing is not.
    refusal(await unit.get(who=unit.world.buyer), 403, "not_yours")
    refusal(await unit.act("/notice", {}, who=unit.world.buyer), 403, "not_yours")
    refusal(await unit.act("", who=unit.world.buyer), 403, "not_yours")
    compared = await compare(unit, {"deal_id": str(unit.deal_id)}, who=unit.world.buyer)
    refusal(compared, 403, "not_yours")


async def test_the_public_learns_the_fact_alone(unit: Unit) -> None:
    """ST144: names and amounts stand in the restricted part, for the seller alone."""
    await unit.final()
    for event in await events(unit):
        public = str(event.public)
        assert not any(person["name"] in public for person in TEAM)
        assert event.audience == [unit.world.seller]
        assert set(event.public) <= {"deal_id", "number", "notice_hash", "ends_at"}
    assert "许澜清" in str([event.restricted for event in await events(unit)])


async def test_opening_needs_a_deal_and_happens_once(unit: Unit) -> None:
    refusal(await unit.get(), 404, "object_unknown")
    refusal(await unit.act("/notice", {}), 404, "object_unknown")
    done(await unit.act(""))
    refusal(await unit.act(""), 409, "sharing_exists")


# Of each plan what is wrong, and where.
PLANS: Final[list[tuple[Json, int, str, str | None]]] = [
    ({"persons": []}, 400, "sharing_persons_invalid", "persons"),
    ({"persons": [TEAM[0], TEAM[0]]}, 400, "sharing_persons_invalid", "persons"),
    ({"scheme": {"name": "unit"}}, 404, "sharing_scheme_unknown", "scheme"),
    ({"basis": "shares"}, 400, "sharing_figures_missing", "shares_total"),
    ({"basis": "operating_profit"}, 400, "sharing_basis_unknown", "basis"),
    (
        {"scheme": {"name": "germany_30"}, "basis": "shares", "shares_total": 9},
        400,
        "sharing_basis_unknown",
        "basis",
    ),
    ({"scheme": {"name": "stanford_tiers"}}, 400, "sharing_currency_differs", "scheme"),
    ({"tax": {"amount": "1.00", "currency": "USD"}}, 400, "sharing_currency_differs", None),
    (
        {
            "costs": [
                {
                    "kind": "fiscal_research",
                    "description": "省重点研发计划经费",
                    "amount": yuan("1.00"),
                }
            ]
        },
        400,
        "fiscal_money_not_cost",
        "costs.0.kind",
    ),
]


async def test_plans_that_cannot_be_are_refused(unit: Unit) -> None:
    """ST134, ST136"""
    done(await unit.act(""))
    for changes, status, code, field in PLANS:
        told = refusal(await unit.plan(plan_body(**changes), seen=1), status, code)
        assert field is None or told["field"] == field
    assert (await unit.shown())["version"] == 1


async def test_the_plan_is_changed_by_who_has_seen_it(unit: Unit) -> None:
    done(await unit.act(""))
    done(await unit.plan(plan_body()))
    refusal(await unit.plan(plan_body(), seen=1), 409, "version_mismatch")
    path = f"/v1/deals/{unit.deal_id}/sharing"
    bare = unit.world.headers("seller_staff")
    refusal(await unit.client.put(path, json=plan_body(), headers=bare), 400, "if_match_missing")
    done(await unit.act("/notice", {}))
    refusal(await unit.plan(plan_body()), 409, "transition_refused")


async def test_a_notice_keeps_the_law(unit: Unit) -> None:
    """ST133, ST139, ST141"""
    done(await unit.act(""))
    told = refusal(await unit.act("/notice", {}), 400, "sharing_below_floor")
    assert (told["article"], told["field"], told["minimum_bp"], told["reached_bp"]) == (
        "浙江省促进科技成果转化条例 37(2)",
        "persons.staff",
        500,
        0,
    )
    done(await unit.plan(plan_body()))
    assert (
        refusal(await unit.act("/notice", {"days": 14}), 400, "award_notice_too_short")["minimum"]
        == 15
    )
    owned = [TEAM[0] | {"ownership_bp": 3000}, *TEAM[1:]]
    done(await unit.plan(plan_body(persons=owned, grant_mode="before_conversion")))
    refusal(await unit.act("/notice", {}), 400, "ownership_not_granted")
    done(await unit.plan(plan_body(scheme={"name": "germany_30"})))
    told = refusal(await unit.act("/notice", {}), 400, "sharing_below_floor")
    assert told["article"] == "促进科技成果转化法 45（一）"


async def test_granted_ownership_replaces_the_award_unless_chosen(
    desk: Desk, counter: Counter
) -> None:
    """ST139, ST140"""
    unit = await paid(desk, counter, empowerment="ownership_share")
    opened = done(await unit.act(""))
    assert opened["grant_mode"] == "before_conversion"
    mode = {"grant_mode": "before_conversion"}
    done(await unit.plan(plan_body(**mode)))
    refusal(await unit.act("/notice", {}), 400, "ownership_shares_missing")
    owned = [TEAM[0] | {"ownership_bp": 5000}, TEAM[1] | {"ownership_bp": 2000}, TEAM[2]]
    planned = done(await unit.plan(plan_body(persons=owned, **mode)))
    assert [one["as_owner"]["amount"] for one in planned["persons"]] == [
        "365000.00",
        "146000.00",
        "0.00",
    ]
    option = {"choice": "award", "chosen_on": "2026-03-23", "statement": "本人选择领取奖励。"}
    refusal(await unit.act("/options", option | {"person": 9}), 404, "sharing_person_unknown")
    refusal(await unit.act("/options", option | {"person": 3}), 400, "sharing_option_needless")
    future = option | {"person": 2, "chosen_on": "2026-03-24"}
    refusal(await unit.act("/options", future), 400, "sharing_option_in_future")
    chosen = done(await unit.act("/options", option | {"person": 2}))
    assert len(chosen["persons"][1]["option"]["hash"]) == 64
    assert chosen["persons"][1]["as_owner"] == yuan("0.00")
    assert chosen["pools"] == {"award": yuan("255500.00"), "unit": yuan("109500.00")}
    done(await unit.act("/notice", {}))
    refusal(await unit.act("/options", option | {"person": 1}), 409, "transition_refused")


async def test_an_upheld_objection_brings_the_plan_back(unit: Unit) -> None:
    """ST141"""
    done(await unit.act(""))
    objection = {"name": "郭一舟", "text": "本人份额应为百分之四十五。"}
    refusal(await unit.act("/objections", objection), 409, "transition_refused")
    done(await unit.plan(plan_body()))
    done(await unit.act("/notice", {}))
    held = done(await unit.act("/objections", objection))
    assert (held["status"], held["objections"][0]["status"]) == ("objected", "open")
    reason = {"upheld": True, "decision": "经核实，份额应予调整。"}
    refusal(await unit.act("/objections/2/decision", reason), 404, "sharing_objection_unknown")
    back = done(await unit.act("/objections/1/decision", reason))
    refusal(await unit.get("/notice.pdf"), 404, "award_notice_missing")
    assert (back["status"], back["objections"][0]["status"]) == ("draft", "upheld")
    refusal(await unit.act("/objections/1/decision", reason), 409, "sharing_objection_decided")
    done(await unit.plan(plan_body()))
    assert done(await unit.act("/notice", {}))["status"] == "noticed"


async def test_a_rejected_objection_lets_the_notice_end(unit: Unit) -> None:
    """ST141: decided after the end, the sharing is final at the decision."""
    done(await unit.act(""))
    done(await unit.plan(plan_body()))
    done(await unit.act("/notice", {}))
    done(await unit.act("/objections", {"name": "郭一舟", "text": "份额有误。"}))
    await unit.world.later(unit.session, days=20)
    assert (await unit.shown())["status"] == "objected"
    late = {"name": "沈之衡", "text": "应有奖励。"}
    refusal(await unit.act("/objections", late), 409, "sharing_objections_closed")
    answer = {"upheld": False, "decision": "贡献证明齐全，异议不成立。"}
    done_ = done(await unit.act("/objections/1/decision", answer))
    assert done_["status"] == "final"
    assert done_["final_at"] > done_["notice_ends_at"]


async def test_the_worker_concludes_and_reminds(unit: Unit) -> None:
    """ST141, ST143: told a month before the day and when it has passed, once each."""
    done(await unit.act(""))
    done(await unit.plan(plan_body()))
    noticed = done(await unit.act("/notice", {}))
    sharing_id = SharingId(UUID(noticed["id"]))
    kinds = "SELECT kind, due_at FROM timers WHERE subject_id = :id ORDER BY due_at"
    timers = (await unit.session.execute(text(kinds), {"id": sharing_id})).all()
    assert [(row[0], row[1].isoformat()) for row in timers] == [
        ("settlement.conclude_sharing", "2026-04-07T16:00:00+00:00"),
        ("settlement.remind_sharing", "2026-08-23T16:00:00+00:00"),
    ]
    await unit.world.later(unit.session, days=16)
    await conclude(unit.session, sharing_id, timers[0][1])
    shown = await unit.shown()
    assert (shown["status"], shown["final_at"]) == ("final", noticed["notice_ends_at"])
    for at in (timers[1][1], timers[1][1]):
        await remind_unit(unit.session, sharing_id, at)
    await unit.world.later(unit.session, days=170)
    (late,) = (await unit.session.execute(text(kinds), {"id": sharing_id})).all()[-1:]
    await remind_unit(unit.session, sharing_id, late[1])
    seller = unit.world.headers("seller_staff")
    told = done(await unit.client.get("/v1/notifications", headers=seller))["items"]
    topics = [one["topic"] for one in told]
    assert topics.count("settlement.sharing_due_soon") == 1
    assert topics.count("settlement.sharing_overdue") == 1
    listed = done(await unit.client.get("/v1/sharings?overdue=true", headers=seller))
    assert [(one["id"], one["overdue"]) for one in listed["items"]] == [(str(sharing_id), True)]
    other = unit.world.headers("seller_staff", unit.world.other_seller)
    assert done(await unit.client.get("/v1/sharings", headers=other))["items"] == []


async def test_the_list_is_paged(desk: Desk, counter: Counter) -> None:
    unit = await sold(desk, counter)
    done(await unit.act(""))
    headers = unit.world.headers("operator")
    page = done(await unit.client.get("/v1/sharings?limit=1", headers=headers))
    assert (len(page["items"]), page["next"]) == (1, None)
    assert (page["items"][0]["due_on"], page["items"][0]["overdue"]) == (None, False)
    answer = await unit.client.get("/v1/sharings?cursor=x", headers=headers)
    refusal(answer, 400, "cursor_invalid")


async def test_payments_say_what_is_wrong(unit: Unit) -> None:
    """ST142"""
    await unit.final()
    refusal(await unit.pay(9, "1.00"), 404, "sharing_person_unknown")
    refusal(await unit.pay(1, "1.00", paid_on="2027-01-01"), 400, "award_paid_in_future")
    refusal(await unit.pay(1, "1.00", shares=1), 400, "sharing_figures_missing")
    dollars = {"amount": "1.00", "currency": "USD"}
    refusal(await unit.pay(1, "1.00", amount=dollars), 400, "sharing_currency_differs")


async def test_costs_of_a_later_income_change_no_persons(unit: Unit) -> None:
    """ST134, ST138"""
    done(await unit.act(""))
    cost = {"kind": "ip_maintenance", "description": "第二年年费", "amount": yuan("10000.00")}
    refusal(await unit.act("/costs", {"costs": [cost]}), 409, "transition_refused")
    done(await unit.plan(plan_body()))
    done(await unit.act("/notice", {}))
    await unit.world.later(unit.session, days=16)
    done(await unit.pay(3, "26894.74"))
    charged = done(await unit.act("/costs", {"costs": [cost], "tax": yuan("1000.00")}))
    assert charged["net_income"]["net"] == yuan("719000.00")
    assert charged["persons"][2]["ahead"] == yuan("405.27")
    assert charged["notice_hash"] is not None
    fiscal = cost | {"kind": "fiscal_research"}
    refusal(await unit.act("/costs", {"costs": [fiscal]}), 400, "fiscal_money_not_cost")


async def test_shares_are_registered_person_by_person(unit: Unit) -> None:
    """ST142: of 1,001 shares."""
    shown = await unit.final(basis="shares", shares_total=1_001)
    assert [one["total"] for one in shown["persons"]] == [398, 266, 37]
    body = {"person": 1, "amount": None, "shares": 399}
    told = refusal(await unit.pay(1, "1.00", **body), 400, "award_above_owed")
    assert told["maximum"] == 398
    body["shares"] = 398
    assert done(await unit.pay(1, "1.00", **body))["persons"][0]["due"] == 0


async def test_the_notice_is_printed_for_the_unit(unit: Unit) -> None:
    """ST141, ST144"""
    done(await unit.act(""))
    refusal(await unit.get("/notice.pdf"), 404, "award_notice_missing")
    done(await unit.plan(plan_body()))
    done(await unit.act("/notice", {}))
    printed = await unit.get("/notice.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")
    assert b"pdfaid" in printed.content
    refusal(await unit.get("/notice.pdf", who=unit.world.buyer), 403, "not_yours")


async def compare(unit: Unit, body: Json, who: PartyId | None = None) -> Any:
    headers = unit.world.headers("seller_staff", who)
    return await unit.client.post("/v1/sharing-comparisons", json=body, headers=headers)


async def test_schemes_are_compared_on_a_deal(unit: Unit) -> None:
    """ST146: nothing is written; each outcome is what that scheme would divide."""
    told = done(await compare(unit, {"deal_id": str(unit.deal_id)}))
    awards = {one["scheme"]: one["pools"]["award"]["amount"] for one in told["outcomes"]}
    assert awards == {
        "cn_national": "365000.00",
        "cn_zhejiang": "511000.00",
        "equal_thirds": "206833.34",
        "two_thirds": "486666.67",
        "germany_30": "219000.00",
        "iit_bombay_70": "511000.00",
    }
    german = next(one for one in told["outcomes"] if one["scheme"] == "germany_30")
    assert [floor["met"] for floor in german["floors"]] == [False, False, True, False]
    refusal(await unit.get(), 404, "object_unknown")


async def test_schemes_are_compared_on_given_figures(unit: Unit) -> None:
    """ST146"""
    figures = {
        "gross": yuan("100.00"),
        "persons": TEAM,
        "schemes": [{"name": "cn_national", "version": 1}],
        "seller_class": "university",
        "region_code": "320100",
    }
    (one,) = done(await compare(unit, figures))["outcomes"]
    assert [person["total"]["amount"] for person in one["persons"]] == ["30.00", "20.00", "0.00"]
    assert [floor["met"] for floor in one["floors"]] == [True]
    profits = figures | {
        "basis": "operating_profit",
        "profits": [yuan("1000.00"), yuan("-5.00"), yuan("3000.00")],
    }
    (one,) = done(await compare(unit, profits))["outcomes"]
    assert (one["divided"], one["pools"]["award"]) == (yuan("4000.00"), yuan("200.00"))
    few = profits | {"profits": [yuan("1.00")]}
    refusal(await compare(unit, few), 400, "profit_years_out_of_range")
    del figures["gross"]
    refusal(await compare(unit, figures), 400, "sharing_figures_missing")
    for odd in ({"seller_class": "college"}, {"region_code": "990000"}):
        refusal(await compare(unit, profits | odd), 400, "code_unknown")
    minus = profits | {"tax": yuan("-1.00")}
    refusal(await compare(unit, minus), 422, "request_invalid")
    other = {"deal_id": "00000000-0000-0000-0000-000000000007"}
    refusal(await compare(unit, other), 404, "object_unknown")


async def test_a_unit_publishes_its_own_scheme(unit: Unit) -> None:
    """ST130, ST131, ST132"""
    headers = unit.world.headers("seller_staff")

    async def publish(body: Json) -> Any:
        return await unit.client.post("/v1/sharing-schemes", json=body, headers=headers)

    told = refusal(await publish(scheme_body(6999)), 400, "sharing_below_floor")
    assert (told["article"], told["minimum_bp"]) == ("浙江省促进科技成果转化条例 37", 7000)
    odd = scheme_body(rules={"net_income": [{"pools": {"unit": 1}}]})
    refusal(await publish(odd), 400, "sharing_scheme_invalid")
    (group, *others) = scheme_body()["groups"]
    unprintable = scheme_body(groups=[group | {"name": "a\0"}, *others])
    refusal(await publish(unprintable), 422, "request_invalid")
    assert done(await publish(scheme_body()))["version"] == 1
    assert done(await publish(scheme_body(8500, effective_on="2026-04-01")))["version"] == 2
    own = done(await unit.client.get("/v1/sharing-schemes/own?limit=1", headers=headers))
    assert ([one["version"] for one in own["items"]], own["next"] is None) == ([2], False)
    path = f"/v1/sharing-schemes/own?limit=1&cursor={own['next']}"
    rest = done(await unit.client.get(path, headers=headers))
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)
    beyond = f"/v1/sharing-schemes/own?cursor={encode_cursor(2**62)}"
    assert len(done(await unit.client.get(beyond, headers=headers))["items"]) == 2
    opened = done(await unit.act(""))
    assert (opened["scheme"]["name"], opened["scheme"]["version"]) == ("unit", 1)
    shipped = done(await unit.client.get("/v1/sharing-schemes", headers=headers))
    assert {one["name"] for one in shipped["items"]} >= {"cn_national", "equal_thirds"}


async def test_an_investment_begins_with_its_shares(desk: Desk, counter: Counter) -> None:
    """ST142: the price terms count the shares; they are due at registration, not by a day."""
    unit = await sold(desk, counter)
    stake = {
        "company": "甬江新材料股份有限公司",
        "percentage_bp": 1_500,
        "share_count": 1_500_001,
        "register_by_on": "2026-06-30",
        "holders": [{"name": "之澜理工大学", "kind": "unit", "share_bp": 10_000}],
    }
    terms = {"kind": "share_investment", "price": yuan("730000.00"), "shares": stake}
    headers = unit.world.headers("seller_staff") | {"If-Match": '"0"'}
    path = f"/v1/deals/{unit.deal_id}/terms"
    done(await unit.client.put(path, json=terms, headers=headers))
    opened = done(await unit.act(""))
    assert (opened["basis"], opened["shares_total"], opened["due_on"]) == (
        "shares",
        1_500_001,
        None,
    )
    assert opened["pools"] == {"award": 1_050_001, "unit": 450_000}


async def test_a_demands_work_is_shared_milestone_by_milestone(
    world: World, session: AsyncSession, client: httpx.AsyncClient
) -> None:
    """ST145: its income is what the engagement released; the unit names the persons."""
    body = json.dumps(content(records("demands")[0], "poster")).replace('"2025-', '"2027-')
    poster = world.headers("buyer_staff")
    demand = done(await client.post("/v1/demands", json=json.loads(body), headers=poster))
    engagement_id = await put_engagement(
        session,
        world.market_id,
        UUID(demand["id"]),
        poster_id=world.buyer,
        solver_id=world.seller,
    )
    now = await market_now(session, world.market_id)
    deal_id = await open_engaged(session, EngagementId(UUID(engagement_id)), at=now, actor="system")
    unit = Unit(client, world, session, deal_id)
    opened = done(await unit.act(""))
    assert (opened["persons"], opened["incomes"]) == ([], [])
    for amount in ("0.60", "0.00", "0.40"):
        event = JournalEvent(
            type="engagement.released",
            subject_id=UUID(engagement_id),
            market_at=now,
            restricted={"amount": yuan(amount)},
        )
        await note_engagement_income(session, event)
    planned = done(await unit.plan(plan_body()))
    assert [one["amount"]["amount"] for one in planned["incomes"]] == ["0.60", "0.40"]
    assert planned["pools"]["award"] == yuan("0.70")
