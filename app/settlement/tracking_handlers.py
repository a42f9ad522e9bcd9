"""What the worker runs after a deal: the opening of its tracking, and reminders."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.settlement.service import tracking
from app.shared.ids import DealId


async def follow_deal(session: AsyncSession, event: JournalEvent) -> None:
    """Open a deal's tracking when it took effect or was settled; a default ends it."""
    follow = tracking.stop if event.type == "deal.defaulted" else tracking.begin
    await follow(session, DealId(event.subject_id), at=event.market_at)


TRACKING_TIMERS: Final[Mapping[str, TimerHandler]] = {tracking.REMINDER: tracking.remind_or_end}

TRACKING: Final[tuple[Reaction, ...]] = (
    Reaction(
        "settlement.follow_deal",
        frozenset({"deal.effective", "deal.settled", "deal.defaulted"}),
        follow_deal,
        batch=1,
    ),
)
