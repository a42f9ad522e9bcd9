"""Search the shelf and the listings, and keep what they are found by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import Party, get_party
from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.found import FoundAchievement, FoundListing
from app.listings.domain.listing import Listing
from app.listings.domain.searching import (
    Count,
    Document,
    Facet,
    Filters,
    MatchedTerm,
    Place,
    Sort,
    Target,
    check_filters,
    matched_terms,
)
from app.listings.repository import achievements, listings, matching
from app.listings.repository import search as repository
from app.shared import codes
from app.shared.ids import AchievementId, ListingId
from app.shared.words import Term, terms_of

_BIGINT_END: Final = 2**63

Entry = TypeVar("Entry", FoundAchievement, FoundListing)


@dataclass(frozen=True, slots=True)
class Hit(Generic[Entry]):
    """A found entry, where it stands in the order, and where it has the words."""

    entry: Entry
    place: Place
    matched: tuple[MatchedTerm, ...]


@dataclass(frozen=True, slots=True)
class Found(Generic[Entry]):
    """One page of a search with its counts.

    Attributes:
        following: Where the next page begins after; ``None`` at the end.
    """

    hits: Sequence[Hit[Entry]]
    following: Place | None
    total: Count
    facets: Mapping[str, Facet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search.

    Attributes:
        currency: In which prices are sorted.
    """

    q: str
    filters: Filters
    sort: Sort
    after: Place | None
    limit: int
    currency: str = "CNY"


async def search_achievements(session: AsyncSession, asked: Asked) -> Found[FoundAchievement]:
    """Return achievements on the shelf that have all words and pass the filters.

    Raises:
        SearchInvalid: A filter holds what no entry can have.
        CursorInvalid: The place is of another order.

    Invariant: LS51 to LS55.
    """
    terms, places, total, facets = await _search(session, Target.ACHIEVEMENTS, asked)
    page = places[: asked.limit]
    entries = await repository.load_achievements(session, [place.id for place in page])
    return Found(_hits(terms, page, entries), _following(places, asked.limit), total, facets)


async def search_listings(session: AsyncSession, asked: Asked) -> Found[FoundListing]:
    """Return published listings that have all words and pass the filters.

    Raises:
        SearchInvalid: A filter holds what no entry can have.
        CursorInvalid: The place is of another order.

    Invariant: LS51 to LS55.
    """
    terms, places, total, facets = await _search(session, Target.LISTINGS, asked)
    page = places[: asked.limit]
    entries = await repository.load_listings(session, [place.id for place in page])
    return Found(_hits(terms, page, entries), _following(places, asked.limit), total, facets)


async def _search(
    session: AsyncSession, target: Target, asked: Asked
) -> tuple[Sequence[Term], Sequence[Place], Count, Mapping[str, Facet]]:
    check_filters(asked.filters)
    terms = terms_of(asked.q)
    corpus = repository.CORPORA[target]
    wanted = repository.asked_of(target, terms, asked.filters)
    await matching.plan_each_search(session)
    total, facets = await matching.count(session, corpus, wanted)
    places = await matching.find_places(
        session,
        corpus,
        wanted,
        order=repository.order_of(target, asked.sort, asked.currency),
        after=asked.after,
        limit=asked.limit + 1,
        total=total,
    )
    return terms, places, total, facets


def _following(places: Sequence[Place], limit: int) -> Place | None:
    return places[limit - 1] if len(places) > limit else None


def _hits(
    terms: Sequence[Term], places: Sequence[Place], entries: Mapping[UUID, Entry]
) -> list[Hit[Entry]]:
    # What has just left the shelf is missing, so a page may be short of its limit.
    return [
        Hit(entry, place, matched_terms(terms, title=entry.title, keywords=entry.keywords))
        for place in places
        if (entry := entries.get(place.id)) is not None
    ]


def describe_achievement(achievement: Achievement, owner: Party) -> Document:
    """Return what everybody may read of an achievement: nothing else is ever indexed.

    Invariant: LS50.
    """
    content = achievement.content
    return Document(
        id=achievement.id,
        target=Target.ACHIEVEMENTS,
        market_id=achievement.market_id,
        party_id=achievement.party_id,
        version=achievement.version,
        owner_name=owner.name,
        title=content.title,
        keywords=content.keywords,
        texts=(
            content.told_abstract,
            codes.label("technology_field", content.technology_field),
            owner.name,
        ),
        technology_field=content.technology_field,
        conversion_modes=content.conversion_modes,
        price=content.price_idea,
        shelved_at=achievement.reviewed_at or achievement.collected_at,
        kind=content.kind,
        ip_kind=content.ip_kind,
        region=owner.region_code,
        readiness=content.readiness,
    )


def describe_listing(listing: Listing, achievement: Achievement, owner: Party) -> Document:
    """Return what everybody may read of a listing, with what its achievement says in public.

    Invariant: LS50.
    """
    content = achievement.content
    return Document(
        id=listing.id,
        target=Target.LISTINGS,
        market_id=listing.market_id,
        party_id=listing.seller_id,
        version=1,
        owner_name=owner.name,
        title=listing.title,
        keywords=content.keywords,
        texts=(
            content.told_abstract,
            codes.label("technology_field", content.technology_field),
            owner.name,
            listing.number,
        ),
        technology_field=content.technology_field,
        conversion_modes=(listing.conversion_mode,),
        price=listing.floor,
        shelved_at=listing.published_at or listing.drafted_at,
        region=owner.region_code,
        readiness=content.readiness,
        pricing_mode=listing.pricing_mode,
        status=listing.status,
    )


async def reindex_achievement(
    session: AsyncSession, achievement_id: AchievementId
) -> Document | None:
    """Let an achievement be found as it is now; return it if it is on the shelf.

    Invariant: LS55.
    """
    achievement = await achievements.find(session, achievement_id)
    if achievement is None or achievement.status is not AchievementStatus.ACCEPTED:
        await repository.remove_achievement(session, achievement_id)
        return None
    owner = await get_party(session, achievement.party_id)
    document = describe_achievement(achievement, owner)
    await repository.put_achievement(session, document, achievement.content.readiness)
    return document


async def index_listing(session: AsyncSession, listing_id: ListingId) -> Document | None:
    """Let a published listing be found; return it unless it is gone or still a draft."""
    listing = await listings.find(session, listing_id)
    if listing is None or listing.published_at is None:
        return None
    achievement = await achievements.find(session, listing.achievement_id)
    if achievement is None:
        return None
    owner = await get_party(session, listing.seller_id)
    document = describe_listing(listing, achievement, owner)
    await repository.put_listing(session, document, achievement.content.told_abstract)
    return document


def fits_key(target: Target, sort: Sort, key: str) -> bool:
    """Tell whether a cursor's key is one of its order."""
    order = repository.order_of(target, sort, "CNY") or repository.CORPORA[target].newest
    try:
        read = order.read(key)
    except ValueError:
        return False
    return not isinstance(read, int) or 0 <= read < _BIGINT_END
