"""Take a listing's outcome: sold, back after a default, failed."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import ForfeitureGround
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTrigger,
)
from app.listings.repository import deposits, listings, registrations
from app.listings.service.forfeiting import forfeit_deposits
from app.listings.service.noticing import listing_event
from app.listings.service.publishing import (
    CLOSE_DISCLOSURE,
    end_disclosure,
    require_listing,
)
from app.listings.service.refunding import return_deposits
from app.platform import journal, timers
from app.platform.access import SYSTEM
from app.shared.ids import DealId, ListingId
from app.shared.transitions import advance

SILENT: Final = "全体竞买人均未报价 / every qualified bidder stayed silent"
_DEFAULTED: Final = "deal.defaulted"


async def sell(
    session: AsyncSession, listing_id: ListingId, deal_id: DealId, *, at: datetime
) -> None:
    """Note that a listing has its deal; repeating it does nothing.

    The auction may be faster than a late timer: then the disclosure is closed on the way.

    Raises:
        TransitionRefused: It failed, was never disclosed, or another deal of it lives.

    Invariants: LS15, LS16, LS21.
    """
    listing = await require_listing(session, listing_id, lock=True)
    if listing.deal_id == deal_id:
        return
    listing = await _catch_up(session, listing, at)
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.SELL)
    sold = replace(listing, status=status, deal_id=deal_id)
    await listings.save(session, sold)
    await journal.append(session, listing_event(sold, str(status), SYSTEM, at))
    await deposits.drop_due_of_listing(session, listing.id)
    # A deposit booked after the deal was opened is still held. The winner's is posted to the
    # deal by now and stays there; those on standby wait for the signature.
    standby = await registrations.standby_parties(session, listing.id)
    await return_deposits(session, sold, keep=standby, at=at, actor=SYSTEM)


async def reopen(
    session: AsyncSession,
    listing_id: ListingId,
    deal_id: DealId,
    *,
    at: datetime,
    by_seller: bool = False,
) -> None:
    """Take a listing back from a deal that ended in default, unless it was taken back before.

    Args:
        by_seller: The seller broke its word: nobody buys from it what it does not sell.

    Invariants: LS21, LS29.
    """
    listing = await require_listing(session, listing_id, lock=True)
    if listing.deal_id != deal_id:
        return
    reopened = await _reopen(session, listing, at)
    if by_seller or reopened.auction_id is None:
        # No award queue stands behind a sale without an auction: nobody is left to buy.
        await fail(session, listing_id, at=at)


async def _reopen(session: AsyncSession, listing: Listing, at: datetime) -> Listing:
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.REOPEN)
    reopened = replace(listing, status=status, deal_id=None, reopened_at=at)
    await listings.save(session, reopened)
    await journal.append(session, listing_event(reopened, "reopened", SYSTEM, at))
    return reopened


_ENDED_OTHERWISE: Final = frozenset(
    {ListingStatus.FAILED, ListingStatus.WITHDRAWN, ListingStatus.TERMINATED}
)


async def fail(
    session: AsyncSession,
    listing_id: ListingId,
    *,
    at: datetime,
    silent_forfeits: bool = False,
    cancelled: bool = False,
) -> None:
    """Note that nobody bought a listing, and end every deposit that is still held.

    Args:
        cancelled: Its auction was cancelled, maybe during the disclosure, or its result annulled.
        silent_forfeits: Every bidder stayed silent, and the notice said that this costs the
            deposit.

    Raises:
        TransitionRefused: It is sold, or was never disclosed.

    Invariants: LS15, LS16, LS23. Source: rules.md D3.
    """
    listing = await require_listing(session, listing_id, lock=True)
    if listing.status in _ENDED_OTHERWISE:
        return  # withdrawn or terminated: its auction was cancelled for that
    listing = await _catch_up(session, listing, at)
    trigger = ListingTrigger.CANCEL if cancelled else ListingTrigger.FAIL
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=trigger)
    if listing.status is ListingStatus.DISCLOSING:
        await timers.cancel(session, kind=CLOSE_DISCLOSURE, subject_id=listing.id)
    failed = replace(listing, status=status)
    await listings.save(session, failed)
    await journal.append(session, listing_event(failed, str(status), SYSTEM, at))
    await deposits.drop_due_of_listing(session, listing.id)
    if silent_forfeits:
        parties = await registrations.find_depositors(session, listing.id, None)
        await forfeit_deposits(
            session,
            failed,
            parties,
            ground=ForfeitureGround.ALL_SILENT,
            words=SILENT,
            at=at,
            actor=SYSTEM,
        )
    else:
        await return_deposits(session, failed, at=at, actor=SYSTEM)


async def _catch_up(session: AsyncSession, listing: Listing, at: datetime) -> Listing:
    """Return the listing after what must have happened to it before, in whatever order it is told.

    The timer may be late; and the feed orders by transaction number, so that what follows a
    default may come before it.
    """
    ends_at = listing.disclosure_ends_at
    if listing.status is ListingStatus.DISCLOSING and ends_at is not None and ends_at <= at:
        await timers.cancel(session, kind=CLOSE_DISCLOSURE, subject_id=listing.id)
        return await end_disclosure(session, listing, ends_at)
    if listing.deal_id is not None:
        for event in await journal.history(session, listing.deal_id):
            if event.type == _DEFAULTED:
                return await _reopen(session, listing, event.market_at)
    return listing
