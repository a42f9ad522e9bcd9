"""Push: who is told of what, why, when, and how often."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import text

from app.matching.domain.entry import EntryKind
from app.matching.service.pushing import deliver_due
from app.matching.service.subscribing import DELIVER
from app.platform.access import Role
from app.platform.db import Database
from app.platform.timers import Timer
from app.shared.ids import new_id
from tests.listings.factories import Json, done
from tests.matching.market import COATING, LEAKAGE, LOCATING, STRAW, Market
from tests.matching.pushed import Subscriber, tell, titles
from tests.queries import counted
from tests.world import START

LOCATOR: Final = "漏电故障断点定位装置"
QUERY: Final = {"kind": "query", "wants": "achievement", "text": "低压配电网漏电故障断点定位"}
FIELD: Final = {
    "kind": "field",
    "wants": "achievement",
    "technology_field": "electronic_information",
}


@pytest.fixture
def buyer(market: Market) -> Subscriber:
    return Subscriber(market.desk.client, market.world)


async def due(market: Market, subscription: Json) -> datetime | None:
    """Return for when a subscription's timer is set."""
    row = await market.session.execute(
        Timer.__table__.select().where(
            Timer.subject_id == UUID(subscription["id"]), Timer.kind == DELIVER
        )
    )
    found = row.one_or_none()
    return None if found is None else found.due_at


async def deliver(market: Market, subscription: Json, at: datetime) -> None:
    """Do what a worker would do at a moment about the subscription's timer."""
    await market.world.at(market.session, at)
    timer = await due(market, subscription)
    assert timer is not None
    assert timer <= at
    id_ = UUID(subscription["id"])
    await market.session.execute(text("DELETE FROM timers WHERE subject_id = :id"), {"id": id_})
    await deliver_due(market.session, id_, timer)


async def test_a_demand_tells_what_it_newly_finds_and_why(
    market: Market, buyer: Subscriber
) -> None:
    """MT56, MT60, MT61"""
    await market.shelve_others()
    demand_id = await market.post("漏电保护装置误动的定位方法", LEAKAGE)
    await tell(market, await market.shelve("旧有漏电断点定位方法", LOCATING), demand_id)
    watched = await buyer.subscribe({"kind": "demand", "demand_id": str(demand_id)})
    found_id = await market.shelve(LOCATOR, LOCATING, readiness={"scale": "trl_9", "level": 4})
    await tell(market, found_id, demand_id)
    await tell(market, demand_id, found_id)
    (message,) = await buyer.told()
    assert titles(message) == [LOCATOR]
    [item] = message["data"]["items"]
    assert message["data"]["match_subscription_id"] == watched["id"]
    assert (item["entry_id"], item["kind"]) == (str(found_id), "achievement")
    assert {"漏电", "故障", "定位"} <= {term["text"] for term in item["terms"]}
    assert 0 < sum(term["share_bp"] for term in item["terms"]) <= 10_000
    assert item["factors"]
    assert item["gaps"][0]["factor"] == "field"
    lying_apart = {gap["factor"] for gap in item["gaps"]}
    assert not lying_apart & {factor["name"] for factor in item["factors"]}
    zh, en = message["text_zh"], message["text_en"]
    said = {"strong": ("高度匹配", "strong match"), "possible": ("可能匹配", "possible match")}
    verdict_zh, verdict_en = said[item["verdict"]]
    assert f"《{LOCATOR}》（{verdict_zh}）：" in zh
    assert "匹配词：" in zh
    assert item["factors"][0]["note_zh"] in zh
    assert f"差距：{item['gaps'][0]['text_zh']}" in zh
    assert f"“{LOCATOR}” ({verdict_en}): " in en
    assert f"gaps: {item['gaps'][0]['text_en']}" in en


async def test_an_achievement_tells_demands_that_it_finds(market: Market) -> None:
    """MT60, MT61"""
    await market.shelve_others()
    found_id = await market.shelve(LOCATOR, LOCATING)
    await tell(market, found_id)
    seller = Subscriber(market.desk.client, market.world, Role.SELLER_STAFF)
    await seller.subscribe({"kind": "achievement", "achievement_id": str(found_id)})
    demand_id = await market.post("漏电保护装置误动的定位方法", LEAKAGE)
    await tell(market, demand_id, found_id)
    (message,) = await seller.told()
    assert titles(message) == ["漏电保护装置误动的定位方法"]


async def test_a_verdict_below_what_is_asked_is_not_told(market: Market, buyer: Subscriber) -> None:
    """MT61"""
    await market.shelve_others()
    await buyer.subscribe(QUERY, least_verdict="strong", name="强")
    await buyer.subscribe(QUERY, least_verdict="possible", name="可能")
    near = "低压配电网电能质量监测装置,用于农村台区的电压暂降记录与分析。"
    await tell(market, await market.shelve("台区电能质量监测", near))
    (message,) = await buyer.told()
    assert message["data"]["match_subscription"] == "可能"
    assert message["data"]["items"][0]["verdict"] == "possible"


async def test_a_field_tells_of_what_is_new_in_it_once(market: Market, buyer: Subscriber) -> None:
    """MT56, MT61"""
    old = await market.shelve("旧有成果", STRAW)
    await tell(market, old)
    await buyer.subscribe(FIELD)
    await buyer.subscribe(FIELD | {"wants": "demand"}, name="需求")
    await buyer.subscribe(FIELD | {"technology_field": "agriculture"}, name="农业")
    seller = Subscriber(market.desk.client, market.world, Role.SELLER_STAFF)
    await seller.subscribe(FIELD)
    new = await market.shelve("新成果", COATING)
    await tell(market, new, old, new)
    (message,) = await buyer.told()
    assert titles(message) == ["新成果"]
    assert message["data"]["items"][0]["verdict"] is None
    assert "《新成果》：技术领域：" in message["text_zh"]
    assert await seller.told() == []  # it is its own


CONDITIONS: Final[list[tuple[Json, bool]]] = [
    ({}, True),
    ({"technology_fields": ["electronic_information"]}, True),
    ({"technology_fields": ["agriculture"]}, False),
    ({"readiness_min": {"scale": "trl_9", "level": 7}}, True),
    ({"readiness_min": {"scale": "trl_9", "level": 8}}, False),
    ({"price_max": {"amount": "649999.99", "currency": "CNY"}}, False),
    ({"own_market_only": True}, True),
]


async def test_a_query_tells_what_fits_its_words_and_meets_its_conditions(
    market: Market, buyer: Subscriber
) -> None:
    """MT61, MT62"""
    await market.shelve_others()
    for number, (conditions, _) in enumerate(CONDITIONS):
        await buyer.subscribe({**QUERY, "conditions": conditions}, name=str(number))
    await buyer.subscribe({**QUERY, "text": "水稻秸秆腐解"}, name="秸秆")
    await tell(market, await market.shelve(LOCATOR, LOCATING))
    told = await buyer.told()
    assert {item["data"]["match_subscription"] for item in told} == {
        str(number) for number, (_, fits) in enumerate(CONDITIONS) if fits
    }
    assert all("漏电" in item["text_zh"] for item in told)


async def test_at_night_nothing_comes_and_in_the_morning_one_message(
    market: Market, buyer: Subscriber
) -> None:
    """MT58, MT59"""
    made = await buyer.subscribe(FIELD)
    night = START.replace(hour=22)
    await market.world.at(market.session, night)
    kept = [await market.shelve(title, COATING) for title in ("甲成果", "乙成果", "丙成果")]
    await tell(market, *kept)
    assert await buyer.told() == []
    morning = START.replace(hour=8) + timedelta(days=1)
    assert await due(market, made) == morning
    gone = f"/v1/achievements/{kept[0]}/withdrawal"
    headers = market.world.headers("seller_staff") | {"Idempotency-Key": str(new_id())}
    done(await market.desk.client.post(gone, json={"reason": "停止"}, headers=headers))
    await deliver(market, made, morning)
    (message,) = await buyer.told()
    assert set(titles(message)) == {"乙成果", "丙成果"}
    assert datetime.fromisoformat(message["market_at"]) >= morning
    await tell(market, *kept[1:])
    assert len(await buyer.told()) == 1


async def test_a_worker_that_comes_late_waits_for_the_quiet_hours_end(
    market: Market, buyer: Subscriber
) -> None:
    """MT58"""
    made = await buyer.subscribe(FIELD, delivery="daily", digest_hour=20)
    await tell(market, await market.shelve("新成果", COATING))
    assert await due(market, made) == START.replace(hour=20)
    await deliver(market, made, START.replace(hour=23))
    assert await buyer.told() == []
    morning = START.replace(hour=8) + timedelta(days=1)
    assert await due(market, made) == morning
    await deliver(market, made, morning)
    assert len(await buyer.told()) == 1


async def test_what_waits_is_told_by_new_settings(market: Market, buyer: Subscriber) -> None:
    """MT57, MT63"""
    made = await buyer.subscribe(QUERY, delivery="weekly")
    ended = await buyer.subscribe(QUERY, delivery="weekly")
    await market.shelve_others()
    near = "低压配电网电能质量监测装置,用于农村台区的电压暂降记录与分析。"
    ids = [await market.shelve(LOCATOR, LOCATING), await market.shelve("台区监测", near)]
    await tell(market, *ids)
    assert await due(market, made) == START + timedelta(days=7)
    await buyer.end(ended)
    assert await due(market, ended) is None
    await buyer.change(made, delivery="daily", digest_hour=17, least_verdict="strong")
    assert await due(market, made) == START.replace(hour=17)
    await deliver(market, made, START.replace(hour=17))
    (message,) = await buyer.told()
    assert titles(message) == [LOCATOR]


async def test_what_was_changed_before_its_digest_is_told_as_it_is_then(
    market: Market, buyer: Subscriber
) -> None:
    """MT59"""
    made = await buyer.subscribe(FIELD, delivery="daily", digest_hour=17)
    known, lost = await market.shelve("甲成果", COATING), await market.shelve("乙成果", STRAW)
    await tell(market, known, lost)
    for id_, title in ((known, "甲成果新版"), (lost, "乙成果新版")):
        await market.session.execute(
            text("UPDATE achievements SET version = 2, title = :title WHERE id = :id"),
            {"id": id_, "title": title},
        )
    await market.index(EntryKind.ACHIEVEMENT, known)
    await tell(market, known)  # the other one is still to be matched
    await deliver(market, made, START.replace(hour=17))
    (message,) = await buyer.told()
    assert titles(message) == ["甲成果新版"]
    await market.index(EntryKind.ACHIEVEMENT, lost)
    await tell(market, lost)
    await deliver(market, made, START.replace(hour=17) + timedelta(days=1))
    assert titles((await buyer.told())[1]) == ["乙成果新版"]


async def test_a_long_digest_counts_what_it_does_not_show(
    market: Market, buyer: Subscriber, rolled_back: Database
) -> None:
    """MT59, MT60: four statements, however much waits."""
    made = await buyer.subscribe(FIELD, delivery="daily", digest_hour=17)
    ids = [await market.shelve(f"成果{number}", COATING) for number in range(12)]
    await tell(market, *ids)
    with counted(rolled_back) as sent:
        await deliver(market, made, START.replace(hour=17))
    (message,) = await buyer.told()
    assert len(message["data"]["items"]) == 10
    rest = {*message["data"]["more"], *(item["entry_id"] for item in message["data"]["items"])}
    assert rest == {str(id_) for id_ in ids}
    assert "另有 2 项" in message["text_zh"]
    assert "And 2 more" in message["text_en"]
    assert "有 12 项新匹配" in message["title_zh"]
    steps = [statement for statement in sent if "match_" in statement or "notif" in statement]
    assert len(steps) == 4, steps


async def test_ten_thousand_subscriptions_do_not_make_a_publication_slow(
    market: Market, buyer: Subscriber, rolled_back: Database
) -> None:
    """MT62: a handful of statements, whatever others subscribe to."""
    await market.shelve_others()
    made = await buyer.subscribe(QUERY, delivery="daily")
    whose: dict[str, Any] = {"market": market.world.market_id, "party": market.world.buyer}
    await market.session.execute(
        text(
            "INSERT INTO match_subscriptions (id, market_id, party_id, name, source, wants, query,"
            " wishes, least, delivery, digest_hour, quiet_from, quiet_to, created_at)"
            " SELECT gen_random_uuid(), :market, :party, '压力', 'query', 'achievement',"
            " CASE WHEN n % 100 = 0 THEN '漏电故障' ELSE '词' || n END,"
            " (SELECT wishes FROM match_subscriptions WHERE query IS NOT NULL LIMIT 1),"
            " 'possible', 'daily', 9, 21, 8, now() FROM generate_series(1, 10000) AS n"
        ),
        whose,
    )
    await market.session.execute(
        text(
            "INSERT INTO match_query_pairs (pair, subscription_id, share)"
            " SELECT pair, id, 0.5 FROM match_subscriptions,"
            " unnest(CASE WHEN query = '漏电故障' THEN ARRAY['漏电', '故障'] ELSE ARRAY[query] END)"
            " AS pair WHERE name = '压力'"
        )
    )
    found_id = await market.shelve(LOCATOR, LOCATING)
    result = await market.match(found_id)
    assert result.matches == ()
    with counted(rolled_back) as sent:
        await tell(market, found_id)
    assert len(sent) < 25, sent
    waiting = await market.session.scalar(text("SELECT count(*) FROM match_tellings"))
    assert waiting == 101
    assert await due(market, made) == START + timedelta(days=1)
