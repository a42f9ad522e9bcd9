"""What the journal is told of an auction.

Every event carries in ``room`` the public live facts that it changed, as absolute values: a
client's room is its snapshot with the patches of all later events laid over it, in any language
(AU30).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.auctions.domain.model import BiddingState, Trigger
from app.auctions.domain.room import changes, room
from app.auctions.repository.auctions import Auction
from app.platform.access import SYSTEM
from app.platform.journal import NewEvent
from app.shared.ids import PartyId

OF_TRIGGER: Final = {
    Trigger.OPEN: "opened",
    Trigger.CONTEST: "contested",
    Trigger.ROUND_CLOSE: "round_closed",
    Trigger.ROUND_OPEN: "round_opened",
    Trigger.CLOSE: "closed",
    Trigger.MATCH: "matching",
    Trigger.AWARD: "awarded",
    Trigger.FAIL: "failed",
    Trigger.PAUSE: "paused",
    Trigger.RESUME: "resumed",
    Trigger.CANCEL: "cancelled",
    Trigger.ANNUL: "annulled",
    Trigger.CONFIRM: "confirmed",
    Trigger.DEFAULT: "defaulted",
    Trigger.OPT_IN: "opted_in",
    Trigger.EXHAUST: "failed",
}


def lot_of(auction: Auction) -> dict[str, Any]:
    """Return what an auction belongs to, as its events and documents name it."""
    if auction.listing_id is None:
        return {"demand_id": auction.demand_id}
    return {"listing_id": auction.listing_id}


def auction_event(
    auction: Auction,
    what: str,
    *,
    before: BiddingState,
    at: datetime,
    actor: str = SYSTEM,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    audience: frozenset[PartyId] = frozenset(),
) -> NewEvent:
    """Return the event ``auction.<what>``.

    Args:
        auction: As it stands after it.
        before: Its state right before; the difference is the room's patch.
    """
    patch = changes(room(before), room(auction.state))
    return NewEvent(
        market_id=auction.market_id,
        subject="auction",
        subject_id=auction.id,
        type=f"auction.{what}",
        market_at=at,
        actor=actor,
        public={**lot_of(auction), **(public or {}), "room": patch},
        restricted=restricted or {},
        audience=audience,
    )
