"""Reading the journal without ever skipping a committed event.

A sequence or a clock is drawn before its transaction commits, so a reader ordered by either
can pass a number whose row appears later. Here the order is (epoch, transaction id, sequence)
and a page stops before the oldest transaction still running: all that lies before is final.
Rows of an earlier epoch belong to a server that is gone, so they have no bound.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import BigInteger, String, cast, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEpoch, JournalEvent
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import MarketId


class CursorInvalid(RuleBroken):
    """The cursor was not issued by this feed."""

    code = "cursor_invalid"
    title_zh = "游标无效"
    title_en = "The cursor is not one of this feed"


class CursorAhead(Conflict):
    """The cursor lies beyond all that this server has written: its data were put back."""

    code = "cursor_ahead"
    title_zh = "游标超前于本系统，数据曾被恢复到更早时刻"
    title_en = "The cursor is ahead of this system, whose data were put back"


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the feed; everything before it has been handed over."""

    epoch: int
    txid: int
    seq: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the opaque form.

        Raises:
            CursorInvalid: Not of this feed.
        """
        parts = text.split("-")
        if len(parts) != 3 or not all(
            part.isascii() and part.isdigit() and len(part) <= digits
            for part, digits in zip(parts, (9, 18, 18), strict=True)  # INTEGER, BIGINT, BIGINT
        ):
            raise CursorInvalid("Pass back 'next' as it came.", field="cursor")
        return cls(*map(int, parts))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.txid}-{self.seq}"


START = Cursor(0, 0, 0)


async def horizon(session: AsyncSession) -> Cursor:
    """Return the place before which nothing can appear any more.

    It stays true when it is taken before the page is read, in a statement of its own.
    """
    xmin = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), String), BigInteger)
    newest = select(func.max(JournalEpoch.epoch)).scalar_subquery()
    row = (await session.execute(select(newest, xmin))).one()
    return Cursor(row[0], row[1], 0)


async def read(
    session: AsyncSession,
    *,
    after: Cursor,
    limit: int,
    market_id: MarketId | None = None,
    types: Collection[str] | None = None,
    without: Collection[str] = (),
) -> tuple[Sequence[JournalEvent], Cursor]:
    """Return the next events in feed order and the cursor behind all that was looked at.

    The feed is complete but not ordered within a subject: apply by ``subject_version`` and
    hold back over a gap.

    Args:
        after: Cursor of the last page, ``START`` at first.
        limit: Events at most.
        market_id: Only this market's.
        types: Only these event types.
        without: Not these subjects.

    Raises:
        CursorAhead: The cursor lies where this server has not been.
    """
    bound = await horizon(session)
    if after > bound:
        raise CursorAhead(
            "The database was put back to an earlier moment; ask the exchange where to resume.",
            field="cursor",
            horizon=str(bound),
        )
    place = tuple_(JournalEvent.epoch, JournalEvent.txid, JournalEvent.seq)
    statement = select(JournalEvent).where(
        place > (after.epoch, after.txid, after.seq), place < (bound.epoch, bound.txid, bound.seq)
    )
    if market_id is not None:
        statement = statement.where(JournalEvent.market_id == market_id)
    if types is not None:
        statement = statement.where(JournalEvent.type.in_(types))
    if without:
        statement = statement.where(JournalEvent.subject.not_in(without))
    events = (
        await session.scalars(
            statement.order_by(JournalEvent.epoch, JournalEvent.txid, JournalEvent.seq).limit(limit)
        )
    ).all()
    if len(events) < limit:
        # What the filters hid is behind the cursor too, or each poll would search it again.
        return events, max(after, bound)
    last = events[-1]
    return events, Cursor(last.epoch, last.txid, last.seq)
