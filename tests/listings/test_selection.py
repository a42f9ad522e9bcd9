"""Selection over HTTP: first check, experts, decision, deadlines, the gate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.identity.public import PartyStatus, add_membership, create_party, create_user
from app.platform import timers
from app.platform.access import SYSTEM, Role
from app.platform.db import Database
from app.platform.journal import JournalEvent, history
from app.platform.runtime import Runtime
from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId, UserId, new_id
from tests.listings.factories import Desk, Json, achievement_body, done, refusal
from tests.queries import counted
from tests.world import START, organisation

MET = {"vote": "recommend", "score": 86, "reason": "指标清楚，验证充分。"}
POOR = {"vote": "reject", "score": 35, "reason": "与现有方案差别不大。"}


async def run_timers(desk: Desk, database: Database, runtime: Runtime, **later: float) -> None:
    """Move the clock on and do all that is due."""
    await desk.world.later(desk.session, **later)
    while await timers.run_one(database, runtime.timer_handlers):
        pass


async def expert(desk: Desk, party_id: PartyId, user_id: UserId | None = None) -> str:
    """Let a party's user be an expert; return the membership."""
    membership = await add_membership(
        desk.session,
        user_id=user_id or desk.world.users[party_id],
        party_id=party_id,
        market_id=desk.world.market_id,
        role=Role.EXPERT,
    )
    return str(membership)


async def three_experts(desk: Desk) -> list[str]:
    world = desk.world
    return [
        await expert(desk, party) for party in (world.buyer, world.other_buyer, world.third_buyer)
    ]


async def passed(desk: Desk, **changes: Any) -> Json:
    """Return an achievement that is before the experts."""
    made = await desk.submit(**changes)
    path = f"achievements/{made['id']}/first-check"
    return done(await desk.post(path, "operator", {"outcome": "pass"}))


async def opine(desk: Desk, made: Json, party_id: PartyId, body: Json = MET) -> Any:
    return await desk.post(f"achievements/{made['id']}/opinion", "expert", body, party_id=party_id)


async def appointed(desk: Desk, **changes: Any) -> Json:
    made = await passed(desk, **changes)
    body = {"membership_ids": await three_experts(desk)}
    done(await desk.post(f"achievements/{made['id']}/experts", "operator", body))
    return made


async def selection(desk: Desk, made: Json, role: str, **who: Any) -> Json:
    return done(await desk.get(f"achievements/{made['id']}/selection", role, **who))


async def events(desk: Desk, made: Json) -> Sequence[JournalEvent]:
    return await history(desk.session, UUID(made["id"]))


async def test_from_a_draft_to_the_shelf_with_three_experts(desk: Desk) -> None:
    """LS40, LS42, LS43"""
    world = desk.world
    draft = await desk.submit(draft=True)
    path = f"achievements/{draft['id']}"
    refusal(
        await desk.post(f"{path}/first-check", "operator", {"outcome": "pass"}),
        404,
        "object_unknown",
    )
    submitted = done(await desk.post(f"{path}/submission", "seller_staff", None))
    # Five working days from Monday, 2 March, to the end of the 9th.
    assert (submitted["status"], submitted["due_at"]) == ("submitted", "2026-03-09T16:00:00+00:00")
    refusal(await desk.post(f"{path}/submission", "seller_staff", None), 409, "transition_refused")
    checked = done(await desk.post(f"{path}/first-check", "operator", {"outcome": "pass"}))
    assert (checked["status"], checked["due_at"]) == ("selecting", "2026-03-30T16:00:00+00:00")
    body = {"membership_ids": await three_experts(desk)}
    asked = done(await desk.post(f"{path}/experts", "operator", body))["experts"]
    assert [item["expert_name"] for item in asked] == [
        "西溪智造有限公司经办人",
        "南湖机电有限公司经办人",
        "甬江生物有限公司经办人",
    ]
    done(await opine(desk, draft, world.buyer))
    done(await opine(desk, draft, world.other_buyer, POOR))
    early = await desk.post(f"{path}/review", "operator", {"accepted": True})
    assert refusal(early, 409, "opinions_missing")["minimum"] == 3
    assert (await selection(desk, draft, "seller_staff"))["opinions"] is None
    done(await opine(desk, draft, world.third_buyer))
    seen = await selection(desk, draft, "auditor")
    assert [item["opinion"]["score"] for item in seen["experts"]] == [86, 35, 86]
    accepted = done(await desk.post(f"{path}/review", "operator", {"accepted": True}))
    assert accepted["status"] == "accepted"
    told = await selection(desk, draft, "seller_staff")
    assert told["opinions"] == [MET, MET, POOR]
    assert told["experts"] == []
    await _check_journal(await events(desk, draft), world.seller)


async def _check_journal(told: Sequence[JournalEvent], owner: PartyId) -> None:
    assert [event.type.removeprefix("achievement.") for event in told] == [
        "drafted",
        "submitted",
        "passed_check",
        "experts_appointed",
        *["opinion_given"] * 3,
        "accepted",
    ]
    assert all(event.public == {} for event in told[:-1])
    assert set(told[1].restricted["gate"]) == {"score", "failed"}
    for event in told[3:7]:
        assert event.audience == []
    assert told[-1].audience == [owner]
    assert told[-1].restricted["opinions"] == [MET, MET, POOR]
    assert "经办人" not in str(told[-1].restricted)


@pytest.mark.parametrize("by", ["first_check", "review", "experts"])
async def test_what_is_returned_is_mended_and_submitted_again(desk: Desk, by: str) -> None:
    """LS40, LS41"""
    world = desk.world
    made = await (appointed(desk) if by == "experts" else desk.submit())
    path = f"achievements/{made['id']}"
    if by == "first_check":
        body: Json = {"outcome": "return"}
        place = f"{path}/first-check"
    else:
        body = {"accepted": False, "mend": True}
        place = f"{path}/review"
    if by == "experts":
        for party in (world.buyer, world.other_buyer, world.third_buyer):
            done(await opine(desk, made, party))
    refusal(await desk.post(place, "operator", body), 400, "reason_missing")
    returned = done(await desk.post(place, "operator", body | {"reason": "补充对比数据"}))
    assert (returned["status"], returned["reason"]) == ("returned", "补充对比数据")
    assert returned["due_at"] == "2026-03-16T16:00:00+00:00"  # ten working days
    for accepted in (True, False):
        again = {"accepted": accepted, "reason": "再议"}
        refusal(await desk.post(f"{path}/review", "operator", again), 409, "transition_refused")
    await world.later(desk.session, days=1)
    submitted = done(await desk.post(f"{path}/submission", "seller_staff", None))
    assert (submitted["status"], submitted["reason"]) == ("submitted", None)
    assert submitted["due_at"] == "2026-03-10T16:00:00+00:00"
    # The new submission is judged anew: nobody has been asked, and no opinion is left.
    assert (await selection(desk, made, "operator"))["experts"] == []
    refusal(await opine(desk, made, world.buyer), 404, "object_unknown")


async def test_a_refusal_at_the_first_check_states_its_reason(desk: Desk) -> None:
    """LS40"""
    path = f"achievements/{(await desk.submit())['id']}/first-check"
    refusal(await desk.post(path, "operator", {"outcome": "refuse"}), 400, "reason_missing")
    refused = done(
        await desk.post(path, "operator", {"outcome": "refuse", "reason": "不属于科技成果"})
    )
    assert (refused["status"], refused["due_at"]) == ("refused", None)
    for outcome in ("pass", "return", "refuse"):
        body = {"outcome": outcome, "reason": "再议"}
        refusal(await desk.post(path, "operator", body), 409, "transition_refused")


async def test_all_who_cannot_judge_are_named_at_once(desk: Desk) -> None:
    """LS42"""
    world, session = desk.world, desk.session

    async def person(number: int, name: str, party_id: PartyId) -> str:
        user = await create_user(
            session, login=f"expert{number}", password_hash="-", display_name=name
        )
        return await expert(desk, party_id, user)

    sister = replace(organisation(40, "之澜科技有限公司"), representative="陆景深")
    under_one_hand = await create_party(
        session,
        market_id=world.market_id,
        new=sister,
        status=PartyStatus.VERIFIED,
        actor=SYSTEM,
        now=START,
    )
    others = [{"name": "许澜清", "share_bp": 5000}, {"name": "裴砚秋", "share_bp": 5000}]
    await desk.submit(completers=others)
    made = await passed(desk)
    good = await expert(desk, world.buyer)
    path = f"achievements/{made['id']}/experts"
    bad = [
        await person(1, "沈知远", world.seller),
        await person(2, "沈知行", under_one_hand),
        await person(3, "许 澜清", world.third_buyer),
        await person(4, "裴砚秋", world.third_buyer),
        await expert(desk, world.third_buyer, world.users[world.seller]),
        str(new_id()),
        good,
    ]
    body = {"membership_ids": [good, *bad]}
    told = refusal(await desk.post(path, "operator", body), 400, "experts_not_appointable")
    found = [
        (error["field"], error["rule"], error["accepted"].get("ground")) for error in told["errors"]
    ]
    assert found == [
        ("membership_ids.1", "expert_must_recuse", "same_unit"),
        ("membership_ids.2", "expert_must_recuse", "shared_control"),
        ("membership_ids.3", "expert_must_recuse", "completer"),
        ("membership_ids.4", "expert_must_recuse", "co_inventor"),
        ("membership_ids.5", "expert_must_recuse", "same_unit"),
        ("membership_ids.6", "not_an_expert", None),
        ("membership_ids.7", "expert_appointed", None),
    ]
    assert (await selection(desk, made, "operator"))["experts"] == []
    done(await desk.post(path, "operator", {"membership_ids": [good]}))
    again = await desk.post(path, "operator", {"membership_ids": [good]})
    assert refusal(again, 400, "experts_not_appointable")["errors"][0]["rule"] == "expert_appointed"


async def test_experts_are_appointed_after_the_first_check_only(desk: Desk) -> None:
    made = await desk.submit()
    body = {"membership_ids": [await expert(desk, desk.world.buyer)]}
    path = f"achievements/{made['id']}/experts"
    refusal(await desk.post(path, "operator", body), 409, "transition_refused")


async def test_an_opinion_is_the_appointed_experts_once_and_in_time(desk: Desk) -> None:
    """LS42"""
    world = desk.world
    made = await appointed(desk)
    refusal(await opine(desk, made, world.seller), 404, "object_unknown")
    done(await opine(desk, made, world.buyer))
    refusal(await opine(desk, made, world.buyer, POOR), 409, "opinion_given")
    await world.at(desk.session, datetime(2026, 3, 31, tzinfo=SHANGHAI))
    told = refusal(await opine(desk, made, world.other_buyer), 409, "opinion_late")
    assert told["due_at"] == "2026-03-30T16:00:00+00:00"


async def test_no_opinion_comes_after_the_end(desk: Desk) -> None:
    """LS42, LS43"""
    made = await appointed(desk)
    body = {"reason": "合作方要求暂不公开"}
    done(await desk.post(f"achievements/{made['id']}/withdrawal", "seller_staff", body))
    told = refusal(await opine(desk, made, desk.world.buyer), 409, "opinion_late")
    assert told["state"] == "withdrawn"
    assert (await selection(desk, made, "seller_staff"))["opinions"] is None


async def test_an_acceptance_against_the_experts_says_why(desk: Desk) -> None:
    """LS43"""
    made = await appointed(desk)
    world = desk.world
    for party, body in ((world.buyer, MET), (world.other_buyer, POOR), (world.third_buyer, POOR)):
        done(await opine(desk, made, party, body))
    path = f"achievements/{made['id']}/review"
    refusal(await desk.post(path, "operator", {"accepted": True}), 400, "reason_missing")
    reason = "本地企业已有明确需求，入库后补充验证。"
    accepted = done(await desk.post(path, "operator", {"accepted": True, "reason": reason}))
    assert (accepted["status"], accepted["reason"]) == ("accepted", None)
    assert (await events(desk, made))[-1].restricted["reason"] == reason


async def test_an_expert_reads_a_restricted_content_while_it_judges(desk: Desk) -> None:
    """LS44"""
    world = desk.world
    summary = "一种用于金属卷材产线的在线检测方法。"
    made = await appointed(desk, confidentiality="restricted", public_summary=summary)
    seen = await selection(desk, made, "expert", party_id=world.buyer)
    assert seen["achievement"]["evidence"] == made["evidence"]
    assert seen["gate"]["score"] > 0
    assert [item["party_id"] for item in seen["experts"]] == [str(world.buyer)]
    assert seen["opinions"] is None
    path = f"achievements/{made['id']}"
    refusal(
        await desk.get(f"{path}/selection", "expert", party_id=world.seller), 404, "object_unknown"
    )
    for party in (world.buyer, world.other_buyer, world.third_buyer):
        done(await opine(desk, made, party))
    done(await desk.post(f"{path}/review", "operator", {"accepted": True}))
    after = await selection(desk, made, "expert", party_id=world.buyer)
    assert (after["achievement"], after["gate"]) == (None, None)
    assert after["experts"][0]["opinion"] == MET
    shown = done(await desk.get(path, "expert", party_id=world.buyer))
    assert (shown["abstract"], shown["evidence"]) == (summary, None)


async def test_experts_list_what_they_are_asked(desk: Desk, rolled_back: Database) -> None:
    world = desk.world
    membership = await expert(desk, world.buyer)
    made = [await passed(desk) for _ in range(3)]
    for item in made:
        body = {"membership_ids": [membership]}
        done(await desk.post(f"achievements/{item['id']}/experts", "operator", body))
    with counted(rolled_back) as sent:
        first = done(await desk.get("selection-appointments?limit=2", "expert"))
    assert len(sent) == 1
    assert [item["achievement_id"] for item in first["items"]] == [made[2]["id"], made[1]["id"]]
    second = done(await desk.get(f"selection-appointments?cursor={first['next']}", "expert"))
    assert [item["title"] for item in second["items"]] == [made[0]["title"]]
    none = done(await desk.get("selection-appointments", "expert", party_id=world.other_buyer))
    assert none["items"] == []


async def test_staff_are_told_what_is_overdue_and_nobody_else(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS41"""
    waiting, before_experts = await desk.submit(), await passed(desk)
    await run_timers(desk, rolled_back, shared_runtime, days=7)
    assert len(await events(desk, waiting)) == 1
    await run_timers(desk, rolled_back, shared_runtime, days=1)
    last = (await events(desk, waiting))[-1]
    assert (last.type, last.audience, last.public) == ("achievement.overdue", [], {})
    assert last.market_at == datetime(2026, 3, 10, tzinfo=SHANGHAI)
    assert last.restricted["status"] == "submitted"
    await run_timers(desk, rolled_back, shared_runtime, days=30)
    assert (await events(desk, before_experts))[-1].restricted["status"] == "selecting"
    # Whoever is asked after the end has the whole time: 20 working days, over Qingming's.
    body = {"membership_ids": [await expert(desk, desk.world.buyer)]}
    path = f"achievements/{before_experts['id']}"
    asked = done(await desk.post(f"{path}/experts", "operator", body))["experts"]
    assert asked[0]["due_at"] == done(await desk.get(path, "operator"))["due_at"]
    assert datetime.fromisoformat(asked[0]["due_at"]) > await desk.now() + timedelta(days=20)
    done(await opine(desk, before_experts, desk.world.buyer))


async def test_what_is_not_mended_in_time_is_refused_with_the_reason(
    desk: Desk, rolled_back: Database, shared_runtime: Runtime
) -> None:
    """LS41"""
    made = await desk.submit()
    path = f"achievements/{made['id']}"
    body = {"outcome": "return", "reason": "补充对比数据"}
    done(await desk.post(f"{path}/first-check", "operator", body))
    # The stored deadline decides, however late the worker is.
    await desk.world.later(desk.session, days=20)
    late = await desk.post(f"{path}/submission", "seller_staff", None)
    assert refusal(late, 409, "mending_over")["due_at"] == "2026-03-16T16:00:00+00:00"
    await run_timers(desk, rolled_back, shared_runtime)
    refused = done(await desk.get(path, "seller_staff"))
    assert (refused["status"], refused["due_at"]) == ("refused", None)
    assert "补充对比数据" in refused["reason"]
    assert "期限" in refused["reason"]
    last = (await events(desk, made))[-1]
    assert (last.type, last.audience) == ("achievement.refused", [desk.world.seller])


async def test_past_the_known_working_days_there_is_no_deadline_and_nothing_fails(
    desk: Desk,
) -> None:
    """LS41, LS46"""
    await desk.world.at(desk.session, datetime(2026, 12, 30, 9, tzinfo=SHANGHAI))
    made = await appointed(desk)
    assert made["due_at"] is None
    for party in (desk.world.buyer, desk.world.other_buyer, desk.world.third_buyer):
        done(await opine(desk, made, party))
    accepted = await desk.review(made)
    assert accepted["due_at"] == "2027-12-30T16:00:00+00:00"


async def test_the_gate_tells_before_anything_is_stored(desk: Desk) -> None:
    """LS45"""
    body = achievement_body(state_of_the_art="", keywords=[])
    report = done(await desk.post("achievements/check", "seller_staff", body))
    failed = {item["rule"]: item for item in report["items"] if not item["passed"]}
    assert {"comparison_missing", "comparison_without_number", "keywords_missing"} <= set(failed)
    assert report["score"] == 100 - sum(item["weight"] for item in failed.values())
    assert sum(report["lost"].values()) == 100 - report["score"]
    assert "现有技术" in failed["comparison_missing"]["message_zh"]
    assert done(await desk.get("achievements", "operator"))["items"] == []
    wrong = achievement_body(kind="alchemy")
    refusal(
        await desk.post("achievements/check", "seller_staff", wrong), 400, "achievement_invalid"
    )
    made = await desk.submit(state_of_the_art="", keywords=[])
    for role in ("seller_staff", "operator", "auditor"):
        assert done(await desk.get(f"achievements/{made['id']}/gate", role)) == report
    kept = (await events(desk, made))[0].restricted["gate"]
    assert kept == {"score": report["score"], "failed": list(failed)}


async def test_a_draft_is_nobody_elses_at_the_gate_either(desk: Desk) -> None:
    """LS44"""
    path = f"achievements/{(await desk.submit(draft=True))['id']}"
    for place in ("gate", "selection"):
        refusal(await desk.get(f"{path}/{place}", "operator"), 404, "object_unknown")
        done(await desk.get(f"{path}/{place}", "seller_staff"))


async def test_a_market_may_ask_for_a_score(desk: Desk) -> None:
    """LS45"""
    body = {"effective_on": "2026-03-02", "terms": {"gate_score_min": 95}}
    path = f"markets/{desk.world.market_id}/selection-terms"
    done(await desk.post(path, "operator", body))
    poor = achievement_body()
    told = refusal(await desk.post("achievements", "seller_staff", poor), 400, "gate_score_too_low")
    assert told["minimum"] == 95
    assert all(error["accepted"]["mend_zh"] for error in told["errors"])
    draft = await desk.submit(draft=True)  # a draft may be as poor as it is
    place = f"achievements/{draft['id']}/submission"
    refusal(await desk.post(place, "seller_staff", None), 400, "gate_score_too_low")


async def test_a_submission_is_checked_as_of_its_day(desk: Desk) -> None:
    """LS40"""
    asset = achievement_body()["ip_assets"][0] | {"expires_on": "2026-03-05"}
    draft = await desk.submit(draft=True, ip_assets=[asset])
    await desk.world.later(desk.session, days=10)
    path = f"achievements/{draft['id']}/submission"
    refusal(await desk.post(path, "seller_staff", None), 400, "achievement_invalid")
    await desk.session.execute(
        text("UPDATE parties SET status = 'pending' WHERE id = :id"), {"id": desk.world.seller}
    )
    refusal(await desk.post(path, "seller_staff", None), 400, "party_not_verified")


async def test_unknown_achievements_are_unknown(desk: Desk) -> None:
    path = f"achievements/{new_id()}"
    refusal(await desk.get(f"{path}/gate", "operator"), 404, "object_unknown")
    refusal(await desk.get(f"{path}/selection", "expert"), 404, "object_unknown")
    refusal(await opine(desk, {"id": new_id()}, desk.world.buyer), 404, "object_unknown")
