"""The broker's desk over HTTP: the queue, cases with their acts, who reads and who is told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.models import MatchPairRow
from app.matching.repository import results
from app.matching.service import brokering
from app.matching.service.suggesting import keep_pairs
from app.platform.db import Database
from app.platform.journal import history
from app.platform.schema import encode_cursor
from app.platform.timers import Timer
from app.shared.ids import new_id
from tests.demands.board import done, refusal
from tests.matching.desk import Pair, fitting_pair, queue
from tests.matching.market import LEAKAGE, LOCATING, Json, Market
from tests.queries import counted
from tests.world import START

BROKER: Any = "broker"


@pytest.fixture
async def pair(market: Market) -> Pair:
    return await fitting_pair(market)


async def take(market: Market, pair: Pair, **more: Any) -> Json:
    who = {"party_id": market.world.third_buyer}
    return done(await market.board.post("match-cases", BROKER, pair.body | more, **who))


async def do(market: Market, case: Json, act: str, body: Json, **who: Any) -> Any:
    asked = {"party_id": market.world.third_buyer} | who
    return await market.board.post(f"match-cases/{case['id']}/{act}", BROKER, body, **asked)


def meeting(days: int = 3, **changes: Any) -> Json:
    at = (START + timedelta(days=days)).isoformat()
    return {"starts_at": at, "place": "西湖区望溪路1号三楼", "message": "请带样机"} | changes


async def told(market: Market, role: str, topic: str, **who: Any) -> list[Json]:
    page = done(await market.board.get("notifications?limit=200", role, **who))
    return [item for item in page["items"] if item["topic"] == topic]


async def test_the_queue_shows_a_pair_once_with_its_reasons_until_it_is_taken(
    market: Market, pair: Pair
) -> None:
    """MT70, MT71"""
    await market.match(pair.achievement_id)  # now both have found each other
    page = await queue(market)
    first = page["items"][0]
    assert (first["demand"]["id"], first["achievement"]["id"]) == (
        str(pair.demand_id),
        str(pair.achievement_id),
    )
    pairs = [(item["demand"]["id"], item["achievement"]["id"]) for item in page["items"]]
    assert len(set(pairs)) == len(pairs)
    reasons = first["reasons"]
    assert sum(item["points"] for item in reasons["contributions"]) == pytest.approx(
        reasons["score"], abs=1e-9
    )
    assert reasons["terms"]
    assert (await queue(market, verdict=reasons["verdict"]))["items"][0] == first
    own = await queue(market, technology_field="advanced_manufacturing")
    assert own["items"][0] == first
    assert (await queue(market, technology_field="new_energy_efficiency"))["items"] == []
    case = await take(market, pair, note="先约需求方")
    assert (case["status"], case["acts"][0]["note"]) == ("taken", "先约需求方")
    assert str(pair.achievement_id) not in str(await queue(market))
    again = await market.board.post("match-cases", BROKER, pair.body)
    assert refusal(again, 409, "match_pair_taken")["state"] == "taken"
    unknown = pair.body | {"demand_id": str(new_id())}
    refusal(
        await market.board.post("match-cases", BROKER, unknown), 409, "match_pair_not_suggested"
    )


async def test_the_queue_is_paged_the_best_first(market: Market, session: AsyncSession) -> None:
    """MT70"""
    ids = [await market.shelve(f"断点定位方法{n}", LOCATING) for n in range(3)]
    found = await market.match(await market.post("断点定位", LEAKAGE))
    first = found.matches[0]
    matches = [
        {**first, "entry_id": str(it), "score": score, "verdict": "possible"}
        for it, score in zip(ids, (0.5, 0.9, 0.5), strict=True)
    ]
    shown = replace(found, id=new_id(), matches=tuple(matches))
    await results.add(session, shown)
    await keep_pairs(session, shown)
    met, cursor = [], ""
    while True:
        page = await queue(market, limit=1, **({"cursor": cursor} if cursor else {}))
        met += [(item["reasons"]["score"], item["achievement"]["id"]) for item in page["items"]]
        if (cursor := page["next"] or "") == "":
            break
    beyond = encode_cursor(2**40, str(ids[0]), str(ids[1]))
    bad = await market.board.get(f"match-suggestions?cursor={beyond}", BROKER)
    refusal(bad, 400, "cursor_invalid")
    assert met == [(0.9, str(ids[1])), (0.5, str(ids[0])), (0.5, str(ids[2]))]


async def test_what_is_no_longer_so_is_not_suggested(market: Market, pair: Pair) -> None:
    """MT70: neither what was withdrawn, nor what the demand does not find any more."""
    assert str(pair.achievement_id) in str(await queue(market))
    result = await results.latest(market.session, pair.demand_id)
    assert result is not None
    await keep_pairs(market.session, replace(result, matches=()))
    assert (await queue(market))["items"] == []
    await keep_pairs(market.session, result)
    elsewhere = [dict(match) | {"market_id": str(new_id())} for match in result.matches]
    assert (await queue(market))["items"]
    withdrawal = f"demands/{pair.demand_id}/withdrawal"
    done(await market.board.post(withdrawal, "buyer_staff", {"reason": "停产"}))
    assert (await queue(market))["items"] == []
    refusal(
        await market.board.post("match-cases", BROKER, pair.body), 409, "match_pair_not_suggested"
    )
    await keep_pairs(market.session, replace(result, matches=tuple(elsewhere)))
    assert (await queue(market))["items"] == []
    await keep_pairs(market.session, result)
    count = select(func.count()).select_from(MatchPairRow)
    assert await market.session.scalar(count)
    await market.index(EntryKind.DEMAND, pair.demand_id)  # the indexer learns that it is gone
    assert await market.session.scalar(count) == 0


async def test_a_broker_brings_a_pair_to_its_deal(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT72, MT73, MT74, MT76, MT78"""
    case = await take(market, pair, note="需求方急用")
    early = {"held": True, "summary": "已对接"}
    refusal(await do(market, case, "meeting/result", early), 409, "transition_refused")
    past = meeting(days=-1)
    refusal(await do(market, case, "meeting", past), 400, "match_meeting_time_wrong")
    done(await do(market, case, "meeting", meeting(note="对方要求保密")))
    for role in ("buyer_staff", "seller_staff"):
        said = (await told(market, role, "matching.meeting_arranged"))[0]
        assert "推荐理由" in said["text_zh"]
        assert "西湖区望溪路1号三楼" in said["text_zh"]
        assert "请带样机" in said["text_zh"]
        assert "保密" not in str(said)
    refusal(await do(market, case, "meeting/result", early), 409, "match_meeting_not_begun")
    await market.world.later(session, days=4)
    done(await do(market, case, "meeting/result", {"held": False, "summary": "台风改期"}))
    done(await do(market, case, "meeting", meeting(days=5)))
    assert len(await told(market, "buyer_staff", "matching.meeting_arranged")) == 2
    await market.world.later(session, days=2)
    done(await do(market, case, "meeting/result", early))
    price = {"amount": "650000.00", "currency": "CNY"}
    offer = {"by": "achievement", "summary": "普通许可", "price": price}
    offered = done(await do(market, case, "offer", offer))
    assert offered["acts"][-1]["facts"]["price"] == price
    won = done(await do(market, case, "outcome", {"outcome": "won", "reference": "HT-2026-031"}))
    assert (won["status"], won["lapses_at"]) == ("won", None)
    late = {"outcome": "released", "text": "误操作"}
    refusal(await do(market, case, "outcome", late), 409, "transition_refused")

    path = f"match-cases/{case['id']}"
    seen = done(await market.board.get(path, "seller_staff"))
    assert [act["what"] for act in seen["acts"]] == [
        "take",
        "arrange",
        "miss",
        "arrange",
        "hold",
        "offer",
        "win",
    ]
    assert {act["note"] for act in seen["acts"]} == {None}
    staff = done(await market.board.get(path, "operator"))
    assert staff["acts"][1]["note"] == "对方要求保密"
    events = await history(session, case["id"])
    assert [event.type for event in events] == [
        "match_case.taken",
        "match_case.meeting_arranged",
        "match_case.meeting_missed",
        "match_case.meeting_arranged",
        "match_case.met",
        "match_case.offered",
        "match_case.won",
    ]
    assert all(event.public == {} for event in events)
    assert "保密" not in str([event.restricted for event in events])
    log = done(await market.board.get(f"match-results/{case['result_id']}/feedback", "operator"))
    judgements = [item["judgement"] for item in log["items"]]
    assert judgements == ["accepted", "meeting", "offer", "deal"]


async def test_what_went_off_the_shelf_and_came_back_is_suggested_again(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT70: pairs go with their entries; the same finding brings them back."""
    for status, waiting in (("stale", 0), ("accepted", 1)):
        await session.execute(
            text("UPDATE achievements SET status = :status WHERE id = :id"),
            {"status": status, "id": pair.achievement_id},
        )
        await market.index(EntryKind.ACHIEVEMENT, pair.achievement_id)
        if waiting:
            await market.match(pair.demand_id)
        assert len((await queue(market))["items"]) == waiting


async def test_only_its_broker_acts_and_only_those_concerned_read(
    market: Market, pair: Pair
) -> None:
    """MT78"""
    case = await take(market, pair)
    path, world = f"match-cases/{case['id']}", market.world
    # The poster's own broker is a side of the case, and yet not its broker.
    refused = await do(market, case, "meeting", meeting(), party_id=world.buyer)
    refusal(refused, 403, "match_case_not_yours")
    stranger = await market.board.get(path, "buyer_staff", party_id=world.other_buyer)
    refusal(stranger, 403, "not_yours")
    mine = await market.board.get("match-cases?status=taken", "seller_staff")
    assert [item["id"] for item in done(mine)["items"]] == [case["id"]]
    other = await market.board.get("match-cases", "buyer_staff", party_id=world.other_buyer)
    assert done(other)["items"] == []
    assert len(done(await market.board.get("match-cases", "auditor"))["items"]) == 1


async def test_a_dismissed_pair_leaves_the_queue_and_its_sides_hear_nothing(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT71, MT76, MT78"""
    who = {"party_id": market.world.third_buyer}
    vague = pair.body | {"reason": "other"}
    answer = await market.board.post("match-dismissals", BROKER, vague, **who)
    refusal(answer, 400, "match_reason_wrong")
    body = pair.body | {"reason": "readiness_too_low"}
    case = done(await market.board.post("match-dismissals", BROKER, body, **who))
    assert case["status"] == "dismissed"
    assert (await queue(market))["items"] == []
    seen = await market.board.get(f"match-cases/{case['id']}", "seller_staff")
    refusal(seen, 403, "not_yours")
    assert done(await market.board.get("match-cases", "seller_staff"))["items"] == []
    log = done(await market.board.get(f"match-results/{case['result_id']}/feedback", "operator"))
    assert [(item["judgement"], item["reason"]) for item in log["items"]] == [
        ("rejected", "readiness_too_low")
    ]
    finder = await market.board.get(f"match-results/{case['result_id']}/feedback", "buyer_staff")
    assert done(finder)["items"] == []
    [judged] = await history(session, UUID(case["result_id"]))
    assert judged.audience == [market.world.third_buyer]


async def test_a_released_pair_can_be_taken_again_and_its_meeting_is_called_off(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT71, MT76"""
    case = await take(market, pair)
    done(await do(market, case, "meeting", meeting()))
    body = {"outcome": "released", "text": "转交同事所在机构"}
    assert done(await do(market, case, "outcome", body))["status"] == "released"
    assert len(await told(market, "seller_staff", "matching.meeting_called_off")) == 1
    again = await take(market, pair)  # the same broker accepts once more: said once
    assert again["id"] != case["id"]
    declined = {"outcome": "declined", "reason": "price_too_high", "by": "demand"}
    done(await do(market, again, "outcome", declined))
    assert (await queue(market))["items"] == []
    log = done(await market.board.get(f"match-results/{case['result_id']}/feedback", "operator"))
    assert [item["judgement"] for item in log["items"]] == ["accepted", "rejected"]


async def test_an_untouched_case_goes_back_to_the_queue_with_a_notice(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT77"""
    case = await take(market, pair)
    done(await do(market, case, "meeting", meeting(days=5)))
    lapses_at = datetime.fromisoformat(
        done(await market.board.get(f"match-cases/{case['id']}", "operator"))["lapses_at"]
    )
    assert lapses_at == START + timedelta(days=35)
    timer = await session.scalar(select(Timer).where(Timer.subject_id == UUID(case["id"])))
    assert timer is not None
    assert (timer.kind, timer.due_at) == (brokering.IDLE, lapses_at)
    # Handled too early it does nothing but wait on.
    await brokering.lapse(session, UUID(case["id"]), lapses_at - timedelta(seconds=1))
    path = f"match-cases/{case['id']}"
    assert done(await market.board.get(path, "operator"))["status"] == "meeting_arranged"
    await brokering.lapse(session, UUID(case["id"]), lapses_at)
    await brokering.lapse(session, UUID(case["id"]), lapses_at)
    seen = done(await market.board.get(path, "operator"))
    assert (seen["status"], seen["acts"][-1]["what"]) == ("released", "lapse")
    broker = {"party_id": market.world.third_buyer}
    assert len(await told(market, "broker", "matching.case_lapsed", **broker)) == 1
    assert len(await told(market, "buyer_staff", "matching.meeting_called_off")) == 1


async def test_an_achievement_finds_its_pair_for_the_desk_as_well(market: Market) -> None:
    """MT70"""
    pair = await fitting_pair(market)
    result = await results.latest(market.session, pair.demand_id)
    assert result is not None
    await keep_pairs(market.session, replace(result, matches=()))
    await market.match(pair.achievement_id)
    item = (await queue(market))["items"][0]
    assert item["reasons"]["found_by"] == EntryKind.ACHIEVEMENT
    assert item["demand"]["id"] == str(pair.demand_id)


async def test_a_page_of_the_queue_is_two_statements(
    market: Market, pair: Pair, rolled_back: Database
) -> None:
    """MT70: what may be taken, and what it shows."""
    await market.match(pair.achievement_id)
    with counted(rolled_back) as sent:
        assert (await queue(market))["items"]
    assert len(sent) == 2
