"""The notice of a result is over: the work is awarded, unless somebody's objection waits."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.objection import Result, is_over
from app.demands.domain.posting import DecisionWay
from app.demands.domain.ranking import lanes
from app.demands.repository import objections, results
from app.demands.service.announcing import LOOK_AGAIN, notice_end, watch_notice
from app.demands.service.engaging import engage
from app.demands.service.locking import lock_demand
from app.demands.service.reviewing import end_result
from app.platform.access import SYSTEM
from app.shared.calendar import CalendarHorizonExceeded
from app.shared.ids import DemandId
from app.shared.transitions import TransitionRefused


async def notice_over(session: AsyncSession, demand_id: UUID, due_at: datetime) -> None:
    """Award a demand whose result was open to objections long enough (a timer).

    Invariant: DM72.
    """
    demand = await lock_demand(session, DemandId(demand_id))
    result = await results.latest(session, demand.id)
    if demand.status is not DemandStatus.NOTICED or result is None or result.over_at is not None:
        return
    if result.ends_at is None:
        result = replace(result, ends_at=notice_end(demand, result.published_at))
        await results.save_times(session, result.id, ends_at=result.ends_at, over_at=None)
    if not is_over(result, now=due_at):
        await watch_notice(session, demand, result.ends_at or due_at + LOOK_AGAIN)
        return
    await award_if_free(session, demand, result, at=due_at)


async def require_unawarded(session: AsyncSession, demand: Demand, *, now: datetime) -> None:
    """Refuse to withdraw a locked demand whose award is due, however late its timer comes.

    Raises:
        TransitionRefused: Its notice is over, and no objection waits.

    Invariant: DM72.
    """
    if demand.status is not DemandStatus.NOTICED:
        return
    result = await results.latest(session, demand.id)
    if result is None or not is_over(result, now=now):
        return
    if not await objections.count_open(session, result.id):
        raise TransitionRefused(
            "The notice is over: the work is awarded.", state=str(demand.status), accepted=[]
        )


async def award_if_free(
    session: AsyncSession, demand: Demand, result: Result, *, at: datetime
) -> Demand:
    """Award a locked demand whose notice is over and to which no objection waits.

    Where the working days of what follows are not known, the award waits for them by the
    demand's own timer, and nobody else waits with it.

    Invariant: DM72.
    """
    if not is_over(result, now=at) or await objections.count_open(session, result.id):
        return demand
    ranked = {it.proposal_id: it for it in await results.ranking_of(session, result.review_id)}
    chosen = [ranked[proposal_id].winner for proposal_id in result.winners]
    if demand.terms is not None and demand.terms.decision is DecisionWay.RACING:
        # A route's budget goes by its lane, whatever the rank that won it.
        places = lanes([item.price for item in chosen], demand.terms.route_budgets)
        chosen = [replace(it, rank=lane) for it, lane in zip(chosen, places, strict=True)]
    try:
        async with session.begin_nested():
            await end_result(session, demand.id, at=at)
            return await engage(session, demand, chosen, at=at, actor=SYSTEM)
    except CalendarHorizonExceeded:
        await watch_notice(session, demand, at + LOOK_AGAIN)
        return demand
