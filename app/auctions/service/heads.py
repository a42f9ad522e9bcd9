"""Publish chain heads while auctions run, so that two stories cannot both be told.

A market has one log of heads, a subject of the journal of its own. Whoever follows the public
feed, or asks for the heads now and then, holds a fingerprint of every auction at that moment;
the exchange can no longer show another history without being found out.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.repository import heads
from app.platform import journal, timers
from app.platform.access import SYSTEM
from app.platform.clock import market_now
from app.platform.journal import JournalEvent, NewEvent
from app.shared.ids import MarketId

HEADS_TIMER: Final = "auctions.publish_heads"
EVERY: Final = timedelta(seconds=30)
SUBJECT: Final = "chain_heads"

_AT_ONCE: Final = frozenset(
    {
        "auction.awarded",
        "auction.failed",
        "auction.cancelled",
        "auction.annulled",
        "auction.confirmed",
        "auction.defaulted",
        "auction.opted_in",
    }
)
MOVED: Final = _AT_ONCE | {
    "auction.opened",
    "auction.bids_judged",
    "auction.contested",
    "auction.round_closed",
    "auction.round_opened",
    "auction.closed",
    "auction.scored",
    "auction.matching",
    "auction.paused",
    "auction.resumption_announced",
    "auction.resumed",
}


def log_of(market_id: UUID) -> UUID:
    """Return the subject of a market's log of heads; anybody can work it out."""
    return uuid5(market_id, "chain-heads")


async def on_moved(session: AsyncSession, event: JournalEvent) -> None:
    """Wait for the next publication of a market whose auction has moved (a reaction).

    At most one is waited for, so a hot lot costs no more than a quiet one, and a sandbox whose
    clock is moved over weeks without a bid publishes nothing.
    """
    ended = event.type in _AT_ONCE
    await timers.schedule(
        session,
        market_id=MarketId(event.market_id),
        kind=HEADS_TIMER,
        subject_id=event.market_id,
        due_at=event.market_at if ended else event.market_at + EVERY,
        keep=not ended,
    )


async def publish_heads(session: AsyncSession, market_id: UUID) -> int:
    """Publish the heads that have moved since the last time; return how many.

    Locks the log's head and no auction: bids go on meanwhile.
    """
    market = MarketId(market_id)
    moved = await heads.unpublished(session, market)
    if not moved:
        return 0
    now = await market_now(session, market)
    await heads.add(session, moved, published_at=now)
    await journal.append(
        session,
        NewEvent(
            market_id=market,
            subject=SUBJECT,
            subject_id=log_of(market),
            type="chain_heads.published",
            market_at=now,
            actor=SYSTEM,
            public={
                "heads": [
                    {"auction_id": head.auction_id, "version": head.version, "hash": head.hash}
                    for head in moved
                ]
            },
        ),
    )
    return len(moved)
