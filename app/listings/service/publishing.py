"""Publish a listing's notice, end its disclosure, read listings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party, require_verified
from app.listings.domain.achievement import Achievement
from app.listings.domain.listing import (
    LISTING_TRANSITIONS,
    Listing,
    ListingStatus,
    ListingTrigger,
    check_listable,
    may_see_listing,
    terms_of,
)
from app.listings.domain.notice import (
    Notice,
    NoticeKind,
    NoticeStatus,
    NoticeTrigger,
    write_terms,
)
from app.listings.repository import listings, notices
from app.listings.service import modes
from app.listings.service.drafting import (
    achievement_of,
    check_offer,
    policy_of,
    require_unoffered,
)
from app.listings.service.noticing import listing_event, move_notice, publish_terms
from app.platform import journal, timers
from app.platform.access import SYSTEM, Actor, ObjectUnknown
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
        BiddingNotAttached: The terms of the bidding are missing.
        AchievementNotListable, AchievementOnOffer: The achievement cannot be listed now.
        ListingInvalid: The terms break the policy of today.
        AuctionOpensTooEarly: Names the earliest opening.
        CalendarHorizonExceeded: The period leaves the known working days.
        What `modes.prepare` raises.
    """
    listing = await require_listing(session, listing_id, lock=True)
    status = advance(LISTING_TRANSITIONS, state=listing.status, trigger=ListingTrigger.PUBLISH)
    achievement = await achievement_of(session, listing)
    check_listable(achievement)
    await require_unoffered(session, achievement.id)
    return await publish_offer(
        session,
        replace(listing, status=status),
        achievement,
        kind=NoticeKind.OFFER,
        what="published",
        now=now,
        actor=actor,
    )


async def publish_offer(
    session: AsyncSession,
    listing: Listing,
    achievement: Achievement,
    *,
    kind: NoticeKind,
    what: str,
    now: datetime,
    actor: Actor,
) -> Listing:
    """Publish a listing's terms anew: the policy of today holds, the whole period begins (A5, L2).

    The caller holds the listing's and the achievement's locks.
    """
    terms = terms_of(listing)
    seller = await require_verified(session, listing.seller_id)
    policy = await policy_of(session, seller, terms, now=now)
    await check_offer(session, achievement, terms, policy)
    calendar = mainland_china()
    ends_at = period_end(start=now, duration=policy.terms.disclosure, calendar=calendar)
    offered = replace(
        listing,
        policy_id=policy.id,
        policy=policy.terms,
        published_at=now,
        disclosure_ends_at=ends_at,
    )
    more = await modes.prepare(session, offered, seller, now=now)
    content = write_terms(
        offered,
        achievement,
        kind=kind,
        seller_name=seller.name,
        calendar_version=calendar.version,
        more=more,
    )
    published = await publish_terms(
        session, offered, kind, content, what=what, at=now, actor=actor.ref
    )
    await schedule_close(session, published)
    await modes.after_publication(session, published, now=now, actor=actor)
    return published


async def schedule_close(session: AsyncSession, listing: Listing) -> None:
    """Set the timer of a disclosure's end, moving an earlier one.

    A worker that has it in hand waits for the listing: it looks next, and sets it anew itself.
    """
    assert listing.disclosure_ends_at is not None
    if await timers.is_in_hand(session, kind=CLOSE_DISCLOSURE, subject_id=listing.id):
        return
    await timers.schedule(
        session,
        market_id=listing.market_id,
        kind=CLOSE_DISCLOSURE,
        subject_id=listing.id,
        due_at=listing.disclosure_ends_at,
    )


async def close_disclosure(session: AsyncSession, listing_id: UUID, due_at: datetime) -> None:
    """End a listing's disclosure at its stored deadline; repeating it does nothing.

    The deadline has already closed registration: this only tells, and lets the pricing mode go
    on. A timer that was overtaken by a later deadline waits for that one.
    """
    listing = await require_listing(session, ListingId(listing_id), lock=True)
    ends_at = listing.disclosure_ends_at
    if listing.status is not ListingStatus.DISCLOSING or ends_at is None:
        return
    if ends_at > due_at:
        await schedule_close(session, listing)
        return
    closed = await end_disclosure(session, listing, ends_at)
    await modes.after_close(session, closed, at=ends_at)


async def end_disclosure(session: AsyncSession, listing: Listing, at: datetime) -> Listing:
    """Close a listing whose disclosure is over; the caller holds its lock."""
    trigger = ListingTrigger.CLOSE_DISCLOSURE
    closed = replace(
        listing, status=advance(LISTING_TRANSITIONS, state=listing.status, trigger=trigger)
    )
    await listings.save(session, closed)
    notice = await notices.find_terms(session, listing.id)
    # One with an open objection stays so until that is decided.
    if notice is not None and notice.status is NoticeStatus.PUBLISHED:
        await move_notice(session, notice, NoticeTrigger.CLOSE)
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
    return listing, await notices.find_terms(session, listing_id)


async def list_notices(
    session: AsyncSession, actor: Actor, listing_id: ListingId
) -> Sequence[Notice]:
    """Return all notices of a listing that the actor may see, the first one first.

    Raises:
        ObjectUnknown: There is none, or it is another's draft.
    """
    listing, _ = await read_listing(session, actor, listing_id)
    return await notices.of_listing(session, listing.id)


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
