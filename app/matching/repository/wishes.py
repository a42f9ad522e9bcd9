"""SQL of match wishes."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.wishes import (
    NOTHING,
    EntryWishes,
    KeptWishes,
    wishes_from_json,
    wishes_to_json,
)
from app.matching.models import MatchEntryRow, MatchWishesRow
from app.shared.ids import MarketId, new_id


async def find(session: AsyncSession, entry_id: UUID) -> KeptWishes:
    """Return what is wished of an entry's matches; version 0 where nothing ever was."""
    row = await session.scalar(
        select(MatchWishesRow)
        .where(MatchWishesRow.entry_id == entry_id)
        .execution_options(populate_existing=True)
    )
    return NOTHING if row is None else KeptWishes(row.version, _wishes(row))


async def wishes_of(
    session: AsyncSession, entry_ids: Collection[UUID]
) -> Mapping[UUID, EntryWishes]:
    """Return the wishes of those of the entries that have any, in one query."""
    rows = await session.scalars(
        select(MatchWishesRow)
        .where(MatchWishesRow.entry_id.in_(entry_ids))
        .execution_options(populate_existing=True)
    )
    return {row.entry_id: _wishes(row) for row in rows}


def _wishes(row: MatchWishesRow) -> EntryWishes:
    return wishes_from_json(row.content, MarketId(row.market_id))


async def save(
    session: AsyncSession,
    entry_id: UUID,
    kind: EntryKind,
    market_id: MarketId,
    kept: KeptWishes,
    *,
    at: datetime,
) -> UUID | None:
    """Put wishes in the place of the version before, and have the entry matched anew.

    Returns:
        The journal's subject; ``None`` if another version stood there.

    Invariant: MT107, MT108.
    """
    present = {"version": kept.version, "content": wishes_to_json(kept.wishes), "changed_at": at}
    new = {"id": new_id(), "entry_id": entry_id, "kind": str(kind), "market_id": market_id}
    subject: UUID | None = await session.scalar(
        insert(MatchWishesRow)
        .values(**new, **present)
        .on_conflict_do_update(
            index_elements=["entry_id"],
            set_=present,
            where=MatchWishesRow.version == kept.version - 1,
        )
        .returning(MatchWishesRow.id)
    )
    if subject is not None:
        await session.execute(
            update(MatchEntryRow).where(MatchEntryRow.id == entry_id).values(matched_with=None)
        )
    return subject
