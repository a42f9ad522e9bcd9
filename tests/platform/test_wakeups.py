"""Wake-ups: quick between processes, paced, and never needed for correctness."""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import make_url, text

from app.platform.access import SYSTEM
from app.platform.db import Database
from app.platform.journal import NewEvent, append
from app.platform.wakeups import CHANNEL, EVERY_SUBJECT, IDS_MAX, PACE_S, Wakeups
from app.shared.ids import MarketId, new_id
from tests.eventually import eventually
from tests.platform.small_app import NOW

pytestmark = pytest.mark.concurrency

LONG_S = 10.0


@pytest.fixture
async def here(database_dsn: str) -> AsyncIterator[Wakeups]:
    """The wake-ups of one process."""
    wakeups = Wakeups(database_dsn)
    yield wakeups
    await wakeups.close()


@pytest.fixture
async def there(database_dsn: str) -> AsyncIterator[Wakeups]:
    """The wake-ups of another."""
    wakeups = Wakeups(database_dsn)
    yield wakeups
    await wakeups.close()


async def both_connected(here: Wakeups, there: Wakeups) -> None:
    """Wait until what one touches is heard by the other."""
    probe = new_id()
    with here.watching(probe) as watch:

        async def heard() -> bool:
            there.touch(probe)
            return await watch.wait(0.05)

        await eventually(heard)
        while await watch.wait(0.1):
            pass


@pytest.fixture
async def notifications(database_dsn: str) -> AsyncIterator[list[tuple[float, str]]]:
    """Everything that is said, with its moment."""
    said: list[tuple[float, str]] = []
    plain = make_url(database_dsn).set(drivername="postgresql")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    await connection.add_listener(
        CHANNEL, lambda *heard: said.append((time.monotonic(), str(heard[3])))
    )
    yield said
    await connection.close()


def event(subject_id: UUID) -> NewEvent:
    return NewEvent(
        market_id=MarketId(new_id()),
        subject="lot",
        subject_id=subject_id,
        type="lot.moved",
        market_at=NOW,
        actor=SYSTEM,
    )


async def test_touch_reaches_the_other_process_quickly(here: Wakeups, there: Wakeups) -> None:
    # P38
    await both_connected(here, there)
    subject, waits_s = new_id(), []
    with here.watching(subject) as watch:
        for _ in range(30):
            await asyncio.sleep(PACE_S)
            begin = time.perf_counter()
            there.touch(subject)
            assert await watch.wait(LONG_S)
            waits_s.append(time.perf_counter() - begin)
    assert statistics.median(waits_s) < 0.1


async def test_watchers_in_the_same_process_need_no_database() -> None:
    wakeups = Wakeups("postgresql+asyncpg://nobody@127.0.0.1:1/nowhere")
    subject = new_id()
    with wakeups.watching(subject) as watch, wakeups.watching(new_id()) as other:
        wakeups.touch(subject)
        assert await watch.wait(LONG_S)
        assert not await other.wait(0.01)
        assert not await watch.wait(0.01), "it is woken once a touch"
    await wakeups.close()


async def test_change_between_two_waits_is_not_missed(here: Wakeups) -> None:
    # P38
    subject = new_id()
    with here.watching(subject) as watch:
        here.touch(subject)
        await asyncio.sleep(0.05)
        assert await watch.wait(LONG_S)


async def test_lost_wakeup_only_costs_the_poll_interval(here: Wakeups) -> None:
    # P38
    with here.watching(new_id()) as watch:
        assert await watch.wait(LONG_S), "when it begins to listen it looks for what it missed"
        begin = time.monotonic()
        assert not await watch.wait(0.1)
        assert time.monotonic() - begin < LONG_S


async def test_many_touches_are_few_notifications(
    here: Wakeups, notifications: list[tuple[float, str]]
) -> None:
    # P39
    subjects = [new_id() for _ in range(10)]
    begin = time.monotonic()
    while time.monotonic() - begin < 1:
        here.touch(*subjects)
        await asyncio.sleep(0)
    await asyncio.sleep(2 * PACE_S)
    last = time.monotonic()
    assert 3 < len(notifications) <= (last - begin) / PACE_S + 1
    assert {name for _, payload in notifications for name in payload.split(",")} == {
        subject.hex for subject in subjects
    }


async def test_more_ids_than_a_notification_holds_are_several(
    here: Wakeups, notifications: list[tuple[float, str]]
) -> None:
    # P39
    subjects = [new_id() for _ in range(3 * IDS_MAX)]
    here.touch(*subjects)

    async def all_said() -> bool:
        names = {name for _, payload in notifications for name in payload.split(",")}
        return names == {subject.hex for subject in subjects}

    await eventually(all_said)
    assert max(len(payload) for _, payload in notifications) < 8000


async def test_killed_connection_is_made_anew(
    database: Database, here: Wakeups, there: Wakeups
) -> None:
    # P38
    await both_connected(here, there)
    subject = new_id()
    with here.watching(subject) as watch:
        async with database.transaction() as session:
            killed = await session.scalar(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = 'zhepai-wakeups'"
                )
            )
        assert killed == 2
        assert await watch.wait(LONG_S), "on listening again it looks for what it missed"

        async def heard() -> bool:
            there.touch(subject)
            return await watch.wait(0.2)

        await eventually(heard)


async def test_watcher_of_every_subject_is_woken_by_any(here: Wakeups, there: Wakeups) -> None:
    # P38
    await both_connected(here, there)
    with here.watching(EVERY_SUBJECT) as every, here.watching(new_id()) as other:

        async def heard() -> bool:
            there.touch(new_id())
            return await every.wait(0.2)

        await eventually(heard)
        here.touch(new_id())
        assert await every.wait(LONG_S)
        assert not await other.wait(0.05)


async def test_commit_wakes_and_rollback_does_not(database: Database, here: Wakeups) -> None:
    # P39: journaled subjects are touched behind the commit, whoever commits.
    await both_connected(here, database.wakeups)
    subject, undone = new_id(), new_id()
    with here.watching(subject) as watch, here.watching(undone) as silent:
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction() as session:
                await append(session, event(undone))
                raise ZeroDivisionError
        async with database.transaction() as session:
            await append(session, event(subject))
            assert not await watch.wait(0.1), "nothing is said before the commit"
        assert await watch.wait(LONG_S)
        async with database.transaction() as session:
            seen = await session.scalar(text("SELECT count(*) FROM journal_events"))
        assert seen == 1
        assert not await silent.wait(0.1)


async def test_thousands_of_watchers_are_all_woken(here: Wakeups, there: Wakeups) -> None:
    await both_connected(here, there)
    subject = new_id()

    async def watcher() -> bool:
        with here.watching(subject) as watch:
            return await watch.wait(LONG_S)

    watchers = [asyncio.create_task(watcher()) for _ in range(3000)]
    await asyncio.sleep(0.1)
    there.touch(subject)
    assert sum(await asyncio.gather(*watchers)) == 3000
    assert here._watches == {}


async def test_process_of_its_own_is_heard(here: Wakeups, database_dsn: str) -> None:
    # P38
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.platform.touching_process", database_dsn, stdin=-1
    )
    assert process.stdin is not None
    subject = new_id()
    with here.watching(subject) as watch:

        async def heard() -> bool:
            assert process.stdin is not None
            process.stdin.write(f"{subject}\n".encode())
            return await watch.wait(0.2)

        await eventually(heard, within_s=20)
    process.stdin.close()
    assert await process.wait() == 0
