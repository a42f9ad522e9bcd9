"""Writers and readers of the journal, for the feed's tests and `scripts/bench_feed.py`.

Writers append in transactions of their own; some hold theirs open a while, some roll back.
Readers poll with a cursor until all that was committed has been seen. What a reader saw is
compared with what the writers know to be committed.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from uuid import UUID

import asyncpg
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import feed
from app.platform.access import SYSTEM
from app.platform.db import Database
from app.platform.feed import START, Cursor
from app.platform.journal import JournalEvent, NewEvent, append
from app.shared.ids import MarketId, new_id
from tests.eventually import eventually

MARKET = MarketId(new_id())
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SEEN_LIMIT = 500

# Subject, version: what names an event for writer and reader alike.
Name = tuple[UUID, int]


@dataclass
class Load:
    """What the writers do.

    Attributes:
        seconds, seconds_max: How long at least; at most, when a reader wants more checks.
        rate: Transactions a second of all writers together; 0: as fast as they can.
        slow: Share of transactions that stay open for ``slow_s`` after writing.
        aborted: Share of transactions that roll back.
    """

    writers: int
    seconds: float
    seconds_max: float = 60
    rate: float = 0
    events_each: int = 1
    subjects: int = 40
    slow: float = 0.05
    slow_s: float = 0.05
    aborted: float = 0.1

    def over(self, written: "Written", started: float, readers: Sequence["Reader"]) -> bool:
        """Tell whether the writers may stop."""
        written.seconds = time.monotonic() - started
        enough = all(reader.checks >= reader.checks_min for reader in readers)
        return written.seconds > (self.seconds if enough else self.seconds_max)


@dataclass
class Written:
    """What is known to be committed, and when."""

    committed_at: dict[Name, float] = field(default_factory=dict)
    seconds: float = 0
    transactions: int = 0
    rolled_back: int = 0
    end_txid: int = 0
    done: bool = False


def event(subject_id: UUID, number: int = 0) -> NewEvent:
    return NewEvent(
        market_id=MARKET,
        subject="lot",
        subject_id=subject_id,
        type="lot.moved",
        market_at=NOW,
        actor=SYSTEM,
        public={"number": number},
    )


class _RolledBack(Exception):
    pass


async def write(
    database: Database, load: Load, written: Written, readers: Sequence["Reader"]
) -> None:
    """Run all writers for the load's time, and until the readers have polled often enough."""
    subjects = [new_id() for _ in range(load.subjects)]
    over = partial(load.over, written, time.monotonic(), readers)
    await asyncio.gather(
        *(_writer(database, load, written, subjects, over, seed) for seed in range(load.writers))
    )
    written.end_txid = await next_txid(database)
    written.done = True


# Writers inside the server: as many transactions a second as it takes, whatever this process
# is busy with. Each has a subject of its own.
_STORM = """
CREATE TABLE storm_over ();
CREATE PROCEDURE storm(pause_s float, slow float, slow_s float, aborted float)
LANGUAGE plpgsql AS $$
DECLARE
    subject uuid := gen_random_uuid();
    version bigint := 1;
BEGIN
    WHILE NOT EXISTS (SELECT FROM storm_over) LOOP
        INSERT INTO journal_events (market_id, subject, subject_id, subject_version, type,
            market_at, public, restricted, salt, audience, hash)
        VALUES (subject, 'lot', subject, version, 'lot.moved', now(), '{}', '{}', '', '{}', '');
        IF random() < slow THEN PERFORM pg_sleep(slow_s); END IF;
        IF random() < aborted THEN
            ROLLBACK;
        ELSE
            COMMIT;
            version := version + 1;
        END IF;
        PERFORM pg_sleep(pause_s);
    END LOOP;
END $$
"""


async def storm(database: Database, load: Load, *readers: "Reader") -> Written:
    """Let writers inside the server and readers work side by side; return what is committed."""
    url = database.engine.url.set(drivername="postgresql")
    dsn = url.render_as_string(hide_password=False)
    writers = [await asyncpg.connect(dsn) for _ in range(load.writers)]
    written, started = Written(), time.monotonic()
    await writers[0].execute(_STORM)
    call = f"CALL storm({load.writers / load.rate}, {load.slow}, {load.slow_s}, {load.aborted})"
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(writer.execute(call)) for writer in writers]
        reading = [group.create_task(reader.run(database, written)) for reader in readers]

        async def over() -> bool:
            return load.over(written, started, readers)

        await eventually(over, within_s=load.seconds_max + 1)
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO storm_over DEFAULT VALUES"))
        await asyncio.wait(calls)
        async with database.transaction() as session:
            rows = await session.execute(
                select(JournalEvent.subject_id, JournalEvent.subject_version)
            )
            written.committed_at = {(row[0], row[1]): 0 for row in rows}
        written.end_txid = await next_txid(database)
        written.done = True
        await asyncio.wait(reading)
    for writer in writers:
        await writer.close()
    return written


async def next_txid(database: Database) -> int:
    """Return the first transaction id that nobody has."""
    statement = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    async with database.transaction() as session:
        return int((await session.execute(text(statement))).scalar_one())


async def settled(database: Database) -> None:
    """Wait until the feed can show all that is committed.

    Transactions of other databases on this server, those of tests beside this one, hold it back.
    """
    end = await next_txid(database)

    async def passed() -> bool:
        async with database.transaction() as session:
            return (await feed.horizon(session)).txid >= end

    await eventually(passed, within_s=30)


async def run(database: Database, load: Load, *readers: "Reader") -> Written:
    """Let writers and readers work side by side; return what was committed."""
    written = Written()
    async with asyncio.TaskGroup() as group:
        group.create_task(write(database, load, written, readers))
        for reader in readers:
            group.create_task(reader.run(database, written))
    return written


async def _writer(
    database: Database,
    load: Load,
    written: Written,
    subjects: list[UUID],
    over: Callable[[], bool],
    seed: int,
) -> None:
    chance = random.Random(seed)
    pause = load.writers / load.rate if load.rate else 0
    due = time.monotonic() + chance.random() * pause
    while not over():
        if pause:
            await asyncio.sleep(max(0, due - time.monotonic()))
            due = max(due + pause, time.monotonic())  # a slot that was missed stays missed
        chosen = sorted(chance.sample(subjects, load.events_each))
        try:
            async with database.transaction() as session:
                places = await append(session, *(event(subject) for subject in chosen))
                if chance.random() < load.slow:
                    await asyncio.sleep(load.slow_s)
                if chance.random() < load.aborted:
                    raise _RolledBack  # noqa: TRY301 - what rolls the transaction back
        except _RolledBack:
            written.rolled_back += 1
            continue
        at = time.monotonic()
        written.transactions += 1
        for subject, place in zip(chosen, places, strict=True):
            written.committed_at[subject, place.version] = at


Poll = Callable[[AsyncSession, object], Awaitable[tuple[list[Name], object]]]


async def poll_feed(session: AsyncSession, place: object) -> tuple[list[Name], object]:
    """Read the next page as Zhepai does."""
    assert isinstance(place, Cursor)
    events, after = await feed.read(session, after=place, limit=SEEN_LIMIT)
    return [(row.subject_id, row.subject_version) for row in events], after


async def poll_by_sequence(session: AsyncSession, place: object) -> tuple[list[Name], object]:
    """Read the next page as most feeds do: by sequence number, whatever is there."""
    assert isinstance(place, int)
    rows = (
        await session.execute(
            select(JournalEvent.subject_id, JournalEvent.subject_version, JournalEvent.seq)
            .where(JournalEvent.seq > place)
            .order_by(JournalEvent.seq)
            .limit(SEEN_LIMIT)
        )
    ).all()
    return [(row[0], row[1]) for row in rows], rows[-1][2] if rows else place


@dataclass
class Reader:
    """What one reader saw.

    Attributes:
        checks, checks_min: Polls made; how many there must be while writers write.
        lags_s: Commit to sight, for each event whose commit the writer has noted.
    """

    poll: Poll = poll_feed
    place: object = START
    every_s: float = 0.0
    checks_min: int = 0
    checks: int = 0
    seen: Counter[Name] = field(default_factory=Counter)
    seen_at: dict[Name, float] = field(default_factory=dict)

    async def run(self, database: Database, written: Written) -> None:
        """Poll until the writers are done and a page after that is empty and final."""
        while True:
            last = written.done
            async with database.transaction() as session:
                names, self.place = await self.poll(session, self.place)
            at = time.monotonic()
            self.checks += 1
            self.seen.update(names)
            self.seen_at.update(dict.fromkeys(names, at))
            final = not isinstance(self.place, Cursor) or self.place.txid >= written.end_txid
            if last and not names and final:
                return
            await asyncio.sleep(self.every_s)

    def lost(self, written: Written) -> int:
        """Return how many committed events were never seen."""
        return len(written.committed_at.keys() - self.seen.keys())

    def duplicated(self) -> int:
        """Return how many events were seen again."""
        return sum(self.seen.values()) - len(self.seen)

    def lags_ms(self, written: Written) -> list[float]:
        """Return commit → sight of every event, ascending milliseconds."""
        return sorted(
            max(0.0, at - written.committed_at[name]) * 1000
            for name, at in self.seen_at.items()
            if name in written.committed_at
        )


def by_sequence(every_s: float = 0.0) -> Reader:
    """Return a naive reader."""
    return Reader(poll=poll_by_sequence, place=0, every_s=every_s)


def gaps(names: set[Name]) -> int:
    """Return how many subjects do not run 1, 2, 3 … without a gap."""
    versions: dict[UUID, list[int]] = {}
    for subject, version in names:
        versions.setdefault(subject, []).append(version)
    return sum(
        1
        for found in map(sorted, versions.values())
        if found[0] != 1 or any(b != a + 1 for a, b in pairwise(found))
    )
