"""Timers: each due one takes effect exactly once, in order, whoever dies."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock, timers
from app.platform.db import Database
from app.platform.timers import ATTEMPTS_MAX, Due, Timer
from app.shared.ids import MarketId, new_id
from tests.eventually import eventually
from tests.platform.workers import effects, worker_process

pytestmark = pytest.mark.concurrency

PAST = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KIND = "test.fire"


async def market(database: Database, starts_at: datetime | None = None) -> MarketId:
    market_id = MarketId(new_id())
    async with database.transaction() as session:
        await clock.start_clock(session, market_id=market_id, starts_at=starts_at)
    return market_id


async def schedule(
    database: Database, market_id: MarketId, due_at: datetime = PAST, **options: Any
) -> UUID:
    subject_id: UUID = options.pop("subject_id", None) or new_id()
    async with database.transaction() as session:
        await timers.schedule(
            session,
            market_id=market_id,
            kind=options.pop("kind", KIND),
            subject_id=subject_id,
            due_at=due_at,
        )
    return subject_id


class Fired(list[tuple[UUID, datetime]]):
    """Notes what fired; fails as long as told."""

    failing = False

    async def __call__(self, session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        if self.failing:
            await session.execute(text("UPDATE timers SET kind = 'half.done'"))
            raise RuntimeError("not today")
        self.append((subject_id, now))


async def run_all(database: Database, handler: Fired) -> None:
    while await timers.run_one(database, {KIND: handler, "test.later": handler}):
        pass


async def rows(database: Database) -> list[Timer]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Timer).order_by(Timer.due_at)))


async def test_every_timer_takes_effect_once_though_a_worker_is_killed(
    database: Database, database_dsn: str
) -> None:
    # P4
    market_id = await market(database)
    subjects = {
        await schedule(database, market_id, PAST + timedelta(seconds=number))
        for number in range(40)
    }
    async with worker_process(database_dsn, "timers", hang_at=8) as victim:
        await victim.says("hanging")
        assert len(await effects(database)) == 7
        async with worker_process(database_dsn, "timers"):

            async def all_but_the_held() -> bool:
                return len(await effects(database)) == 39

            await eventually(all_but_the_held)
            await victim.kill()

            async def all_done() -> bool:
                return len(await effects(database)) == 40

            await eventually(all_done)
    assert dict(await effects(database)) == dict.fromkeys(subjects, 1)
    assert await rows(database) == []


async def test_two_workers_share_the_work_without_doing_it_twice(database: Database) -> None:
    # P4
    market_id = await market(database)
    for number in range(30):
        await schedule(database, market_id, PAST + timedelta(seconds=number))
    fired = Fired()
    await asyncio.gather(*(run_all(database, fired) for _ in range(4)))
    assert len(fired) == len({subject for subject, _ in fired}) == 30


async def test_handler_is_told_the_due_moment_however_late(database: Database) -> None:
    # P5
    fired = Fired()
    subject = await schedule(database, await market(database), PAST)
    await run_all(database, fired)
    assert fired == [(subject, PAST)]


async def test_timer_waits_for_its_market_not_for_the_wall(database: Database) -> None:
    due = PAST + timedelta(days=30)
    behind = await market(database, starts_at=PAST)
    ahead = await market(database, starts_at=due + timedelta(hours=1))
    await schedule(database, behind, due)
    soon = await schedule(database, ahead, due)
    fired = Fired()
    await run_all(database, fired)
    assert fired == [(soon, due)]


async def test_failure_undoes_the_handler_backs_off_and_parks_with_an_alarm(
    database: Database,
) -> None:
    # P6
    subject = await schedule(database, await market(database))
    fired = Fired()
    fired.failing = True
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert await timers.run_one(database, {KIND: fired})
        [timer] = await rows(database)
        assert (timer.kind, timer.attempts, timer.last_error) == (
            KIND,
            attempt,
            "RuntimeError('not today')",
        )
        assert (timer.parked_at is not None) == (attempt == ATTEMPTS_MAX)
        async with database.transaction() as session:
            assert timer.retry_at is not None
            pause = timer.retry_at - await clock.database_now(session)
        assert timedelta(0) <= timedelta(seconds=2**attempt) - pause < timedelta(seconds=2)
        assert not await timers.run_one(database, {KIND: fired}), "it must not run before its pause"
        async with database.transaction() as session:
            await session.execute(text("UPDATE timers SET retry_at = clock_timestamp()"))
    async with database.transaction() as session:
        assert await timers.count_parked(session) == 1
    fired.failing = False
    assert not await timers.run_one(database, {KIND: fired}), "a parked timer stays"
    # Setting it anew takes it out of the park.
    await schedule(database, await market(database), PAST, subject_id=subject)
    await run_all(database, fired)
    assert fired == [(subject, PAST)]


async def test_timer_without_a_handler_fails_and_leaves_the_others_alone(
    database: Database,
) -> None:
    market_id = await market(database)
    await schedule(database, market_id, PAST, kind="test.unheard_of")
    other = await schedule(database, market_id, PAST + timedelta(seconds=1))
    fired = Fired()
    await run_all(database, fired)
    assert fired == [(other, PAST + timedelta(seconds=1))]
    assert [timer.attempts for timer in await rows(database)] == [1]


async def test_only_the_earliest_timer_of_a_subject_runs(database: Database) -> None:
    # P7; the later one waits even while the earlier one backs off or is being handled.
    market_id = await market(database)
    subject = await schedule(database, market_id, PAST)
    later = PAST + timedelta(minutes=1)
    await schedule(database, market_id, later, subject_id=subject, kind="test.later")
    fired = Fired()
    async with database.transaction() as holder:
        due = await timers.claim_due(holder)
        assert due is not None
        assert due.kind == KIND
        assert not await timers.run_one(database, {})
        fired.failing = True
        await timers.handle(holder, due, {KIND: fired})
    assert not await timers.run_one(database, {})
    async with database.transaction() as session:
        await session.execute(text("UPDATE timers SET retry_at = NULL"))
    fired.failing = False
    await run_all(database, fired)
    assert fired == [(subject, PAST), (subject, later)]


async def test_scheduling_again_moves_the_timer_and_cancelling_removes_it(
    database: Database,
) -> None:
    market_id = await market(database)
    subject = await schedule(database, market_id, PAST)
    await schedule(database, market_id, PAST + timedelta(days=9_999), subject_id=subject)
    fired = Fired()
    await run_all(database, fired)
    assert fired == []
    [timer] = await rows(database)
    assert timer.due_at == PAST + timedelta(days=9_999)
    async with database.transaction() as session:
        await timers.cancel(session, kind=KIND, subject_id=subject)
    assert await rows(database) == []


async def test_a_kept_setting_is_not_moved_and_one_being_handled_is_waited_for(
    database: Database,
) -> None:
    """Who asks for a next time while the last is handled neither loses it nor gets two."""
    market_id, subject_id = await market(database), new_id()
    later = PAST + timedelta(hours=1)

    async def ask(due_at: datetime) -> None:
        async with database.transaction() as session:
            await timers.schedule(
                session,
                market_id=market_id,
                kind=KIND,
                subject_id=subject_id,
                due_at=due_at,
                keep=True,
            )

    async def due() -> list[datetime]:
        async with database.transaction() as session:
            return list(await session.scalars(select(Timer.due_at)))

    await ask(PAST)
    await ask(later)
    assert await due() == [PAST]
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(_session: AsyncSession, _subject: UUID, _now: datetime) -> None:
        begun.set()
        await go_on.wait()

    handling = asyncio.create_task(timers.run_one(database, {KIND: handler}))
    await begun.wait()
    asking = asyncio.create_task(ask(later))
    await asyncio.sleep(0.2)
    assert not asking.done()
    go_on.set()
    assert await handling
    await asking
    assert await due() == [later]


async def test_several_are_set_no_later_and_none_is_taken_before_the_commit(
    database: Database,
) -> None:
    market_id = await market(database)
    due = await schedule(database, market_id, PAST)
    late = await schedule(database, market_id, PAST + timedelta(days=9_999))
    subjects, soon = [due, late, new_id()], PAST + timedelta(seconds=1)
    fired = Fired()
    async with database.transaction() as session:
        await timers.schedule_no_later(
            session, kind=KIND, dues=[(market_id, subject, soon) for subject in subjects]
        )
        await run_all(database, fired)
        assert fired == []
    await run_all(database, fired)
    assert fired[0] == (due, PAST)
    assert sorted(fired[1:]) == sorted([(late, soon), (subjects[2], soon)])


async def test_handler_may_set_its_own_timer_anew(database: Database) -> None:
    market_id = await market(database)
    subject = await schedule(database, market_id)
    seen: list[datetime] = []

    async def twice(session: AsyncSession, subject_id: UUID, now: datetime) -> None:
        seen.append(now)
        if len(seen) < 3:
            await timers.schedule(
                session,
                market_id=market_id,
                kind=KIND,
                subject_id=subject_id,
                due_at=now + timedelta(hours=1),
            )

    while await timers.run_one(database, {KIND: twice}):
        pass
    assert subject
    assert seen == [PAST + timedelta(hours=hour) for hour in range(3)]


async def test_market_being_moved_is_passed_over_and_others_run(database: Database) -> None:
    # P8
    moving = await market(database, starts_at=PAST + timedelta(days=1))
    await schedule(database, moving, PAST)
    elsewhere = await schedule(database, await market(database), PAST + timedelta(seconds=1))
    fired = Fired()
    async with database.transaction() as mover:
        await clock.lock_sandbox(mover, moving)
        await run_all(database, fired)
        assert [subject for subject, _ in fired] == [elsewhere]
    await run_all(database, fired)
    assert len(fired) == 2


async def test_mover_steps_through_due_timers_in_order(database: Database) -> None:
    sandbox = await market(database, starts_at=PAST)
    due = [PAST + timedelta(days=day) for day in (3, 1, 2)]
    subjects = dict(zip(due, [await schedule(database, sandbox, at) for at in due], strict=True))
    beyond = await schedule(database, sandbox, PAST + timedelta(days=40))
    fired = Fired()
    async with database.transaction() as mover:
        await clock.lock_sandbox(mover, sandbox)
        until = PAST + timedelta(days=30)
        while (next_due := await timers.claim_until(mover, sandbox, until)) is not None:
            await timers.handle(mover, next_due, {KIND: fired})
    assert fired == [(subjects[at], at) for at in sorted(due)]
    assert [timer.subject_id for timer in await rows(database)] == [beyond]


async def test_mover_sees_a_timer_that_a_handler_has_moved(database: Database) -> None:
    sandbox = await market(database, starts_at=PAST)
    subject = await schedule(database, sandbox, PAST)
    async with database.transaction() as mover:
        first = await timers.claim_until(mover, sandbox, PAST + timedelta(days=2))
        moved = PAST + timedelta(days=1)
        await timers.schedule(mover, market_id=sandbox, kind=KIND, subject_id=subject, due_at=moved)
        second = await timers.claim_until(mover, sandbox, PAST + timedelta(days=2))
    assert isinstance(first, Due)
    assert second is not None
    assert (first.due_at, second.due_at) == (PAST, moved)
