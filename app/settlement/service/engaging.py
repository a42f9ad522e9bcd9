"""Open the deal of an engagement, and follow what leaves its escrow."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealExists, DealStatus, follow
from app.settlement.service.charging import charge_deal
from app.settlement.service.settling import journal_deal
from app.shared.ids import DealId, EngagementId, new_id
from app.shared.money import Money


async def open_engaged(
    session: AsyncSession, engagement_id: EngagementId, *, at: datetime, actor: str
) -> DealId:
    """Open an engagement's deal: the poster buys the work, the solver sells it (ST20).

    No deposit is taken; the start is the budget's upper end, else the price.

    Raises:
        DealExists: It has its living deal.
    """
    engagement = await demands.get_engagement(session, engagement_id)
    demand = await demands.get_demand(session, engagement.demand_id)
    price, nothing = engagement.price, engagement.nothing
    budget = demand.content.budget.high
    start = price if budget is None or budget.currency != price.currency else budget
    deal = Deal(
        id=DealId(new_id()),
        number=await repository.next_number(session, confirmed_at=at),
        market_id=engagement.market_id,
        listing_id=None,
        demand_id=engagement.demand_id,
        engagement_id=engagement.id,
        seller_id=engagement.solver_id,
        buyer_id=engagement.poster_id,
        registration_id=None,
        status=DealStatus.OPENED,
        start=start,
        price=price,
        deposit=nothing,
        paid=nothing,
        released=nothing,
        returned=nothing,
        source="demand",
        source_id=engagement.demand_id,
        confirmed_at=at,
        sign_by_at=engagement.sign_by_at,
        pay_by_at=engagement.pay_by_at,
    )
    if not await repository.insert_deal(session, deal):
        raise DealExists("An engagement has one deal.", engagement_id=engagement.id)
    told = {
        "number": deal.number,
        "price": deal.price,
        "start": deal.start,
        "premium_rate": deal.premium_rate,
        "source": deal.source,
        "source_id": deal.source_id,
    }
    await journal_deal(session, deal, "opened", actor, at, public=told)
    await charge_deal(session, deal, actor=actor)
    return deal.id


async def follow_engagement(
    session: AsyncSession,
    engagement_id: EngagementId,
    *,
    released: Money | None,
    returned: Money | None,
    finished: bool,
    at: datetime,
    actor: str,
) -> None:
    """Note what left the escrow of an engagement's deal; close it when nothing more is to come.

    The money has moved in the engagement's own transaction; this only follows (ST22, ST23).
    """
    deal = await repository.lock_engaged(session, engagement_id)
    if deal is None:
        return  # it fell: its deal ended in default
    nothing = Money(0, deal.price.currency)
    moved = follow(
        deal,
        released=released or nothing,
        returned=returned or nothing,
        finished=finished,
        now=at,
    )
    if moved == deal:
        return
    await repository.save_deal(session, moved)
    if moved.status is not deal.status:
        told = {"released": moved.released, "returned": moved.returned}
        await journal_deal(session, moved, "settled", actor, at, restricted=told)
