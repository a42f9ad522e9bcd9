"""What comes by itself: income of a deal, the end of a notice, a day that is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_parties
from app.platform.access import SYSTEM
from app.platform.inbox import NewNotification, notify
from app.settlement.domain.deal import Deal
from app.settlement.domain.sharing.awards import Income, SharingTrigger, due_day
from app.settlement.domain.sharing.plans import GOVERNMENT_FOUNDED
from app.settlement.repository import lock_deals
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import conclude_if_over, keep
from app.settlement.service.sharing.reminding import tell_due
from app.shared.ids import DealId
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class Earned:
    """What a deal brought its seller at a moment, and what of it the exchange kept."""

    deal_id: UUID
    amount: Money
    withheld: Money
    at: datetime


async def note_incomes(session: AsyncSession, earned: Sequence[Earned]) -> None:
    """Note what deals brought their sellers; a sharing that was paid owes again (ST145).

    The deals' locks keep a sharing from being opened beside it, unseen.
    """
    deals = await lock_deals(session, {one.deal_id for one in earned})
    sharings = await repository.lock_of_deals(session, deals)
    known = await repository.incomes_of_deals(session, deals)
    noted: list[tuple[Deal, Income]] = []
    for one in earned:
        deal = deals[DealId(one.deal_id)]
        income = Income(len(known[deal.id]) + 1, one.amount, one.withheld, one.at)
        known[deal.id].append(income)
        noted.append((deal, income))
    await repository.insert_incomes(session, [(deal.id, income) for deal, income in noted])
    await _tell_units(session, [pair for pair in noted if pair[0].id not in sharings])
    for deal, income in noted:
        if deal.id in sharings:
            at = income.received_at
            sharing = await conclude_if_over(session, sharings[deal.id], now=at)
            moved = sharing.moved(SharingTrigger.EARN)
            told = {"income": income}
            kept = await keep(session, moved, "earned", SYSTEM, at, restricted=told)
            sharings[deal.id] = kept


async def _tell_units(session: AsyncSession, noted: Sequence[tuple[Deal, Income]]) -> None:
    """Tell units that the law binds that there is something to share."""
    units = await get_parties(session, {deal.seller_id for deal, _ in noted}) if noted else ()
    bound = {unit.id for unit in units if unit.seller_class in GOVERNMENT_FOUNDED}
    told = [_something_to_share(*pair) for pair in noted if pair[0].seller_id in bound]
    await notify(session, *told)


def _something_to_share(deal: Deal, income: Income) -> NewNotification:
    due = due_day(income.received_at, None)
    return NewNotification(
        market_id=deal.market_id,
        party_id=deal.seller_id,
        topic="settlement.income_to_share",
        title_zh="成果转化收入到账，请办理收益分配",
        title_en="Conversion income arrived: share it",
        text_zh=f"成交 {deal.number} 到账 {income.amount} 元，奖励最迟于 {due} 支付。",
        text_en=f"Deal {deal.number} brought {income.amount}; awards are due by {due}.",
        dedupe_key=f"income:{deal.id}:{income.number}",
        market_at=income.received_at,
        data={"deal_id": deal.id, "amount": income.amount, "due_on": due},
    )


async def conclude(session: AsyncSession, sharing_id: UUID, now: datetime) -> None:
    """Publish that a notice is over."""
    sharing = await repository.lock_sharing(session, sharing_id)
    if sharing is not None:
        await conclude_if_over(session, sharing, now=now)


async def remind_unit(session: AsyncSession, sharing_id: UUID, now: datetime) -> None:
    """Tell the unit of awards that are due soon, or overdue."""
    sharing = await repository.lock_sharing(session, sharing_id)
    if sharing is not None:
        await tell_due(session, await conclude_if_over(session, sharing, now=now), now=now)
