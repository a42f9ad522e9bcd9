"""Listings and their notices over HTTP."""

from uuid import UUID

from app.listings.domain.listing import ListingStatus
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import Code
from app.listings.schemas.listings import ListingSummary, ListingView, NewListing
from app.listings.service import drafting, publishing
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import AchievementId, ListingId, MarketId, SessionId

routes = router(tag="listings")


@routes.post("/listings", status_code=201)
async def draft_listing(body: NewListing, actor: ActorDep, session: SessionDep) -> ListingView:
    """Draft a listing of an accepted achievement: the seller its own, the operator any."""
    now = await market_now(session, actor.market_id)
    listing = await drafting.draft_listing(
        session,
        actor,
        achievement_id=AchievementId(body.achievement_id),
        terms=body.terms(),
        now=now,
    )
    earliest = await publishing.earliest_opening(session, listing, now=now)
    return ListingView.of(listing, None, earliest_opening=earliest)


@routes.get("/listings")
async def list_listings(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    session_id: UUID | None = None,
    technology_field: Code | None = None,
    status: ListingStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[ListingSummary]:
    """List listings, newest first: published ones, and the drafts that are the caller's."""
    below = before(cursor)
    found = await publishing.list_listings(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        session_id=None if session_id is None else SessionId(session_id),
        technology_field=technology_field,
        status=status,
        before=None if below is None else ListingId(below),
        limit=limit + 1,
    )
    return Page(
        items=[ListingSummary.model_validate(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.get("/listings/{listing_id}")
async def get_listing(listing_id: UUID, actor: ActorDep, session: SessionDep) -> ListingView:
    """Return a listing with its notice; of a draft, the earliest opening of its auction."""
    listing, notice = await publishing.read_listing(session, actor, ListingId(listing_id))
    now = await market_now(session, listing.market_id)
    earliest = await publishing.earliest_opening(session, listing, now=now)
    return ListingView.of(listing, notice, earliest_opening=earliest)


@routes.post("/listings/{listing_id}/notice", status_code=201)
async def publish_listing(listing_id: UUID, actor: ActorDep, session: SessionDep) -> ListingView:
    """Publish a draft's notice: freezes policy, terms and period, and opens registration.

    The disclosure period runs from this moment; the auction must not open before its end.
    """
    now = await market_now(session, actor.market_id)
    await publishing.publish_listing(session, actor, ListingId(listing_id), now=now)
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))
