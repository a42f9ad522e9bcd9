"""Which deals an arrival at the bank may pay."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, and_, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
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
    amount: Money | None,
    limit: int,
) -> Sequence[Deal]:
    """Return the deals named, those of the buyers, and open ones whose price lacks the amount.

    The named come first, then those of the buyers, of each the open ones.
    """
    row = DealRow
    is_open = row.status == str(DealStatus.OPENED)
    named = or_(
        row.id == func.any(literal(list(deal_ids), ARRAY(Uuid))),
        row.number == func.any(literal(list(numbers), ARRAY(String))),
    )
    of_buyers = row.buyer_id == func.any(literal(list(buyer_ids), ARRAY(Uuid)))
    lacks: ColumnElement[bool] = false()
    if amount is not None:
        lacks = and_(
            is_open,
            row.price_minor - row.paid_minor == amount.amount_minor,
            row.currency == amount.currency,
        )
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            or_(named, of_buyers, lacks),
        )
        .order_by(named.desc(), of_buyers.desc(), is_open.desc(), row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [deal_of(found) for found in rows]
