"""Load demands: under their lock to change them, or as far as the actor may see them."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, may_see
from app.demands.repository import demands as repository
from app.demands.repository import reshapings
from app.platform.access import Actor, ObjectUnknown
from app.shared.ids import DemandId


async def lock_demand(session: AsyncSession, demand_id: DemandId) -> Demand:
    """Return a demand under its row lock; every change of what belongs to it begins here.

    Raises:
        ObjectUnknown: There is none.
    """
    demand = await repository.find(session, demand_id, lock=True)
    if demand is None:
        raise ObjectUnknown("There is no such demand.")
    return demand


async def read_demand(session: AsyncSession, actor: Actor, demand_id: DemandId) -> Demand:
    """Return a demand that the actor may see, or that a demand of its own was merged into.

    Raises:
        ObjectUnknown: There is none, or it is not for the actor.
    """
    demand = await repository.find(session, demand_id)
    if demand is None or not (
        may_see(actor.viewer, demand) or await _took_in(session, actor, demand)
    ):
        raise ObjectUnknown("There is no such demand for you.")
    return demand


async def _took_in(session: AsyncSession, actor: Actor, demand: Demand) -> bool:
    # Whose aim another demand took over goes on reading of it (DM25).
    party_id = actor.viewer.party_id
    return party_id is not None and await reshapings.was_merged_into(session, demand.id, party_id)
