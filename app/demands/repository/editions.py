"""Editions in the database, and the demands that name them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.edition import Edition, EditionStatus
from app.demands.models import DemandRow, EditionRow
from app.demands.repository.demands import to_demand
from app.shared.calendar import SHANGHAI
from app.shared.ids import EditionId, MarketId


def _edition(row: EditionRow) -> Edition:
    return Edition(
        id=EditionId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        status=EditionStatus(row.status),
        title=row.title,
        region_code=row.region_code,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        created_at=row.created_at,
        published_at=row.published_at,
        content=row.content,
        content_hash=row.content_hash,
    )


async def next_number(session: AsyncSession, *, now: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("demand_edition_numbers")))
    return f"ZP-L-{now.astimezone(SHANGHAI).year}-{value:06}"


async def insert(session: AsyncSession, edition: Edition) -> None:
    """Insert a new edition."""
    values: dict[str, Any] = {
        name: getattr(edition, name) for name in Edition.__slots__ if name != "status"
    }
    session.add(EditionRow(**values, status=str(edition.status)))
    await session.flush()


async def save_published(session: AsyncSession, edition: Edition) -> None:
    """Save what was published; the caller holds the row's lock."""
    await session.execute(
        update(EditionRow)
        .where(EditionRow.id == edition.id)
        .values(
            status=str(edition.status),
            published_at=edition.published_at,
            content=None if edition.content is None else dict(edition.content),
            content_hash=edition.content_hash,
        )
        .execution_options(synchronize_session=False)
    )


async def find(
    session: AsyncSession, edition_id: EditionId, *, lock: bool = False, keep: bool = False
) -> Edition | None:
    """Return an edition.

    Args:
        lock: To publish it.
        keep: So that nobody publishes it before the transaction ends.
    """
    statement = select(EditionRow).where(EditionRow.id == edition_id)
    if lock or keep:
        statement = statement.with_for_update(read=not lock)
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _edition(row)


async def find_page(
    session: AsyncSession, market_id: MarketId | None, *, before: EditionId | None, limit: int
) -> Sequence[Edition]:
    """Return editions, newest first, below ``before``."""
    rows = await session.scalars(
        select(EditionRow)
        .where(
            true() if market_id is None else EditionRow.market_id == market_id,
            true() if before is None else EditionRow.id < before,
        )
        .order_by(EditionRow.id.desc())
        .limit(limit)
    )
    return [_edition(row) for row in rows]


async def demands_of(session: AsyncSession, edition_id: EditionId) -> Sequence[Demand]:
    """Return the demands that name an edition, in the order of their numbers."""
    rows = await session.scalars(
        select(DemandRow)
        .where(DemandRow.edition_id == edition_id)
        .order_by(DemandRow.number)
        .execution_options(populate_existing=True)
    )
    return [to_demand(row) for row in rows]
