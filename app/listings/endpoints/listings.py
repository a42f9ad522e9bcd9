"""Listings and their notices over HTTP."""

from uuid import UUID

from app.listings.domain.listing import ListingStatus
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import Code
from app.listings.schemas.listings import (
    ListingChange,
    ListingSummary,
    ListingView,
    NewListing,
    NoticeView,
    Resumption,
    Suspension,
    Termination,
    Withdrawal,
)
from app.listings.service import changing, drafting, halting, publishing
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


@routes.get("/listings/{listing_id}/notices")
async def list_listing_notices(
    listing_id: UUID, actor: ActorDep, session: SessionDep
) -> Page[NoticeView]:
    """Return all notices of a listing as they were published, the first one first."""
    found = await publishing.list_notices(session, actor, ListingId(listing_id))
    return Page(items=[NoticeView.model_validate(notice) for notice in found], next=None)


@routes.post("/listings/{listing_id}/changes", status_code=201)
async def change_listing(
    listing_id: UUID, body: ListingChange, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Publish other terms of a disclosed listing: a new notice, the whole period anew.

    Buyers who registered accept the new terms before it ends. An auction's notice cannot change.
    """
    now = await market_now(session, actor.market_id)
    await changing.change_listing(session, actor, ListingId(listing_id), body.terms(), now=now)
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/suspension", status_code=201)
async def suspend_listing(
    listing_id: UUID, body: Suspension, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Suspend a disclosure 中止: the period stands still and nobody registers."""
    now = await market_now(session, actor.market_id)
    await halting.suspend(
        session, actor, ListingId(listing_id), reason=body.reason, until=body.until, now=now
    )
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/resumption", status_code=201)
async def resume_listing(
    listing_id: UUID, body: Resumption, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Resume a suspended disclosure; what remains of its period is counted anew."""
    now = await market_now(session, actor.market_id)
    await halting.resume(session, actor, ListingId(listing_id), reason=body.reason, now=now)
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/termination", status_code=201)
async def terminate_listing(
    listing_id: UUID, body: Termination, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Terminate a listing 终结 whose obstacle cannot be removed; deposits go back at once."""
    now = await market_now(session, actor.market_id)
    await halting.terminate(session, actor, ListingId(listing_id), reason=body.reason, now=now)
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))


@routes.post("/listings/{listing_id}/withdrawal", status_code=201)
async def withdraw_listing(
    listing_id: UUID, body: Withdrawal, actor: ActorDep, session: SessionDep
) -> ListingView:
    """Withdraw a listing 撤回 before its bidding has begun; deposits go back at once."""
    now = await market_now(session, actor.market_id)
    await halting.withdraw(
        session, actor, ListingId(listing_id), reason=body.reason, costs=body.costs, now=now
    )
    return ListingView.of(*await publishing.read_listing(session, actor, ListingId(listing_id)))
