"""Keep the index up with the journal, and build it from nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeAlias
from uuid import UUID

from app.matching.domain.entry import EntryKind
from app.matching.index.generations import Generations, Place, read_place
from app.matching.index.writing import IndexWriter
from app.matching.repository.entry_writing import estimate_shown
from app.matching.service import deriving
from app.platform import feed
from app.platform.db import Database
from app.platform.epoch import database_name
from app.platform.feed import CursorAhead

PAGE: Final = 500
PAGE_OF_BUILDING: Final = 2000
HEAP_OF_BUILDING_BYTES: Final = 200_000_000
STRIDE: Final = 1000

Tell: TypeAlias = Callable[[int, int], None]  # entries added so far, of how many about


class IndexOutdated(Exception):
    """The index cannot be carried on: the database was put back, or a newer one was published."""


class Indexing:
    """One generation that follows the journal.

    Invariants: MT28, MT29.
    """

    def __init__(self, database: Database, writer: IndexWriter, place: Place) -> None:
        self._database = database
        self._writer = writer
        self._place = place

    @property
    def writer(self) -> IndexWriter:
        """What it writes with."""
        return self._writer

    async def step(self) -> int:
        """Follow the next events; return how many there were.

        Raises:
            IndexOutdated: The database was put back to an earlier moment.
        """
        cursor = self._place.cursor
        async with self._database.transaction() as session:
            try:
                events, reached = await feed.read(
                    session, after=cursor, limit=PAGE, types=deriving.FOLLOWED
                )
            except CursorAhead as error:
                raise IndexOutdated(str(error)) from error
            if events:
                change = await deriving.keep(session, await deriving.ids_of(session, events))
        place = Place(self._place.database, reached)
        if reached.epoch != cursor.epoch:
            raise IndexOutdated(f"The journal is in epoch {reached.epoch}, not {cursor.epoch}.")
        if events:
            await asyncio.to_thread(self._write, change, place)
            self._place = place
        elif reached.txid - cursor.txid > STRIDE:  # what others have journaled is passed in strides
            await asyncio.to_thread(self._writer.settle, place)
            self._place = place
        return len(events)

    def _write(self, change: deriving.Change, place: Place) -> None:
        self._writer.write(change.entries, change.gone)
        self._writer.settle(place)


async def carry_on(database: Database, generations: Generations) -> Indexing | None:
    """Return the current generation, to be carried on; ``None`` if that cannot be.

    Raises:
        GenerationBusy: Another process writes it.
    """
    generation = generations.current()
    place = None if generation is None else read_place(generation)
    if generation is None or place is None:
        return None
    now = await where_journal_is(database)
    if (place.database, place.cursor.epoch) != (now.database, now.cursor.epoch):
        return None
    if place.cursor > now.cursor:
        return None
    return Indexing(database, IndexWriter(generation), place)


async def build(
    database: Database, generations: Generations, tell: Tell = lambda _done, _total: None
) -> None:
    """Build a generation from PostgreSQL, bring it up with the journal and publish it.

    The one that was current serves until then.

    Args:
        tell: Called again and again.

    Invariant: MT30.
    """
    start = await where_journal_is(database)
    async with database.transaction() as session:
        total = await estimate_shown(session)
    done = 0
    with IndexWriter(generations.new(), heap_bytes=HEAP_OF_BUILDING_BYTES) as writer:
        for kind in EntryKind:
            async for count in _add_all(database, writer, kind):
                done += count
                tell(done, max(done, total))
        tell(done, done)
        await asyncio.to_thread(writer.settle, start)
        indexing = Indexing(database, writer, start)
        while await indexing.step():
            pass
        generations.publish(writer.generation)
    generations.sweep()


async def _add_all(database: Database, writer: IndexWriter, kind: EntryKind) -> AsyncIterator[int]:
    after: UUID | None = UUID(int=0)
    while after is not None:
        async with database.transaction() as session:
            entries, after = await deriving.keep_page(
                session, kind, after=after, limit=PAGE_OF_BUILDING
            )
        await asyncio.to_thread(writer.write, entries, ())
        yield len(entries)


async def where_journal_is(database: Database) -> Place:
    """Return the place before which the journal is final."""
    async with database.transaction() as session:
        return Place(await database_name(session), await feed.horizon(session))
