"""Achievements, listings and registrations over HTTP."""

from uuid import UUID

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.listing import (
    ListingStatus,
)
from app.listings.domain.registration import Registration
from app.listings.schemas import (
    AchievementReview,
    AchievementSummary,
    AchievementView,
    Code,
    DepositReceipt,
    FlagView,
    ListingSummary,
    ListingView,
    NewAchievement,
    NewListing,
    NewRegistration,
    Qualification,
    RegistrationView,
)
from app.listings.service import achievements, drafting, publishing, registering, relating
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import AchievementId, ListingId, MarketId, RegistrationId, SessionId

routes = router(tag="listings")


def _before(cursor: str | None) -> UUID | None:
    return None if cursor is None else decode_cursor(cursor, UUID)[0]


def _next(ids: list[UUID], limit: int) -> str | None:
    return encode_cursor(str(ids[limit - 1])) if len(ids) > limit else None


@routes.post("/achievements", status_code=201)
async def submit_achievement(
    body: NewAchievement, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Submit a result of the caller's party; the party must be verified."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of(
        await achievements.submit_achievement(session, actor, body.content(), now=now)
    )


@routes.get("/achievements")
async def list_achievements(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    technology_field: Code | None = None,
    status: AchievementStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[AchievementSummary]:
    """List achievements, newest first: accepted public ones, and all of the caller's own.

    The market's operators and auditors see all of their market.
    """
    before = _before(cursor)
    found = await achievements.list_achievements(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        technology_field=technology_field,
        status=status,
        before=None if before is None else AchievementId(before),
        limit=limit + 1,
    )
    return Page(
        items=[AchievementSummary.of(item) for item in found[:limit]],
        next=_next([item.id for item in found], limit),
    )


@routes.get("/achievements/{achievement_id}")
async def get_achievement(
    achievement_id: UUID, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Return an achievement that the caller may see."""
    return AchievementView.of(
        await achievements.read_achievement(session, actor, AchievementId(achievement_id))
    )


@routes.post("/achievements/{achievement_id}/review")
async def review_achievement(
    achievement_id: UUID, body: AchievementReview, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Accept or refuse a submitted achievement; a refusal states its reason."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of(
        await achievements.review_achievement(
            session,
            actor,
            AchievementId(achievement_id),
            accepted=body.accepted,
            reason=body.reason,
            now=now,
        )
    )


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
    before = _before(cursor)
    found = await publishing.list_listings(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        session_id=None if session_id is None else SessionId(session_id),
        technology_field=technology_field,
        status=status,
        before=None if before is None else ListingId(before),
        limit=limit + 1,
    )
    return Page(
        items=[ListingSummary.model_validate(item) for item in found[:limit]],
        next=_next([item.id for item in found], limit),
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


@routes.post("/listings/{listing_id}/registrations", status_code=201)
async def register_buyer(
    listing_id: UUID, body: NewRegistration, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Register the caller's party as a buyer, accepting the notice that was shown.

    Open while the disclosure lasts, once per party; who accepted which text is recorded. A
    relation to the seller is declared, and only one that the notice discloses is admitted.
    """
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.register_buyer(
            session,
            actor,
            ListingId(listing_id),
            accepted_terms_hash=body.accepted_terms_hash,
            relation=body.relation,
            now=now,
        )
    )


@routes.get("/listings/{listing_id}/registrations")
async def list_registrations(
    listing_id: UUID,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[RegistrationView]:
    """List a listing's registrations, newest first."""
    before = _before(cursor)
    found = await registering.list_registrations(
        session,
        ListingId(listing_id),
        before=None if before is None else RegistrationId(before),
        limit=limit + 1,
    )
    return Page(
        items=[_view(item) for item in found[:limit]],
        next=_next([item.id for item in found], limit),
    )


@routes.get("/listings/{listing_id}/flags")
async def list_flags(listing_id: UUID, session: SessionDep) -> Page[FlagView]:
    """List the pairs of a listing's buyers that one hand may move, and what they share.

    A flag asks the operator a question and refuses nobody.
    """
    found = await relating.list_flags(session, ListingId(listing_id))
    return Page(items=[FlagView.model_validate(flag) for flag in found], next=None)


@routes.get("/registrations/{registration_id}")
async def get_registration(registration_id: UUID, session: SessionDep) -> RegistrationView:
    """Return a registration to its buyer and the market's operator and auditor."""
    return _view(await registering.require_registration(session, RegistrationId(registration_id)))


@routes.post("/registrations/{registration_id}/qualification")
async def qualify_registration(
    registration_id: UUID, body: Qualification, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Decide whether a registered buyer qualifies; a refusal states its reason."""
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.qualify_registration(
            session,
            actor,
            RegistrationId(registration_id),
            qualified=body.qualified,
            reason=body.reason,
            now=now,
        )
    )


@routes.post("/registrations/{registration_id}/deposit")
async def record_deposit(
    registration_id: UUID, body: DepositReceipt, actor: ActorDep, session: SessionDep
) -> RegistrationView:
    """Book a qualified buyer's deposit as the bank shows it and assign the bidder code.

    The amount is the announced one, the payer is the buyer itself, and the bank received it
    before the auction opened.
    """
    now = await market_now(session, actor.market_id)
    return _view(
        await registering.record_deposit(
            session, actor, RegistrationId(registration_id), body.receipt(), now=now
        )
    )


def _view(registration: Registration) -> RegistrationView:
    return RegistrationView.model_validate(registration)
