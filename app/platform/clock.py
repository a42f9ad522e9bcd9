"""Market time: the database clock plus the market's offset.

Only a sandbox has an offset, so that a 30-day procedure takes seconds.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, Interval, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.db import Base
from app.shared.errors import NotFound, RuleBroken
from app.shared.ids import MarketId


class MarketUnknown(NotFound):
    """No market has this id."""

    code = "market_unknown"
    title_zh = "市场不存在"
    title_en = "The market does not exist"


class NotASandbox(RuleBroken):
    """A live market's clock is the database's and is never moved."""

    code = "not_a_sandbox"
    title_zh = "只有沙盒市场可以拨快时钟"
    title_en = "Only a sandbox market's clock can be moved"


class ClockMovesForward(RuleBroken):
    """A sandbox clock is never turned back."""

    code = "clock_moves_forward"
    title_zh = "时钟只能向前拨"
    title_en = "The clock only moves forward"


class MarketClock(Base):
    """One row a market; its row lock serialises the moving of a sandbox clock.

    ``moved_at`` is the database moment since which the offset has been ``ahead``; ``None``: ever.
    """

    __tablename__ = "market_clocks"

    market_id: Mapped[UUID] = mapped_column(primary_key=True)
    sandbox: Mapped[bool]
    ahead: Mapped[timedelta] = mapped_column(Interval)
    moved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


async def database_now(session: AsyncSession) -> datetime:
    """Return the wall clock of the database now, not of the transaction's start; aware UTC."""
    now: datetime | None = await session.scalar(
        select(func.clock_timestamp(type_=DateTime(timezone=True)))
    )
    assert now is not None
    return now


async def market_now(session: AsyncSession, market_id: MarketId) -> datetime:
    """Return the market's present moment, aware UTC.

    Raises:
        MarketUnknown: No such market.
    """
    now: datetime | None = await session.scalar(
        select(func.clock_timestamp(type_=DateTime(timezone=True)) + MarketClock.ahead).where(
            MarketClock.market_id == market_id
        )
    )
    if now is None:
        raise MarketUnknown("No market has this id.", market_id=str(market_id))
    return now


async def market_nows(
    session: AsyncSession, market_ids: Collection[MarketId]
) -> dict[MarketId, datetime]:
    """Return the present moments of several markets, read at one moment of the database."""
    now = func.clock_timestamp(type_=DateTime(timezone=True))
    rows = await session.execute(
        select(MarketClock.market_id, now + MarketClock.ahead).where(
            MarketClock.market_id.in_(market_ids)
        )
    )
    return {MarketId(row[0]): row[1] for row in rows}


async def start_clock(
    session: AsyncSession, *, market_id: MarketId, starts_at: datetime | None
) -> None:
    """Give a new market its clock.

    Args:
        starts_at: A sandbox's first moment, also in the past; ``None`` for a live market.
    """
    ahead = timedelta(0) if starts_at is None else starts_at - await database_now(session)
    session.add(MarketClock(market_id=market_id, sandbox=starts_at is not None, ahead=ahead))
    await session.flush()


async def lock_sandbox(session: AsyncSession, market_id: MarketId) -> datetime:
    """Lock a sandbox's clock against workers and other movers; return its present moment.

    Raises:
        MarketUnknown: No such market.
        NotASandbox: The market is live.
    """
    clock = await session.get(MarketClock, market_id, with_for_update=True)
    if clock is None:
        raise MarketUnknown("No market has this id.", market_id=str(market_id))
    if not clock.sandbox:
        raise NotASandbox("This is a live market.", market_id=str(market_id))
    return await database_now(session) + clock.ahead


async def set_sandbox(session: AsyncSession, market_id: MarketId, moment: datetime) -> None:
    """Let the sandbox clock show ``moment`` now and run on; the caller holds its lock."""
    await session.execute(
        text(
            "UPDATE market_clocks SET ahead = :moment - clock_timestamp(), "
            "moved_at = clock_timestamp() WHERE market_id = :market"
        ),
        {"moment": moment, "market": market_id},
    )
