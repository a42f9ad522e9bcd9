"""Deals of a period, for what is exported of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.models import DealRow
from app.settlement.repository.deals import deal_of
from app.shared.ids import MarketId, PartyId


async def deals_confirmed(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_id: PartyId | None,
    start: datetime,
    end: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Deal]:
    """Return the deals that were confirmed in a period and not broken, the oldest first.

    Args:
        start, end: Half open.
        after: Moment and id of the last one that is known already.
    """
    statement = select(DealRow).where(
        DealRow.market_id == market_id,
        DealRow.confirmed_at >= start,
        DealRow.confirmed_at < end,
        DealRow.status != str(DealStatus.DEFAULTED),
    )
    if seller_id is not None:
        statement = statement.where(DealRow.seller_id == seller_id)
    if after is not None:
        statement = statement.where(tuple_(DealRow.confirmed_at, DealRow.id) > after)
    rows = await session.scalars(
        statement.order_by(DealRow.confirmed_at, DealRow.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [deal_of(row) for row in rows]
