"""Saved searches in the database."""

from collections.abc import Collection, Sequence

from sqlalchemy import any_, delete, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.searching import (
    Document,
    SavedSearch,
    Target,
    filters_from_json,
    filters_to_json,
)
from app.listings.models import SavedSearchRow
from app.shared.ids import MarketId, PartyId, SavedSearchId
from app.shared.words import anchor_of


def _saved(row: SavedSearchRow) -> SavedSearch:
    return SavedSearch(
        id=SavedSearchId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        name=row.name,
        target=Target(row.target),
        q=row.q,
        filters=filters_from_json(row.filters),
        created_at=row.created_at,
    )


async def insert(session: AsyncSession, saved: SavedSearch, *, created_by: str) -> None:
    """Insert a saved search with the token by which publications find it."""
    session.add(
        SavedSearchRow(
            id=saved.id,
            market_id=saved.market_id,
            party_id=saved.party_id,
            name=saved.name,
            target=str(saved.target),
            q=saved.q,
            filters=filters_to_json(saved.filters),
            anchor=anchor_of(saved.terms),
            technology_fields=list(saved.filters.technology_fields),
            created_at=saved.created_at,
            created_by=created_by,
        )
    )
    await session.flush()


async def count_of_party(session: AsyncSession, party_id: PartyId) -> int:
    """Return how many searches a party has saved."""
    found = select(func.count()).select_from(SavedSearchRow)
    return (await session.execute(found.where(SavedSearchRow.party_id == party_id))).scalar_one()


async def find(session: AsyncSession, saved_search_id: SavedSearchId) -> SavedSearch | None:
    """Return a saved search."""
    row = await session.get(SavedSearchRow, saved_search_id, populate_existing=True)
    return None if row is None else _saved(row)


async def find_page(
    session: AsyncSession, party_id: PartyId, *, before: SavedSearchId | None, limit: int
) -> Sequence[SavedSearch]:
    """Return a party's saved searches, newest first, below ``before``."""
    rows = await session.scalars(
        select(SavedSearchRow)
        .where(
            SavedSearchRow.party_id == party_id,
            true() if before is None else SavedSearchRow.id < before,
        )
        .order_by(SavedSearchRow.id.desc())
        .limit(limit)
    )
    return [_saved(row) for row in rows]


async def remove(session: AsyncSession, saved_search_id: SavedSearchId) -> None:
    """Delete a saved search."""
    await session.execute(delete(SavedSearchRow).where(SavedSearchRow.id == saved_search_id))


async def find_candidates(
    session: AsyncSession, document: Document, tokens: Collection[str]
) -> Sequence[SavedSearch]:
    """Return the saved searches of others that might find an entry: what the index can tell.

    Those whose anchor the entry has, or that have none, and whose fields admit its field.
    """
    row = SavedSearchRow
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == document.market_id,
            row.target == str(document.target),
            row.party_id != document.party_id,
            or_(row.anchor.in_(sorted(tokens)), row.anchor.is_(None)),
            or_(
                func.cardinality(row.technology_fields) == 0,
                literal(document.technology_field) == any_(row.technology_fields),
            ),
        )
        .order_by(row.id)
    )
    return [_saved(found) for found in rows]
