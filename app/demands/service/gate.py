"""Hold a demand against the quality gate and the past deals of its field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.checking import check_content
from app.demands.domain.content import DemandContent
from app.demands.domain.demand import DemandInvalid, is_near
from app.demands.domain.gate import DemandGateReport, assess_demand, quartiles
from app.demands.repository import deal_prices as engaged
from app.demands.service.locking import read_demand
from app.platform.access import Actor, ObjectUnknown
from app.shared.calendar import SHANGHAI
from app.shared.ids import DemandId, MarketId
from app.shared.money import Money
from app.valuations.public import deal_prices


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a content, and what would keep it from being answered well.

    Attributes:
        faults: With any of them it would be refused.
    """

    faults: list[dict[str, Any]]
    report: DemandGateReport


async def deals_of_field(
    session: AsyncSession, market_id: MarketId, *, technology_field: str, currency: str
) -> Sequence[Money]:
    """Return what a market's latest deals of a field came to: results sold and demands worked on.

    Without whose they were; `quartiles` tells them to others only if they are enough.
    """
    of = {"technology_field": technology_field, "currency": currency}
    sales = await deal_prices(session, market_id, **of)
    return [*sales, *await engaged.of_field(session, market_id, **of)]


async def gate_report(
    session: AsyncSession, market_id: MarketId, content: DemandContent, *, now: datetime
) -> DemandGateReport:
    """Return what the gate says of a content, with the present deals of its field.

    Invariants: DM20, DM21.
    """
    prices = None
    if content.budget.low is not None:
        field, currency = content.technology_field, content.budget.low.currency
        prices = quartiles(
            await deals_of_field(session, market_id, technology_field=field, currency=currency)
        )
    return assess_demand(content, today=now.astimezone(SHANGHAI).date(), prices=prices)


async def check_demand(
    session: AsyncSession, actor: Actor, content: DemandContent, *, now: datetime
) -> Checked:
    """Check a content before it is drafted; nothing is stored."""
    faults: list[dict[str, Any]] = []
    try:
        check_content(content, today=now.astimezone(SHANGHAI).date())
    except DemandInvalid as refusal:
        found = refusal.fields["errors"]
        assert isinstance(found, list)
        faults = found
    return Checked(faults, await gate_report(session, actor.market_id, content, now=now))


async def gate_of(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> DemandGateReport:
    """Return what the gate says of a demand; for its poster and the market's staff.

    Raises:
        ObjectUnknown: There is no such demand, or it is not for the actor.
    """
    demand = await read_demand(session, actor, demand_id)
    if not is_near(actor.viewer, demand):
        raise ObjectUnknown("The gate is for the poster and the exchange.")
    return await gate_report(session, demand.market_id, demand.content, now=now)
