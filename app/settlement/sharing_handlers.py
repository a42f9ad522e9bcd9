"""What the worker runs for income sharing: incomes noted, notices concluded, units reminded."""

from collections.abc import Mapping, Sequence
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
    await note_incomes(session, [event])


async def note_incomes(session: AsyncSession, events: Sequence[JournalEvent]) -> None:
    """Note what listings' deals brought their sellers, as `note_income` does of one."""
    earned = [
        following.Earned(
            event.subject_id,
            amount=_money(event.restricted["amount"]),
            withheld=_money(event.restricted["withheld"]),
            at=event.market_at,
        )
        for event in events
    ]
    await following.note_incomes(session, earned)


async def note_engagement_income(session: AsyncSession, event: JournalEvent) -> None:
    """Note what a demand's deal brought its solver, milestone by milestone (ST145)."""
    deal = await lock_engaged(session, EngagementId(event.subject_id))
    amount = _money(event.restricted["amount"])
    if deal is None or not amount.amount_minor:
        return  # it fell, or the milestone was free
    nothing = Money(0, amount.currency)
    earned = following.Earned(deal.id, amount, withheld=nothing, at=event.market_at)
    await following.note_incomes(session, [earned])


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])


REACTIONS: Final[tuple[Reaction, ...]] = (
    # Many deals' locks, but in id order and for a few statements only, however many they are.
    Reaction(
        "settlement.note_income",
        frozenset({"deal.released"}),
        note_income,
        batch=200,
        react_all=note_incomes,
    ),
    # A deal's lock at a time: nobody who pays waits for a batch of them.
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
