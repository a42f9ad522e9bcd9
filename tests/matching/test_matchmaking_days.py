"""Matchmaking days over HTTP: prepared, planned, published anew, printed, and who reads what."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.platform.journal import history
from app.platform.runtime import Runtime
from app.platform.tables.sheets import XLSX, read_sheet
from app.shared.ids import new_id
from tests.demands.board import done, refusal
from tests.matching.desk import Pair, fitting_pair
from tests.matching.market import COATING, OTHERS, Json, Market
from tests.matching.naive_index import NaiveIndex
from tests.world import START

STARTS = START.replace(day=20)


def slots(count: int) -> list[Json]:
    return [
        {
            "starts_at": (STARTS + timedelta(minutes=20 * number)).isoformat(),
            "ends_at": (STARTS + timedelta(minutes=20 * (number + 1))).isoformat(),
        }
        for number in range(count)
    ]


def day_body(pair: Pair, **changes: Any) -> Json:
    return {
        "title": "智能装备供需对接日",
        "held_on": "2026-03-20",
        "place": "杭州市西湖区望溪路1号",
        "slots": slots(2),
        "tables": 2,
        "demand_ids": [str(pair.demand_id)],
        "achievement_ids": [str(pair.achievement_id)],
    } | changes


@pytest.fixture
async def pair(market: Market) -> Pair:
    return await fitting_pair(market)


async def prepared(market: Market, pair: Pair, **changes: Any) -> Json:
    body = day_body(pair, **changes)
    return done(await market.board.post("matchmaking-days", "operator", body))


async def do(market: Market, day: Json, act: str, sent: Json | None = None) -> Any:
    return await market.board.post(f"matchmaking-days/{day['id']}/{act}", "operator", sent)


async def published(market: Market, pair: Pair, **changes: Any) -> Json:
    day = await prepared(market, pair, **changes)
    done(await do(market, day, "plan"))
    return done(await do(market, day, "publication"))


async def told(market: Market, role: str, topic: str, **who: Any) -> list[Json]:
    page = done(await market.board.get("notifications?limit=200", role, **who))
    return [item for item in page["items"] if item["topic"] == topic]


async def test_a_day_is_planned_with_reasons_and_says_who_has_no_meeting(
    market: Market, pair: Pair
) -> None:
    """MT81, MT83, MT74"""
    lonely = await market.post("海洋牧场网箱监测", "深远海网箱养殖水下监测与鱼群计数。")
    demands = [str(pair.demand_id), str(lonely)]
    day = await prepared(
        market,
        pair,
        demand_ids=demands,
        technology_fields=["electronic_information"],  # every achievement of these tests
    )
    assert (day["status"], day["version"], day["schedule"]) == ("draft", 0, None)
    assert len(day["setting"]["achievement_ids"]) == len(OTHERS) + 1
    refusal(await do(market, day, "publication"), 409, "transition_refused")
    draft = done(await do(market, day, "plan"))["draft"]
    assert (draft["optimal"], draft["demands_served"]) == (True, 1)
    first = next(it for it in draft["meetings"] if it["demand"]["id"] == str(pair.demand_id))
    assert first["achievement"]["id"] == str(pair.achievement_id)
    assert first["achievement"]["party_name"] == "之澜理工大学"
    assert "共有用词" in first["why_zh"]
    assert abs(sum(it["points_bp"] for it in first["points"]) - first["score_bp"]) <= len(
        first["points"]
    )
    why = {it["entry"]["id"]: it["why"] for it in draft["without"]}
    assert why[str(lonely)] == "no_pair"
    assert len(why) == len(OTHERS) + 1
    again = done(await do(market, day, "plan"))["draft"]
    assert again == draft


async def test_a_published_plan_is_frozen_and_each_party_reads_its_own_part(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT85, MT86"""
    day = await prepared(market, pair)
    path = f"matchmaking-days/{day['id']}"
    refusal(await market.board.get(path), 404, "object_unknown")
    assert done(await market.board.get("matchmaking-days"))["items"] == []
    refusal(await market.board.get(f"{path}/schedule.pdf", "operator"), 409, UNPUBLISHED)
    done(await do(market, day, "plan"))
    shown = done(await do(market, day, "publication"))
    assert (shown["status"], shown["version"], shown["draft"]) == ("published", 1, None)

    public = done(await market.board.get(path))
    assert (public["schedule"], public["setting"], public["title"]) == (None, None, day["title"])
    own = done(await market.board.get(path, "seller_staff"))
    assert [it["demand"]["id"] for it in own["schedule"]["meetings"]] == [str(pair.demand_id)]
    assert own["setting"] is None
    stranger = {"party_id": market.world.other_buyer}
    other = done(await market.board.get(path, "buyer_staff", **stranger))
    assert other["schedule"] == {"meetings": [], "without": []}
    for role in ("seller_staff", "buyer_staff"):
        (said,) = await told(market, role, "matching.day_published")
        assert "推荐理由" in said["text_zh"]
        assert "1号桌" in said["text_zh"]
    assert await told(market, "buyer_staff", "matching.day_published", **stranger) == []
    events = await history(session, UUID(day["id"]))
    assert [event.type for event in events] == [
        "matchmaking_day.created",
        "matchmaking_day.planned",
        "matchmaking_day.published",
    ]
    assert events[-1].public["content_hash"] == shown["content_hash"]
    assert str(pair.demand_id) not in str([event.public for event in events])
    listed = done(await market.board.get(f"matchmaking-days?market_id={market.world.market_id}"))
    assert [it["id"] for it in listed["items"]] == [day["id"]]


UNPUBLISHED = "matchmaking_plan_unpublished"


async def test_a_schedule_is_printed_whole_for_the_staff_and_in_part_for_a_party(
    market: Market, pair: Pair
) -> None:
    """MT86"""
    day = await published(market, pair)
    path = f"matchmaking-days/{day['id']}/schedule"
    whole = await market.board.get(f"{path}.pdf", "operator")
    own = await market.board.get(f"{path}.pdf", "seller_staff")
    nothing = await market.board.get(
        f"{path}.pdf", "buyer_staff", party_id=market.world.other_buyer
    )
    for answer in (whole, own, nothing):
        assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert whole.content == own.content != nothing.content
    table = await market.board.get(f"{path}.xlsx", "operator")
    sheet = read_sheet(table.content, XLSX, "对接日程")
    assert sheet.header.cells[3:5] == ("需求", "需求单位")
    assert [row.cells[4] for row in sheet.rows] == ["西溪智造有限公司"]
    refusal(await market.board.get(f"{path}.pdf", "expert"), 403, "role_not_allowed")


async def test_a_new_version_tells_those_for_whom_anything_is_new(
    market: Market, pair: Pair
) -> None:
    """MT85, MT87"""
    day = await published(market, pair)
    path = f"matchmaking-days/{day['id']}"
    same = done(await do(market, day, "plan"))
    assert (same["status"], same["schedule"]) == ("planned", day["schedule"])
    assert done(await do(market, day, "publication"))["version"] == 2
    assert len(await told(market, "seller_staff", "matching.day_published")) == 1

    away = [{"party_id": str(market.world.seller), "slots": [1]}]
    body = day_body(pair, away=away)
    refusal(await market.board.put(path, "operator", body), 409, "matchmaking_day_changed")
    changed = done(await market.board.put(path, "operator", body, seen='"1"'))
    assert (changed["status"], changed["version"], changed["setting"]["away"]) == (
        "draft",
        2,
        away,
    )
    still = done(await market.board.get(path, "seller_staff"))
    assert [it["slot"] for it in still["schedule"]["meetings"]] == [1]
    done(await do(market, day, "plan"))
    moved = done(await do(market, day, "publication"))
    assert [it["slot"] for it in moved["schedule"]["meetings"]] == [2]
    said = await told(market, "seller_staff", "matching.day_published")
    assert [it["data"]["version"] for it in said] == [3, 1]
    done(await do(market, day, "cancellation", {"reason": "场地停电检修"}))
    assert len(await told(market, "buyer_staff", "matching.day_cancelled")) == 1
    refusal(await do(market, day, "plan"), 409, "transition_refused")


async def test_what_is_published_holds_for_everybody_until_the_next(
    market: Market, pair: Pair
) -> None:
    """MT85: the change is the staff's affair until it is published."""
    day = await published(market, pair)
    path = f"matchmaking-days/{day['id']}"
    body = day_body(pair, title="改期方案（未定）", place="待定", tables=9)
    done(await market.board.put(path, "operator", body, seen='"1"'))
    names = ("title", "place", "tables", "slots", "held_on", "status")
    before = [day[name] for name in names]
    for role in ("anonymous", "seller_staff"):
        seen = done(await market.board.get(path, role))
        [listed] = done(await market.board.get("matchmaking-days", role))["items"]
        assert [seen[name] for name in names] == before
        assert [listed[name] for name in names] == before
    staff = done(await market.board.get(path, "operator"))
    assert (staff["title"], staff["status"]) == ("改期方案（未定）", "draft")
    done(await do(market, day, "cancellation", {"reason": "场地停电检修"}))
    [said] = await told(market, "buyer_staff", "matching.day_cancelled")
    assert day["title"] in said["title_zh"]
    assert done(await market.board.get(path))["status"] == "cancelled"


async def test_what_has_changed_since_is_planned_again_before_it_is_published(
    market: Market, pair: Pair, session: AsyncSession
) -> None:
    """MT85, MT83"""
    day = await prepared(market, pair)
    done(await do(market, day, "plan"))
    withdrawal = f"demands/{pair.demand_id}/withdrawal"
    done(await market.board.post(withdrawal, "buyer_staff", {"reason": "停产"}))
    refused = refusal(await do(market, day, "publication"), 409, "matchmaking_plan_outdated")
    assert refused["entries"] == [str(pair.demand_id)]
    draft = done(await do(market, day, "plan"))["draft"]
    assert draft["meetings"] == []
    assert {it["entry"]["id"]: it["why"] for it in draft["without"]} == {
        str(pair.demand_id): "gone",
        str(pair.achievement_id): "no_pair",
    }
    await market.world.at(session, STARTS)
    refusal(await do(market, day, "plan"), 409, "matchmaking_day_begun")


async def test_only_what_is_on_offer_in_the_market_is_invited(market: Market, pair: Pair) -> None:
    """MT84"""
    body = day_body(pair, achievement_ids=[str(new_id())], demand_ids=[])
    refused = refusal(
        await market.board.post("matchmaking-days", "operator", body),
        400,
        "matchmaking_day_invalid",
    )
    assert {(it["field"], it["rule"]) for it in refused["errors"]} == {
        ("demand_ids", "nobody_invited"),
        ("achievement_ids", "not_matchable"),
    }


async def test_what_a_party_wishes_in_private_excludes_and_is_told_to_nobody(
    market: Market, pair: Pair
) -> None:
    """MT88"""
    coating = await market.shelve(
        "石墨烯涂层施工", COATING, technology_field="new_energy_efficiency"
    )
    ids = [str(pair.achievement_id), str(coating)]
    path = f"demands/{pair.demand_id}/match-wishes"
    wishes = {"region": "440300", "conditions": {"technology_fields": ["new_energy_efficiency"]}}
    done(await market.board.put(path, "buyer_staff", wishes, seen='"0"'))
    day = await prepared(market, pair, achievement_ids=ids)
    draft = done(await do(market, day, "plan"))["draft"]
    assert draft["meetings"] == []
    done(await market.board.put(path, "buyer_staff", {"region": "440300"}, seen='"1"'))
    draft = done(await do(market, day, "plan"))["draft"]
    (meeting,) = draft["meetings"]
    region = next(it for it in meeting["points"] if it["name"] == "region")
    assert region["note_zh"] != "不同省份"  # both are of Hangzhou, whatever it wishes


class MeddledWith(NaiveIndex):
    """An index that does something else before it answers, while a plan is being made."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__()
        self._meddle = meddle

    def document_frequencies(self, grams: Collection[str]) -> Mapping[str, int]:
        self._meddle()
        return super().document_frequencies(grams)


async def test_a_setting_that_changes_while_it_is_planned_is_planned_again(
    market: Market, pair: Pair, shared_runtime: Runtime
) -> None:
    """MT85"""
    day, loop = await prepared(market, pair), asyncio.get_running_loop()
    path, kept = f"matchmaking-days/{day['id']}", market.engine
    change = partial(market.board.put, path, "operator", day_body(pair, tables=1), seen='"1"')

    def meddle() -> None:
        asyncio.run_coroutine_threadsafe(change(), loop).result(timeout=10)

    meddled = dict.fromkeys(EntryKind, MeddledWith(meddle))
    shared_runtime.live["matching"] = replace(kept, indexes=meddled)
    refusal(await do(market, day, "plan"), 409, "matchmaking_day_changed")
    shared_runtime.live["matching"] = kept
    assert done(await do(market, day, "plan"))["tables"] == 1
