"""End a review that finds nobody."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandTrigger
from app.demands.repository import demands as repository
from app.demands.service.noticing import demand_event
from app.platform import journal
from app.shared.transitions import advance


async def fail_review(
    session: AsyncSession, demand: Demand, *, reason: str, at: datetime, actor: str
) -> Demand:
    """End the review of a locked demand without a winner; it can be mended and posted anew."""
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.FAIL)
    failed = replace(demand, status=status, reason=reason, ended_at=at)
    await repository.save(session, failed)
    event = demand_event(failed, "unanswered", actor=actor, at=at, public={"reason": reason})
    await journal.append(session, event)
    return failed
