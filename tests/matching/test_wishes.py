"""Wishes over HTTP: whose they are, how they change, and what they change."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.wishes import EntryWishes, KeptWishes
from app.matching.models import MatchEntryRow
from app.matching.repository import wishes as repository
from app.platform.journal import JournalEvent
from tests.demands.board import done, refusal
from tests.matching.market import LEAKAGE, LOCATING, Market

NOTHING: dict[str, Any] = {
    "readiness": None,
    "region": None,
    "conditions": {
        "technology_fields": [],
        "regions": [],
        "modes": [],
        "readiness_min": None,
        "price_max": None,
        "own_market_only": False,
    },
}
MATURE = {"readiness": {"scale": "trl_9", "level": 9}, "region": "330200"}


async def test_wishes_are_set_whole_in_the_place_of_the_version_seen(market: Market) -> None:
    """MT106, MT107"""
    path = f"demands/{await market.post('配电网故障定位', LEAKAGE)}/match-wishes"
    board = market.board
    first = await board.get(path, "buyer_staff")
    assert done(first) == {"version": 0} | NOTHING
    assert first.headers["ETag"] == '"0"'
    strict = {"conditions": {"modes": ["licence_exclusive"], "own_market_only": True}}
    answer = await board.put(path, "buyer_staff", MATURE | strict, seen='"0"')
    told = {"version": 1} | MATURE
    told["conditions"] = NOTHING["conditions"] | strict["conditions"]
    assert (done(answer), answer.headers["ETag"]) == (told, '"1"')
    assert done(await board.put(path, "buyer_staff", MATURE | strict, seen='"1"')) == told
    assert done(await board.get(path, "operator")) == told
    refusal(await board.put(path, "buyer_staff", {}), 400, "match_wishes_version_missing")
    late = refusal(
        await board.put(path, "buyer_staff", {}, seen='"0"'), 409, "match_wishes_changed"
    )
    assert late["accepted"] == '"1"'
    wrong = {"region": "999999", "conditions": {"modes": ["joint_development", "barter"]}}
    faults = refusal(
        await board.put(path, "buyer_staff", wrong, seen='"1"'), 400, "match_wishes_invalid"
    )
    assert [error["field"] for error in faults["errors"]] == ["conditions.modes.1", "region"]
    assert done(await board.put(path, "buyer_staff", {}, seen='"1"')) == {"version": 2} | NOTHING


async def test_of_two_who_saw_one_version_one_is_told(
    market: Market, session: AsyncSession
) -> None:
    """MT107: both have read it before either writes."""
    demand_id = await market.post("配电网故障定位", LEAKAGE)
    at = await market.desk.now()

    async def save(region: str, version: int) -> bool:
        kept = KeptWishes(version, EntryWishes(region=region))
        subject = await repository.save(
            session, demand_id, EntryKind.DEMAND, market.world.market_id, kept, at=at
        )
        return subject is not None

    assert [await save("330100", 1), await save("330200", 1)] == [True, False]
    assert [await save("330200", 2), await save("330300", 2)] == [True, False]
    kept = await repository.wishes_of(session, [demand_id])
    assert kept[demand_id].region == "330200"


async def test_wishes_are_the_partys_own(market: Market, session: AsyncSession) -> None:
    """MT109: nobody else reads them, and everybody learns only that they changed."""
    demand_id = await market.post("配电网故障定位", LEAKAGE)
    path, board, world = f"demands/{demand_id}/match-wishes", market.board, market.world
    done(await board.put(path, "buyer_staff", MATURE, seen='"0"'))
    others = await board.get(path, "buyer_staff", party_id=world.other_buyer)
    refusal(others, 403, "not_yours")
    refusal(await board.get(path, "broker"), 403, "role_not_allowed")
    refusal(await board.get(path), 401, "token_missing")
    refusal(await board.put(path, "operator", {}, seen='"1"'), 403, "role_not_allowed")
    event = await session.scalar(
        select(JournalEvent).where(JournalEvent.type == "match_wishes.changed")
    )
    assert event is not None
    assert (event.public, event.audience) == ({}, [world.buyer])
    assert event.restricted["wishes"] == MATURE | {"conditions": NOTHING["conditions"]}
    assert event.restricted["entry_id"] == str(demand_id)


async def _matched_with(session: AsyncSession, entry_id: UUID) -> str | None:
    statement = select(MatchEntryRow.matched_with).where(MatchEntryRow.id == entry_id)
    return (await session.execute(statement)).scalar_one()


async def test_wishes_have_the_entry_matched_anew(market: Market, session: AsyncSession) -> None:
    """MT105, MT108: for its own matches; who looks from the other side still finds it."""
    await market.shelve_others()
    found = await market.shelve("配电网漏电断点定位方法", LOCATING)
    demand_id = await market.post("配电网故障定位", LEAKAGE)
    before = await market.match(demand_id)
    assert [match["entry_id"] for match in before.matches][:1] == [str(found)]
    assert await _matched_with(session, demand_id) is not None

    path = f"demands/{demand_id}/match-wishes"
    done(await market.board.put(path, "buyer_staff", MATURE, seen='"0"'))
    assert await _matched_with(session, demand_id) is None
    wished = await market.match(demand_id)
    gaps = {gap["factor"]: gap["text_en"] for gap in wished.matches[0]["gaps"]}
    assert gaps["readiness"] == "readiness 7, asked 9"

    least = {"conditions": {"readiness_min": {"scale": "trl_9", "level": 8}}}
    done(await market.board.put(path, "buyer_staff", least, seen='"1"'))
    assert (await market.match(demand_id)).matches == ()
    kept = done(await market.board.get(f"demands/{demand_id}/matches", "buyer_staff"))
    assert kept["result_id"] is not None
    assert set(kept["excluded"]) == {"readiness_min"}  # MT7
    assert [it["entry_id"] for it in (await market.match(found)).matches] == [str(demand_id)]


async def test_an_achievement_wishes_for_demands(market: Market) -> None:
    """MT105, MT106: regions and modes, but neither maturity nor price."""
    await market.post("配电网故障定位", LEAKAGE)
    found = await market.shelve("配电网漏电断点定位方法", LOCATING)
    path, board = f"achievements/{found}/match-wishes", market.board
    refused = refusal(
        await board.put(path, "seller_staff", MATURE, seen='"0"'), 400, "match_wishes_invalid"
    )
    assert [error["rule"] for error in refused["errors"]] == ["for_demands_only"]
    assert len((await market.match(found)).matches) == 1
    elsewhere = {"conditions": {"regions": ["310000"]}}
    assert done(await board.put(path, "seller_staff", elsewhere, seen='"0"'))["version"] == 1
    assert (await market.match(found)).matches == ()
    assert done(await board.get(path, "auditor"))["conditions"]["regions"] == ["310000"]
