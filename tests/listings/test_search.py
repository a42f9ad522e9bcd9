"""Searching the shelf and the listings over HTTP."""

import random
from collections import Counter
from datetime import timedelta
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from sqlalchemy import text

from app.listings.repository import matching
from app.listings.schemas.achievements import AchievementBody
from app.platform.schema import encode_cursor
from app.shared.words import has_term, terms_of, tokens_of
from tests.listings.factories import Desk, Json, done, refusal
from tests.listings.searches import FIELDS, WORDS, fill, follow, found, titles

OWNER_WORDS = "之澜理工大学"
LABELS = {
    "electronic_information": "电子信息",
    "new_materials": "新材料及其应用",
    "new_energy_efficiency": "新能源与高效节能",
}


async def shelved(desk: Desk, **changes: object) -> Json:
    entry = await desk.accepted(**changes)
    await follow(desk, entry)
    return entry


def texts_of(body: Json) -> list[str]:
    told = body["abstract"] if body["confidentiality"] == "public" else body["public_summary"]
    return [
        body["title"], *body["keywords"], told, LABELS[body["technology_field"]], OWNER_WORDS,
    ]  # fmt: skip


def tier(body: Json, q: str) -> int:
    title = tokens_of(body["title"])
    strong = title | tokens_of(*body["keywords"])
    terms = terms_of(q)
    if all(has_term(title, term) for term in terms):
        return 2
    return 1 if all(has_term(strong, term) for term in terms) else 0


def passing(body: Json, asked: dict[str, list[str]], but: str = "") -> bool:
    asked = {name: values for name, values in asked.items() if name != but}
    price = body["price_idea"]
    return all(
        (
            body["technology_field"] in asked.get("technology_field", FIELDS),
            body["kind"] in asked.get("kind", [body["kind"]]),
            not asked.get("conversion_mode")
            or set(asked["conversion_mode"]) & set(body["conversion_modes"]),
            body["readiness"]["level"] >= int(asked.get("readiness_min", ["0"])[0]),
            "price_max" not in asked
            or (price is not None and float(price["amount"]) <= float(asked["price_max"][0])),
        )
    )


async def test_search_equals_a_naive_one(desk: Desk) -> None:
    """LS50, LS51, LS52, LS53, LS54: hits, order, pages and counts of random searches."""
    chance = random.Random(7)
    shelf = await fill(desk, 240, seed=1)
    tokens = {id_: tokens_of(*texts_of(body)) for id_, body in shelf.bodies.items()}
    for _ in range(30):
        q = " ".join(chance.sample([*WORDS, "材料", "池", "之澜理工"], chance.randint(0, 2)))
        asked: dict[str, list[str]] = {}
        if chance.random() < 0.4:
            asked["technology_field"] = chance.sample(FIELDS, 2)
        if chance.random() < 0.3:
            asked["kind"] = ["applied"]
        if chance.random() < 0.3:
            asked["conversion_mode"] = ["transfer"]
        if chance.random() < 0.3:
            asked["readiness_min"] = ["5"]
        if chance.random() < 0.3:
            asked["price_max"] = ["500000.00"]
        matching_ids = [
            id_ for id_ in shelf.order if all(has_term(tokens[id_], term) for term in terms_of(q))
        ]
        expected = [id_ for id_ in matching_ids if passing(shelf.bodies[id_], asked)]
        place = {id_: number for number, id_ in enumerate(shelf.order)}
        expected.sort(key=lambda id_: (-tier(shelf.bodies[id_], q), -place[id_]))
        query = urlencode({"q": q, "limit": 30, **asked}, doseq=True)
        answer = await found(desk, query)
        assert answer["total"] == {"count": len(expected), "exact": True}
        for name in ("technology_field", "kind"):
            bodies = [shelf.bodies[id_] for id_ in matching_ids]
            left = [body[name] for body in bodies if passing(body, asked, name)]
            assert answer["facets"][name] == {"counts": dict(Counter(left)), "exact": True}
        modes = Counter(
            mode
            for id_ in matching_ids
            if passing(shelf.bodies[id_], asked, "conversion_mode")
            for mode in shelf.bodies[id_]["conversion_modes"]
        )
        assert answer["facets"]["conversion_mode"]["counts"] == dict(modes)
        hits = [item["id"] for item in answer["items"]]
        while answer["next"]:
            answer = await found(desk, f"{query}&cursor={quote(answer['next'])}")
            hits += [item["id"] for item in answer["items"]]
        assert hits == expected, (q, asked)


async def test_a_restricted_word_never_finds_and_the_public_summary_does(desk: Desk) -> None:
    """LS50: only what everybody may read is indexed."""
    entry = await shelved(
        desk,
        title="一种高温涂层",
        abstract="铼铱合金过渡层的秘密配比",
        evidence="内部试车记录",
        state_of_the_art="对标航发叶片",
        confidentiality="restricted",
        public_summary="用于热端部件的涂层",
    )
    for secret in ("铼铱", "秘密配比", "试车", "航发", "许澜清"):
        for role in ("anonymous", "seller_staff", "operator"):
            path = f"search/achievements?q={secret}"
            assert done(await desk.get(path, role))["items"] == [], secret
    (hit,) = (await found(desk, "q=热端部件 涂层"))["items"]
    assert (hit["id"], hit["abstract"]) == (entry["id"], "用于热端部件的涂层")
    assert hit["matched"] == [
        {"text": "热端", "where": "text"},
        {"text": "部件", "where": "text"},
        {"text": "涂层", "where": "title"},
    ]
    stored = await desk.session.scalar(text("SELECT words::text FROM achievement_search"))
    assert "铼" not in stored


async def test_what_leaves_the_shelf_is_gone_before_any_worker_acts(desk: Desk) -> None:
    """LS55"""
    gone = await shelved(desk, title="碳纤维缠绕气瓶")
    kept = await shelved(desk, title="碳纤维回收工艺")
    path = f"achievements/{gone['id']}/withdrawal"
    done(await desk.post(path, "seller_staff", {"reason": "技术路线已被替代"}))
    answer = await found(desk, "q=碳纤维")
    assert [item["id"] for item in answer["items"]] == [kept["id"]]
    assert answer["total"] == {"count": 1, "exact": True}
    await follow(desk, gone)
    assert await titles(desk, "q=气瓶") == []


async def test_an_index_that_lags_shows_nothing_that_is_gone(desk: Desk) -> None:
    """LS55: a row that a racing worker left behind."""
    gone = await shelved(desk, title="碳纤维缠绕气瓶")
    kept = await desk.session.execute(text("SELECT * FROM achievement_search"))
    row = dict(kept.mappings().one())
    path = f"achievements/{gone['id']}/withdrawal"
    done(await desk.post(path, "seller_staff", {"reason": "技术路线已被替代"}))
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row).replace(":words", "CAST(:words AS tsvector)")
    await desk.session.execute(
        text(f"INSERT INTO achievement_search ({names}) VALUES ({values})"), row
    )
    assert await titles(desk, "q=气瓶") == []


async def test_an_edited_entry_is_found_by_its_new_words_once_accepted(desk: Desk) -> None:
    """LS55"""
    entry = await shelved(desk, title="碳纤维缠绕气瓶")
    shown = await desk.get(f"achievements/{entry['id']}", "seller_staff")
    told = shown.json() | {"title": "玄武岩纤维缠绕气瓶"}
    body = {name: told[name] for name in AchievementBody.model_fields}
    headers = desk.world.headers("seller_staff") | {"If-Match": shown.headers["ETag"]}
    done(await desk.client.put(f"/v1/achievements/{entry['id']}", json=body, headers=headers))
    assert await titles(desk, "q=气瓶") == []
    await desk.review(entry)
    await follow(desk, entry)
    assert await titles(desk, "q=气瓶") == ["玄武岩纤维缠绕气瓶"]
    assert await titles(desk, "q=碳纤维") == []


async def test_sorts_by_price_and_readiness(desk: Desk) -> None:
    """LS52: what has no price comes last."""
    await shelved(desk, title="甲", price_idea={"amount": "300000.00", "currency": "CNY"})
    await shelved(desk, title="乙", price_idea=None, readiness={"scale": "trl_9", "level": 9})
    await shelved(desk, title="丙", price_idea={"amount": "100000.00", "currency": "CNY"})
    for sort, order in (("price", "丙甲乙"), ("readiness", "乙丙甲"), ("newest", "丙乙甲")):
        seen, cursor = "", ""
        for _ in range(3):
            answer = await found(desk, f"sort={sort}&limit=1{cursor}")
            seen += answer["items"][0]["title"]
            cursor = f"&cursor={quote(answer['next'] or '')}"
        assert (seen, answer["next"]) == (order, None)
    other = (await found(desk, "sort=price&limit=1"))["next"]
    refusal(await desk.get(f"search/achievements?cursor={quote(other)}"), 400, "cursor_invalid")
    refusal(await desk.get("search/achievements?cursor=W10"), 400, "cursor_invalid")
    for key in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00"):
        edge = quote(encode_cursor("achievements", "newest", 0, key, str(UUID(int=1))))
        beyond = await desk.get(f"search/achievements?sort=newest&cursor={edge}")
        refusal(beyond, 400, "cursor_invalid")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("technology_field=no_such_field", "technology_field"),
        ("kind=nothing", "kind"),
        ("region=999999", "region"),
        ("readiness_min=3&readiness_scale=none", "readiness_scale"),
        ("price_max=1&currency=ZZZ", "price_max"),
    ],
)
async def test_a_filter_that_nothing_can_pass_is_refused(
    desk: Desk, query: str, field: str
) -> None:
    """LS53"""
    told = refusal(await desk.get(f"search/achievements?{query}"), 400, "search_invalid")
    assert [error["field"] for error in told["errors"]] == [field]


async def test_regions_and_offers_are_filters(desk: Desk) -> None:
    """LS53: the seller sits in 330110; on offer is what a listing offers now."""
    entry = await shelved(desk, title="甲")
    for region, count in (("330000", 1), ("330100", 1), ("330106", 0), ("320000", 0)):
        answer = await found(desk, f"region={region}")
        assert answer["total"]["count"] == count
        assert answer["facets"]["region"]["counts"] == {"330000": 1}
    assert (await found(desk, "on_offer=true"))["items"] == []
    await desk.published(entry)
    (hit,) = (await found(desk, "on_offer=true"))["items"]
    assert hit["on_offer"] is True


async def test_counts_are_bounded_and_say_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """LS54"""
    monkeypatch.setattr(matching, "COUNT_MAX", 2)
    for title in ("甲", "乙", "丙"):
        await shelved(desk, title=title)
    answer = await found(desk, "")
    assert answer["total"] == {"count": 2, "exact": False}
    assert not answer["facets"]["kind"]["exact"]
    assert sum(answer["facets"]["kind"]["counts"].values()) <= 3


async def test_pages_of_very_common_words_are_those_of_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LS52: however the newest entries are walked through first."""
    await fill(desk, 60, seed=3)

    async def pages(query: str) -> list[str]:
        answer = await found(desk, f"{query}&limit=6")
        ids = [item["id"] for item in answer["items"]]
        while answer["next"]:
            answer = await found(desk, f"{query}&limit=6&cursor={quote(answer['next'])}")
            ids += [item["id"] for item in answer["items"]]
        return ids

    asked = ("q=电池", "q=电池&kind=applied", "q=", "q=检测&sort=newest")
    plain = [await pages(query) for query in asked]
    monkeypatch.setattr(matching, "COUNT_MAX", 3)
    monkeypatch.setattr(matching, "_NEWEST", 10)
    assert [await pages(query) for query in asked] == plain
    assert all(len(ids) > 6 for ids in plain)


async def test_listings_are_searched_by_the_same_rules(desk: Desk) -> None:
    """LS51, LS53: and shown as they stand now."""
    listing = await desk.published(await desk.accepted(title="事件相机检测方法"))
    other = await desk.published(await desk.accepted(title="铜箔毛刺检测装置"))
    draft = await desk.draft(await desk.accepted(title="检测方法草案"))
    await follow(desk, listing, other, draft)
    answer = await found(desk, "q=检测", "listings")
    assert [item["id"] for item in answer["items"]] == [other["id"], listing["id"]]
    assert answer["facets"]["pricing_mode"] == {"counts": {"bidding": 2}, "exact": True}
    number = (await found(desk, f"q={listing['number']}", "listings"))["items"]
    assert [item["number"] for item in number] == [listing["number"]]
    ends = await desk.now() + timedelta(days=30)
    soon = f"closing_before={quote(ends.isoformat())}&sort=closing&price_max=600000.00"
    assert len((await found(desk, soon, "listings"))["items"]) == 2
    assert (await found(desk, "price_max=599999.99", "listings"))["items"] == []
    body = {"reason": "出让方撤回", "costs": None}
    done(await desk.post(f"listings/{listing['id']}/withdrawal", "operator", body))
    answer = await found(desk, "q=检测&status=withdrawn", "listings")
    assert [item["status"] for item in answer["items"]] == ["withdrawn"]
    assert answer["facets"]["status"]["counts"] == {"disclosing": 1, "withdrawn": 1}


async def test_notices_are_data_for_other_sites(desk: Desk) -> None:
    """LS58"""
    first, second = await desk.published(), await desk.published()
    listed = await desk.get("notices?limit=1")
    assert listed.headers["Cache-Control"] == "public, max-age=60"
    page = done(listed)
    assert [item["listing_id"] for item in page["items"]] == [second["id"]]
    page = done(await desk.get(f"notices?limit=1&cursor={quote(page['next'])}"))
    assert [item["listing_id"] for item in page["items"]] == [first["id"]]
    for query, count in (
        (f"market_id={desk.world.market_id}&kind=offer&pricing_mode=bidding&open=true", 2),
        (f"market_id={desk.world.other_market_id}", 0),
        ("open=false", 0),
        ("kind=termination", 0),
        ("pricing_mode=posted", 0),
        (f"number={first['notice']['number']}", 1),
        ("published_since=2026-03-03T00:00:00%2B08:00", 0),
    ):
        assert len(done(await desk.get(f"notices?{query}"))["items"]) == count, query
    path = f"/v1/notices/{first['notice']['id']}"
    shown = await desk.client.get(path)
    assert shown.json()["content_hash"] == first["notice"]["content_hash"]
    tag = shown.headers["ETag"]
    again = await desk.client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    body = {"reason": "出让方撤回", "costs": None}
    done(await desk.post(f"listings/{first['id']}/withdrawal", "operator", body))
    assert (await desk.client.get(path, headers={"If-None-Match": tag})).status_code == 200
    unknown = await desk.get(f"notices/{desk.world.market_id}")
    refusal(unknown, 404, "object_unknown")
