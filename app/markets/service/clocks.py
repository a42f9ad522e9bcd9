"""A market's clock: read it, move a sandbox's."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.service.founding import get_market
from app.platform import clock, journal, sandbox
from app.platform.journal import NewEvent
from app.platform.runtime import Runtime
from app.shared.ids import MarketId


async def read_clock(session: AsyncSession, market_id: MarketId) -> tuple[datetime, bool]:
    """Return a market's moment and whether it is a sandbox.

    Raises:
        MarketUnknown: There is none.
    """
    market = await get_market(session, market_id)
    return await clock.market_now(session, market_id), market.sandbox


async def move_clock(
    runtime: Runtime, *, market_id: MarketId, to: datetime, actor: str
) -> tuple[datetime, int]:
    """Move a sandbox's clock through all that falls due; return its moment and the timers handled.

    Opens its own transactions, one a timer, so that each commits what it decided.

    Raises:
        MarketUnknown, NotASandbox, ClockMovesForward, SandboxBusy: See `sandbox.advance`.
    """
    handled = await sandbox.advance(
        runtime.database,
        market_id=market_id,
        to=to,
        handlers=runtime.timer_handlers,
        reactions=runtime.reactions,
    )
    async with runtime.database.transaction() as session:
        now = await clock.market_now(session, market_id)
        moved = NewEvent(
            market_id=market_id,
            subject="market",
            subject_id=market_id,
            type="market.clock_moved",
            market_at=now,
            actor=actor,
            public={"to": to, "timers_handled": handled},
        )
        await journal.append(session, moved)
    return now, handled
