"""What other modules may use of demands."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import repository
from app.demands.domain.demand import Demand, DemandContent, DemandStatus
from app.platform.access import ObjectUnknown, Owner
from app.shared.ids import DemandId

__all__ = ["Demand", "DemandContent", "DemandStatus", "get_demand", "owner_of_demand"]


async def get_demand(session: AsyncSession, demand_id: DemandId) -> Demand:
    """Return a demand, whoever asks: the caller answers for what it shows.

    Raises:
        ObjectUnknown: There is none.
    """
    demand = await repository.find(session, demand_id)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    return demand


async def owner_of_demand(session: AsyncSession, demand_id: UUID) -> Owner | None:
    """Return a demand's market and poster."""
    found = await repository.find(session, DemandId(demand_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))
