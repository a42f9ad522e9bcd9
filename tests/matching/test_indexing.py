"""An index that follows the journal: MT28, MT29, MT30, MT31."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from app.matching.domain.calibration import shipped
from app.matching.index import IndexNotReady
from app.matching.index.generations import Generations, Place, read_place, write_place
from app.matching.indexer import BACKGROUND, Indexer
from app.matching.repository import results
from app.matching.service.engine import MatchingEngine
from app.matching.service.indexing import (
    PAGE,
    Indexing,
    IndexOutdated,
    build,
    carry_on,
    where_journal_is,
)
from app.matching.service.precomputing import Precomputing
from app.platform.alone import Alone
from app.platform.db import Database
from app.platform.epoch import open_epoch
from app.platform.feed import Cursor
from tests.eventually import eventually
from tests.matching.shelf import Shelf, difference_from_truth
from tests.world import World

pytestmark = pytest.mark.concurrency

WORDS_ALONE = MatchingEngine(indexes={}, embedder=None, calibration=shipped())


@pytest.fixture
def shelf(own_world: World, database: Database) -> Shelf:
    return Shelf(database, own_world)


@asynccontextmanager
async def running(indexer: Indexer) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(indexer.run())
    yield task
    indexer.stopping.set()
    await task


async def is_truth(shelf: Shelf, path: Path) -> bool:
    return not await difference_from_truth(shelf.database, path, shelf)


async def follow_to_truth(indexing: Indexing, shelf: Shelf, path: Path) -> None:
    """Step until the truth is reached; other tests' transactions may hold the feed back."""

    async def reached() -> bool:
        await indexing.step()
        return await is_truth(shelf, path)

    await eventually(reached)


async def carried_on(shelf: Shelf, generations: Generations) -> Indexing:
    indexing = await carry_on(shelf.database, generations)
    assert indexing is not None
    return indexing


async def test_index_follows_and_is_carried_on_where_it_was_left(
    shelf: Shelf, tmp_path: Path
) -> None:
    """MT28: and what is done twice is done once."""
    generations = Generations(tmp_path)
    for _ in range(3):
        await shelf.shelve()
    await build(shelf.database, generations)
    first = await carried_on(shelf, generations)
    with first.writer:
        await shelf.do(0, "edited")
        await shelf.do(1, "withdrawn")
        await shelf.shelve()
        await follow_to_truth(first, shelf, tmp_path)
        generation = first.writer.generation
        before = read_place(generation)
        await shelf.do(0, "accepted")
        await follow_to_truth(first, shelf, tmp_path)
    assert before is not None
    write_place(generation, before)  # as if killed after tantivy's commit
    again = await carried_on(shelf, generations)
    with again.writer:
        assert again.writer.generation == generation
        await follow_to_truth(again, shelf, tmp_path)


async def test_an_index_of_another_epoch_database_or_future_is_built_anew(
    shelf: Shelf, tmp_path: Path
) -> None:
    """MT30: a database put back to an earlier moment knows nothing of what the index holds."""
    generations = Generations(tmp_path)
    await shelf.shelve()
    await build(shelf.database, generations)
    generation = generations.current()
    assert generation is not None
    now = await where_journal_is(shelf.database)
    ahead = Cursor(now.cursor.epoch, now.cursor.txid + 10_000, 0)
    for place in (Place("other", now.cursor), replace(now, cursor=ahead)):
        write_place(generation, place)
        assert await carry_on(shelf.database, generations) is None
    write_place(generation, now)
    indexing = await carried_on(shelf, generations)
    with indexing.writer:
        async with shelf.database.transaction() as session:
            await open_epoch(session)
        with pytest.raises(IndexOutdated):
            await indexing.step()
    assert await carry_on(shelf.database, generations) is None


async def test_running_indexer_takes_up_what_was_built_beside_it_and_a_new_epoch(
    shelf: Shelf, tmp_path: Path
) -> None:
    """MT24, MT30"""
    generations = Generations(tmp_path)
    async with running(Indexer(shelf.database, tmp_path, WORDS_ALONE)):
        await shelf.shelve()
        await eventually(lambda: is_truth(shelf, tmp_path))
        first = generations.current()
        await build(shelf.database, generations)
        second = generations.current()
        assert second != first
        await shelf.shelve()
        await eventually(lambda: is_truth(shelf, tmp_path))
        assert generations.current() == second

        async def first_is_swept() -> bool:
            assert first is not None
            return not first.exists()

        await eventually(first_is_swept)
        async with shelf.database.transaction() as session:
            await open_epoch(session)
        await shelf.shelve()
        await eventually(lambda: is_truth(shelf, tmp_path))
        assert generations.current() != second


async def test_both_sides_know_of_a_newcomer(shelf: Shelf, tmp_path: Path) -> None:
    """MT31: also what was matched before it came."""

    async def finds(entry_id: UUID, other: UUID) -> bool:
        async with shelf.database.transaction() as session:
            result = await results.latest(session, entry_id)
        return result is not None and str(other) in {one["entry_id"] for one in result.matches}

    async with running(Indexer(shelf.database, tmp_path, WORDS_ALONE)):
        demand = await shelf.post(
            "水下机器人导航", "浑浊水体中水下机器人定位漂移大，导航精度不足。"
        )
        await eventually(lambda: _has_result(shelf, demand))
        assert not await finds(demand, demand)
        newcomer = await shelf.shelve(
            title="水下机器人定位导航方法",
            abstract="浑浊水体中水下机器人定位漂移的抑制，导航精度提高。",
        )
        await eventually(lambda: finds(newcomer.id, demand))
        await eventually(lambda: finds(demand, newcomer.id))


async def _has_result(shelf: Shelf, entry_id: UUID) -> bool:
    async with shelf.database.transaction() as session:
        return await results.latest(session, entry_id) is not None


async def test_work_is_one_process_s_until_it_leaves(database: Database) -> None:
    """MT32"""
    here, there = Alone(database.url, "work"), Alone(database.url, "work")
    other = Alone(database.url, "other work")
    assert await here.is_mine()
    assert await here.is_mine()
    assert not await there.is_mine()
    assert await other.is_mine()
    await here.close()

    async def taken_over() -> bool:
        return await there.is_mine()

    await eventually(taken_over)
    assert not await here.is_mine()
    for one in (here, there, other):
        await one.close()


async def test_directory_is_one_indexer_s(shelf: Shelf, tmp_path: Path) -> None:
    """MT29: the other waits without touching it."""
    with Generations(tmp_path).claimed():
        async with running(Indexer(shelf.database, tmp_path, WORDS_ALONE)) as task:
            await shelf.shelve()
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(task), 0.3)
            assert Generations(tmp_path).current() is None
            # MT32: nor does it keep others from matching, which it cannot do itself
            other = Alone(shelf.database.url, BACKGROUND)
            assert await other.is_mine()
            await other.close()


async def test_who_ceases_to_keep_the_index_waits_for_it_no_longer(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MT29, MT31: another process of this host may keep it now, and match."""
    begun, refused = asyncio.Event(), asyncio.Event()
    whole = Precomputing.step

    async def step(self: Precomputing) -> bool:
        begun.set()
        try:
            return await whole(self)
        except IndexNotReady:
            refused.set()
            raise

    async def fail(_self: Indexing) -> int:
        await begun.wait()
        await asyncio.sleep(0.2)
        raise OSError("disk full")

    await shelf.post("水下机器人导航", "浑浊水体中水下机器人定位漂移大，导航精度不足。")
    await build(shelf.database, Generations(tmp_path))
    monkeypatch.setattr(Precomputing, "step", step)
    monkeypatch.setattr(Indexing, "step", fail)
    async with running(Indexer(shelf.database, tmp_path, WORDS_ALONE)):
        await asyncio.wait_for(refused.wait(), 10)


async def test_all_is_in_the_index_once_no_page_is_left(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MT31: one host matches what another one's indexer has kept, however far its own is behind."""
    pages = [PAGE, PAGE, 1]

    async def step(_self: Indexing) -> int:
        await asyncio.sleep(0.01)
        return pages.pop(0) if pages else 0

    await build(shelf.database, Generations(tmp_path))
    monkeypatch.setattr(Indexing, "step", step)
    monkeypatch.setattr(Precomputing, "step", AsyncMock(return_value=False))
    indexer = Indexer(shelf.database, tmp_path, WORDS_ALONE)
    indexer._is_following = True
    asked = asyncio.create_task(indexer._indexed())
    await asyncio.sleep(0)
    async with running(indexer):
        await asyncio.wait_for(asked, 10)
        assert pages == []
