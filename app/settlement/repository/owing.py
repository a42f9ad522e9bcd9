"""Which deals an arrival at the bank may pay."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.models import DealRow
from app.settlement.repository.deals import deal_of
from app.shared.ids import MarketId, PartyId
from app.shared.money import Money


async def find_deals(
    session: AsyncSession,
    market_id: MarketId,
    *,
    deal_ids: Collection[UUID],
    numbers: Collection[str],
    buyer_ids: Collection[PartyId],
    amount: Money,
    limit: int,
) -> Sequence[Deal]:
    """Return the deals named, those of the buyers, and open ones whose price lacks the amount.

    The open ones come first.
    """
    row = DealRow
    is_open = row.status == str(DealStatus.OPENED)
    lacks = and_(
        is_open,
        row.price_minor - row.paid_minor == amount.amount_minor,
        row.currency == amount.currency,
    )
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            or_(
                row.id.in_(deal_ids) if deal_ids else false(),
                row.number.in_(numbers) if numbers else false(),
                row.buyer_id.in_(buyer_ids) if buyer_ids else false(),
                lacks,
            ),
        )
        .order_by(is_open.desc(), row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [deal_of(found) for found in rows]
