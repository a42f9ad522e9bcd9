"""Reactions: how a lower module learns what happened in a higher one.

A reaction reads the journal behind its own cursor. Effect and cursor commit together, so an
event takes effect exactly once however often the worker dies.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import BigInteger, DateTime, String, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform import feed
from app.platform.db import Base, Database
from app.platform.journal import JournalEvent

log = structlog.get_logger()

BATCH = 50
STRIDE = 1000


@dataclass(frozen=True, slots=True)
class Reaction:
    """What to do about some event types.

    Attributes:
        name: Stable; names the cursor.
        types: Event types it wants.
        react: Called with each event once, in feed order; must commit nothing.
        batch: How many events share a transaction, and with it their locks: one, where the lock
            of one subject and the money behind it would be held while the next is waited for.
        react_all: Does for a batch in as many queries as for one event what ``react`` does for
            each in turn; if it fails, they are tried one by one.
    """

    name: str
    types: frozenset[str]
    react: Callable[[AsyncSession, JournalEvent], Awaitable[None]]
    batch: int = BATCH
    react_all: Callable[[AsyncSession, Sequence[JournalEvent]], Awaitable[None]] | None = None


class ReactionCursor(Base):
    """How far a reaction has come."""

    __tablename__ = "reaction_cursors"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    epoch: Mapped[int]
    txid: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(String(2000))


async def register(database: Database, reactions: Sequence[Reaction]) -> None:
    """Make the cursors that are missing, at the journal's start."""
    async with database.transaction() as session:
        # Only those: inserting beside a known one would wait for the worker that holds it.
        known = set(await session.scalars(select(ReactionCursor.name)))
        for reaction in reactions:
            if reaction.name not in known:
                await session.execute(
                    insert(ReactionCursor)
                    .values(name=reaction.name, epoch=0, txid=0, seq=0, attempts=0)
                    .on_conflict_do_nothing()
                )


async def count_failing(session: AsyncSession) -> int:
    """Return how many reactions stand before an event that fails."""
    failing = select(func.count()).select_from(ReactionCursor).where(ReactionCursor.attempts > 0)
    return (await session.execute(failing)).scalar_one()


_DUE = text("""
    SELECT cursor.name FROM reaction_cursors AS cursor
    JOIN unnest(CAST(:names AS text[]), CAST(:types AS text[])) AS wanted (name, types)
      ON wanted.name = cursor.name
    WHERE coalesce(cursor.retry_at <= clock_timestamp(), true) AND (
        cursor.epoch < :epoch OR CAST(:txid AS bigint) - cursor.txid > :stride OR EXISTS (
            SELECT FROM journal_events AS event
            WHERE event.type = ANY(string_to_array(wanted.types, ' '))
              AND (event.epoch, event.txid, event.seq) > (cursor.epoch, cursor.txid, cursor.seq)
              AND (event.epoch, event.txid) < (:epoch, CAST(:txid AS bigint))
        )
    )
""")


async def due(database: Database, reactions: Sequence[Reaction]) -> list[Reaction]:
    """Return the reactions that have something to do, in one look instead of one each."""
    async with database.transaction() as session:
        bound = await feed.horizon(session)
        found = await session.scalars(
            _DUE,
            {
                "names": [reaction.name for reaction in reactions],
                "types": [" ".join(sorted(reaction.types)) for reaction in reactions],
                "epoch": bound.epoch,
                "txid": bound.txid,
                "stride": STRIDE,
            },
        )
        names = set(found)
    return [reaction for reaction in reactions if reaction.name in names]


async def _react_together(
    session: AsyncSession, reaction: Reaction, events: Sequence[JournalEvent]
) -> bool:
    """Handle a batch at once, if that can be done; one that fails leaves nothing behind."""
    if reaction.react_all is None or len(events) < 2:
        return False
    try:
        async with session.begin_nested():
            await reaction.react_all(session, events)
    except Exception:
        log.exception("reaction_split", reaction=reaction.name, events=len(events))
        return False
    return True


async def run_one(database: Database, reaction: Reaction) -> bool:
    """Handle the next events of one reaction; return whether there were any.

    An event that fails stops its reaction, which tries again with growing pauses: passing
    over it would leave one module believing what another has already changed.
    """
    async with database.transaction() as session:
        cursor = await session.scalar(
            select(ReactionCursor)
            .where(
                ReactionCursor.name == reaction.name,
                func.coalesce(ReactionCursor.retry_at <= func.clock_timestamp(), True),
            )
            .with_for_update(skip_locked=True)
        )
        if cursor is None:
            return False
        place = feed.Cursor(cursor.epoch, cursor.txid, cursor.seq)
        events, reached = await feed.read(
            session, after=place, limit=reaction.batch, types=reaction.types
        )
        together = await _react_together(session, reaction, events)
        for event in events:
            try:
                if not together:
                    async with session.begin_nested():
                        await reaction.react(session, event)
            except Exception as failure:
                cursor.attempts += 1
                cursor.last_error = repr(failure)[:2000]
                cursor.retry_at = await session.scalar(
                    select(
                        func.clock_timestamp()
                        + text(f"interval '{2 ** min(cursor.attempts, 9)} seconds'")
                    )
                )
                log.exception("reaction_failed", reaction=reaction.name, event_type=event.type)
                return False
            cursor.epoch, cursor.txid, cursor.seq = event.epoch, event.txid, event.seq
            cursor.attempts, cursor.retry_at, cursor.last_error = 0, None, None
        # Over events of other types it moves in strides: each step is a transaction that
        # moves the journal's horizon on itself.
        if events or reached.epoch > cursor.epoch or reached.txid - cursor.txid > STRIDE:
            cursor.epoch, cursor.txid, cursor.seq = reached.epoch, reached.txid, reached.seq
        return bool(events)
