"""Moving a sandbox clock: order, chains, reactions, failures, workers at the same time."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal, sandbox, timers
from app.platform.access import SYSTEM
from app.platform.clock import (
    ClockMovesForward,
    MarketUnknown,
    NotASandbox,
    market_now,
    start_clock,
)
from app.platform.db import Database
from app.platform.journal import JournalEvent, NewEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.ids import MarketId, new_id
from tests.eventually import eventually

pytestmark = pytest.mark.concurrency

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SLACK = timedelta(seconds=30)


async def found(database: Database, starts_at: datetime | None = START) -> MarketId:
    market_id = MarketId(new_id())
    async with database.transaction() as session:
        await start_clock(session, market_id=market_id, starts_at=starts_at)
    return market_id


async def clock_of(database: Database, market_id: MarketId) -> datetime:
    async with database.transaction() as session:
        return await market_now(session, market_id)


def event(market_id: MarketId, subject_id: UUID, kind: str, at: datetime) -> NewEvent:
    return NewEvent(
        market_id=market_id,
        subject="test",
        subject_id=subject_id,
        type=kind,
        market_at=at,
        actor=SYSTEM,
    )


async def recorded(database: Database, kind: str) -> list[tuple[UUID, datetime]]:
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT subject_id, market_at FROM journal_events WHERE type = :k ORDER BY seq"),
            {"k": kind},
        )
        return [(row.subject_id, row.market_at) for row in rows]


class Scene:
    """A market whose timers journal that they ran and may set others."""

    def __init__(self, market_id: MarketId) -> None:
        self.market_id = market_id
        self.clocks: list[datetime] = []
        self.handlers: dict[str, TimerHandler] = {
            "test.tick": self.tick,
            "test.chain": self.chain,
            "test.fail": self.fail,
        }

    async def tick(self, session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
        self.clocks.append(await market_now(session, self.market_id))
        await journal.append(session, event(self.market_id, subject_id, "test.ticked", due_at))

    async def chain(self, session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
        await self.tick(session, subject_id, due_at)
        await self.set(session, "test.chain", subject_id, due_at + 3 * DAY)

    async def fail(self, session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
        await journal.append(session, event(self.market_id, subject_id, "test.failed", due_at))
        raise RuntimeError("this subject is broken")

    async def set(
        self, session: AsyncSession, kind: str, subject_id: UUID, due_at: datetime
    ) -> None:
        await timers.schedule(
            session, market_id=self.market_id, kind=kind, subject_id=subject_id, due_at=due_at
        )

    async def plan(self, database: Database, *plan: tuple[str, UUID, int]) -> None:
        async with database.transaction() as session:
            for kind, subject_id, day in plan:
                await self.set(session, kind, subject_id, START + day * DAY)

    async def advance(
        self, database: Database, days: int, reactions: Sequence[Reaction] = ()
    ) -> int:
        return await sandbox.advance(
            database,
            market_id=self.market_id,
            to=START + days * DAY,
            handlers=self.handlers,
            reactions=reactions,
        )


@pytest.fixture
async def scene(database: Database) -> Scene:
    return Scene(await found(database))


async def test_timers_of_several_subjects_run_in_due_order_at_their_moments(
    database: Database, scene: Scene
) -> None:
    first, second, third = new_id(), new_id(), new_id()
    await scene.plan(
        database,
        ("test.tick", first, 7),
        ("test.chain", second, 2),
        ("test.tick", third, 3),
        ("test.tick", new_id(), 31),
    )
    assert await scene.advance(database, 10) == 5
    expected = [(second, 2), (third, 3), (second, 5), (first, 7), (second, 8)]
    assert await recorded(database, "test.ticked") == [
        (subject, START + day * DAY) for subject, day in expected
    ]
    for (_, day), clock in zip(expected, scene.clocks, strict=True):
        assert timedelta(0) <= clock - (START + day * DAY) < SLACK
    assert timedelta(0) <= await clock_of(database, scene.market_id) - (START + 10 * DAY) < SLACK
    assert await scene.advance(database, 11) == 1


async def test_reactions_on_the_way_run_before_the_clock_goes_on(
    database: Database, scene: Scene
) -> None:
    early, follower, late = new_id(), new_id(), new_id()

    async def follow(session: AsyncSession, happened: JournalEvent) -> None:
        if happened.subject_id == early:
            await scene.set(session, "test.tick", follower, happened.market_at + DAY)

    reaction = Reaction("test.follow", frozenset({"test.ticked"}), follow)
    await scene.plan(database, ("test.tick", early, 2), ("test.tick", late, 9))
    assert await scene.advance(database, 10, [reaction]) == 3
    assert [subject for subject, _ in await recorded(database, "test.ticked")] == [
        early,
        follower,
        late,
    ]


async def test_a_hidden_event_is_waited_for(database: Database, scene: Scene) -> None:
    early, follower, late = new_id(), new_id(), new_id()

    async def follow(session: AsyncSession, happened: JournalEvent) -> None:
        if happened.subject_id == early:
            await scene.set(session, "test.tick", follower, happened.market_at + DAY)

    reaction = Reaction("test.follow", frozenset({"test.ticked"}), follow)
    await scene.plan(database, ("test.tick", early, 2), ("test.tick", late, 9))
    async with database.transaction() as older:
        # Until this writer ends, the feed shows nothing that comes after it.
        await older.execute(text("SELECT pg_current_xact_id()"))
        advancing = asyncio.create_task(scene.advance(database, 10, [reaction]))
        await eventually(lambda: recorded(database, "test.ticked"))
        await asyncio.sleep(0.3)
        assert not advancing.done()
        assert [subject for subject, _ in await recorded(database, "test.ticked")] == [early]
    assert await advancing == 3
    assert (await recorded(database, "test.ticked"))[1][0] == follower


async def test_reactions_that_cannot_catch_up_answer_busy(
    database: Database, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_session: AsyncSession, _event: JournalEvent) -> None:
        return

    monkeypatch.setattr(sandbox, "_DRAIN_MAX_S", 0.1)
    reaction = Reaction("test.none", frozenset({"test.ticked"}), nothing)
    await scene.plan(database, ("test.tick", new_id(), 2))
    async with database.transaction() as older:
        await older.execute(text("SELECT pg_current_xact_id()"))
        with pytest.raises(sandbox.SandboxBusy):
            await scene.advance(database, 10, [reaction])
    monkeypatch.undo()  # other tests' open transactions may hold the feed for a while
    # The step itself is done and the same call goes on.
    assert await scene.advance(database, 10, [reaction]) == 0
    assert len(await recorded(database, "test.ticked")) == 1


async def test_a_failing_timer_is_parked_and_the_others_run(
    database: Database, scene: Scene
) -> None:
    broken, sound = new_id(), new_id()
    await scene.plan(
        database,
        ("test.fail", broken, 2),
        ("test.tick", broken, 3),
        ("test.tick", sound, 4),
    )
    assert await scene.advance(database, 10) == 1
    assert await recorded(database, "test.ticked") == [(sound, START + 4 * DAY)]
    assert await recorded(database, "test.failed") == []
    async with database.transaction() as session:
        row = (
            await session.execute(
                text("SELECT attempts, last_error FROM timers WHERE parked_at IS NOT NULL")
            )
        ).one()
    assert row.attempts == timers.ATTEMPTS_MAX
    assert "this subject is broken" in row.last_error
    assert await scene.advance(database, 12) == 0


async def test_a_failing_reaction_does_not_hold_the_clock(database: Database, scene: Scene) -> None:
    async def fail(_session: AsyncSession, _event: JournalEvent) -> None:
        raise RuntimeError("this reaction is broken")

    reaction = Reaction("test.broken", frozenset({"test.ticked"}), fail)
    await scene.plan(database, ("test.tick", new_id(), 2), ("test.tick", new_id(), 3))
    assert await scene.advance(database, 10, [reaction]) == 2


async def test_the_clock_never_goes_back_and_a_retry_goes_on(
    database: Database, scene: Scene
) -> None:
    assert await scene.advance(database, 10) == 0
    assert await scene.advance(database, 10) == 0
    with pytest.raises(ClockMovesForward):
        await scene.advance(database, 9)
    assert await clock_of(database, scene.market_id) >= START + 10 * DAY


async def test_only_sandboxes_move(database: Database) -> None:
    with pytest.raises(NotASandbox):
        await Scene(await found(database, None)).advance(database, 10_000)
    with pytest.raises(MarketUnknown):
        await Scene(MarketId(new_id())).advance(database, 10)


async def test_another_markets_timers_stay(database: Database, scene: Scene) -> None:
    other = Scene(await found(database))
    subject = new_id()
    await other.plan(database, ("test.tick", subject, 2))
    assert await scene.advance(database, 10) == 0
    assert await other.advance(database, 10) == 1


async def test_workers_and_movers_at_once_run_every_timer_once(
    database: Database, scene: Scene
) -> None:
    subjects = [new_id() for _ in range(40)]
    await scene.plan(
        database,
        *(("test.tick", subject, 1 + n % 7) for n, subject in enumerate(subjects)),
        ("test.chain", subjects[0], 1),
    )
    arrived = asyncio.Event()

    async def work() -> int:
        handled = 0
        while not arrived.is_set():
            if await timers.run_one(database, scene.handlers):
                handled += 1
            else:
                await asyncio.sleep(0.001)
        return handled

    workers = [asyncio.create_task(work()) for _ in range(3)]
    moved = await asyncio.gather(*(scene.advance(database, days) for days in (4, 10, 10)))
    arrived.set()
    handled = sum(await asyncio.gather(*workers))
    ticks = await recorded(database, "test.ticked")
    chained = [at for subject, at in ticks if subject == subjects[0]]
    assert sum(moved) + handled == len(ticks) == 40 + 4
    # The first subject ticks on day 1 and its chain runs on days 1, 4, 7 and 10.
    assert sorted(chained) == [START + day * DAY for day in (1, 1, 4, 7, 10)]
    assert {subject for subject, _ in ticks} == set(subjects)


async def test_what_a_worker_does_while_the_clock_waits_for_it_is_reacted_to(
    database: Database, scene: Scene
) -> None:
    """M5: a worker has the last timer in hand, and so the clock, when the mover arrives."""
    first, last = new_id(), new_id()
    seen: list[UUID] = []
    working: list[asyncio.Task[None]] = []
    has_clock = asyncio.Event()

    async def work() -> None:
        async with database.transaction() as worker:
            await worker.execute(
                text("SELECT FROM market_clocks WHERE market_id = :m FOR SHARE"),
                {"m": scene.market_id},
            )
            has_clock.set()
            await asyncio.sleep(0.3)  # the mover waits for the clock meanwhile
            await scene.tick(worker, last, START + 2 * DAY)

    async def react(_session: AsyncSession, happened: JournalEvent) -> None:
        seen.append(happened.subject_id)
        if happened.subject_id == first:
            working.append(asyncio.create_task(work()))
            await has_clock.wait()

    reaction = Reaction("test.follow", frozenset({"test.ticked"}), react)
    await scene.plan(database, ("test.tick", first, 1))
    await scene.advance(database, 3, [reaction])
    assert seen == [first, last]
    await asyncio.gather(*working)
