"""What engagements of a market's demands came to, by field."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.engagement import EngagementStatus
from app.demands.models import DemandRow, EngagementRow
from app.shared.ids import MarketId
from app.shared.money import Money

PRICES_MAX: Final = 200  # the latest: older ones tell less of a field
# An award that was never signed is no deal.
_NO_DEAL: Final = (str(EngagementStatus.OPENED), str(EngagementStatus.FALLEN))


async def of_field(
    session: AsyncSession, market_id: MarketId, *, technology_field: str, currency: str
) -> Sequence[Money]:
    """Return the prices of a market's latest signed engagements of a field in a currency."""
    found = await session.scalars(
        select(EngagementRow.price_minor)
        .join(DemandRow, DemandRow.id == EngagementRow.demand_id)
        .where(
            EngagementRow.market_id == market_id,
            EngagementRow.status.not_in(_NO_DEAL),
            EngagementRow.currency == currency,
            DemandRow.technology_field == technology_field,
        )
        .order_by(EngagementRow.id.desc())
        .limit(PRICES_MAX)
    )
    return [Money(minor, currency) for minor in found]
