"""Publish a listing's notice, end its disclosure, read listings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party, require_verified
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    BiddingNotAttached,
    Listing,
    ListingStatus,
    ListingTrigger,
    check_listable,
    may_see_listing,
    require_opening_after,
    terms_of,
)
from app.listings.domain.notice import (
    Notice,
    write_notice,
)
from app.listings.domain.terms import (
    check_terms,
)
from app.listings.repository import listings
from app.listings.service.drafting import achievement_of, policy_of, require_unoffered
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import mainland_china, period_end
from app.shared.errors import DomainError
from app.shared.ids import ListingId, MarketId, SessionId
from app.shared.transitions import advance

CLOSE_DISCLOSURE: Final = "listing.close_disclosure"


async def publish_listing(
    session: AsyncSession, actor: Actor, listing_id: ListingId, *, now: datetime
) -> Listing:
    """Publish the notice: freeze policy, terms and period; open registration.

    Raises:
        TransitionRefused: It is not a draft.
        BiddingNotAttached: The auction's terms are missing.
        AchievementNotListable, AchievementOnOffer: The achievement cannot be listed now.
        ListingInvalid: The terms break the policy of today.
        AuctionOpensTooEarly: Names the earliest opening.
        CalendarHorizonExceeded: The period leaves the known working days.
    """
    listing = await require_listing(session, listing_id, lock=True)
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.PUBLISH)
    if listing.opens_at is None:
        raise BiddingNotAttached("Create the listing's auction first.", listing_id=listing.id)
    achievement = await achievement_of(session, listing)
    check_listable(achievement)
    await require_unoffered(session, achievement.id)
    seller = await require_verified(session, listing.seller_id)
    policy = await policy_of(session, seller, terms_of(listing), now=now)
    check_terms(terms_of(listing), achievement, policy.terms)
    calendar = mainland_china()
    ends_at = period_end(start=now, duration=policy.terms.disclosure, calendar=calendar)
    require_opening_after(opens_at=listing.opens_at, disclosure_ends_at=ends_at)
    published = replace(
        listing,
        status=status,
        policy_id=policy.id,
        policy=policy.terms,
        published_at=now,
        disclosure_ends_at=ends_at,
    )
    notice = write_notice(
        published, achievement, seller_name=seller.name, calendar_version=calendar.version
    )
    await listings.save(session, published)
    await listings.insert_notice(session, listing.id, notice)
    await timers.schedule(
        session,
        market_id=listing.market_id,
        kind=CLOSE_DISCLOSURE,
        subject_id=listing.id,
        due_at=ends_at,
    )
    await journal.append(
        session,
        listing_event(
            published, "published", actor.ref, now, content=notice.content, notice=notice
        ),
    )
    return published


def listing_event(
    listing: Listing,
    what: str,
    actor: str,
    at: datetime,
    *,
    content: object = None,
    notice: Notice | None = None,
) -> NewEvent:
    """Return what the journal tells everybody about a listing."""
    told: dict[str, object] = {"number": listing.number}
    if notice is not None:
        told |= {"notice": content, "content_hash": notice.content_hash}
    return NewEvent(
        market_id=listing.market_id,
        subject="listing",
        subject_id=listing.id,
        type=f"listing.{what}",
        market_at=at,
        actor=actor,
        public=told,
    )


async def close_disclosure(session: AsyncSession, listing_id: UUID, due_at: datetime) -> None:
    """End a listing's disclosure at its stored deadline; repeating it does nothing.

    The deadline has already closed registration: this only tells.
    """
    listing = await require_listing(session, ListingId(listing_id), lock=True)
    if listing.status is ListingStatus.DISCLOSING:
        await end_disclosure(session, listing, due_at)


async def end_disclosure(session: AsyncSession, listing: Listing, at: datetime) -> Listing:
    """Close a listing whose disclosure is over; the caller holds its lock."""
    trigger = ListingTrigger.CLOSE_DISCLOSURE
    closed = replace(
        listing, status=advance(LISTING_TRANSITIONS, state=listing.status, trigger=trigger)
    )
    await listings.save(session, closed)
    await journal.append(session, listing_event(closed, "disclosure_closed", SYSTEM, at))
    return closed


async def require_listing(
    session: AsyncSession, listing_id: ListingId, *, lock: bool = False
) -> Listing:
    """Return a listing, under its row lock if asked.

    Raises:
        ObjectUnknown: There is none.
    """
    listing = await listings.find(session, listing_id, lock=lock)
    if listing is None:
        raise ObjectUnknown("There is no such listing.")
    return listing


async def read_listing(
    session: AsyncSession, actor: Actor, listing_id: ListingId
) -> tuple[Listing, Notice | None]:
    """Return a listing that the actor may see, with its notice once published.

    Raises:
        ObjectUnknown: There is none, or it is another's draft.
    """
    listing = await listings.find(session, listing_id)
    if listing is None or not may_see_listing(actor.viewer, listing):
        raise ObjectUnknown("There is no such listing for you.")
    return listing, await listings.find_notice(session, listing_id)


async def earliest_opening(
    session: AsyncSession, listing: Listing, *, now: datetime
) -> datetime | None:
    """Return when a draft's auction could open if it were published now.

    ``None`` for others, and when no policy or calendar answers: publishing then tells why.
    """
    if listing.status is not ListingStatus.DRAFT:
        return None
    seller = await get_party(session, listing.seller_id)
    try:
        policy = await policy_of(session, seller, terms_of(listing), now=now)
        return period_end(start=now, duration=policy.terms.disclosure, calendar=mainland_china())
    except DomainError:
        return None


async def list_listings(
    session: AsyncSession,
    actor: Actor,
    *,
    market_id: MarketId | None,
    session_id: SessionId | None,
    technology_field: str | None,
    status: ListingStatus | None,
    before: ListingId | None,
    limit: int,
) -> Sequence[Listing]:
    """Return what the actor may see, newest first."""
    return await listings.find_page(
        session,
        actor.viewer,
        market_id=market_id,
        session_id=session_id,
        technology_field=technology_field,
        status=status,
        before=before,
        limit=limit,
    )
