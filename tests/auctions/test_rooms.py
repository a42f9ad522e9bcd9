"""The live room with real commits: no gap, no leak, no watcher in another's way."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.auctions.live.hub import PACE_MAX_MS, PACE_MIN_MS, Rooms, rooms_of
from app.auctions.service.trail import BidCommand, What
from app.auctions.vault import Vault
from app.main import create_app
from app.platform.access import Role
from app.platform.db import Database
from app.platform.journal import history
from app.shared.ids import PartyId
from app.shared.money import Money
from tests.auctions.lot import OPERATOR, Lot, buyer, yuan
from tests.auctions.test_lane import lanes_like, submit
from tests.auctions.watching import Stream, watching
from tests.eventually import eventually

pytestmark = pytest.mark.concurrency


async def opened(lot: Lot) -> None:
    await lot.at(lot.opens_at + timedelta(minutes=1))
    await lot.announced()


Serve = Callable[..., FastAPI]


@pytest.fixture
async def serve(own_lot: Lot) -> AsyncIterator[Serve]:
    """Make the API as another process would have it, with rooms of its own."""
    made: list[Rooms] = []

    def app(database: Database | None = None, **how: Any) -> FastAPI:
        runtime = replace(own_lot.runtime, database=database or own_lot.database, live={})
        rooms = Rooms(
            database=runtime.database,
            vault=Vault(runtime.box),
            **{"watchers_max": 100, **how},
        )
        runtime.live["rooms"] = rooms
        made.append(rooms)
        return create_app(runtime)

    yield app
    for rooms in made:
        rooms.stop()


@pytest.fixture
async def second(database_dsn: str) -> AsyncIterator[Database]:
    """The database as another process sees it, with wake-ups of its own."""
    database = Database(database_dsn, pool_size=5)
    yield database
    await database.close()


async def snapshot(lot: Lot, name: str | None = None) -> Any:
    who = None if name is None else buyer(name)
    return (await lot.api.send("GET", who, f"/v1/auctions/{lot.auction_id}/room")).json()


async def storm(lot: Lot, *, bids: int, seed: int = 1, pause_s: float = 0) -> None:
    """Bid through two processes' lanes, amounts good and bad, limits among them."""
    chance = random.Random(seed)
    lanes = [lanes_like(lot, batch_max=4, queue_max=2000) for _ in range(2)]
    bidders = [lot.world.buyer, lot.world.other_buyer, lot.world.third_buyer]
    price = 600_000

    async def one(number: int) -> None:
        nonlocal price
        what = What.LIMIT if chance.random() < 0.1 else What.BID
        price += chance.choice((0, 20_000, 20_000, 40_000, 7_000))
        amount = Money((price + (200_000 if what is What.LIMIT else 0)) * 100)
        command = BidCommand(
            PartyId(bidders[number % 3]), amount, f"user:{number % 3}", "storm", what=what
        )
        await submit(lanes[number % 2], lot, command, str(uuid.uuid4()))

    for start in range(0, bids, 10):
        await asyncio.gather(*(one(number) for number in range(start, min(bids, start + 10))))
        await asyncio.sleep(pause_s)


async def reconnecting(
    apps: list[FastAPI], lot: Lot, done: asyncio.Event, seed: int
) -> tuple[int, dict[str, Any]]:
    """Watch, hang up at random moments and come back to another process; return the room."""
    chance = random.Random(seed)
    first = await snapshot(lot)
    have = (first["version"], first["room"])
    visits = 0
    while not done.is_set() or visits < 3:
        visits += 1
        async with watching(chance.choice(apps), lot.auction_id, have=have) as stream:
            for _ in range(chance.randrange(1, 5)):
                if not done.is_set():
                    await asyncio.sleep(chance.random() / 10)
        assert not stream.of("snapshot")
        assert stream.version is not None
        have = (stream.version, stream.room)
    last = (await snapshot(lot))["version"]
    async with watching(chance.choice(apps), lot.auction_id, have=have) as stream:
        await stream.reaches(last)
    return last, stream.room


async def test_snapshot_and_later_events_make_the_fresh_snapshot(
    own_lot: Lot, second: Database, serve: Serve
) -> None:  # AU30, AU31
    await opened(own_lot)
    apps = [serve(), serve(second)]
    done = asyncio.Event()
    watchers = [asyncio.create_task(reconnecting(apps, own_lot, done, seed)) for seed in range(6)]
    await storm(own_lot, bids=150, pause_s=0.02)
    done.set()
    fresh = await snapshot(own_lot)
    for version, room in await asyncio.gather(*watchers):
        assert (version, room) == (fresh["version"], fresh["room"])


async def test_a_storm_is_merged_into_few_frames_that_hold_every_event_once(
    own_lot: Lot, serve: Serve
) -> None:  # AU31, AU32
    await opened(own_lot)
    app = serve()
    before = (await snapshot(own_lot))["version"]
    async with watching(app, own_lot.auction_id, query=f"after={before}") as stream:
        stream.version = before
        await storm(own_lot, bids=500)
        last = (await snapshot(own_lot))["version"]
        await stream.reaches(last)
    assert [event["version"] for event in stream.events] == list(range(before + 1, last + 1))
    assert last - before > 60
    times = [frame.at_s for frame in stream.frames]
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 20
    assert len(times) < last - before


def test_the_pace_slows_down_with_the_watchers(own_lot: Lot) -> None:  # AU32
    rooms = rooms_of(own_lot.runtime)
    paces = []
    for rooms.watchers in (1, 100, 3_000, 100_000):
        paces.append(rooms.pace_ms())
    assert paces == sorted(paces)
    assert paces[0] == paces[1] == PACE_MIN_MS
    assert PACE_MIN_MS < paces[2] <= PACE_MAX_MS == paces[3]
    assert 1000 // PACE_MIN_MS < 20


async def test_a_slow_watcher_is_cut_off_and_catches_up(own_lot: Lot, serve: Serve) -> None:  # AU33
    await opened(own_lot)
    app = serve(slow_ms=300)
    async with (
        watching(app, own_lot.auction_id) as quick,
        watching(app, own_lot.auction_id) as slow,
    ):
        await slow.gets(lambda it: it.version is not None)
        slow.reading.clear()
        await storm(own_lot, bids=60, pause_s=0.1)
        last = (await snapshot(own_lot))["version"]
        await quick.reaches(last)
        rooms = app.state.runtime.live["rooms"]

        async def dropped() -> bool:
            return bool(rooms.watchers == 1)

        await eventually(dropped)
        assert slow.version is not None
        assert slow.version < last
        have = (slow.version, slow.room)
    async with watching(app, own_lot.auction_id, have=have) as stream:
        await stream.reaches(last)
    assert stream.room == quick.room == (await snapshot(own_lot))["room"]


async def test_what_is_too_old_is_a_snapshot(own_lot: Lot, serve: Serve) -> None:  # AU31
    await opened(own_lot)
    app = serve()
    rooms = app.state.runtime.live["rooms"]
    room = await rooms.enter(uuid.UUID(own_lot.auction_id))
    room._memory.clear()
    async with watching(app, own_lot.auction_id, have=(1, {})) as stream:
        await stream.gets(lambda it: it.of("snapshot"))
    fresh = await snapshot(own_lot)
    assert (stream.version, stream.room) == (fresh["version"], fresh["room"])
    # A version that this server never had: its data were put back, so the room starts anew.
    async with watching(app, own_lot.auction_id, have=(10**6, {})) as stream:
        await stream.gets(lambda it: it.of("snapshot"))
    assert stream.version == fresh["version"]


async def test_each_audience_reads_its_own_and_no_more(own_lot: Lot, serve: Serve) -> None:  # AU34
    await opened(own_lot)
    app, world = serve(), own_lot.world
    tokens = {
        "public": {},
        "buyer": world.headers(Role.BUYER_STAFF, world.buyer),
        "other": world.headers(Role.BUYER_STAFF, world.other_buyer),
        "operator": world.headers(Role.OPERATOR),
        "auditor": world.headers(Role.AUDITOR),
        "elsewhere": world.headers(Role.OPERATOR, market="other"),
    }
    streams: dict[str, Stream] = {}
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()

        async def watch(name: str) -> None:
            async with watching(app, own_lot.auction_id, tokens[name]) as streams[name]:
                await done.wait()

        for name in tokens:
            group.create_task(watch(name))
        await asyncio.sleep(0.2)
        assert (await own_lot.bid("buyer", 600_000)).status_code == 201
        assert (await own_lot.bid("buyer", 601_000)).status_code != 201
        path = f"/v1/auctions/{own_lot.auction_id}/limits"
        limit = {"amount": yuan(777_000)}
        placed = await own_lot.api.send("POST", buyer("buyer"), path, limit, key="a-limit")
        assert placed.status_code == 201, placed.text
        last = (await snapshot(own_lot))["version"]
        for name in tokens:
            await streams[name].reaches(last)
        done.set()
    parties = [str(getattr(world, name)) for name in ("buyer", "other_buyer", "third_buyer")]
    for name in ("public", "buyer", "other", "elsewhere"):
        sent = streams[name].text
        assert not any(party in sent for party in parties), name
        for secret in ("restricted", "777000", "601000"):
            assert secret not in sent
    mine = [it for frame in streams["buyer"].of("room") for it in frame.data.get("mine", ())]
    assert [it["sequence"] for it in mine] == [1, 2, 3]
    assert [it.get("refusal") for it in mine][1] is not None
    assert mine[2]["kind"] == "limit"
    for name in ("public", "other", "elsewhere"):
        assert '"mine"' not in streams[name].text
    for name in ("operator", "auditor"):
        by = [it for event in streams[name].events for it in event["restricted"].get("by", ())]
        assert {it["party_id"] for it in by} == {str(world.buyer)}
    # Same position, same audience: the very same bytes, also for a bidder without own news.
    public = [event["version"] for event in streams["public"].events]
    assert public == [event["version"] for event in streams["other"].events]


async def test_before_its_notice_a_room_is_for_insiders(own_lot: Lot, serve: Serve) -> None:  # AU34
    async with own_lot.database.transaction() as session:
        await session.execute(
            text("UPDATE auctions SET announced_at = NULL WHERE id = :id"),
            {"id": own_lot.auction_id},
        )
    app, world = serve(), own_lot.world
    path = f"/v1/auctions/{own_lot.auction_id}"
    for headers in ({}, world.headers(Role.BUYER_STAFF, world.buyer)):
        async with watching(app, own_lot.auction_id, headers) as stream:
            await stream.gets(lambda it: it.ended)
        assert (stream.status, stream.problem["code"]) == (404, "auction_unknown")
    assert (await own_lot.api.send("GET", None, f"{path}/room")).status_code == 404
    assert (await own_lot.api.send("GET", buyer("buyer"), f"{path}/mine")).status_code == 404
    for headers in (world.headers(Role.OPERATOR), world.headers(Role.SELLER_STAFF)):
        async with watching(app, own_lot.auction_id, headers) as stream:
            await stream.gets(lambda it: it.of("snapshot"))


async def test_a_deadline_reaches_watchers_without_a_worker(
    own_lot: Lot, second: Database, serve: Serve
) -> None:  # AU35
    await opened(own_lot)
    assert (await own_lot.bid("buyer", 600_000)).status_code == 201
    assert (await own_lot.bid("other_buyer", 620_000)).status_code == 201
    await own_lot.at(own_lot.opens_at + timedelta(hours=1) - timedelta(seconds=1))
    apps = [serve(), serve(second)]
    async with (
        watching(apps[0], own_lot.auction_id) as here,
        watching(apps[1], own_lot.auction_id) as there,
    ):
        for stream in (here, there):
            await stream.gets(lambda it: it.room.get("status") == "timed", within_s=5)
        types = [event["type"] for event in here.events]
        assert types == ["auction.contested"]
        left = here.of("room")[-1].data["time_left_s"]
        assert 115 <= left <= 120
    async with own_lot.database.transaction() as session:
        told = [event.type for event in await history(session, uuid.UUID(own_lot.auction_id))]
    assert told.count("auction.contested") == 1


async def test_watchers_cost_no_reads(own_lot: Lot, serve: Serve) -> None:  # AU36
    await opened(own_lot)
    app = serve()
    rooms = app.state.runtime.live["rooms"]
    room = await rooms.enter(uuid.UUID(own_lot.auction_id))
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        streams: list[Stream] = []

        async def watch() -> None:
            async with watching(app, own_lot.auction_id) as stream:
                streams.append(stream)
                await done.wait()

        for _ in range(50):
            group.create_task(watch())
        await asyncio.sleep(0.3)
        before = room.looks
        assert (await own_lot.bid("buyer", 600_000)).status_code == 201
        last = (await snapshot(own_lot))["version"]
        for stream in streams:
            await stream.reaches(last)
        assert room.looks - before <= 4
        assert len({stream.text.split("\n\n", 2)[2] for stream in streams}) <= 2
        done.set()


async def test_a_stream_ends_with_its_token(
    own_lot: Lot, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:  # AU37
    monkeypatch.setattr("app.auctions.live.watcher.CHECK_MS", 0)
    await opened(own_lot)
    app, tokens = serve(), own_lot.world.tokens
    monkeypatch.setattr(tokens, "lifetime_s", 1)
    headers = own_lot.world.headers(Role.OPERATOR)
    async with watching(app, own_lot.auction_id, headers) as stream:
        await stream.gets(lambda it: it.version is not None)
        await asyncio.sleep(1.1)
        monkeypatch.setattr(tokens, "lifetime_s", 900)
        assert (await own_lot.bid("buyer", 600_000)).status_code == 201
        await stream.gets(lambda it: it.ended)
    assert stream.frames[-1].data == {"reason": "token_expired"}
    assert not stream.events


async def test_a_bidder_reads_its_own_limit_and_nobody_elses(own_lot: Lot) -> None:  # AU38
    await opened(own_lot)
    path = f"/v1/auctions/{own_lot.auction_id}"
    assert (await own_lot.bid("other_buyer", 600_000)).status_code == 201
    await own_lot.api.send(
        "POST", buyer("buyer"), f"{path}/limits", {"amount": yuan(777_000)}, key="a-limit"
    )
    assert (await own_lot.bid("buyer", 1)).status_code != 201
    mine = (await own_lot.api.send("GET", buyer("buyer"), f"{path}/mine")).json()
    assert mine["limit"] == yuan(777_000)
    assert mine["leads"] is True
    assert [bid["kind"] for bid in mine["bids"]] == ["bid", "bid", "limit"]
    assert mine["bids"][0]["refusal"] is not None
    assert mine["bids"][0]["amount"] == yuan(1)
    assert mine["bids"][1]["origin"] == "standing"
    assert mine["bids"][2]["amount"] == yuan(777_000)
    other = await own_lot.api.send("GET", buyer("other_buyer"), f"{path}/mine")
    assert "777000" not in other.text
    assert (other.json()["limit"], other.json()["leads"]) == (None, False)
    assert other.json()["bidder_code"] != mine["bidder_code"]
    for who in (None, OPERATOR):
        assert (await own_lot.api.send("GET", who, f"{path}/mine")).status_code in {401, 403}


async def test_staff_alone_is_told_who_is_behind_a_code(own_lot: Lot) -> None:  # AU34
    await opened(own_lot)
    shown = await own_lot.api.get(OPERATOR, f"/v1/auctions/{own_lot.auction_id}/room")
    world = own_lot.world
    assert {it["party_id"] for it in shown["bidders"]} == {
        str(party) for party in (world.buyer, world.other_buyer, world.third_buyer)
    }
    for name in (None, "buyer"):
        assert (await snapshot(own_lot, name))["bidders"] is None


async def test_more_watchers_than_allowed_are_sent_elsewhere(
    own_lot: Lot, serve: Serve
) -> None:  # AU39
    await opened(own_lot)
    app = serve(watchers_max=1)
    async with watching(app, own_lot.auction_id) as first:
        await first.gets(lambda it: it.version is not None)
        async with watching(app, own_lot.auction_id) as refused:
            await refused.gets(lambda it: it.ended)
        assert (refused.status, refused.problem["code"]) == (503, "watchers_full")
        assert int(refused.headers["retry-after"]) > 0
    async with watching(app, own_lot.auction_id, query="duration_s=0") as again:
        await again.gets(lambda it: it.ended)
    assert [frame.kind for frame in again.frames] == ["snapshot", "end"]
    assert again.frames[-1].data == {"reason": "done"}


async def test_stopping_ends_all_streams_and_takes_no_more(
    own_lot: Lot, serve: Serve
) -> None:  # AU37
    await opened(own_lot)
    app = serve()
    async with (
        watching(app, own_lot.auction_id) as idle,
        watching(app, own_lot.auction_id) as blocked,
    ):
        for stream in (idle, blocked):
            await stream.gets(lambda it: it.version is not None)
        blocked.reading.clear()
        assert (await own_lot.bid("buyer", 600_000)).status_code == 201
        await asyncio.sleep(0.2)
        rooms = app.state.runtime.live["rooms"]
        rooms.stop()
        await idle.gets(lambda it: it.ended)
        assert idle.frames[-1].data == {"reason": "stopping"}

        async def empty() -> bool:
            return bool(rooms.watchers == 0)

        await eventually(empty)
    async with watching(app, own_lot.auction_id) as late:
        await late.gets(lambda it: it.ended)
    assert late.status == 503


def test_the_stream_is_told_as_one_in_openapi(own_lot: Lot) -> None:  # AU31
    told = create_app(own_lot.runtime).openapi()
    route = told["paths"]["/v1/auctions/{auction_id}/stream"]["get"]
    assert "text/event-stream" in route["responses"]["200"]["content"]
    assert {"after", "duration_s", "last-event-id"} <= {it["name"] for it in route["parameters"]}
