"""What the worker runs for listings: the end of a disclosure and the auctions' outcomes."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.listing import (
    ListingTrigger,
)
from app.listings.service.publishing import CLOSE_DISCLOSURE, close_disclosure, conclude
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.ids import ListingId

_TRIGGERS: Final = {
    "auction.failed": ListingTrigger.FAIL,
    "deal.opened": ListingTrigger.SELL,
}


async def take_outcome(session: AsyncSession, event: JournalEvent) -> None:
    """Let a listing follow its auction or its deal."""
    await conclude(
        session,
        ListingId(UUID(event.public["listing_id"])),
        _TRIGGERS[event.type],
        at=event.market_at,
    )


TIMERS: Final[dict[str, TimerHandler]] = {CLOSE_DISCLOSURE: close_disclosure}

REACTIONS: Final[tuple[Reaction, ...]] = (
    Reaction("listings.outcome", frozenset(_TRIGGERS), take_outcome),
)
