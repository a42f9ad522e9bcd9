"""What the worker runs for income sharing: incomes noted, notices concluded, units reminded."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.settlement.repository import lock_engaged
from app.settlement.service.sharing import following, noticing, reminding
from app.shared.ids import EngagementId
from app.shared.money import Money


async def note_income(session: AsyncSession, event: JournalEvent) -> None:
    """Note what a listing's deal brought its seller, with the commission withheld (ST145)."""
    told = event.restricted
    await following.note_income(
        session,
        event.subject_id,
        amount=_money(told["amount"]),
        withheld=_money(told["withheld"]),
        at=event.market_at,
    )


async def note_engagement_income(session: AsyncSession, event: JournalEvent) -> None:
    """Note what a demand's deal brought its solver, milestone by milestone (ST145)."""
    deal = await lock_engaged(session, EngagementId(event.subject_id))
    amount = _money(event.restricted["amount"])
    if deal is None or not amount.amount_minor:
        return  # it fell, or the milestone was free
    nothing = Money(0, amount.currency)
    await following.note_income(
        session, deal.id, amount=amount, withheld=nothing, at=event.market_at
    )


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])


REACTIONS: Final[tuple[Reaction, ...]] = (
    # A deal's lock at a time: nobody who pays waits for a batch of them.
    Reaction("settlement.note_income", frozenset({"deal.released"}), note_income, batch=1),
    Reaction(
        "settlement.note_engagement_income",
        frozenset({"engagement.released"}),
        note_engagement_income,
        batch=1,
    ),
)
TIMERS: Final[Mapping[str, TimerHandler]] = {
    noticing.TIMER: following.conclude,
    reminding.TIMER: following.remind_unit,
}
