"""The deadline for proposals passes: the demand closes, whatever came is then dealt with."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DEMAND_TRANSITIONS, DemandStatus, DemandTrigger
from app.demands.repository import demands as repository
from app.demands.service.closing import on_closed
from app.demands.service.locking import lock_demand
from app.demands.service.posting import watch_close
from app.platform.secrets import Box
from app.shared.ids import DemandId
from app.shared.transitions import advance


async def close_demand(session: AsyncSession, box: Box, demand_id: UUID, due_at: datetime) -> None:
    """Close a demand whose deadline has passed (a timer); one that was put off waits for that.

    Invariant: DM5.
    """
    demand = await lock_demand(session, DemandId(demand_id))
    if demand.status is not DemandStatus.POSTED or demand.closes_at is None:
        return
    if demand.closes_at > due_at:
        await watch_close(session, demand)
        return
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.CLOSE)
    closed = replace(demand, status=status)
    await repository.save(session, closed)
    await on_closed(session, box, closed, at=demand.closes_at)
