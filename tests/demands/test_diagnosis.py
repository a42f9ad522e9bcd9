"""Gate and diagnosis over HTTP: experts, closed opinions, decision, mergers and splits, limits."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.repository import deal_prices
from app.identity.public import add_membership
from app.platform import timers
from app.platform.access import Role
from app.platform.db import Database
from app.platform.journal import JournalEvent, history
from app.platform.runtime import Runtime
from app.shared.canonical import salted_digest
from app.shared.ids import PartyId, new_id
from app.shared.money import Money
from app.valuations.domain.comparables import Comparable, ComparableSource, ComparableTerms
from app.valuations.repository import comparables
from tests.demands.board import RESTRICTED, Board, Json, body, done, refusal
from tests.demands.work import Work
from tests.world import START

CLEAR: Json = {"verdict": "clear", "score": 88, "reason": "指标可测，背景清楚。"}
MEND: Json = {"verdict": "mend", "score": 55, "reason": "缺少寿命指标。"}
DUE = (START + timedelta(days=5)).isoformat()


async def expert(board: Board, session: AsyncSession, party_id: PartyId) -> str:
    membership = await add_membership(
        session,
        user_id=board.world.users[party_id],
        party_id=party_id,
        market_id=board.world.market_id,
        role=Role.EXPERT,
    )
    return str(membership)


async def two_experts(board: Board, session: AsyncSession) -> list[str]:
    world = board.world
    return [await expert(board, session, party) for party in (world.seller, world.other_buyer)]


async def appoint(
    board: Board, session: AsyncSession, demand: Json, members: list[str] | None = None
) -> Any:
    sent = {"membership_ids": members or await two_experts(board, session), "due_at": DUE}
    return await board.post(f"demands/{demand['id']}/diagnosis/experts", "operator", sent)


async def opine(board: Board, demand: Json, party_id: PartyId, sent: Json = CLEAR) -> Any:
    path = f"demands/{demand['id']}/diagnosis/opinion"
    return await board.post(path, "expert", sent, party_id=party_id)


async def decide(board: Board, demand: Json, **sent: Any) -> Any:
    return await board.post(f"demands/{demand['id']}/diagnosis/decision", "operator", sent)


async def seen(board: Board, demand: Json, role: str, **who: Any) -> Json:
    return done(await board.get(f"demands/{demand['id']}/diagnosis", role, **who))


async def events(session: AsyncSession, demand: Json) -> dict[str, JournalEvent]:
    found = await history(session, UUID(demand["id"]))
    return {event.type.removeprefix("demand."): event for event in found}


async def run_timers(
    board: Board, session: AsyncSession, database: Database, runtime: Runtime, moment: datetime
) -> None:
    await board.world.at(session, moment)
    while await timers.run_one(database, runtime.timer_handlers):
        pass


async def told_to(board: Board, role: str, **who: Any) -> list[str]:
    found = done(await board.get("notifications", role, **who))["items"]
    return [item["topic"] for item in found]


async def test_a_check_tells_faults_and_points_and_stores_nothing(
    board: Board, session: AsyncSession
) -> None:
    """DM20, DM21"""
    sent = body(
        background="希望显著提高质量，达到先进水平。",
        budget={"kind": "open"},
        ip_ownership="nobody",
    )
    told = done(await board.post("demands/check", "buyer_staff", sent))
    assert [fault["rule"] for fault in told["faults"]] == ["code_unknown"]
    gate = told["gate"]
    found = {item["rule"]: item for item in gate["items"] if not item["passed"]}
    assert {"words_without_number", "budget_open", "background_too_short"} <= set(found)
    assert found["budget_open"]["places"] == ["budget"]
    assert found["budget_open"]["example_zh"]
    assert gate["score"] == 100 - sum(item["weight"] for item in found.values())
    assert gate["prices"] is None
    assert done(await board.get("demands", "buyer_staff"))["items"] == []
    await board.submitted()
    for price in (10, 20, 30, 40, 50):
        await comparables.insert_given(session, _deal(board, price))
    demand = done(await board.get("demands", "buyer_staff"))["items"][0]
    gate = done(await board.get(f"demands/{demand['id']}/gate", "buyer_staff"))
    assert gate["prices"] == {
        "count": 5,
        "low": {"amount": "20.00", "currency": "CNY"},
        "middle": {"amount": "30.00", "currency": "CNY"},
        "high": {"amount": "40.00", "currency": "CNY"},
    }
    assert "budget.low" in str([item["places"] for item in gate["items"]])
    refusal(
        await board.get(
            f"demands/{demand['id']}/gate", "buyer_staff", party_id=board.world.other_buyer
        ),
        403,
        "not_yours",
    )


def _deal(board: Board, price: int) -> Comparable:
    return Comparable(
        id=new_id(),
        market_id=board.world.market_id,
        source=ComparableSource.GIVEN,
        listing_id=None,
        terms=ComparableTerms(title="某成交", technology_field="advanced_manufacturing"),
        price=Money(price * 100),
        start=None,
        contested=None,
        dealt_on=START.date(),
        cited="公开成交公告",
    )


async def test_signed_engagements_are_past_deals_of_their_field(
    board: Board, session: AsyncSession
) -> None:
    """DM21"""
    work = Work(board, session)
    _, (engagement,) = await work.engaged("800000.00")

    async def known() -> list[Money]:
        found = await deal_prices.of_field(
            session,
            board.world.market_id,
            technology_field="advanced_manufacturing",
            currency="CNY",
        )
        return list(found)

    assert await known() == []
    await work.sign(engagement)
    assert await known() == [Money.parse("800000.00")]


async def test_opinions_are_closed_until_all_are_in_and_the_poster_reads_no_names(
    board: Board, session: AsyncSession
) -> None:
    """DM22, DM23"""
    world = board.world
    demand = await board.submitted(**RESTRICTED)
    asked = done(await appoint(board, session, demand))["experts"]
    assert [item["opinion"] for item in asked] == [None, None]
    assert "demands.diagnosis_asked" in await told_to(board, "seller_staff")
    mine = done(await opine(board, demand, world.seller))
    assert mine["opinion"]["score"] == 88
    refusal(await opine(board, demand, world.seller), 409, "diagnosis_given")
    for role in ("operator", "auditor"):
        early = await seen(board, demand, role)
        assert [item["opinion"] for item in early["experts"]] == [None, None]
        assert early["experts"][0]["given_at"] is not None
        assert early["opinions"] is None
    judging = await seen(board, demand, "expert", party_id=world.other_buyer)
    assert judging["demand"]["restricted_text"] == RESTRICTED["restricted_text"]
    assert len(judging["experts"]) == 1
    assert (
        refusal(await decide(board, demand, outcome="clear"), 409, "diagnosis_outstanding")[
            "waiting"
        ]
        == 1
    )
    done(await opine(board, demand, world.other_buyer, MEND))
    opened = await seen(board, demand, "operator")
    assert [item["opinion"]["score"] for item in opened["experts"]] == [88, 55]
    poster = await seen(board, demand, "buyer_staff")
    assert (poster["opinions"], poster["experts"]) == (None, [])
    refusal(await decide(board, demand, outcome="clear"), 400, "demand_reason_missing")
    cleared = done(await decide(board, demand, outcome="clear", reason="寿命另行约定。"))
    assert cleared["demand"]["status"] == "reviewed"
    poster = await seen(board, demand, "buyer_staff")
    assert [item["score"] for item in poster["opinions"]] == [88, 55]
    assert "经办人" not in str(poster)
    after = await seen(board, demand, "expert", party_id=world.seller)
    assert after["demand"] is None
    refusal(await opine(board, demand, world.third_buyer), 404, "object_unknown")
    refusal(await decide(board, demand, outcome="clear"), 409, "transition_refused")
    tasks = done(await board.get("demand-diagnoses", "expert", party_id=world.seller))["items"]
    assert [task["demand_id"] for task in tasks] == [demand["id"]]
    given = (await events(session, demand))["opinion_given"]
    assert given.audience == []
    assert set(given.restricted) == {"seat_id", "digest", "actor"}
    assert len(given.restricted["digest"]) == len(salted_digest("", b""))


async def test_the_time_for_opinions_ends_half_open(board: Board, session: AsyncSession) -> None:
    """DM22, DM23"""
    demand = await board.submitted()
    done(await appoint(board, session, demand))
    await board.world.at(session, START + timedelta(days=5, minutes=-1))
    done(await opine(board, demand, board.world.seller))
    await board.world.at(session, START + timedelta(days=5))
    refusal(await opine(board, demand, board.world.other_buyer), 409, "diagnosis_late")
    assert (await seen(board, demand, "operator"))["opinions"] is not None
    done(await decide(board, demand, outcome="clear"))


async def test_all_who_cannot_judge_are_named_at_once(board: Board, session: AsyncSession) -> None:
    """DM22"""
    world = board.world
    demand = await board.submitted()
    near = await expert(board, session, world.buyer)
    fit = await expert(board, session, world.seller)
    told = refusal(
        await appoint(board, session, demand, [near, fit, fit, str(world.buyer)]),
        400,
        "diagnosis_experts_unfit",
    )
    assert [(item["field"], item["rule"]) for item in told["errors"]] == [
        ("membership_ids.0", "expert_must_recuse"),
        ("membership_ids.2", "expert_appointed"),
        ("membership_ids.3", "not_an_expert"),
    ]
    late = {"membership_ids": [fit], "due_at": START.isoformat()}
    path = f"demands/{demand['id']}/diagnosis/experts"
    refusal(await board.post(path, "operator", late), 400, "time_limit_over")
    await board.put_in(session, demand["id"], DemandStatus.REVIEWED)
    refusal(await appoint(board, session, demand, [fit]), 409, "transition_refused")


@pytest.mark.parametrize(
    "sent",
    [
        {"verdict": "merge"},
        {"verdict": "clear", "merge_into": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"verdict": "split"},
        {"verdict": "mend", "parts": ["甲", "乙"]},
    ],
)
async def test_a_verdict_and_what_it_names_belong_together(
    board: Board, session: AsyncSession, sent: Json
) -> None:
    """DM22"""
    demand = await board.submitted()
    done(await appoint(board, session, demand, [await expert(board, session, board.world.seller)]))
    answer = await opine(board, demand, board.world.seller, CLEAR | sent)
    refusal(answer, 400, "diagnosis_invalid")


async def test_what_is_returned_has_a_reason_and_a_time_and_is_judged_anew(
    board: Board, session: AsyncSession
) -> None:
    """DM3, DM27"""
    demand = await board.submitted()
    refusal(await decide(board, demand, outcome="return"), 400, "demand_reason_missing")
    refusal(
        await decide(board, demand, outcome="return", reason="补充寿命指标"), 400, "time_limit_over"
    )
    told = await decide(board, demand, outcome="return", reason="补充寿命指标", due_at=DUE)
    returned = done(told)["demand"]
    assert (returned["status"], returned["reason"]) == ("returned", "补充寿命指标")
    assert datetime.fromisoformat(returned["due_at"]) == START + timedelta(days=5)
    await board.world.later(session, days=1)
    done(await board.post(f"demands/{demand['id']}/submission", "buyer_staff"))
    assert (await seen(board, demand, "operator"))["experts"] == []
    assert (await seen(board, demand, "buyer_staff"))["opinions"] is None
    refused = done(await decide(board, demand, outcome="refuse", reason="不属于技术需求"))
    assert refused["demand"]["status"] == "refused"
    assert refused["demand"]["ended_at"] is not None


async def test_limits_that_pass_are_told_and_decide_nothing(
    board: Board, session: AsyncSession, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """DM27"""
    world = board.world
    demand = await board.submitted()
    done(await appoint(board, session, demand))
    done(await opine(board, demand, world.seller))
    await run_timers(board, session, rolled_back, shared_runtime, START + timedelta(days=5))
    missed = (await events(session, demand))["opinions_due"]
    assert missed.restricted["missing"] == 1
    who = {"party_id": world.other_buyer}
    assert "demands.diagnosis_missed" in await told_to(board, "buyer_staff", **who)
    due = (START + timedelta(days=9)).isoformat()
    done(await decide(board, demand, outcome="return", reason="补充寿命指标", due_at=due))
    await run_timers(board, session, rolled_back, shared_runtime, START + timedelta(days=9))
    assert "demands.mending_due" in await told_to(board, "buyer_staff")
    done(await board.post(f"demands/{demand['id']}/submission", "buyer_staff"))


async def consents(board: Board, demand: Json, **who: Any) -> list[Json]:
    found = done(await board.get(f"demands/{demand['id']}/consents", "buyer_staff", **who))
    items: list[Json] = found["items"]
    return items


async def consent(board: Board, demand: Json, asked: Json, **how: Any) -> Any:
    who = {"party_id": how.pop("party_id")} if "party_id" in how else {}
    sent = {"reshaping_id": asked["id"], "consents": True} | how
    return await board.post(f"demands/{demand['id']}/consent", "buyer_staff", sent, **who)


async def theirs(board: Board) -> Json:
    """Return a submitted demand of another poster."""
    who = board.world.other_buyer
    return done(await board.post("demands", "buyer_staff", body(title="缸筒抑振"), party_id=who))


async def test_a_merger_waits_for_both_posters_and_leaves_the_first_reading(
    board: Board, session: AsyncSession
) -> None:
    """DM24, DM25"""
    mine, other = await board.submitted(), await theirs(board)
    who = {"party_id": board.world.other_buyer}
    sent = {"outcome": "merge", "reason": "两项需求对象相同。", "merge_into": other["id"]}
    asked = done(await decide(board, mine, **sent))["asked"]
    assert asked["waits_for"] == 2
    seen_by_mine, seen_by_theirs = await consents(board, mine), await consents(board, other, **who)
    assert (seen_by_mine[0]["demand_id"], seen_by_mine[0]["into"]) == (mine["id"], None)
    assert (seen_by_theirs[0]["demand_id"], seen_by_theirs[0]["into"]) == (None, other["id"])
    waiting = done(await consent(board, mine, asked))
    assert (waiting["status"], waiting["answered"], waiting["into"]) == ("asked", True, None)
    refusal(await consent(board, mine, asked), 409, "consent_given")
    assert done(await board.get(f"demands/{mine['id']}", "buyer_staff"))["status"] == "submitted"
    refusal(await board.get(f"demands/{other['id']}", "buyer_staff"), 404, "object_unknown")
    done_ = done(await consent(board, other, asked, **who))
    assert (done_["status"], done_["demand_id"]) == ("done", mine["id"])
    merged = done(await board.get(f"demands/{mine['id']}", "buyer_staff"))
    assert (merged["status"], merged["merged_into"]) == ("merged", other["id"])
    read = done(await board.get(f"demands/{other['id']}", "buyer_staff"))
    assert (read["title"], read["restricted_text"]) == ("缸筒抑振", None)
    refusal(await consent(board, mine, asked), 409, "transition_refused")
    both = {board.world.buyer, board.world.other_buyer}
    assert set((await events(session, other))["took_in"].audience) == both


async def test_a_declined_merger_changes_nothing(board: Board) -> None:
    """DM24"""
    mine, other = await board.submitted(), await theirs(board)
    who = {"party_id": board.world.other_buyer}
    sent = {"outcome": "merge", "reason": "两项需求对象相同。", "merge_into": other["id"]}
    asked = done(await decide(board, mine, **sent))["asked"]
    no = {"consents": False}
    refusal(await consent(board, other, asked, **no, **who), 400, "demand_reason_missing")
    told = done(await consent(board, other, asked, **no, reason="设备不同", **who))
    assert (told["status"], told["reason"]) == ("declined", "设备不同")
    assert done(await board.get(f"demands/{mine['id']}", "buyer_staff"))["status"] == "submitted"
    again = done(await decide(board, mine, **sent))["asked"]
    done(await decide(board, mine, outcome="clear"))
    assert [item["status"] for item in await consents(board, mine)] == ["dropped", "declined"]
    refusal(await consent(board, mine, again), 409, "transition_refused")
    stranger = await board.submitted()
    refusal(await consent(board, stranger, again), 404, "object_unknown")


async def test_only_what_is_submitted_and_not_posted_takes_another_in(
    board: Board, session: AsyncSession
) -> None:
    """DM25"""
    mine, other = await board.submitted(), await theirs(board)
    sent = {"outcome": "merge", "reason": "两项需求对象相同。"}
    for target in (None, mine["id"], str(new_id())):
        refusal(await decide(board, mine, **sent, merge_into=target), 409, "merge_target_unfit")
    sent["merge_into"] = other["id"]
    asked = done(await decide(board, mine, **sent))["asked"]
    done(await consent(board, mine, asked))
    await board.put_in(session, other["id"], DemandStatus.REFUSED)
    who = {"party_id": board.world.other_buyer}
    refusal(await consent(board, other, asked, **who), 409, "merge_target_unfit")
    refusal(await decide(board, mine, **sent), 409, "merge_target_unfit")


async def test_a_split_makes_drafts_that_carry_where_they_come_from(
    board: Board, session: AsyncSession
) -> None:
    """DM24, DM26"""
    first = body()["targets"][0]
    targets = [first, first | {"name": "动刚度"}, first | {"name": "寿命", "unit": "h"}]
    demand = await board.submitted(targets=targets)
    sent: Json = {"outcome": "split", "reason": "含两项独立技术。"}
    bad = [{"title": "刀杆", "targets": [0, 0, 7]}]
    told = refusal(await decide(board, demand, **sent, parts=bad), 400, "split_invalid")
    assert {item["rule"] for item in told["errors"]} == {
        "too_few_parts",
        "repeated",
        "target_unknown",
        "target_left_out",
    }
    parts = [{"title": "抑振刀杆", "targets": [0, 1]}, {"title": "寿命试验", "targets": [2]}]
    asked = done(await decide(board, demand, **sent, parts=parts))["asked"]
    assert (asked["waits_for"], asked["parts"]) == (1, parts)
    done(await consent(board, demand, asked))
    split = done(await board.get(f"demands/{demand['id']}", "buyer_staff"))
    assert split["status"] == "split"
    listed = done(await board.get("demands", "buyer_staff"))["items"]
    drafts = [
        done(await board.get(f"demands/{item['id']}", "buyer_staff"))
        for item in listed
        if item["status"] == "draft"
    ]
    assert {(item["title"], len(item["targets"])) for item in drafts} == {
        ("抑振刀杆", 2),
        ("寿命试验", 1),
    }
    assert {item["split_from"] for item in drafts} == {demand["id"]}
    assert {item["budget"]["kind"] for item in drafts} == {"open"}
    done(await board.post(f"demands/{drafts[0]['id']}/submission", "buyer_staff"))
    assert len((await events(session, demand))["split"].restricted["into"]) == 2


async def test_a_withdrawn_demand_drops_what_was_asked(board: Board) -> None:
    """DM24"""
    mine, other = await board.submitted(), await theirs(board)
    sent = {"outcome": "merge", "reason": "两项需求对象相同。", "merge_into": other["id"]}
    asked = done(await decide(board, mine, **sent))["asked"]
    done(await board.post(f"demands/{mine['id']}/withdrawal", "buyer_staff", {}))
    who = {"party_id": board.world.other_buyer}
    refusal(await consent(board, other, asked, **who), 409, "transition_refused")
