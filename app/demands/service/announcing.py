"""Announce who is to get a demand's work."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandTrigger
from app.demands.domain.notice import DemandNoticeKind
from app.demands.service.noticing import publish_notice
from app.shared.transitions import advance


async def announce_result(
    session: AsyncSession, demand: Demand, ranking: Sequence[Winner], *, at: datetime, actor: str
) -> Demand:
    """Publish the result of a locked demand's review, best first."""
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.ANNOUNCE)
    facts = {"ranking": [{"rank": it.rank, "price": it.price} for it in ranking]}
    return await publish_notice(
        session,
        replace(demand, status=status),
        DemandNoticeKind.RESULT,
        facts,
        what="noticed",
        at=at,
        actor=actor,
    )
