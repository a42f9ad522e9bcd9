"""What comes by itself: income of a deal, the end of a notice, a day that is due."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.platform.access import SYSTEM
from app.platform.inbox import NewNotification, notify
from app.settlement.domain.deal import Deal
from app.settlement.domain.sharing.awards import Income, SharingTrigger, due_day
from app.settlement.domain.sharing.plans import GOVERNMENT_FOUNDED
from app.settlement.repository import get_deal
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import conclude_if_over, keep
from app.settlement.service.sharing.reminding import tell_due
from app.shared.money import Money


async def note_income(
    session: AsyncSession, deal_id: UUID, *, amount: Money, withheld: Money, at: datetime
) -> None:
    """Note what a deal brought its seller; a sharing that was paid owes again (ST145).

    The deal's lock keeps a sharing from being opened beside it, unseen.
    """
    deal = await get_deal(session, deal_id, lock=True)
    found = await repository.find_of_deal(session, deal.id, lock=True)
    number = len(await repository.incomes_of(session, deal.id)) + 1
    income = Income(number, amount, withheld, at)
    await repository.insert_income(session, deal.id, income)
    if found is None:
        await _tell_unit(session, deal, income)
        return
    sharing = await conclude_if_over(session, found, now=at)
    moved = sharing.moved(SharingTrigger.EARN)
    await keep(session, moved, "earned", SYSTEM, at, restricted={"income": income})


async def _tell_unit(session: AsyncSession, deal: Deal, income: Income) -> None:
    """Tell a unit that the law binds that there is something to share."""
    unit = await get_party(session, deal.seller_id)
    if unit.seller_class not in GOVERNMENT_FOUNDED:
        return
    due = due_day(income.received_at, None)
    await notify(
        session,
        NewNotification(
            market_id=deal.market_id,
            party_id=deal.seller_id,
            topic="settlement.income_to_share",
            title_zh="成果转化收入到账，请办理收益分配",
            title_en="Conversion income arrived: share it",
            text_zh=f"成交 {deal.number} 到账 {income.amount}，奖励应于 {due} 前支付。",
            text_en=f"Deal {deal.number} brought {income.amount}; awards are due by {due}.",
            dedupe_key=f"income:{deal.id}:{income.number}",
            market_at=income.received_at,
            data={"deal_id": deal.id, "amount": income.amount, "due_on": due},
        ),
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
