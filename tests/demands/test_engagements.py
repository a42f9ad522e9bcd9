"""Engagements over HTTP: award to acceptance, a race, the end by each rule, who is owed what."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.platform import timers
from app.platform.inbox import NotificationRow
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.demands.board import Board, Json, done, refusal, yuan
from tests.demands.work import TIMERS, Work


@pytest.fixture
def work(board: Board, session: AsyncSession) -> Work:
    return Work(board, session)


def statuses(engagement: Json) -> list[str]:
    return [it["status"] for it in engagement["milestones"]]


async def statement(work: Work, engagement: Json) -> Json:
    return done(await work.board.get(f"engagements/{engagement['id']}/statement", "buyer_staff"))


async def deal(work: Work, engagement: Json) -> Json:
    return done(await work.board.get(f"deals/{engagement['deal_id']}", "operator"))


async def test_from_the_award_to_the_last_acceptance(work: Work) -> None:
    """DM75, DM77, DM78, DM81, DM82, DM87, DM93, ST20, ST21, ST22, ST23"""
    demand_id, (it,) = await work.engaged("800000.00")
    assert (it["status"], it["owed"], statuses(it)) == ("opened", yuan("0.00"), ["planned"] * 2)
    opened = await deal(work, it)
    assert (opened["listing_id"], opened["engagement_id"]) == (None, it["id"])
    assert (opened["start"], opened["price"]) == (yuan("900000.00"), yuan("800000.00"))
    assert (opened["buyer_id"], opened["seller_id"]) == (it["poster_id"], it["solver_id"])
    assert opened["sign_by_at"] == it["sign_by_at"]
    refusal(await work.deliver(it, 1), 409, "engagement_not_running")
    await work.sign(it)
    assert statuses(await work.read(it["id"])) == ["open", "planned"]
    refusal(await work.deliver(it, 2), 409, "transition_refused")
    refusal(await work.deliver(it, 1, costs=None), 400, "delivery_invalid")
    refusal(await work.deliver(it, 3), 404, "milestone_unknown")
    # Accepted before the money is there: due, and paid when it comes.
    due = await work.accepted(it, 1)
    assert (statuses(due), due["owed"]) == (["accepted", "open"], yuan("240000.00"))
    await work.pay(it, "100000.00")
    assert (await work.read(it["id"]))["owed"] == yuan("240000.00")  # whole or not at all
    await work.pay(it, "140000.00")
    assert statuses(await work.read(it["id"])) == ["released", "open"]
    assert await work.funds(work.world.seller) == Money.parse("240000.00")
    # Paid before it is accepted: the deal stays paid, the money leaves with the acceptance.
    assert (await work.pay(it, "560000.00"))["status"] == "paid"
    refusal(await work.deliver(it, 2, values=[]), 400, "delivery_invalid")
    last = await work.accepted(it, 2)
    assert (last["status"], last["released"], last["owed"]) == (
        "completed",
        yuan("800000.00"),
        yuan("0.00"),
    )
    settled = await deal(work, it)
    assert (settled["status"], settled["released"]) == ("settled", yuan("800000.00"))
    assert await work.demand_status(demand_id) is DemandStatus.ACCEPTED
    told = await statement(work, it)
    assert (told["finished"], told["in_escrow"]) == (True, yuan("0.00"))
    assert [line["kind"] for line in told["lines"]] == [
        "agreed",
        "accepted",
        "agreed",
        "accepted",
        "released",
        "released",
    ]
    assert all(line["entry_id"] and line["source"] for line in told["lines"][4:])
    # A worker that dies and begins anew tells everything twice: nothing moves.
    before = await work.books()
    seen, work.seen = work.seen, 0
    with pytest.raises(Exception, match="one deal"):
        async with work.session.begin_nested():
            await work.run()
    assert await work.books() == before
    work.seen = seen


async def test_a_milestone_whose_part_is_nothing_moves_nothing(work: Work) -> None:
    """DM76, DM81, DM93: a statement names no entry that the ledger does not have."""
    _, (it,) = await work.engaged("0.01")
    await work.sign(it)
    await work.pay(it, "0.01")
    await work.accepted(it, 1)
    last = await work.accepted(it, 2)
    assert [step["amount"] for step in last["milestones"]] == [yuan("0.00"), yuan("0.01")]
    told = done(await work.board.get(f"engagements/{it['id']}/statement", "operator"))
    moved = [line for line in told["lines"] if line["kind"] == "released"]
    assert [(line["milestone"], line["amount"]) for line in moved] == [(2, yuan("0.01"))]
    assert (statuses(last), (await deal(work, it))["status"]) == (["released"] * 2, "settled")


async def test_a_race_is_cut_at_a_failed_milestone(work: Work) -> None:
    """DM75, DM79, DM82, DM85, DM86, DM87: the other route goes on."""
    demand_id, (first, second) = await work.engaged(
        "700000.00",
        "600000.00",
        more={"budget": {"kind": "range", "low": yuan("600000.00"), "high": yuan("1200000.00")}},
        decision="racing",
        winners_max=2,
        route_budgets=[yuan("700000.00"), yuan("500000.00")],
    )
    assert second["price"] == yuan("500000.00")  # its route's budget
    for it in (first, second):
        await work.sign(it)
        await work.pay(it, "500000.00")
    reason = {"reason": "该路线未通过里程碑考核"}
    await work.accepted(second, 1)
    done(await work.deliver(second, 2))
    refusal(await work.act(second, "cut", reason), 409, "milestone_not_failed")
    await work.failed(second, 2)
    refusal(await work.deliver(second, 2), 409, "transition_refused")
    refusal(
        await work.solve(second, "settlement", {"cause": "poster", "ground": "终止"}),
        403,
        "not_yours",
    )
    ended = done(await work.act(second, "cut", reason))
    await work.run()
    assert (ended["status"], statuses(ended)) == ("cut", ["released", "failed"])
    assert (ended["released"], ended["returned"]) == (yuan("150000.00"), yuan("350000.00"))
    refusal(await work.act(second, "cut", reason), 409, "engagement_not_running")
    closed = await deal(work, second)
    assert (closed["status"], closed["outstanding"]) == ("settled", yuan("0.00"))
    assert await work.funds(PartyId(UUID(second["poster_id"]))) == Money.parse("350000.00")
    assert await work.demand_status(demand_id) is DemandStatus.CONTRACTED
    await work.accepted(first, 1)
    await work.accepted(first, 2)
    await work.pay(first, "200000.00")
    assert (await work.read(first["id"]))["released"] == yuan("700000.00")
    assert await work.demand_status(demand_id) is DemandStatus.ACCEPTED
    assert set(await work.books()) == {"bank", "funds"}  # no escrow is left


RULES = [
    ("poster_bears", None, None, "90000.00"),
    ("solver_bears", None, None, "0.00"),
    ("settled_at_milestone", None, None, "0.00"),
    ("shared_by_ratio", 6000, None, "54000.00"),
    ("shared_reasonably", None, 5000, "45000.00"),
]


@pytest.mark.parametrize(("rule", "recorded", "named", "part"), RULES, ids=[r[0] for r in RULES])
async def test_stop_and_settle_by_the_recorded_rule(
    work: Work, rule: str, recorded: int | None, named: int | None, part: str
) -> None:
    """DM84, DM85, DM86, DM91, DM92: both sides confirm the same hash, or the operator decides."""
    demand_id, (it,) = await work.engaged(
        "800000.00", more={"failure_risk_rule": rule, "poster_risk_bp": recorded}
    )
    await work.sign(it)
    await work.pay(it, "800000.00")
    await work.accepted(it, 1)
    file_id = await work.file(work.world.seller, "科目,金额\n劳务费,90000\n")
    cost = {
        "kind": "labour",
        "amount": yuan("90000.00"),
        "note": "第二阶段人员费用",
        "file_id": file_id,
    }
    done(await work.solve(it, "costs", {"costs": [cost]}))
    stop: dict[str, Any] = {
        "cause": "failure",
        "ground": "现有材料阻尼无法达到指标",
        "costs_accepted": yuan("90000.00"),
    }
    if named is None:
        refusal(
            await work.solve(it, "settlement", stop | {"poster_bp": 1}),
            400,
            "risk_ratio_not_expected",
        )
    else:
        refusal(await work.solve(it, "settlement", stop), 400, "risk_ratio_missing")
        stop["poster_bp"] = named
    refusal(
        await work.act(it, "settlement/decision", stop, "operator"), 409, "milestone_not_failed"
    )
    await work.failed(it, 2)
    if rule == "poster_bears":
        ended = done(await work.act(it, "settlement/decision", stop, "operator"))
    else:
        dearer = stop | {"costs_accepted": yuan("90000.01")}
        refusal(await work.solve(it, "settlement", dearer), 400, "costs_above_shown")
        asked = done(await work.solve(it, "settlement", stop))["proposal"]
        seen = {"hash": asked["hash"]}
        refusal(await work.solve(it, "settlement/confirmation", seen), 409, "settlement_confirmed")
        other = {"hash": "0" * 64}
        refusal(await work.act(it, "settlement/confirmation", other), 409, "settlement_differs")
        ended = done(await work.act(it, "settlement/confirmation", seen))
    await work.run()
    to_solver = Money.parse("240000.00") + Money.parse(part)
    assert (ended["status"], ended["owed"]) == ("stopped", yuan("0.00"))
    assert ended["released"] == to_solver.as_json()
    assert ended["returned"] == (Money.parse("800000.00") - to_solver).as_json()
    assert await work.funds(work.world.seller) == to_solver
    assert (await deal(work, it))["status"] == "settled"
    assert await work.demand_status(demand_id) is DemandStatus.TERMINATED
    assert set(await work.books()) == {"bank", "funds"}


async def test_what_arrives_behind_the_end_is_passed_on(work: Work) -> None:
    """DM82, DM83, DM92, ST22, ST23: first to the solver what it is owed, the rest back."""
    _, (it,) = await work.engaged("800000.00")
    await work.sign(it)
    await work.accepted(it, 1)  # 240,000 due, nothing paid in
    gives_up = {"cause": "solver", "ground": "核心人员离职,无力继续"}
    refusal(await work.act(it, "settlement/decision", gives_up, "operator"), 409, "stop_not_asked")
    confirming = await work.act(it, "settlement/confirmation", {"hash": "0" * 64})
    refusal(confirming, 409, "settlement_missing")
    done(await work.solve(it, "settlement", gives_up))
    done(await work.act(it, "settlement/decision", gives_up, "operator"))
    await work.run()
    assert (await deal(work, it))["status"] == "opened"  # the poster owes
    told = await statement(work, it)
    assert (told["owed"], told["finished"]) == (yuan("240000.00"), False)
    await work.pay(it, "100000.00")
    await work.pay(it, "300000.00")
    ended = await work.read(it["id"])
    assert (ended["released"], ended["returned"]) == (yuan("240000.00"), yuan("160000.00"))
    assert statuses(ended) == ["released", "void"]
    closed = await deal(work, it)
    assert (closed["status"], closed["paid"], closed["returned"]) == (
        "settled",
        yuan("400000.00"),
        yuan("160000.00"),
    )
    assert set(await work.books()) == {"bank", "funds"}


async def test_nobody_accepts_by_silence_and_a_third_party_reports_first(work: Work) -> None:
    """DM89, DM90: from the announced moment the operator decides."""
    third = {"acceptance": "third_party", "third_party": "浙江省机械产品检测中心", "lump_sum": True}
    _, (it,) = await work.engaged("800000.00", more=third)
    await work.sign(it)
    report = {"milestone": 1, "text": "检测结论:合格", "files": [], "values": []}
    file_id = await work.file(work.world.operator, "指标,结论\nRa,合格\n")
    report["files"] = [file_id]
    refusal(
        await work.act(it, "third-party-report", report, "operator"),
        409,
        "third_party_report_not_expected",
    )
    refusal(await work.deliver(it, 1), 400, "delivery_invalid")  # a lump sum reports no lines
    delivered = done(await work.deliver(it, 1, costs=None))["milestones"][0]
    sent = {"milestone": 1}
    refusal(await work.act(it, "acceptance", sent), 409, "third_party_report_missing")
    done(await work.act(it, "third-party-report", report, "operator"))
    refusal(await work.solve(it, "acceptance", sent), 403, "role_not_allowed")
    refusal(
        await work.act(it, "acceptance", sent, party_id=work.world.other_buyer), 403, "not_yours"
    )
    refusal(await work.act(it, "acceptance", sent, "operator"), 409, "poster_decides")
    due_at = datetime.fromisoformat(delivered["decide_by_at"])
    await work.world.at(work.session, due_at)
    await timers.cancel(work.session, kind="engagement.decide", subject_id=UUID(delivered["id"]))
    earlier = due_at - timedelta(days=1)  # in hand of a worker while it was delivered anew
    await TIMERS["engagement.decide"](work.session, UUID(delivered["id"]), earlier)
    anew = select(timers.Timer.due_at).where(timers.Timer.kind == "engagement.decide")
    assert await work.session.scalar(anew) == due_at
    await TIMERS["engagement.decide"](work.session, UUID(delivered["id"]), due_at)
    told = select(func.count()).where(NotificationRow.topic == "engagement.decision_due")
    assert await work.session.scalar(told) == 2
    done(await work.act(it, "acceptance", sent | {"reason": "需求方逾期未验收"}, "operator"))
    assert (await work.read(it["id"]))["deliveries"][0]["report"]["by"] == third["third_party"]


async def test_the_timer_fails_what_was_not_mended_and_a_mended_one_goes_on(work: Work) -> None:
    """DM79: once refused it may be mended; an overdue one is demanded."""
    _, (it,) = await work.engaged("800000.00")
    await work.sign(it)
    asked = {"milestone": 1, "reason": "请按期提交"}
    refusal(await work.act(it, "refusal", asked), 409, "milestone_not_overdue")
    refusal(await work.act(it, "cut", {"reason": "终止"}), 409, "not_racing")
    await work.world.at(work.session, datetime.fromisoformat("2026-07-01T00:00:00+08:00"))
    remedy = done(await work.act(it, "refusal", asked))["milestones"][0]
    assert remedy["status"] == "remedy"
    done(await work.deliver(it, 1))
    stop = {"cause": "solver", "ground": "放弃"}
    refusal(await work.solve(it, "settlement", stop), 409, "delivery_undecided")
    refused = done(await work.act(it, "refusal", asked))["milestones"][0]
    assert refused["status"] == "failed"
    _, (other,) = await work.engaged(
        "800000.00",
        more={"title": "另一项需求"},
        closes_at="2026-08-31T16:00:00Z",
        questions_until="2026-08-20T16:00:00Z",
    )
    await work.sign(other)
    done(await work.deliver(other, 1))
    mended = done(await work.act(other, "refusal", asked))["milestones"][0]
    due_at = datetime.fromisoformat(mended["remedy_due_at"])
    await work.world.at(work.session, due_at)
    refusal(await work.deliver(other, 1), 409, "transition_refused")  # failed at the moment
    await TIMERS["engagement.remedy"](work.session, UUID(mended["id"]), due_at)
    assert statuses(await work.read(other["id"])) == ["failed", "planned"]
    told = select(func.count()).where(NotificationRow.topic == "engagement.milestone_failed")
    assert await work.session.scalar(told) == 2


async def test_who_does_not_sign_falls_and_the_demand_is_open_for_the_next(work: Work) -> None:
    """DM87, ST24: and a signed deal of a demand is stopped, not declared in default."""
    demand_id, (it,) = await work.engaged("800000.00")
    await work.pay(it, "800000.00")
    path = f"deals/{it['deal_id']}/default"
    early = {"ground": "未签约"}
    refusal(await work.board.post(path, "operator", early), 409, "default_too_early")
    await work.world.at(work.session, datetime.fromisoformat(it["sign_by_at"]))
    done(await work.board.post(path, "operator", early))
    await work.run()
    assert (await work.read(it["id"]))["status"] == "fallen"
    assert await work.funds(work.world.buyer) == Money.parse("800000.00")
    assert await work.demand_status(demand_id) is DemandStatus.EVALUATING
    _, (signed,) = await work.engaged(
        "700000.00",
        more={"title": "另一项需求"},
        closes_at="2026-05-31T16:00:00Z",
        questions_until="2026-05-20T16:00:00Z",
    )
    await work.sign(signed)
    late = await work.board.post(
        f"deals/{signed['deal_id']}/default", "operator", {"ground": "未付款", "refused": True}
    )
    refusal(late, 409, "deal_runs_by_milestones")


async def test_a_solver_that_does_not_sign_is_the_one_who_broke_its_word(work: Work) -> None:
    """ST116, DM87: the poster has everything back, and reads that the solver did not sign."""
    demand_id, (it,) = await work.engaged("800000.00")
    await work.pay(it, "800000.00")
    path = f"deals/{it['deal_id']}/default"
    body = {"ground": "揭榜方书面拒绝签约", "refused": True, "side": "seller"}
    ended = done(await work.board.post(path, "operator", body))
    assert (ended["default_side"], ended["default_reason"]) == ("seller", "refused")
    assert (ended["returned"], ended["shortfall"]) == (yuan("800000.00"), None)
    await work.run()
    fallen = await work.read(it["id"])
    assert (fallen["status"], fallen["reason"]) == (
        "fallen",
        "揭榜方未签约 / the solver did not sign the contract",
    )
    assert await work.funds(work.world.buyer) == Money.parse("800000.00")
    assert await work.demand_status(demand_id) is DemandStatus.EVALUATING


async def test_the_contract_of_a_demand_is_prepared_for_registration(work: Work) -> None:
    """ST25: the type follows the mode of cooperation; what a demand does not know stays null."""
    _, (it,) = await work.engaged("800000.00")
    await work.sign(it)
    headers = work.world.headers("seller_staff") | {"If-Match": '"0"'}
    fields = {"contract_type": "development_joint", "technology_amount": yuan("800000.00")}
    path = f"/v1/deals/{it['deal_id']}/contract"
    done(await work.board.client.put(path, json=fields, headers=headers))
    sheet = done(await work.board.get(f"deals/{it['deal_id']}/registration-sheet", "operator"))
    assert "type_fits_conversion_mode" in {finding["rule"] for finding in sheet["findings"]}
    assert {"ip_kind", "plan_source"} <= set(sheet["unknown"])
    fields["contract_type"] = "development_commissioned"
    headers["If-Match"] = '"1"'
    done(await work.board.client.put(path, json=fields, headers=headers))
    sheet = done(await work.board.get(f"deals/{it['deal_id']}/registration-sheet", "operator"))
    assert "type_fits_conversion_mode" not in {finding["rule"] for finding in sheet["findings"]}


async def test_strangers_read_nothing_of_an_engagement(work: Work) -> None:
    """DM94"""
    _, (it,) = await work.engaged("800000.00")
    for path in (f"engagements/{it['id']}", f"engagements/{it['id']}/statement"):
        stranger = await work.board.get(path, "buyer_staff", party_id=work.world.third_buyer)
        refusal(stranger, 403, "not_yours")
        refusal(await work.board.get(path), 401, "token_missing")
    own = done(
        await work.board.get("engagements", "seller_staff", party_id=work.world.other_seller)
    )
    assert own["items"] == []
