"""Create an auction for a draft listing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions import repository
from app.auctions.domain.model import AuctionStatus, BiddingState
from app.auctions.domain.terms import Terms, check_terms
from app.auctions.repository import Auction
from app.listings import public as listings
from app.platform import journal, timers
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import AuctionId, ListingId, new_id

DEADLINE_TIMER = "auction.deadline"


async def create_auction(
    session: AsyncSession,
    actor: Actor,
    *,
    listing_id: UUID,
    opens_at: datetime,
    terms: Terms,
    now: datetime,
) -> Auction:
    """Fix the bidding of a draft listing, so that its notice can publish it.

    Raises:
        ObjectUnknown: The listing lies in another market.
        TermsContradict: Lists every contradiction.
    """
    listing = await listings.get_listing(session, ListingId(listing_id), lock=True)
    if listing.market_id != actor.market_id:
        raise ObjectUnknown("There is no such listing in your market.", field="listing_id")
    check_terms(terms, listing_floor=listing.floor)
    auction = _scheduled(listing, opens_at, terms)
    await listings.attach_bidding(
        session,
        listing_id=listing.id,
        auction_id=auction.id,
        opens_at=opens_at,
        terms=terms.as_json(),
        now=now,
        actor=actor,
    )
    await repository.add(session, auction)
    await timers.schedule(
        session,
        market_id=auction.market_id,
        kind=DEADLINE_TIMER,
        subject_id=auction.id,
        due_at=opens_at,
    )
    await journal.append(
        session,
        NewEvent(
            market_id=auction.market_id,
            subject="auction",
            subject_id=auction.id,
            type="auction.scheduled",
            market_at=now,
            actor=actor.ref,
            # A draft is nobody else's business; its announcement tells everything.
            restricted={"listing_id": listing.id, "opens_at": opens_at, "terms": terms.as_json()},
            audience=frozenset({auction.seller_id}),
        ),
    )
    return auction


def _scheduled(listing: listings.Listing, opens_at: datetime, terms: Terms) -> Auction:
    return Auction(
        id=AuctionId(new_id()),
        market_id=listing.market_id,
        listing_id=listing.id,
        seller_id=listing.seller_id,
        session_id=listing.session_id,
        title=listing.title,
        opens_at=opens_at,
        announced_at=None,
        state=BiddingState(terms=terms, status=AuctionStatus.SCHEDULED, deadline_at=opens_at),
        leader_code=None,
        confirmed_at=None,
        deal_id=None,
    )
