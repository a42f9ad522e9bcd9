"""Presence: the exchange knows when it was away, whichever of its processes was killed."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import postgres
from app.platform.clock import MarketClock, MarketUnknown, database_now
from app.platform.db import Database
from app.platform.migrate import upgrade
from app.platform.presence import (
    ABSENCE_MIN,
    Absence,
    AbsenceRow,
    Heartbeat,
    absences,
    absences_in_market,
)
from app.settings import Settings
from app.shared.ids import MarketId, new_id
from tests.eventually import eventually
from tests.service import environment, running, serving

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2100, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def found(database: Database) -> list[Absence]:
    async with database.transaction() as session:
        return await absences(session, since=BEGIN, until=END)


async def last_beat(database: Database) -> datetime | None:
    async with database.transaction() as session:
        beat: datetime | None = await session.scalar(text("SELECT last_beat_at FROM presence"))
        return beat


async def set_last_beat(session: AsyncSession, ago: timedelta) -> datetime:
    await session.execute(text("DELETE FROM presence"))
    inserted = await session.scalar(
        text(
            "INSERT INTO presence VALUES (true, clock_timestamp() - CAST(:ago AS interval)) "
            "RETURNING last_beat_at"
        ),
        {"ago": ago},
    )
    assert isinstance(inserted, datetime)
    return inserted


async def beat_here(session: AsyncSession) -> None:
    await session.execute(text("SELECT presence_beat(:least)"), {"least": ABSENCE_MIN})


@asynccontextmanager
async def beating(dsn: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a process that gives signs of life, until the block ends or it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platform.beating_process", dsn
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_no_sign_ever_is_no_absence(session: AsyncSession) -> None:
    # P37
    assert await absences(session, since=BEGIN, until=END) == []


async def test_only_a_gap_beyond_the_least_is_an_absence(session: AsyncSession) -> None:
    # P37
    for ago, count in ((1.5, 0), (2.5, 1)):
        last = await set_last_beat(session, timedelta(seconds=ago))
        running_now = await absences(session, since=BEGIN, until=END)
        assert [start for start, _ in running_now] == [last] * count
        await beat_here(session)
        over = await absences(session, since=BEGIN, until=END)
        assert [start for start, _ in over] == [last] * count
        beaten = await session.scalar(text("SELECT last_beat_at FROM presence"))
        assert [end for _, end in over] == [beaten] * count
        assert beaten - last > timedelta(seconds=ago)


async def test_running_absence_ends_now(session: AsyncSession) -> None:
    # P37
    last = await set_last_beat(session, timedelta(minutes=5))
    before = await database_now(session)
    [(start, end)] = await absences(session, since=before, until=before + SECOND)
    assert (start, before <= end <= before + SECOND) == (last, True)


async def test_a_period_finds_what_overlaps_it(session: AsyncSession) -> None:
    rows = [(BEGIN + 10 * n * SECOND, BEGIN + (10 * n + 5) * SECOND) for n in range(4)]
    for start, end in rows:
        values = {"start": start, "end": end}
        await session.execute(text("INSERT INTO absences VALUES (:start, :end)"), values)
    await set_last_beat(session, timedelta(0))

    async def between(since: float, until: float) -> list[int]:
        overlapping = await absences(
            session, since=BEGIN + since * SECOND, until=BEGIN + until * SECOND
        )
        return [rows.index(row) for row in overlapping]

    assert await between(0, 100) == [0, 1, 2, 3]
    assert await between(5, 10) == [], "half-open on both sides"
    assert await between(4.9, 10.1) == [0, 1]
    assert await between(12, 13) == [1]


async def test_absences_are_kept_as_they_were(session: AsyncSession) -> None:
    # P37
    for statement in ("UPDATE absences SET until_at = now()", "DELETE FROM absences"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with session.begin_nested():
                await session.execute(text(statement))


async def test_absences_lie_in_market_time_since_the_clock_was_last_moved(
    session: AsyncSession,
) -> None:
    # P37
    market, day = MarketId(new_id()), timedelta(days=1)
    clock = MarketClock(market_id=market, sandbox=True, ahead=day, moved_at=None)
    session.add(clock)
    session.add(AbsenceRow(from_at=BEGIN, until_at=BEGIN + 3 * SECOND))
    await session.flush()
    period = {"since": BEGIN + day - SECOND, "until": BEGIN + day + SECOND}
    found = await absences_in_market(session, market, **period)
    assert found == [(BEGIN + day, BEGIN + day + 3 * SECOND)]
    clock.moved_at = BEGIN + SECOND
    await session.flush()
    wide = {**period, "until": BEGIN + day + 9 * SECOND}
    assert await absences_in_market(session, market, **wide) == [
        (BEGIN + day + SECOND, BEGIN + day + 3 * SECOND)
    ]
    clock.moved_at = BEGIN + 5 * SECOND
    await session.flush()
    assert await absences_in_market(session, market, **wide) == []
    with pytest.raises(MarketUnknown):
        await absences_in_market(session, MarketId(new_id()), **period)


@pytest.mark.concurrency
async def test_many_processes_write_little_and_find_one_absence(database: Database) -> None:
    # P37: each sees the gap, the row's lock lets one of them record it.
    async with database.transaction() as session:
        last = await set_last_beat(session, timedelta(seconds=10))

    async def beat() -> None:
        async with database.transaction() as session:
            await beat_here(session)

    await asyncio.gather(*(beat() for _ in range(20)))
    [(start, end)] = await found(database)
    # Whoever came a good while behind the first has written a sign of its own.
    latest = await last_beat(database)
    assert start == last
    assert latest is not None
    assert end <= latest


@pytest.mark.concurrency
async def test_killed_only_process_is_an_absence_of_that_length(
    database: Database, database_dsn: str
) -> None:
    # P37
    async with beating(database_dsn) as process:
        await eventually(lambda: last_beat(database))
        process.kill()
        await process.wait()
    last = await last_beat(database)
    await asyncio.sleep(4)
    [(start, _)] = await found(database)
    assert start == last, "it still runs"
    async with beating(database_dsn):

        async def back() -> bool:
            return await last_beat(database) != last

        await eventually(back)
        [(start, end)] = await found(database)
        assert (start, end) == (last, await last_beat(database))
        assert 4 * SECOND < end - start < 10 * SECOND


@pytest.mark.concurrency
async def test_second_process_covers_for_the_killed_one(
    database: Database, database_dsn: str
) -> None:
    # P37
    async with beating(database_dsn) as first, beating(database_dsn) as second:
        await eventually(lambda: last_beat(database))
        await asyncio.sleep(1.5)  # both have begun
        first.kill()
        await asyncio.sleep(3.5)
        assert await found(database) == []
        os.kill(second.pid, signal.SIGSTOP)  # halted is as good as dead, and blocks nobody

        async def away() -> list[Absence]:
            return await found(database)

        await eventually(away)
        os.kill(second.pid, signal.SIGCONT)
        await asyncio.sleep(1)
        assert len(await found(database)) == 1


@pytest.mark.concurrency
async def test_broken_connection_is_no_absence(database: Database, database_dsn: str) -> None:
    # P37
    async with Heartbeat(database_dsn):
        await eventually(lambda: last_beat(database))
        for _ in range(3):
            await asyncio.sleep(1)
            async with database.transaction() as session:
                await session.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        assert await found(database) == []


@pytest.fixture
def own_server() -> Iterator[Settings]:
    """A server of the test's own, to be stopped."""
    # Not tmp_path: pytest closes it to other users, and root's server runs as nobody.
    home = Path(tempfile.mkdtemp(prefix="zhepai-test-", dir="/var/tmp")).resolve()
    home.chmod(0o755)
    settings = Settings(home=home, database_url=None)
    try:
        yield settings
    finally:
        postgres.stop(settings)
        shutil.rmtree(home)


@pytest.mark.concurrency
async def test_stopped_database_is_an_absence(own_server: Settings) -> None:
    # P37: no bid can be taken then, whatever the processes do.
    dsn = await asyncio.to_thread(postgres.ensure_running, own_server)
    await asyncio.to_thread(upgrade, dsn)
    async with Heartbeat(dsn):
        database = Database(dsn, pool_size=1)
        await eventually(lambda: last_beat(database))
        await database.close()
        await asyncio.to_thread(postgres.stop, own_server)
        await asyncio.sleep(4)
        assert await asyncio.to_thread(postgres.ensure_running, own_server) == dsn
        database = Database(dsn, pool_size=1)

        async def over() -> bool:
            kept = text("SELECT count(*) FROM absences")
            async with database.transaction() as session:
                return bool(await session.scalar(kept))

        await eventually(over)
        [(start, end)] = await found(database)
        assert 3 * SECOND < end - start < 15 * SECOND
        await database.close()


@pytest.mark.service
async def test_serving_api_gives_signs_and_a_worker_none(
    database: Database, database_dsn: str, tmp_path: Path
) -> None:
    # P37
    log = tmp_path / "worker.log"

    async def works() -> bool:
        return "worker_started" in log.read_text()

    async with running("worker", environment(database_dsn), log):
        await eventually(works, within_s=30)
        await asyncio.sleep(1.5)
        assert await last_beat(database) is None
    async with serving(database_dsn, tmp_path):
        await eventually(lambda: last_beat(database))
    await asyncio.sleep(3)
    assert len(await found(database)) == 1, "a stop that was meant is an absence, too"
