"""The points of a demand's weighted auction: those of the panel that reviewed the proposals."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.terms import Format
from app.auctions.repository import bids as bid_rows
from app.auctions.repository import secrets
from app.auctions.repository.auctions import Auction
from app.auctions.service.events import auction_event
from app.demands import public as demands
from app.platform.journal import NewEvent


def awaits_review(auction: Auction) -> bool:
    """Tell whether an auction's bids are in and wait for the points of a demand's review."""
    state = auction.state
    weighted = state.terms.format is Format.WEIGHTED
    return auction.demand_id is not None and weighted and state.status is AuctionStatus.OPENING


async def take_points(session: AsyncSession, auction: Auction, at: datetime) -> NewEvent:
    """Store the panel's points for all who bid in a locked auction, and return the event.

    No bidder was told any before, so nobody bid knowing them; and they were settled before the
    first bid, so no price moved them.

    Source: README, AU46, AU99.
    """
    assert auction.demand_id is not None
    assert auction.demand_round is not None
    known = await demands.points_of(session, auction.demand_id, round_no=auction.demand_round)
    rows = await bid_rows.latest_sealed(session, [auction.id], kind="bid")
    points = {row.bidder_code: known[row.bidder_code] for row in rows}
    await secrets.save_points(session, auction.id, points)
    return auction_event(
        auction,
        "scored",
        before=auction.state,
        at=at,
        public={"points": {code: list(given) for code, given in points.items()}},
    )
