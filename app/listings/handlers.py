"""What the worker runs for listings: the end of a disclosure, what auctions and deals tell."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.room_handlers import ROOM_TIMERS, ROOMS
from app.listings.search_handlers import SEARCH
from app.listings.service import concluding, fielding, objecting
from app.listings.service.binding import return_bond
from app.listings.service.deadlines import DEADLINE, REMIND, pass_deadline, remind
from app.listings.service.deposit_states import follow_order
from app.listings.service.halting import SUSPENSION_OVER, remind_of_suspension
from app.listings.service.objecting import DECIDE_BY
from app.listings.service.posting import JUDGE_FIELD
from app.listings.service.publishing import CLOSE_DISCLOSURE, close_disclosure, require_listing
from app.listings.service.refunding import return_deposits
from app.platform.access import SYSTEM
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.platform.timers import TimerHandler
from app.shared.ids import DealId, ListingId

_TYPES: Final = frozenset(
    {
        "auction.failed",
        "auction.cancelled",
        "auction.annulled",
        "deal.opened",
        "deal.defaulted",
        "deal.settled",
    }
)


async def take_outcome(session: AsyncSession, event: JournalEvent) -> None:
    """Let a listing follow its auction or its deal."""
    if "listing_id" not in event.public:
        return  # a demand's
    listing_id = ListingId(UUID(event.public["listing_id"]))
    at, deal_id = event.market_at, DealId(event.subject_id)
    match event.type:
        case "deal.opened":
            await concluding.sell(session, listing_id, deal_id, at=at)
        case "deal.defaulted":
            by_seller = event.restricted.get("side") == "seller"
            await concluding.reopen(session, listing_id, deal_id, at=at, by_seller=by_seller)
        case "deal.settled":
            # Who paid in full cannot default any more, signed or not.
            listing = await require_listing(session, listing_id)
            await return_deposits(session, listing, at=at, actor=SYSTEM)
            await return_bond(session, deal_id, at=at, actor=SYSTEM)
        case "auction.cancelled" | "auction.annulled":
            await concluding.fail(session, listing_id, at=at, cancelled=True)
        case _:
            silent = bool(event.public.get("silent")) and bool(event.public.get("silent_forfeits"))
            await concluding.fail(session, listing_id, at=at, silent_forfeits=silent)


TIMERS: Final[dict[str, TimerHandler]] = {
    CLOSE_DISCLOSURE: close_disclosure,
    DECIDE_BY: objecting.remind,
    DEADLINE: pass_deadline,
    JUDGE_FIELD: fielding.on_due,
    REMIND: remind,
    SUSPENSION_OVER: remind_of_suspension,
    **ROOM_TIMERS,
}

REACTIONS: Final[tuple[Reaction, ...]] = (
    # One listing's lock and its bidders' accounts at a time: nobody waits in a ring.
    Reaction("listings.outcome", _TYPES, take_outcome, batch=1),
    Reaction(
        "listings.refunds",
        frozenset({"payment_order.executed", "payment_order.failed"}),
        follow_order,
    ),
    SEARCH,
    ROOMS,
)
