"""Comparable deals in the database, and what they are folded from."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.shared.ids import ListingId, MarketId
from app.shared.jsonable import jsonable
from app.shared.money import Money
from app.valuations.domain.comparables import (
    Comparable,
    ComparableFilter,
    ComparableSource,
    ComparableTerms,
    DealFacts,
    SaleRecord,
)
from app.valuations.models import ComparableRow, SaleRecordRow

PRICES_MAX = 200  # the latest: older ones tell less of a field
_TERMS = ("title", "technology_field", "kind", "ip_kind", "readiness", "conversion_mode")
_FILTERED = ("technology_field", "kind", "ip_kind", "conversion_mode", "contested", "source")


def _money(told: Mapping[str, str] | None) -> Money | None:
    return None if told is None else Money.parse(told["amount"], told["currency"])


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


def _deal(told: Mapping[str, Any]) -> DealFacts:
    return DealFacts(
        opened_at=_moment(told["opened_at"]),
        price=_money(told["price"]),
        start=_money(told["start"]),
        source=told["source"],
        settled_at=_moment(told["settled_at"]),
        defaulted_at=_moment(told["defaulted_at"]),
    )


def _record(row: SaleRecordRow) -> SaleRecord:
    terms = row.terms
    return SaleRecord(
        listing_id=ListingId(row.listing_id),
        market_id=MarketId(row.market_id),
        terms_version=row.terms_version,
        terms=None
        if terms is None
        else ComparableTerms(**{**terms, "floor": _money(terms["floor"])}),
        deals={UUID(key): _deal(deal) for key, deal in row.deals.items()},
    )


async def lock_record(
    session: AsyncSession, listing_id: ListingId, market_id: MarketId
) -> SaleRecord:
    """Return what is known of a listing's sale, locked; nothing yet makes an empty record."""
    await session.execute(
        upsert(SaleRecordRow)
        .values(listing_id=listing_id, market_id=market_id, terms_version=0, terms=None, deals={})
        .on_conflict_do_nothing()
    )
    row = await session.scalar(
        select(SaleRecordRow)
        .where(SaleRecordRow.listing_id == listing_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    assert row is not None
    return _record(row)


async def save_record(session: AsyncSession, record: SaleRecord) -> None:
    """Save what is known of a listing's sale."""
    await session.execute(
        update(SaleRecordRow)
        .where(SaleRecordRow.listing_id == record.listing_id)
        .values(
            terms_version=record.terms_version,
            terms=None if record.terms is None else jsonable(record.terms),
            deals=jsonable(record.deals),
        )
    )


def _values(comparable: Comparable) -> dict[str, Any]:
    terms = comparable.terms
    return {
        "id": comparable.id,
        "market_id": comparable.market_id,
        "source": str(comparable.source),
        "listing_id": comparable.listing_id,
        **{name: getattr(terms, name) for name in _TERMS},
        "pricing_mode": terms.pricing_mode,
        "currency": comparable.price.currency,
        "price_minor": comparable.price.amount_minor,
        "start_minor": None if comparable.start is None else comparable.start.amount_minor,
        "floor_minor": None if terms.floor is None else terms.floor.amount_minor,
        "contested": comparable.contested,
        "dealt_on": comparable.dealt_on,
        "cited": comparable.cited,
        "note": comparable.note,
    }


def _comparable(row: ComparableRow) -> Comparable:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, row.currency)

    return Comparable(
        id=row.id,
        market_id=MarketId(row.market_id),
        source=ComparableSource(row.source),
        listing_id=None if row.listing_id is None else ListingId(row.listing_id),
        terms=ComparableTerms(
            **{name: getattr(row, name) for name in _TERMS},
            pricing_mode=row.pricing_mode,
            floor=money(row.floor_minor),
        ),
        price=Money(row.price_minor, row.currency),
        start=money(row.start_minor),
        contested=row.contested,
        dealt_on=row.dealt_on,
        cited=row.cited,
        note=row.note,
    )


async def insert_given(session: AsyncSession, comparable: Comparable) -> None:
    """Keep a given comparable."""
    await session.execute(insert(ComparableRow).values(**_values(comparable)))


async def put_own(session: AsyncSession, comparable: Comparable) -> None:
    """Keep a sale of this exchange, in the place of what was known of its listing."""
    values = _values(comparable)
    kept = {name: value for name, value in values.items() if name != "id"}
    await session.execute(
        upsert(ComparableRow)
        .values(**values)
        .on_conflict_do_update(index_elements=[ComparableRow.listing_id], set_=kept)
    )


async def find_many(
    session: AsyncSession, market_id: MarketId, ids: Collection[UUID]
) -> dict[UUID, Comparable]:
    """Return comparables of a market by id."""
    rows = await session.scalars(
        select(ComparableRow).where(ComparableRow.market_id == market_id, ComparableRow.id.in_(ids))
    )
    return {row.id: _comparable(row) for row in rows}


async def find_page(
    session: AsyncSession,
    market_id: MarketId,
    asked: ComparableFilter,
    *,
    before: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Comparable]:
    """Return a market's comparables, latest deal first, below ``before``."""
    wanted = [
        getattr(ComparableRow, name) == getattr(asked, name)
        for name in _FILTERED
        if getattr(asked, name) is not None
    ]
    place = tuple_(ComparableRow.dealt_on, ComparableRow.id)
    rows = await session.scalars(
        select(ComparableRow)
        .where(
            ComparableRow.market_id == market_id,
            *wanted,
            true() if asked.since is None else ComparableRow.dealt_on >= asked.since,
            true() if before is None else place < before,
        )
        .order_by(ComparableRow.dealt_on.desc(), ComparableRow.id.desc())
        .limit(limit)
    )
    return [_comparable(row) for row in rows]


async def prices(
    session: AsyncSession, market_id: MarketId, *, technology_field: str, currency: str
) -> Sequence[Money]:
    """Return the prices of a market's latest comparables of a field in a currency."""
    found = await session.scalars(
        select(ComparableRow.price_minor)
        .where(
            ComparableRow.market_id == market_id,
            ComparableRow.technology_field == technology_field,
            ComparableRow.currency == currency,
        )
        .order_by(ComparableRow.dealt_on.desc(), ComparableRow.id.desc())
        .limit(PRICES_MAX)
    )
    return [Money(minor, currency) for minor in found]
