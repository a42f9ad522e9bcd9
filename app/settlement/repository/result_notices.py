"""Result notices in the database."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.result_notice import ResultNotice, duration_json, read_duration
from app.settlement.models import ResultNoticeRow
from app.shared.ids import DealId, ListingId, MarketId


async def insert_once(session: AsyncSession, notice: ResultNotice) -> bool:
    """Write a deal's notice; false if it has one."""
    claimed = await session.scalar(
        insert(ResultNoticeRow)
        .values(
            id=notice.id,
            deal_id=notice.deal_id,
            listing_id=notice.listing_id,
            market_id=notice.market_id,
            content=dict(notice.content),
            content_hash=notice.content_hash,
            published_at=notice.published_at,
            duration=duration_json(notice.duration),
        )
        .on_conflict_do_nothing(index_elements=["deal_id"])
        .returning(ResultNoticeRow.id)
    )
    return claimed is not None


async def list_notices(
    session: AsyncSession,
    *,
    market_id: UUID | None,
    listing_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[ResultNotice]:
    """Return published results, newest first: of all markets, one, or one listing."""
    statement = select(ResultNoticeRow)
    if market_id is not None:
        statement = statement.where(ResultNoticeRow.market_id == market_id)
    if listing_id is not None:
        statement = statement.where(ResultNoticeRow.listing_id == listing_id)
    if before is not None:
        statement = statement.where(ResultNoticeRow.id < before)
    rows = await session.scalars(statement.order_by(ResultNoticeRow.id.desc()).limit(limit))
    return [
        ResultNotice(
            id=row.id,
            deal_id=DealId(row.deal_id),
            listing_id=ListingId(row.listing_id),
            market_id=MarketId(row.market_id),
            content=row.content,
            content_hash=row.content_hash,
            published_at=row.published_at,
            duration=read_duration(row.duration),
        )
        for row in rows
    ]
