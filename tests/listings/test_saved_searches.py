"""Saved searches: what they tell, to whom, and how often."""

import time
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import text

from app.listings.domain.searching import SAVED_MAX
from app.listings.service import saved_searches as service
from app.platform.db import Database
from app.platform.journal import history
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.listings.searches import follow
from tests.queries import counted


async def save(desk: Desk, role: str = "buyer_staff", **body: Any) -> Json:
    return done(await desk.post("saved-searches", role, {"name": "我的关注", **body}))


async def inbox(desk: Desk, role: str = "buyer_staff", query: str = "", **who: Any) -> list[Json]:
    items: list[Json] = done(await desk.get(f"notifications{query}", role, **who))["items"]
    return items


async def test_a_party_is_told_why_once_and_never_of_its_own(desk: Desk) -> None:
    """LS56, LS57"""
    saved = await save(desk, q="事件相机 缺陷", technology_field=["electronic_information"])
    await save(desk, "seller_staff", q="事件相机")
    await save(desk, q="铜箔")
    entry = await desk.accepted()
    await follow(desk, entry)
    await follow(desk, entry)
    (told,) = await inbox(desk)
    assert told["title_zh"] == "新入库成果符合您保存的搜索“我的关注”"
    assert "匹配词：事件、相机、缺陷" in told["text_zh"] or "事件相机" in told["text_zh"]
    assert entry["title"] in told["text_en"]
    assert (told["data"]["saved_search_id"], told["data"]["id"]) == (saved["id"], entry["id"])
    assert told["data"]["terms"] == saved["terms"]
    assert await inbox(desk, "seller_staff") == []


DECIDED: Final[list[tuple[Json, bool]]] = [
    ({}, True),
    ({"q": "之澜理工大学"}, True),
    ({"q": "检"}, True),
    ({"q": "铜"}, False),
    ({"kind": ["applied", "basic"]}, True),
    ({"kind": ["basic"]}, False),
    ({"ip_kind": ["design"]}, False),
    ({"conversion_mode": ["licence_exclusive"]}, True),
    ({"conversion_mode": ["share_investment"]}, False),
    ({"region": ["330000"]}, True),
    ({"region": ["320000"]}, False),
    ({"readiness_min": {"scale": "trl_9", "level": 7}}, True),
    ({"readiness_min": {"scale": "trl_9", "level": 8}}, False),
    ({"readiness_min": {"scale": "trl_13", "level": 1}}, False),
    ({"price_max": yuan("650000.00")}, True),
    ({"price_max": yuan("649999.99")}, False),
    ({"price_max": {"amount": "650000.00", "currency": "USD"}}, False),
    ({"technology_field": ["agriculture"]}, False),
    ({"target": "listings"}, False),
]


async def test_filters_decide_as_in_a_search(desk: Desk) -> None:
    """LS53, LS56"""
    for number, (body, _) in enumerate(DECIDED):
        await save(desk, **body, name=str(number))
    await follow(desk, await desk.accepted())
    told = {item["data"]["saved_search"] for item in await inbox(desk)}
    assert told == {str(number) for number, (_, hit) in enumerate(DECIDED) if hit}


async def test_listings_are_told_when_they_are_published(desk: Desk) -> None:
    """LS56, LS57"""
    await save(desk, "expert", target="listings", pricing_mode=["bidding"], q="检测")
    await save(desk, target="listings", pricing_mode=["posted"])
    listing = await desk.published()
    await follow(desk, listing)
    await follow(desk, listing)
    (told,) = await inbox(desk)
    assert (told["topic"], told["data"]["id"]) == ("listings.saved_search", listing["id"])


async def test_another_version_is_told_again_and_a_deleted_search_tells_nothing(
    desk: Desk,
) -> None:
    """LS57"""
    saved = await save(desk, q="缺陷")
    entry = await desk.accepted()
    await follow(desk, entry)
    await desk.session.execute(
        text("UPDATE achievements SET version = 2 WHERE id = :id"), {"id": entry["id"]}
    )
    await follow(desk, entry)
    assert [item["data"]["version"] for item in await inbox(desk)] == [2, 1]
    headers = desk.world.headers("buyer_staff")
    path = f"/v1/saved-searches/{saved['id']}"
    assert (await desk.client.delete(path, headers=headers)).status_code == 204
    refusal(await desk.client.delete(path, headers=headers), 404, "object_unknown")
    await follow(desk, await desk.accepted())
    assert len(await inbox(desk)) == 2
    events = await history(desk.session, UUID(saved["id"]))
    assert [event.type for event in events] == ["saved_search.created", "saved_search.deleted"]
    assert [event.public for event in events] == [{}, {}]


async def test_saved_searches_are_the_partys_own(desk: Desk) -> None:
    """LS56"""
    for name in ("甲", "乙"):
        await save(desk, name=name)
    page = done(await desk.get("saved-searches?limit=1", "buyer_staff"))
    assert [item["name"] for item in page["items"]] == ["乙"]
    rest = await desk.get(f"saved-searches?limit=1&cursor={quote(page['next'])}", "buyer_staff")
    assert [item["name"] for item in done(rest)["items"]] == ["甲"]
    other = {"party_id": desk.world.other_buyer}
    assert done(await desk.get("saved-searches", "buyer_staff", **other))["items"] == []
    path = f"/v1/saved-searches/{page['items'][0]['id']}"
    headers = desk.world.headers("buyer_staff", desk.world.other_buyer)
    refusal(await desk.client.delete(path, headers=headers), 403, "not_yours")


async def test_bad_filters_and_too_many_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LS53"""
    bad = {"name": "甲", "kind": ["nothing"], "region": ["999999"]}
    told = refusal(await desk.post("saved-searches", "broker", bad), 400, "search_invalid")
    assert {error["field"] for error in told["errors"]} == {"kind", "region"}
    monkeypatch.setattr(service, "SAVED_MAX", 1)
    await save(desk)
    full = await desk.post("saved-searches", "buyer_staff", {"name": "乙"})
    assert refusal(full, 409, "saved_searches_full")["accepted_max"] == 1
    assert SAVED_MAX == 100


async def test_ten_thousand_saved_searches_do_not_make_a_publication_slow(
    desk: Desk, rolled_back: Database
) -> None:
    """LS56: three statements, and well below a second, however many are saved."""
    entry = await desk.accepted()
    await desk.session.execute(
        text(
            "INSERT INTO saved_searches (id, market_id, party_id, name, target, q, filters,"
            " anchor, technology_fields, created_at, created_by)"
            " SELECT gen_random_uuid(), :market, :party, '压力' || n, 'achievements',"
            " CASE WHEN n % 100 = 0 THEN '缺陷' ELSE '词' || n END, '{}',"
            " CASE WHEN n % 100 = 0 THEN '缺陷' ELSE 'w' || n END, '{}', now(), 'system'"
            " FROM generate_series(1, 10000) AS n"
        ),
        {"market": desk.world.market_id, "party": desk.world.buyer},
    )
    with counted(rolled_back) as sent:
        started = time.perf_counter()
        await follow(desk, entry)
        spent = time.perf_counter() - started
    assert len(await inbox(desk, query="?limit=200")) == 100
    assert len(sent) <= 8
    assert spent < 1, spent
