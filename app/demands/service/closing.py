"""What becomes of the proposals when the deadline has passed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.platform.access import SYSTEM
from app.platform.secrets import Box


async def on_closed(session: AsyncSession, box: Box, demand: Demand, *, at: datetime) -> None:
    """Tell that proposals are taken no more; the caller holds the demand's lock."""
    await journal.append(session, demand_event(demand, "closed", actor=SYSTEM, at=at, public={}))
