"""Market time: the database's clock, and a sandbox's that only ever runs ahead of its start."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import clock
from app.platform.clock import MarketUnknown, NotASandbox
from app.shared.ids import MarketId, new_id

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=5)


async def market(session: AsyncSession, starts_at: datetime | None) -> MarketId:
    market_id = MarketId(new_id())
    await clock.start_clock(session, market_id=market_id, starts_at=starts_at)
    return market_id


async def test_live_market_shows_the_clock_of_the_database(session: AsyncSession) -> None:
    live = await market(session, None)
    before = await clock.database_now(session)
    now = await clock.market_now(session, live)
    assert before < now < await clock.database_now(session)
    assert now.tzinfo is not None


async def test_clock_runs_within_a_transaction(session: AsyncSession) -> None:
    # now() would stand still from the transaction's first statement.
    live = await market(session, None)
    assert await clock.market_now(session, live) < await clock.market_now(session, live)


async def test_sandbox_starts_where_it_is_told_and_runs_on(session: AsyncSession) -> None:
    sandbox = await market(session, START)
    first = await clock.market_now(session, sandbox)
    assert START <= first < START + MOMENT
    assert first < await clock.market_now(session, sandbox)


async def test_moved_sandbox_shows_the_new_moment_and_runs_on(session: AsyncSession) -> None:
    # P26
    sandbox, other = await market(session, START), await market(session, START)
    target = START + timedelta(days=30)
    assert START <= await clock.lock_sandbox(session, sandbox) < START + MOMENT
    await clock.set_sandbox(session, sandbox, target)
    assert target <= await clock.market_now(session, sandbox) < target + MOMENT
    assert target <= await clock.lock_sandbox(session, sandbox) < target + MOMENT
    assert await clock.market_now(session, other) < START + MOMENT


async def test_live_clock_cannot_be_moved(session: AsyncSession) -> None:
    # P26: not through the function, not past it.
    live = await market(session, None)
    with pytest.raises(NotASandbox):
        await clock.lock_sandbox(session, live)
    with pytest.raises(DBAPIError, match="live_has_no_offset"):
        async with session.begin_nested():
            await session.execute(text("UPDATE market_clocks SET ahead = interval '1 day'"))


async def test_unknown_market_has_no_clock(session: AsyncSession) -> None:
    nowhere = MarketId(new_id())
    with pytest.raises(MarketUnknown):
        await clock.market_now(session, nowhere)
    with pytest.raises(MarketUnknown):
        await clock.lock_sandbox(session, nowhere)
