"""Reactions: each event once, in feed order, one reaction's trouble not another's."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock, reactions
from app.platform.db import Database
from app.platform.journal import JournalEvent, append
from app.platform.reactions import BATCH, Reaction, ReactionCursor
from app.shared.ids import new_id
from tests.eventually import eventually
from tests.platform.feed_harness import event, settled
from tests.platform.workers import effects, worker_process

pytestmark = pytest.mark.concurrency


class Recorder:
    """A reaction that notes subjects and refuses one of them while told to."""

    def __init__(self, name: str, *types: str) -> None:
        self.seen: list[object] = []
        self.refused: object = None
        self.reaction = Reaction(name, frozenset(types), self._react)

    async def _react(self, session: AsyncSession, happened: JournalEvent) -> None:
        if happened.subject_id == self.refused:
            await session.execute(text("DELETE FROM reaction_cursors WHERE name = 'other'"))
            raise RuntimeError("cannot")
        self.seen.append(happened.subject_id)

    async def run(self, database: Database) -> None:
        await settled(database)
        while await reactions.run_one(database, self.reaction):
            pass


async def journal(database: Database, count: int) -> list[object]:
    subjects = [new_id() for _ in range(count)]
    for subject in subjects:
        async with database.transaction() as session:
            await append(session, event(subject))
    return list(subjects)


async def cursor(database: Database, name: str) -> ReactionCursor:
    async with database.transaction() as session:
        found = await session.scalar(select(ReactionCursor).where(ReactionCursor.name == name))
    assert found is not None
    return found


async def test_every_event_takes_effect_once_though_a_worker_is_killed(
    database: Database, database_dsn: str
) -> None:
    # P9
    subjects = await journal(database, BATCH + 20)
    await settled(database)
    async with worker_process(database_dsn, "reactions", hang_at=BATCH + 5) as victim:
        await victim.says("hanging")
        assert len(await effects(database)) == BATCH
        async with worker_process(database_dsn, "reactions") as heir:
            await heir.says("ready")
            assert len(await effects(database)) == BATCH, "the victim still holds the cursor"
            await victim.kill()

            async def all_done() -> bool:
                return len(await effects(database)) == len(subjects)

            await eventually(all_done)
    assert dict(await effects(database)) == dict.fromkeys(subjects, 1)


async def test_events_come_in_feed_order_across_batches(database: Database) -> None:
    recorder = Recorder("order", "lot.moved")
    await reactions.register(database, [recorder.reaction])
    subjects = await journal(database, BATCH + 3)
    await recorder.run(database)
    subjects += await journal(database, 2)
    await recorder.run(database)
    assert recorder.seen == subjects


async def test_a_reaction_that_takes_locks_keeps_those_of_one_event_only(
    database: Database,
) -> None:
    """P9: who holds the next subject and waits for the money of this one gets it."""
    recorder = Recorder("one by one", "lot.moved")
    reaction = replace(recorder.reaction, batch=1)
    await reactions.register(database, [reaction])
    subjects = await journal(database, 2)
    await settled(database)
    assert await reactions.run_one(database, reaction)
    assert recorder.seen == subjects[:1]
    assert await reactions.run_one(database, reaction)
    assert recorder.seen == subjects


async def test_a_batch_taken_at_once_is_split_when_it_fails(database: Database) -> None:
    """P9, P10: what the batch had done is undone, and only the event that fails is retried."""
    recorder = Recorder("together", "lot.moved")
    pages: list[list[object]] = []

    async def react_all(session: AsyncSession, happened: Sequence[JournalEvent]) -> None:
        pages.append([one.subject_id for one in happened])
        await append(
            session, *(replace(event(one.subject_id), type="lot.counted") for one in happened)
        )
        if recorder.refused in pages[-1]:
            raise RuntimeError("cannot")

    reaction = replace(recorder.reaction, react_all=react_all)
    await reactions.register(database, [reaction])
    subjects = await journal(database, 5)
    recorder.refused = subjects[3]
    await settled(database)
    assert not await reactions.run_one(database, reaction)
    assert pages == [subjects]
    assert recorder.seen == subjects[:3]
    recorder.refused = None
    async with database.transaction() as session:
        await session.execute(text("UPDATE reaction_cursors SET retry_at = NULL"))
    assert await reactions.run_one(database, reaction)
    assert pages == [subjects, subjects[3:]]
    assert recorder.seen == subjects[:3], "the second page went through at once"
    async with database.transaction() as session:
        counted = await session.scalars(
            select(JournalEvent.subject_id)
            .where(JournalEvent.type == "lot.counted")
            .order_by(JournalEvent.seq)
        )
        assert list(counted) == subjects[3:]


async def test_workers_side_by_side_share_one_cursor(database: Database) -> None:
    # P9
    recorder = Recorder("shared", "lot.moved")
    await reactions.register(database, [recorder.reaction])
    subjects = await journal(database, 2 * BATCH)
    await settled(database)
    while len(recorder.seen) < len(subjects):
        await asyncio.gather(*(reactions.run_one(database, recorder.reaction) for _ in range(4)))
    assert recorder.seen == subjects


async def test_failing_event_stops_its_own_reaction_only_and_is_retried(
    database: Database,
) -> None:
    # P10
    stuck, other = Recorder("stuck", "lot.moved"), Recorder("other", "lot.moved")
    await reactions.register(database, [stuck.reaction, other.reaction])
    subjects = await journal(database, 5)
    stuck.refused = subjects[2]
    for attempt in (1, 2, 3):
        await stuck.run(database)
        state = await cursor(database, "stuck")
        assert (state.attempts, state.last_error) == (attempt, "RuntimeError('cannot')")
        async with database.transaction() as session:
            assert state.retry_at is not None
            pause = state.retry_at - await clock.database_now(session)
            assert timedelta(0) <= timedelta(seconds=2**attempt) - pause < timedelta(seconds=2)
        await stuck.run(database)  # before its pause is over: nothing
        assert stuck.seen == subjects[:2]
        async with database.transaction() as session:
            await session.execute(text("UPDATE reaction_cursors SET retry_at = NULL"))
    async with database.transaction() as session:
        assert await reactions.count_failing(session) == 1
    await other.run(database)
    assert other.seen == subjects, "its cursor outlived the failing one's half-done work"
    stuck.refused = None
    await stuck.run(database)
    assert stuck.seen == subjects
    state = await cursor(database, "stuck")
    assert (state.attempts, state.retry_at, state.last_error) == (0, None, None)


async def test_registering_again_keeps_the_place(database: Database) -> None:
    recorder = Recorder("kept", "lot.moved")
    await reactions.register(database, [recorder.reaction])
    subjects = await journal(database, 2)
    await recorder.run(database)
    await reactions.register(database, [recorder.reaction])
    await recorder.run(database)
    assert recorder.seen == subjects


async def test_cursor_strides_over_events_of_other_types(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder("rare", "lot.sold")
    await reactions.register(database, [recorder.reaction])
    await journal(database, 3)
    # Its first step takes it from the start into the epoch; then it rests while little happens.
    monkeypatch.setattr(reactions, "STRIDE", 10**12)
    await recorder.run(database)
    first = await cursor(database, "rare")
    await journal(database, 3)
    await recorder.run(database)
    assert first.epoch == 1
    assert (await cursor(database, "rare")).txid == first.txid
    monkeypatch.setattr(reactions, "STRIDE", 2)
    await recorder.run(database)
    assert (await cursor(database, "rare")).txid > first.txid + 2
    assert recorder.seen == []


async def test_one_look_tells_which_reactions_have_something_to_do(database: Database) -> None:
    """P9: as asking each of them would."""
    busy, idle = Recorder("busy", "lot.moved"), Recorder("idle", "lot.never")
    both = [busy.reaction, idle.reaction]
    await reactions.register(database, both)
    for recorder in (busy, idle):  # their cursors leave the journal's beginning
        await recorder.run(database)
    await journal(database, 2)
    await settled(database)
    assert await reactions.due(database, both) == [busy.reaction]
    await busy.run(database)
    assert await reactions.due(database, both) == []
    (subject,) = await journal(database, 1)
    busy.refused = subject
    await busy.run(database)
    assert await reactions.due(database, both) == []  # it waits after its failure
