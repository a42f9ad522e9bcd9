"""What other modules may use of demands."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import DemandContent
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.repository import demands
from app.platform.access import ObjectUnknown, Owner
from app.shared.ids import DemandId

__all__ = ["Demand", "DemandContent", "DemandStatus", "get_demand", "owner_of_demand"]


async def get_demand(session: AsyncSession, demand_id: DemandId, *, lock: bool = False) -> Demand:
    """Return a demand, whoever asks: the caller answers for what it shows.

    Args:
        lock: Take its row lock for the rest of the transaction.

    Raises:
        ObjectUnknown: There is none.
    """
    demand = await demands.find(session, demand_id, lock=lock)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    return demand


async def owner_of_demand(session: AsyncSession, demand_id: UUID) -> Owner | None:
    """Return a demand's market and poster."""
    found = await demands.find(session, DemandId(demand_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))
