"""What entries and texts find over HTTP: the right things, with reasons, or nothing suitable."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from app.listings.public import AchievementStatus
from app.listings.repository import achievements
from app.matching.domain.entry import EntryKind
from app.matching.repository import results
from app.matching.service.keeping import is_same
from app.platform.clock import MarketClock
from app.platform.db import Database
from app.shared.ids import AchievementId, MarketId, PartyId, new_id
from tests.demands.board import done, refusal
from tests.matching.market import LEAKAGE, LOCATING, STRAW, Market
from tests.matching.shown import Shown, result_of
from tests.queries import counted
from tests.world import START

Json = dict[str, Any]


def _sums(match: Json) -> None:
    points = sum(item["points"] for item in match["contributions"])
    assert points == pytest.approx(match["score"], abs=1e-9)
    assert sum(item["weight"] for item in match["contributions"]) == pytest.approx(1, abs=1e-9)
    for item in match["contributions"]:
        assert item["points"] == pytest.approx(item["weight"] * (item["value"] or 0), abs=1e-9)
    assert sum(term["share"] for term in match["terms"]) <= 1 + 1e-9


async def _matches(market: Market, demand_id: UUID) -> Json:
    return done(await market.board.get(f"demands/{demand_id}/matches", "buyer_staff"))


async def test_a_demand_and_an_achievement_find_each_other_with_reasons(market: Market) -> None:
    # MT3, MT5, MT6, MT12
    await market.shelve_others()
    fitting = await market.shelve("漏电故障断点定位方法", LOCATING)
    demand = await market.post("漏电保护误动治理", LEAKAGE)
    for looked_at in (await _matches(market, demand), await _kept(market, demand)):
        assert looked_at["verdict"] != "none"
        best = looked_at["matches"][0]
        assert best["entry_id"] == str(fitting)
        assert best["party_name"] == "之澜理工大学"
        _sums(best)
        assert {"漏电", "保护装置", "故障"} <= {term["text"] for term in best["terms"]}
        factors = {item["name"]: item for item in best["contributions"]}
        assert factors["readiness"]["value"] is None
        assert factors["readiness"]["note_zh"] == "成熟度要求未说明"
        assert factors["field"]["value"] == 0
        assert "field" in {gap["factor"] for gap in best["gaps"]}
    response = await market.board.get(f"achievements/{fitting}/matches", "seller_staff")
    assert done(response)["matches"][0]["entry_id"] == str(demand)


async def _kept(market: Market, demand: UUID) -> Json:
    result = await market.match(demand)
    told = await _matches(market, demand)
    assert told["result_id"] == str(result.id)
    return told


async def test_nothing_suitable_is_an_answer(market: Market) -> None:  # MT3
    await market.shelve_others()
    demand = await market.post("航空发动机叶片榫头微动疲劳", "钛合金榫头微动磨损寿命不足。")
    told = await _matches(market, demand)
    assert told["verdict"] == "none"
    assert {match["verdict"] for match in told["matches"]} <= {"none"}


async def test_the_same_finding_again_adds_nothing(market: Market) -> None:  # MT9
    await market.shelve_others()
    demand = await market.post("漏电保护误动治理", LEAKAGE)
    first = await market.match(demand)
    assert (await market.match(demand)).id == first.id
    await market.shelve("漏电故障断点定位方法", LOCATING)
    second = await market.match(demand)
    assert second.id != first.id
    assert await results.get(market.session, first.id) == first
    latest = await results.latest(market.session, demand)
    assert latest is not None
    assert latest.id == second.id


@pytest.mark.parametrize(("moved", "same"), [(0.001, True), (0.02, False)])
def test_figures_that_every_entry_moves_a_little_are_no_other_finding(
    moved: float, same: bool
) -> None:  # MT9
    """Else rows would pile up: what fits nothing makes words rarer, too."""
    party_id = PartyId(new_id())
    first = result_of(
        [Shown(new_id(), party_id)],
        market_id=MarketId(new_id()),
        party_id=party_id,
        computed_at=START,
    )
    [match] = first.matches
    again = {**match, "score": round(match["score"], 2) + moved}
    assert is_same(first, replace(first, id=new_id(), matches=(again,))) is same


async def _take_off(market: Market, achievement_id: UUID, **changes: Any) -> None:
    """Change an achievement behind the index's back."""
    found = await achievements.find(market.session, AchievementId(achievement_id))
    assert found is not None
    await achievements.save(market.session, replace(found, **changes))


@pytest.mark.parametrize(
    "changes", [{"status": AchievementStatus.WITHDRAWN, "reason": "另行转让"}, {"version": 2}]
)
async def test_a_late_index_shows_nothing_that_is_gone_or_changed(
    market: Market, changes: Json
) -> None:  # MT1, MT12
    fitting = await market.shelve("漏电故障断点定位方法", LOCATING)
    other = await market.shelve("漏电保护误动抑制装置", LOCATING)
    await market.shelve_others()
    demand = await market.post("漏电保护误动治理", LEAKAGE)
    await market.match(demand)
    assert set(await _found(market, demand)) == {str(fitting), str(other)}
    await _take_off(market, fitting, **changes)
    told = await _matches(market, demand)
    assert (told["gone"], [item["entry_id"] for item in told["matches"]]) == (1, [str(other)])
    await _take_off(market, other, **changes)
    told = await _matches(market, demand)  # nothing is left of it: found anew
    assert (told["result_id"], told["verdict"]) == (None, "none")
    assert not {str(fitting), str(other)} & {item["entry_id"] for item in told["matches"]}
    asked = done(await market.board.post("match-queries", "buyer_staff", {"text": LEAKAGE}))
    assert str(fitting) not in [item["entry_id"] for item in asked["achievements"]["matches"]]


async def _found(market: Market, demand: UUID) -> Sequence[str]:
    return [item["entry_id"] for item in (await _matches(market, demand))["matches"]]


async def test_restricted_texts_find_nothing_and_are_found_by_nothing(market: Market) -> None:
    # MT2
    await market.shelve_others()
    secret = await market.shelve(
        "电力设备状态感知方法",
        LOCATING,
        confidentiality="restricted",
        public_summary="面向电力设备的状态感知方法。",
    )
    asked = done(await market.board.post("match-queries", "buyer_staff", {"text": LEAKAGE}))
    shown = {item["entry_id"]: item for item in asked["achievements"]["matches"]}
    assert shown.get(str(secret), {"verdict": "none"})["verdict"] == "none"
    demand = await market.post(
        "秸秆处理", "需要处理秸秆。", confidentiality="restricted", restricted_text=LEAKAGE
    )
    fitting = await market.shelve("漏电故障断点定位方法", LOCATING)
    await market.match(demand)
    assert str(fitting) not in await _found(market, demand)


async def test_free_text_looks_both_ways(market: Market) -> None:  # MT11
    await market.shelve_others()
    await market.shelve("漏电故障断点定位方法", LOCATING)
    await market.post("漏电保护误动治理", LEAKAGE)
    asked = {
        "text": "漏电保护装置误动,故障断点怎样定位",
        "readiness": {"scale": "trl_9", "level": 9},
    }
    told = done(await market.board.post("match-queries", "operator", asked))
    assert told["achievements"]["matches"][0]["title"] == "漏电故障断点定位方法"
    assert told["demands"]["matches"][0]["title"] == "漏电保护误动治理"
    gaps = told["achievements"]["matches"][0]["gaps"]
    assert {
        "factor": "readiness",
        "text_zh": "成熟度 7 级，要求 9 级",
        "text_en": "readiness 7, asked 9",
    } in gaps
    one = done(await market.board.post("match-queries", "operator", asked | {"wants": ["demand"]}))
    assert one["achievements"] is None


async def test_conditions_keep_out_and_are_named(market: Market) -> None:  # MT7
    await market.shelve_others()
    await market.shelve("漏电故障断点定位方法", LOCATING)
    asked: Json = {"text": LEAKAGE, "wants": ["achievement"]}
    met = {"readiness_min": {"scale": "trl_9", "level": 7}, "regions": ["330000"]}
    told = done(
        await market.board.post("match-queries", "buyer_staff", asked | {"conditions": met})
    )["achievements"]
    assert told["matches"][0]["title"] == "漏电故障断点定位方法"
    unmet = {"readiness_min": {"scale": "trl_9", "level": 8}, "regions": ["310000"]}
    told = done(
        await market.board.post("match-queries", "buyer_staff", asked | {"conditions": unmet})
    )["achievements"]
    assert told["matches"] == []
    assert set(told["excluded"]) == {"readiness_min", "regions"}


async def test_all_faults_of_a_query_are_told_at_once(market: Market) -> None:  # MT11
    asked = {
        "text": LEAKAGE,
        "technology_field": "alchemy",
        "modes": ["barter"],
        "region": "999999",
        "conditions": {"readiness_min": {"scale": "trl_9", "level": 10}},
    }
    told = refusal(
        await market.board.post("match-queries", "buyer_staff", asked), 400, "match_query_invalid"
    )
    assert {error["field"] for error in told["errors"]} == {
        "technology_field",
        "modes.0",
        "region",
        "conditions.readiness_min.level",
    }


async def test_a_draft_is_matched_for_its_poster_alone(market: Market) -> None:  # MT12
    await market.shelve_others()
    fitting = await market.shelve("漏电故障断点定位方法", LOCATING)
    made = await market.board.submitted(title="漏电保护误动治理", background=LEAKAGE)
    told = await _matches(market, UUID(made["id"]))
    assert told["result_id"] is None
    assert told["matches"][0]["entry_id"] == str(fitting)
    other = await market.board.get(f"demands/{made['id']}/matches", "seller_staff")
    assert other.status_code in {403, 404}


async def test_own_entries_are_not_told(market: Market) -> None:  # MT8
    await market.shelve_others()
    await market.shelve("漏电故障断点定位方法", LOCATING)
    told = done(await market.board.post("match-queries", "seller_staff", {"text": LEAKAGE}))
    assert told["achievements"]["matches"] == []


async def test_a_match_takes_one_statement_for_its_candidates(
    market: Market, rolled_back: Database
) -> None:  # MT1
    await market.shelve_others()
    demand = await market.post("秸秆腐解", STRAW)
    assert market.engine.indexes[EntryKind.ACHIEVEMENT].size == 6
    with counted(rolled_back) as statements:
        await market.match(demand)
    joined = [text for text in statements if "matchable_entries" in text]
    assert len(joined) == 2  # the entry itself, and all its candidates


async def test_what_a_sandbox_holds_is_real_in_no_other_market(market: Market) -> None:  # MT14
    """Both of the tests' markets are sandboxes; let one of them be live, and then both."""
    await market.shelve_others()
    await market.shelve("漏电故障断点定位方法", LOCATING)
    asked = {"text": LEAKAGE, "wants": ["achievement"]}

    async def found_elsewhere() -> int:
        answer = await market.board.post("match-queries", "expert", asked, market="other")
        return len(done(answer)["achievements"]["matches"])

    assert await found_elsewhere() == 0
    live = update(MarketClock).values(sandbox=False, ahead=timedelta(0), moved_at=None)
    await market.session.execute(live.where(MarketClock.market_id == market.world.market_id))
    assert await found_elsewhere() == 0
    await market.session.execute(live)
    assert await found_elsewhere() > 0
