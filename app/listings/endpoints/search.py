"""Searches over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from app.listings.domain.content import Readiness
from app.listings.domain.listing import ListingStatus, PricingMode
from app.listings.domain.searching import Filters, Place, SearchInvalid, Sort, Target, Tier
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import Code
from app.listings.schemas.search import (
    Codes,
    CountView,
    FacetView,
    FoundAchievements,
    FoundAchievementView,
    FoundListings,
    FoundListingView,
    NewSavedSearch,
    Regions,
    SavedSearchView,
    Words,
)
from app.listings.service import saved_searches, searching
from app.listings.service.searching import Asked
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.feed import CursorInvalid
from app.platform.routing import router
from app.platform.schema import Instant, Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MarketId, SavedSearchId
from app.shared.money import AmountInvalid, Money

routes = router(tag="search")

ShelfSort = Literal[Sort.RELEVANCE, Sort.NEWEST, Sort.PRICE, Sort.READINESS]
ListingSort = Literal[Sort.RELEVANCE, Sort.NEWEST, Sort.PRICE, Sort.CLOSING]
Amount = Annotated[
    str | None,
    Query(pattern=r"^\d{1,13}(\.\d{1,2})?$", description='At most this, as "600000.00"'),
]
Currency = Annotated[str, Query(pattern=r"^[A-Z]{3}$", description="Of prices")]


def _after(cursor: str | None, target: Target, sort: Sort) -> Place | None:
    if cursor is None:
        return None
    kinds = (str, str, int, str, UUID)
    of_target, of_sort, tier, key, id_ = decode_cursor(cursor, *kinds)
    same = (of_target, of_sort) == (target, sort) and tier in set(Tier)
    if not (same and searching.fits_key(target, sort, key)):
        raise CursorInvalid("Pass back 'next' as it came.", field="cursor")
    return Place(tier, key, id_)


def _next(place: Place | None, target: Target, sort: Sort) -> str | None:
    if place is None:
        return None
    return encode_cursor(target, sort, place.tier, place.key, str(place.id))


def _price(amount: str | None, currency: str) -> Money | None:
    try:
        bound = Money.parse(amount or "0", currency)
    except AmountInvalid as failure:
        error = {"field": "price_max", "rule": "amount_invalid", "message": str(failure)}
        raise SearchInvalid("The price is no amount of its currency.", errors=[error]) from None
    return None if amount is None else bound


@routes.get("/search/achievements")
async def search_achievements(
    session: SessionDep,
    technology_field: Codes,
    kind: Codes,
    ip_kind: Codes,
    conversion_mode: Codes,
    region: Regions,
    q: Words = "",
    market_id: UUID | None = None,
    readiness_min: Annotated[int | None, Query(ge=1, le=100)] = None,
    readiness_scale: Code = "trl_9",
    price_max: Amount = None,
    currency: Currency = "CNY",
    on_offer: bool | None = None,
    sort: ShelfSort = Sort.RELEVANCE,
    cursor: str | None = None,
    limit: Limit = 20,
) -> FoundAchievements:
    """Search the shelf; without words, browse it.

    A repeated parameter holds alternatives. Relevance is where the words stand: all in the title,
    all in title or keywords, anywhere; then the newest first. A facet's counts leave its own
    filter aside. Counts look at 10,000 entries at most and say whether they are exact. A level
    of readiness is compared on its own scale only.
    """
    filters = Filters(
        market_id=None if market_id is None else MarketId(market_id),
        technology_fields=tuple(technology_field),
        kinds=tuple(kind),
        ip_kinds=tuple(ip_kind),
        conversion_modes=tuple(conversion_mode),
        regions=tuple(region),
        readiness=None if readiness_min is None else Readiness(readiness_scale, readiness_min),
        price_max=_price(price_max, currency),
        on_offer=on_offer,
    )
    target = Target.ACHIEVEMENTS
    found = await searching.search_achievements(
        session,
        Asked(
            q=q,
            filters=filters,
            sort=sort,
            after=_after(cursor, target, sort),
            limit=limit,
            currency=currency,
        ),
    )
    return FoundAchievements(
        items=[FoundAchievementView.of(hit.entry, hit.matched) for hit in found.hits],
        next=_next(found.following, target, sort),
        total=CountView.model_validate(found.total),
        facets={name: FacetView.model_validate(item) for name, item in found.facets.items()},
    )


@routes.get("/search/listings")
async def search_listings(
    session: SessionDep,
    technology_field: Codes,
    pricing_mode: Annotated[list[PricingMode], Query(default_factory=list, max_length=3)],
    status: Annotated[list[ListingStatus], Query(default_factory=list, max_length=20)],
    conversion_mode: Codes,
    q: Words = "",
    market_id: UUID | None = None,
    price_max: Amount = None,
    currency: Currency = "CNY",
    closing_before: Annotated[
        Instant | None, Query(description="Open for registration, but no longer at this moment")
    ] = None,
    sort: ListingSort = Sort.RELEVANCE,
    cursor: str | None = None,
    limit: Limit = 20,
) -> FoundListings:
    """Search published listings, by the same rules as the shelf.

    ``price_max`` bounds the floor; ``sort=closing`` puts first what closes next.
    """
    filters = Filters(
        market_id=None if market_id is None else MarketId(market_id),
        technology_fields=tuple(technology_field),
        conversion_modes=tuple(conversion_mode),
        price_max=_price(price_max, currency),
        pricing_modes=tuple(pricing_mode),
        statuses=tuple(status),
        closing_before=closing_before,
    )
    target = Target.LISTINGS
    found = await searching.search_listings(
        session,
        Asked(
            q=q,
            filters=filters,
            sort=sort,
            after=_after(cursor, target, sort),
            limit=limit,
            currency=currency,
        ),
    )
    return FoundListings(
        items=[FoundListingView.of(hit.entry, hit.matched) for hit in found.hits],
        next=_next(found.following, target, sort),
        total=CountView.model_validate(found.total),
        facets={name: FacetView.model_validate(item) for name, item in found.facets.items()},
    )


@routes.post("/saved-searches", status_code=201)
async def save_search(
    body: NewSavedSearch, actor: ActorDep, session: SessionDep
) -> SavedSearchView:
    """Save a search: its party is told of everything that comes onto the shelf and passes it."""
    return SavedSearchView.of(
        await saved_searches.save_search(
            session,
            actor,
            name=body.name,
            target=body.target,
            q=body.q,
            filters=body.filters(),
            now=await market_now(session, actor.market_id),
        )
    )


@routes.get("/saved-searches")
async def list_saved_searches(
    actor: ActorDep, session: SessionDep, cursor: str | None = None, limit: Limit = 50
) -> Page[SavedSearchView]:
    """List the saved searches of the caller's party, newest first."""
    below = before(cursor)
    found = await saved_searches.list_searches(
        session,
        actor,
        before=None if below is None else SavedSearchId(below),
        limit=limit + 1,
    )
    return Page(
        items=[SavedSearchView.of(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.delete("/saved-searches/{saved_search_id}", status_code=204)
async def delete_saved_search(saved_search_id: UUID, actor: ActorDep, session: SessionDep) -> None:
    """Delete a saved search; what it has told stays in the inbox."""
    now = await market_now(session, actor.market_id)
    await saved_searches.delete_search(session, actor, SavedSearchId(saved_search_id), now=now)
