"""Publish what deadlines have decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import repository
from app.auctions.domain.model import AuctionStatus, BiddingState, PhaseChange, Trigger, roll
from app.auctions.repository import Auction
from app.auctions.service.create import DEADLINE_TIMER
from app.listings import public as listings
from app.platform import journal, timers
from app.platform.access import SYSTEM
from app.platform.journal import JournalEvent, NewEvent

RUNNING: Final = frozenset({AuctionStatus.SCHEDULED, AuctionStatus.FREE, AuctionStatus.TIMED})

_EVENT: Final = {
    Trigger.OPEN: "auction.opened",
    Trigger.CONTEST: "auction.contested",
    Trigger.AWARD: "auction.awarded",
    Trigger.FAIL: "auction.failed",
}


def phase_events(
    auction: Auction, state: BiddingState, changes: Sequence[PhaseChange]
) -> list[NewEvent]:
    """Return the events of phases that ended; ``state`` is the one they led to."""
    return [
        NewEvent(
            market_id=auction.market_id,
            subject="auction",
            subject_id=auction.id,
            type=_EVENT[change.trigger],
            market_at=change.at,
            actor=SYSTEM,
            public={
                "listing_id": auction.listing_id,
                "status": change.status,
                "bidder_code": auction.leader_code,
                "price": state.leading,
            },
        )
        for change in changes
    ]


async def bring_up_to(session: AsyncSession, auction: Auction, now: datetime) -> Auction:
    """Return the locked auction as its deadlines have left it at ``now``, stored and journaled."""
    state, changes = roll(auction.state, now)
    if not changes:
        return auction
    rolled = replace(auction, state=state)
    await repository.save(session, rolled)
    await journal.append(session, *phase_events(rolled, state, changes))
    return rolled


async def on_listing_published(session: AsyncSession, event: JournalEvent) -> None:
    """Show the auction of a listing whose notice was published (a reaction)."""
    auction_id = await repository.id_of_listing(session, event.subject_id)
    if auction_id is None:
        return
    auction = await repository.load(session, auction_id, lock=True)
    await repository.save(session, replace(auction, announced_at=event.market_at))
    await journal.append(
        session,
        NewEvent(
            market_id=auction.market_id,
            subject="auction",
            subject_id=auction.id,
            type="auction.announced",
            market_at=event.market_at,
            actor=SYSTEM,
            public={
                "listing_id": auction.listing_id,
                "opens_at": auction.opens_at,
                "terms": auction.state.terms.as_json(),
            },
        ),
    )


async def on_deadline(session: AsyncSession, subject_id: UUID, due_at: datetime) -> None:
    """Publish the phases that ended by the timer's moment and wait for the next deadline.

    The timer is not moved by each bid: when it fires early it looks again at the deadline.
    A draft whose notice was never published has no auction to open.
    """
    auction = await repository.load(session, subject_id, lock=True)
    listing = await listings.get_listing(session, auction.listing_id)
    if listing.status is listings.ListingStatus.DRAFT:
        return
    auction = await bring_up_to(session, auction, due_at)
    if auction.state.status in RUNNING:
        await timers.schedule(
            session,
            market_id=auction.market_id,
            kind=DEADLINE_TIMER,
            subject_id=auction.id,
            due_at=auction.state.deadline_at,
        )
