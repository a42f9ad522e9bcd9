"""What searches read and write: achievements on the shelf and published listings."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, case, cast, delete, func, select, true
from sqlalchemy.dialects.postgresql import TSVECTOR, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.content import Confidentiality, Readiness
from app.listings.domain.found import FoundAchievement, FoundListing
from app.listings.domain.listing import ListingStatus, PricingMode
from app.listings.domain.searching import (
    Document,
    Filters,
    Sort,
    Target,
    readiness_bp,
)
from app.listings.models import AchievementRow, AchievementSearchRow, ListingRow, ListingSearchRow
from app.listings.repository.matching import Asked, Corpus, Order, fact, read_moment, words_text
from app.shared.ids import AchievementId, ListingId, MarketId, PartyId
from app.shared.money import Money
from app.shared.regions import region_prefix
from app.shared.words import Term

_A: Final = AchievementSearchRow
_L: Final = ListingRow
_AC: Final = AchievementSearchRow.__table__.c
_LC: Final = ListingRow.__table__.c
_SC: Final = ListingSearchRow.__table__.c
_NO_PRICE: Final = 2**63 - 1
_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)

_ON_OFFER: Final = (
    select(_L.id)
    .where(
        _L.achievement_id == _A.achievement_id,
        _L.status == str(ListingStatus.DISCLOSING),
        _L.reopened_at.is_(None),
    )
    .exists()
)

ACHIEVEMENTS: Final = Corpus(
    source=_A.__table__,
    id=_AC.achievement_id,
    words=_AC.words,
    visible=true(),
    newest=Order(_AC.shelved_at, read_moment),
    facets={
        "technology_field": _AC.technology_field,
        "kind": _AC.kind,
        "ip_kind": _AC.ip_kind,
        "conversion_mode": _AC.conversion_modes,
        "region": func.left(_AC.region, 2).concat("0000"),
        "on_offer": _ON_OFFER,
    },
    lists=("conversion_mode",),
)
LISTINGS: Final = Corpus(
    source=ListingSearchRow.__table__.join(_L.__table__),
    id=_LC.id,
    words=_SC.words,
    visible=_LC.published_at.is_not(None),
    newest=Order(_LC.published_at, read_moment),
    facets={
        "technology_field": _SC.technology_field,
        "pricing_mode": _LC.pricing_mode,
        "status": _LC.status,
        "conversion_mode": _LC.conversion_mode,
    },
)
CORPORA: Final = {Target.ACHIEVEMENTS: ACHIEVEMENTS, Target.LISTINGS: LISTINGS}


def order_of(target: Target, sort: Sort, currency: str) -> Order | None:
    """Return how a sort orders; ``None`` is relevance."""
    if target is Target.ACHIEVEMENTS:
        price, in_currency = _A.price_minor, _A.price_currency == currency
    else:
        price, in_currency = _L.floor_minor, _L.currency == currency
    match sort:
        case Sort.RELEVANCE:
            return None
        case Sort.PRICE:
            return Order(case((in_currency, price), else_=_NO_PRICE), int, descending=False)
        case Sort.READINESS:
            return Order(_AC.readiness_bp, int)
        case Sort.CLOSING:
            open_ = _L.status == str(ListingStatus.DISCLOSING)
            ends = case((open_, _L.disclosure_ends_at), else_=_NEVER)
            return Order(ends, read_moment, descending=False)
    return CORPORA[target].newest


def asked_of(target: Target, terms: Sequence[Term], filters: Filters) -> Asked:
    """Return what entries must have, filters by the names of the facets where there is one.

    Invariant: LS53.
    """
    if target is Target.LISTINGS:
        return Asked(terms, {}, _listing_conditions(filters))
    values = {
        "technology_field": filters.technology_fields,
        "kind": filters.kinds,
        "ip_kind": filters.ip_kinds,
        "conversion_mode": filters.conversion_modes,
        "region": tuple(region_prefix(region) for region in filters.regions),
    }
    facts = {name: [fact(name, value) for value in some] for name, some in values.items() if some}
    return Asked(terms, facts, _achievement_conditions(filters))


def _facts(document: Document) -> list[str]:
    region = document.region or ""
    parts = [region[:length] for length in (2, 4, 6) if len(region) >= length]
    return [
        fact("technology_field", document.technology_field),
        fact("kind", document.kind or ""),
        fact("ip_kind", document.ip_kind or ""),
        *(fact("conversion_mode", mode) for mode in document.conversion_modes),
        *(fact("region", part) for part in parts),
    ]


def _listing_conditions(filters: Filters) -> Mapping[str, ColumnElement[bool]]:
    found: dict[str, ColumnElement[bool]] = {}
    if filters.market_id is not None:
        found["market_id"] = _L.market_id == filters.market_id
    if filters.technology_fields:
        found["technology_field"] = ListingSearchRow.technology_field.in_(filters.technology_fields)
    if filters.pricing_modes:
        found["pricing_mode"] = _L.pricing_mode.in_([str(mode) for mode in filters.pricing_modes])
    if filters.statuses:
        found["status"] = _L.status.in_([str(status) for status in filters.statuses])
    if filters.conversion_modes:
        found["conversion_mode"] = _L.conversion_mode.in_(filters.conversion_modes)
    if filters.price_max is not None:
        found["price_max"] = (_L.currency == filters.price_max.currency) & (
            _L.floor_minor <= filters.price_max.amount_minor
        )
    if filters.closing_before is not None:
        found["closing_before"] = (_L.status == str(ListingStatus.DISCLOSING)) & (
            _L.disclosure_ends_at < filters.closing_before
        )
    return found


def _achievement_conditions(filters: Filters) -> Mapping[str, ColumnElement[bool]]:
    found: dict[str, ColumnElement[bool]] = {}
    if filters.market_id is not None:
        found["market_id"] = _A.market_id == filters.market_id
    if filters.readiness is not None:
        found["readiness_min"] = (_A.readiness_scale == filters.readiness.scale) & (
            _A.readiness_level >= filters.readiness.level
        )
    if filters.price_max is not None:
        found["price_max"] = (_A.price_currency == filters.price_max.currency) & (
            _A.price_minor <= filters.price_max.amount_minor
        )
    if filters.on_offer is not None:
        found["on_offer"] = _ON_OFFER if filters.on_offer else ~_ON_OFFER
    return found


def row_of(document: Document, readiness: Readiness) -> dict[str, Any]:
    """Return the row by which an achievement is found, its words in their text form."""
    price = document.price
    return {
        "achievement_id": document.id,
        "market_id": document.market_id,
        "version": document.version,
        "technology_field": document.technology_field,
        "kind": document.kind,
        "ip_kind": document.ip_kind,
        "conversion_modes": list(document.conversion_modes),
        "region": document.region,
        "readiness_scale": readiness.scale,
        "readiness_level": readiness.level,
        "readiness_bp": readiness_bp(readiness),
        "price_minor": None if price is None else price.amount_minor,
        "price_currency": None if price is None else price.currency,
        "shelved_at": document.shelved_at,
        "owner_name": document.owner_name,
        "words": words_text(document.title, document.keywords, document.texts, _facts(document)),
    }


def _tsvector(words: str) -> ColumnElement[Any]:
    return cast(cast(words, Text), TSVECTOR)


async def put_achievement(session: AsyncSession, document: Document, readiness: Readiness) -> None:
    """Write what an achievement on the shelf is found by."""
    row = row_of(document, readiness)
    values = row | {"words": _tsvector(row["words"])}
    await session.execute(
        insert(_A)
        .values(**values)
        .on_conflict_do_update(index_elements=[_A.achievement_id], set_=values)
    )


async def remove_achievement(session: AsyncSession, achievement_id: AchievementId) -> None:
    """Let an achievement be found no more."""
    await session.execute(delete(_A).where(_A.achievement_id == achievement_id))


async def put_listing(session: AsyncSession, document: Document, told_abstract: str) -> None:
    """Write what a published listing is found by, once: its achievement is frozen with it."""
    await session.execute(
        insert(ListingSearchRow)
        .values(
            listing_id=document.id,
            technology_field=document.technology_field,
            keywords=list(document.keywords),
            told_abstract=told_abstract,
            owner_name=document.owner_name,
            words=_tsvector(words_text(document.title, document.keywords, document.texts)),
        )
        .on_conflict_do_nothing()
    )


async def load_achievements(
    session: AsyncSession, ids: Collection[UUID]
) -> Mapping[UUID, FoundAchievement]:
    """Return those that are still on the shelf with the content by which they were found.

    Invariant: LS55.
    """
    row = AchievementRow
    told = case(
        (row.confidentiality == str(Confidentiality.PUBLIC), row.abstract),
        else_=row.public_summary,
    )
    rows = await session.execute(
        select(_A, row.title, row.keywords, told, row.party_id, _ON_OFFER)
        .join(row, row.id == _A.achievement_id)
        .where(_A.achievement_id.in_(ids), row.status == "accepted", row.version == _A.version)
        .execution_options(populate_existing=True)
    )
    return {
        found.achievement_id: FoundAchievement(
            id=AchievementId(found.achievement_id),
            market_id=MarketId(found.market_id),
            party_id=PartyId(party_id),
            owner_name=found.owner_name,
            region=found.region,
            title=title,
            keywords=tuple(keywords),
            abstract=abstract or "",
            technology_field=found.technology_field,
            kind=found.kind,
            ip_kind=found.ip_kind,
            conversion_modes=tuple(found.conversion_modes),
            readiness=Readiness(found.readiness_scale, found.readiness_level),
            price_idea=_money(found.price_minor, found.price_currency),
            version=found.version,
            shelved_at=found.shelved_at,
            on_offer=on_offer,
        )
        for found, title, keywords, abstract, party_id, on_offer in rows
    }


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


async def load_listings(
    session: AsyncSession, ids: Collection[UUID]
) -> Mapping[UUID, FoundListing]:
    """Return published listings as they stand now."""
    rows = await session.execute(
        select(_L, ListingSearchRow)
        .join(ListingSearchRow, ListingSearchRow.listing_id == _L.id)
        .where(_L.id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {
        row.id: FoundListing(
            id=ListingId(row.id),
            number=row.number,
            market_id=MarketId(row.market_id),
            seller_id=PartyId(row.seller_id),
            achievement_id=AchievementId(row.achievement_id),
            auction_id=row.auction_id,
            owner_name=found.owner_name,
            title=row.title,
            keywords=tuple(found.keywords),
            abstract=found.told_abstract,
            technology_field=found.technology_field,
            status=ListingStatus(row.status),
            pricing_mode=PricingMode(row.pricing_mode),
            conversion_mode=row.conversion_mode,
            floor=Money(row.floor_minor, row.currency),
            deposit=Money(row.deposit_minor, row.currency),
            published_at=row.published_at,
            disclosure_ends_at=row.disclosure_ends_at,
            opens_at=row.opens_at,
        )
        for row, found in rows
        if row.published_at is not None and row.disclosure_ends_at is not None
    }
