"""Push under real commits: once for ever, whatever dies, and in the order of a moved clock."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from app.matching.domain.entry import Entry
from app.matching.service.pushing import tell_of
from app.platform import timers
from app.platform.access import Role
from app.platform.runtime import Runtime
from app.shared.words import grams_of
from tests.listings.factories import done
from tests.matching.market import COATING, LOCATING, OTHERS, STRAW, engine_without_model
from tests.matching.naive_index import NaiveIndex
from tests.matching.pushed import Subscriber, found_nothing, shelved, titles
from tests.world import START, World

pytestmark = pytest.mark.concurrency

FIELD = {"kind": "field", "wants": "achievement", "technology_field": "electronic_information"}


class Killed(Exception):
    """The process died before it could commit."""


class Exchange:
    """An exchange whose indexers match by hand, and whose subscribers are told."""

    def __init__(self, world: World, runtime: Runtime, client: httpx.AsyncClient) -> None:
        self.world, self.runtime = world, runtime
        self.buyer = Subscriber(client, world)
        self.engine = engine_without_model()
        runtime.live["matching"] = self.engine

    async def shelve(self, *texts: str) -> Sequence[Entry]:
        async with self.runtime.database.transaction() as session:
            entries = [
                await shelved(session, self.world, f"成果{number}", text)
                for number, text in enumerate(texts)
            ]
        for entry in entries:
            index = self.engine.indexes[entry.kind]
            assert isinstance(index, NaiveIndex)
            index.put(entry.id, grams_of(entry.words))
        return entries

    async def tell(self, entry: Entry, *, killed: bool = False) -> None:
        async with self.runtime.database.transaction() as session:
            await tell_of(session, self.engine, entry, found_nothing(entry))
            if killed:
                raise Killed

    async def move_to(self, moment: datetime) -> None:
        operator = Subscriber(self.buyer.client, self.world, Role.OPERATOR)
        path = f"markets/{self.world.market_id}/sandbox/clock"
        done(await operator.send("POST", path, {"advance_to": moment.isoformat()}))

    async def work(self) -> None:
        """Do what a worker does until nothing is due."""
        while await timers.run_one(self.runtime.database, self.runtime.timer_handlers):
            pass


@pytest.fixture
def exchange(own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient) -> Exchange:
    return Exchange(own_world, own_runtime, own_client)


async def test_who_dies_has_told_nothing_and_who_repeats_tells_nothing_more(
    exchange: Exchange,
) -> None:
    """MT56"""
    await exchange.buyer.subscribe(FIELD)
    await exchange.buyer.subscribe(FIELD, delivery="daily", digest_hour=10, name="每日")
    [entry] = await exchange.shelve(COATING)
    with pytest.raises(Killed):
        await exchange.tell(entry, killed=True)
    assert await exchange.buyer.told() == []
    await asyncio.gather(*(exchange.tell(entry) for _ in range(6)))
    assert len(await exchange.buyer.told()) == 1
    await exchange.move_to(START + timedelta(days=3))
    await exchange.tell(entry)
    await exchange.move_to(START + timedelta(days=6))
    told = [message["data"]["match_subscription"] for message in await exchange.buyer.told()]
    assert sorted(told) == sorted(["我的关注", "每日"])


async def test_what_comes_while_a_digest_goes_out_is_in_it_or_in_the_next(
    exchange: Exchange,
) -> None:
    """MT56, MT59: matching, delivery and changes of the subscription run against each other."""
    made = await exchange.buyer.subscribe(FIELD, delivery="daily", digest_hour=10)
    entries = await exchange.shelve(*[COATING] * 12)
    for entry in entries[:4]:
        await exchange.tell(entry)
    async with exchange.runtime.database.transaction() as session:
        await exchange.world.at(session, START + timedelta(hours=1))
    plans: list[dict[str, Any]] = [
        {"delivery": "daily", "digest_hour": 11},
        {"delivery": "instant"},
        {"delivery": "daily", "digest_hour": 10},
    ]
    await asyncio.gather(
        *(exchange.tell(entry) for entry in entries),
        exchange.work(),
        exchange.work(),
        *(exchange.buyer.change(made, **plan) for plan in plans),
    )
    await exchange.move_to(START + timedelta(days=2))
    told = [title for message in await exchange.buyer.told() for title in titles(message)]
    assert sorted(told) == sorted(entry.title for entry in entries)


async def test_what_is_committed_after_the_timer_came_due_is_not_left_behind(
    exchange: Exchange,
) -> None:
    """MT59: no worker takes the timer before what it is set for is there."""
    await exchange.buyer.subscribe(FIELD, delivery="daily", digest_hour=10)
    first, second = await exchange.shelve(COATING, STRAW)
    await exchange.tell(first)
    async with exchange.runtime.database.transaction() as session:
        await exchange.world.at(session, START + timedelta(hours=1))
    async with exchange.runtime.database.transaction() as session:
        await tell_of(session, exchange.engine, second, found_nothing(second))
        await exchange.work()
    await exchange.work()
    [message] = await exchange.buyer.told()
    assert sorted(titles(message)) == ["成果0", "成果1"]


async def test_a_subscription_may_end_while_it_is_told(exchange: Exchange) -> None:
    """MT63"""
    for _ in range(4):
        made = [
            await exchange.buyer.subscribe(FIELD, delivery=delivery)
            for delivery in ("instant", "daily")
        ]
        entries = await exchange.shelve(COATING, STRAW)
        await asyncio.gather(
            *(exchange.tell(entry) for entry in entries),
            *(exchange.buyer.end(subscription) for subscription in made),
        )
    before = await exchange.buyer.told()
    await exchange.move_to(START + timedelta(days=2))
    assert await exchange.buyer.told() == before


async def test_a_moved_clock_brings_each_morning_one_digest_with_reasons(
    exchange: Exchange,
) -> None:
    """MT57, MT58, MT60: only the sandbox's clock moves."""
    await exchange.shelve(*OTHERS.values())
    query = {"kind": "query", "wants": "achievement", "text": "低压配电网漏电故障断点定位"}
    await exchange.buyer.subscribe(query, delivery="daily", digest_hour=9, name="漏电")
    await exchange.buyer.subscribe(query, name="随时")
    first, second = await exchange.shelve(LOCATING, f"{LOCATING}含现场标定方法。")
    await exchange.move_to(START.replace(hour=22))
    await exchange.tell(first)
    await exchange.move_to(START.replace(hour=23))
    await exchange.tell(second)
    assert await exchange.buyer.told() == []
    await exchange.move_to(START + timedelta(days=3))
    told = await exchange.buyer.told()
    morning = START + timedelta(days=1)
    moments = [datetime.fromisoformat(message["market_at"]) for message in told]
    assert [moment - morning < timedelta(minutes=1) for moment in moments] == [True, True]
    assert [message["data"]["match_subscription"] for message in told] == ["随时", "漏电"]
    assert moments[0] < morning - timedelta(minutes=59)
    for message in told:
        assert sorted(titles(message)) == ["成果0", "成果1"]
        assert message["text_zh"].count("匹配词：") == 2
        assert all(item["terms"] for item in message["data"]["items"])
