"""The feed: nothing lost, nothing twice, whatever the writers do and whatever is restored."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.platform import feed
from app.platform.db import Database
from app.platform.feed import START, Cursor, CursorInvalid
from app.platform.journal import append, history, verify_chain
from app.shared.ids import MarketId, new_id
from tests.platform.feed_harness import (
    MARKET,
    Load,
    Name,
    Reader,
    Written,
    by_sequence,
    event,
    gaps,
    poll_feed,
    run,
    settled,
    storm,
)

pytestmark = pytest.mark.concurrency

CHECKS = 488


def assert_complete(reader: Reader, written: Written) -> None:
    assert (reader.lost(written), reader.duplicated()) == (0, 0)
    # What was seen beyond what writers noted cannot exist: they note every commit.
    assert reader.seen.keys() == written.committed_at.keys()
    assert gaps(set(reader.seen)) == 0


def pollers(count: int) -> list[Reader]:
    """Readers that together make the published number of checks at the least."""
    return [Reader(every_s=0.005 * number, checks_min=CHECKS // count) for number in range(count)]


async def test_shape_of_the_published_test_loses_nothing(database: Database) -> None:
    # P1, P32, P33; at 72 writes a second the best-known open exchange lost 11 in 488 checks.
    readers = pollers(4)
    load = Load(writers=8, seconds=3, rate=72, slow=0.2)
    written = await run(database, load, *readers)
    for reader in readers:
        assert_complete(reader, written)
    assert sum(reader.checks for reader in readers) >= CHECKS
    assert written.transactions + written.rolled_back >= 0.8 * 72 * load.seconds
    assert written.rolled_back > 0
    async with database.transaction() as session:
        for subject in {subject for subject, _ in written.committed_at}:
            verify_chain(await history(session, subject))


async def best_second(database: Database) -> int:
    seconds = "SELECT count(*) FROM journal_events GROUP BY date_trunc('second', recorded_at)"
    async with database.transaction() as session:
        return max(int(count) for count in await session.scalars(text(seconds)))


async def test_ten_times_the_published_rate_loses_nothing(database: Database) -> None:
    # P1; and the harness can fail: the reader without the bound loses in the same storm.
    readers, naive = pollers(2), by_sequence(every_s=0.02)
    load = Load(writers=12, seconds=3, rate=1500, slow=0.05, slow_s=0.03)
    written = await storm(database, load, *readers, naive)
    for reader in readers:
        assert_complete(reader, written)
    assert sum(reader.checks for reader in readers) >= CHECKS
    # In its best second: this machine may be busy with other tests in the others.
    assert await best_second(database) >= 10 * 72
    assert naive.lost(written) > 0


async def test_reader_without_the_bound_does_lose_events(database: Database) -> None:
    # The harness can fail: same writers, a reader in sequence order.
    naive, ours = by_sequence(every_s=0.002), Reader(every_s=0.002)
    load = Load(writers=8, seconds=2, rate=150, slow=0.3, slow_s=0.03)
    written = await run(database, load, naive, ours)
    assert naive.lost(written) > 0
    assert_complete(ours, written)


async def test_open_transaction_holds_the_page_back_until_it_ends(database: Database) -> None:
    # P1, step by step: the later transaction commits first.
    early, late = new_id(), new_id()
    async with database.transaction() as writer:
        await append(writer, event(early))
        async with database.transaction() as other:
            await append(other, event(late))
        assert await everything(database, START) == ([], START.epoch + 1)
    await settled(database)
    names, _ = await everything(database, START)
    assert names == [(early, 1), (late, 1)]


async def everything(database: Database, after: Cursor) -> tuple[list[Name], int]:
    async with database.transaction() as session:
        names, place = await poll_feed(session, after)
    assert isinstance(place, Cursor)
    return names, place.epoch


async def test_pages_join_without_seam(database: Database) -> None:
    subjects = [new_id() for _ in range(7)]
    async with database.transaction() as session:
        await append(session, *(event(subject) for subject in subjects))
    await settled(database)
    seen, place = [], START
    async with database.transaction() as session:
        while (page := await feed.read(session, after=place, limit=3))[0]:
            seen += [row.subject_id for row in page[0]]
            place = Cursor.parse(str(page[1]))
    assert seen == subjects


async def test_filters_hide_events_and_the_cursor_passes_them(database: Database) -> None:
    # P2: a poll for rare events must not search the whole journal each time.
    async with database.transaction() as session:
        await append(session, event(new_id()), event(new_id()))
    await settled(database)
    async with database.transaction() as session:
        hidden, place = await feed.read(session, after=START, limit=10, types={"lot.sold"})
        elsewhere = await feed.read(
            session, after=START, limit=10, market_id=MarketId(new_id()), types={"lot.moved"}
        )
        everyone = await feed.read(session, after=START, limit=10, market_id=MARKET)
        behind = await feed.read(session, after=place, limit=10)
    assert not hidden
    assert place > START
    assert not elsewhere[0]
    assert len(everyone[0]) == 2
    assert not behind[0]


@pytest.fixture
async def restored(database: Database, database_dsn: str) -> AsyncIterator[Database]:
    """The database as a server finds it on which it was restored after a loss.

    Its last epoch was written elsewhere, with transaction ids far beyond this server's.
    """
    async with database.transaction() as session:
        await append(session, event(new_id()))
        # As pg_restore does: rows come in with the ids they had.
        await session.execute(text("ALTER TABLE journal_events DISABLE TRIGGER USER"))
        await session.execute(text("UPDATE journal_events SET txid = txid + 1000000000"))
        await session.execute(text("ALTER TABLE journal_events ENABLE TRIGGER USER"))
        await session.execute(text("UPDATE journal_epochs SET system_identifier = 7"))
    await database.close()
    fresh = Database(database_dsn, pool_size=4)
    yield fresh
    await fresh.close()


async def test_restored_database_shows_all_new_events_to_old_cursors(restored: Database) -> None:
    # P3
    async with restored.transaction() as session:
        old, place = await feed.read(session, after=START, limit=10)
    assert [row.epoch for row in old] == [1]
    # A consumer that had read events of the old server which the restore lost.
    ahead = Cursor(1, place.txid + 2_000_000_000, 99)
    subject = new_id()
    async with restored.transaction() as session:
        await append(session, event(subject))
    await settled(restored)
    for cursor in (Cursor(old[0].epoch, old[0].txid, old[0].seq), ahead):
        assert await everything(restored, cursor) == ([(subject, 1)], 2)
    names, _ = await everything(restored, START)
    assert names == [(old[0].subject_id, 1), (subject, 1)]


async def test_connections_at_once_open_one_new_epoch(restored: Database) -> None:
    # P3
    async def connect() -> list[int]:
        async with restored.transaction() as session:
            rows = await session.execute(
                text("SELECT epoch, pg_sleep(0.1)::text FROM journal_epochs ORDER BY epoch")
            )
            return [row[0] for row in rows]

    assert await asyncio.gather(*(connect() for _ in range(4))) == [[1, 2]] * 4


async def test_promotion_to_another_timeline_opens_an_epoch(
    database: Database, database_dsn: str
) -> None:
    async with database.transaction() as session:
        await session.execute(text("UPDATE journal_epochs SET timeline = timeline + 1"))
    again = Database(database_dsn, pool_size=1)
    async with again.transaction() as session:
        epochs = (await session.execute(text("SELECT count(*) FROM journal_epochs"))).scalar_one()
        written_at = (await session.execute(text("SELECT journal_epoch()"))).scalar_one()
    await again.close()
    assert (epochs, written_at) == (2, 2)


@pytest.mark.parametrize(
    "spelled", ["", "1-2", "1-2-3-4", "a-1-1", "1--1-1", "1-1-٣", "9999999999-1-1", f"1-{10**18}-1"]
)
def test_cursors_of_elsewhere_are_refused(spelled: str) -> None:
    with pytest.raises(CursorInvalid):
        Cursor.parse(spelled)
