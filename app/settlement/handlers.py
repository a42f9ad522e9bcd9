"""What the worker runs for settlement: deals of awarded listings, and of demands' engagements."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.settlement.contract_handlers import CONTRACT_TIMERS, CONTRACTS
from app.settlement.service import dunning, engaging
from app.settlement.service.opening import open_deal
from app.settlement.tracking_handlers import TRACKING, TRACKING_TIMERS
from app.shared.ids import EngagementId, ListingId, PartyId, RegistrationId
from app.shared.money import Money


async def open_awarded(session: AsyncSession, event: JournalEvent) -> None:
    """Open the deal that a listing's award confirmed, at the moment of the award (ST17)."""
    price = event.public["price"]
    await open_deal(
        session,
        listing_id=ListingId(event.subject_id),
        buyer_id=PartyId(UUID(event.restricted["buyer_id"])),
        registration_id=RegistrationId(UUID(event.restricted["registration_id"])),
        price=Money.parse(price["amount"], price["currency"]),
        source=str(event.public["pricing_mode"]),
        source_id=event.subject_id,
        confirmed_at=event.market_at,
        actor=str(event.restricted["actor"]),
        standby=frozenset(),
    )


async def follow_engagement(session: AsyncSession, event: JournalEvent) -> None:
    """Open the deal of a new engagement, and follow what leaves its escrow (ST20, ST22, ST23)."""
    engagement_id = EngagementId(event.subject_id)
    at, told = event.market_at, event.restricted
    if event.type == "engagement.opened":
        await engaging.open_engaged(session, engagement_id, at=at, actor=str(told["actor"]))
        return
    amount = told.get("amount")
    money = None if amount is None else Money.parse(amount["amount"], amount["currency"])
    back = event.type == "engagement.returned"
    await engaging.follow_engagement(
        session,
        engagement_id,
        released=None if back else money,
        returned=money if back else None,
        finished=bool(told["finished"]),
        at=at,
        actor=str(told["actor"]),
    )


REACTIONS: Final[tuple[Reaction, ...]] = (
    # One listing's lock and its bidders' accounts at a time: nobody waits in a ring.
    Reaction("settlement.open_awarded", frozenset({"listing.awarded"}), open_awarded, batch=1),
    Reaction(
        "settlement.follow_engagement",
        frozenset(
            {
                "engagement.opened",
                "engagement.released",
                "engagement.returned",
                "engagement.completed",
                "engagement.cut",
                "engagement.stopped",
            }
        ),
        follow_engagement,
    ),
    *CONTRACTS,
    *TRACKING,
)

TIMERS: Final[dict[str, TimerHandler]] = {
    **TRACKING_TIMERS,
    **CONTRACT_TIMERS,
    dunning.TIMER: dunning.remind,
}
