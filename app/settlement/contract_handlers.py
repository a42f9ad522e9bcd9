"""What the worker runs behind a contract: its effect, its result notice, its filing."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.clock import market_now
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.settlement import repository
from app.settlement.service import effects, noticing
from app.settlement.service.releasing import release_what_waits
from app.shared.ids import DealId


async def follow_payment(session: AsyncSession, event: JournalEvent) -> None:
    """Let a payment meet the condition of a first payment (ST46)."""
    await effects.follow_payment(session, DealId(event.subject_id), now=event.market_at)


async def release_waiting(session: AsyncSession, event: JournalEvent) -> None:
    """Hand over the money that waited for the contract's effect (ST43)."""
    deal = await repository.get_deal(session, event.subject_id, lock=True)
    actor = str(event.restricted["actor"])
    await release_what_waits(session, deal, event.market_at, actor)


async def publish_result(session: AsyncSession, event: JournalEvent) -> None:
    """Publish the result of a public seller's deal that was just signed (ST41)."""
    deal = await repository.get_deal(session, event.subject_id, lock=True)
    # A public period runs from its actual publication.
    now = await market_now(session, deal.market_id)
    consent = bool(event.restricted.get("naming_consent"))
    await noticing.publish_result(session, deal, naming_consent=consent, now=now)


CONTRACT_TIMERS: Final[Mapping[str, TimerHandler]] = {
    effects.FILING_SOON: effects.remind_of_filing,
    effects.FILING_DUE: effects.remind_of_filing,
}

CONTRACTS: Final[tuple[Reaction, ...]] = (
    Reaction(
        "settlement.follow_payment",
        frozenset({"deal.payment_received", "deal.payment_counted"}),
        follow_payment,
        batch=1,
    ),
    Reaction(
        "settlement.release_waiting",
        frozenset({"deal.effective", "deal.conditions_named"}),
        release_waiting,
        batch=1,
    ),
    Reaction("settlement.publish_result", frozenset({"deal.signed"}), publish_result, batch=1),
)
