"""What auctions do when a deadline passes, or a listing or demand calls for them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.service.create import DEADLINE_TIMER
from app.auctions.service.demand_handover import FOLLOWED as OF_DEMANDS
from app.auctions.service.demand_handover import follow_demand
from app.auctions.service.handover import FOLLOWED as OF_LISTINGS
from app.auctions.service.handover import follow_listing
from app.auctions.service.heads import HEADS_TIMER, MOVED, on_moved, publish_heads
from app.auctions.service.offering import ANSWER_TIMER, FOLLOWED, follow_deal, on_answer_due
from app.auctions.service.publish import on_deadline
from app.auctions.vault import Vault
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.secrets import Box
from app.platform.timers import TimerHandler


def timers(box: Box) -> Mapping[str, TimerHandler]:
    """Return the handlers of due timers."""
    vault = Vault(box)

    async def deadline(session: AsyncSession, auction_id: UUID, due_at: datetime) -> None:
        await on_deadline(session, vault, auction_id, due_at)

    async def heads(session: AsyncSession, market_id: UUID, _due_at: datetime) -> None:
        await publish_heads(session, market_id)

    return {DEADLINE_TIMER: deadline, HEADS_TIMER: heads, ANSWER_TIMER: on_answer_due}


def reactions(box: Box) -> tuple[Reaction, ...]:
    """Return what auctions do about other modules' events."""
    vault = Vault(box)

    async def listing(session: AsyncSession, event: JournalEvent) -> None:
        await follow_listing(session, vault, event)

    async def demand(session: AsyncSession, event: JournalEvent) -> None:
        await follow_demand(session, vault, event)

    return (
        Reaction("auctions.announce", OF_LISTINGS, listing, batch=1),
        Reaction("auctions.follow_demand", OF_DEMANDS, demand, batch=1),
        Reaction("auctions.publish_heads", MOVED, on_moved),
        Reaction("auctions.follow_deal", FOLLOWED, follow_deal, batch=1),
    )
