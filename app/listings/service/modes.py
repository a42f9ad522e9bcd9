"""What each pricing mode adds to a listing's course."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party
from app.listings.domain.listing import (
    BiddingNotAttached,
    Listing,
    PricingMode,
    require_opening_after,
)
from app.listings.service import agreeing, posting
from app.platform.access import Actor


async def prepare(
    session: AsyncSession, listing: Listing, seller: Party, *, now: datetime
) -> Mapping[str, Any]:
    """Refuse a listing that its mode does not let be published; return what its notice adds.

    Args:
        listing: With policy and period fixed.

    Raises:
        BiddingNotAttached: By bidding or posted, and the terms of the bidding are missing.
        AuctionOpensTooEarly: Names the earliest opening.
        What `agreeing.prepare` and `posting.prepare` raise.
    """
    if listing.pricing_mode is PricingMode.AGREEMENT:
        return await agreeing.prepare(session, listing, seller, now=now)
    if listing.bidding is None:
        raise BiddingNotAttached("Fix how bids are taken first.", listing_id=listing.id)
    if listing.pricing_mode is PricingMode.BIDDING:
        assert listing.opens_at is not None
        assert listing.disclosure_ends_at is not None
        require_opening_after(
            opens_at=listing.opens_at, disclosure_ends_at=listing.disclosure_ends_at
        )
    if listing.pricing_mode is PricingMode.POSTED:
        return await posting.prepare(session, listing)
    return {}


async def after_publication(
    session: AsyncSession, listing: Listing, *, now: datetime, actor: Actor
) -> None:
    """Let the mode go on behind a published notice; the caller holds the listing's lock."""
    if listing.pricing_mode is PricingMode.AGREEMENT:
        await agreeing.after_publication(session, listing, now=now, actor=actor)


async def after_close(session: AsyncSession, listing: Listing, *, at: datetime) -> None:
    """Let the mode go on behind a disclosure that is over; the caller holds the listing's lock."""
    if listing.pricing_mode is PricingMode.POSTED:
        await posting.after_close(session, listing, at=at)
    elif listing.pricing_mode is PricingMode.AGREEMENT:
        await agreeing.conclude(session, listing, at=at)
