"""Who acts for a deal's seller, and how what happens to deals is journaled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal
from app.platform.access import Actor, NotYours, Role
from app.platform.journal import NewEvent
from app.settlement.domain.deal import Deal


def require_seller(actor: Actor, deal: Deal) -> None:
    """Refuse the staff of a deal's buyer what is the seller's to do.

    A deal belongs to both sides, and a party that buys here may sell elsewhere (ST11).

    Raises:
        NotYours: The actor sells for another party.
    """
    if actor.role is Role.SELLER_STAFF and actor.party_id != deal.seller_id:
        raise NotYours("The deal's seller does this.")


async def journal_deal(
    session: AsyncSession,
    deal: Deal,
    what: str,
    actor: Actor | str,
    now: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> None:
    """Journal what happened to a deal for its seller and buyer (ST10)."""
    event = deal_event(deal, what, actor, now, public=public, restricted=restricted)
    await journal.append(session, event)


def deal_event(
    deal: Deal,
    what: str,
    actor: Actor | str,
    now: datetime,
    *,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
) -> NewEvent:
    """Return the event of what happened to a deal, for its seller and buyer (ST10)."""
    parties = {"seller_id": deal.seller_id, "buyer_id": deal.buyer_id}
    source: dict[str, Any] = {"listing_id": deal.listing_id}
    if deal.engagement_id is not None:
        source = {"demand_id": deal.demand_id, "engagement_id": deal.engagement_id}
    return NewEvent(
        market_id=deal.market_id,
        subject="deal",
        subject_id=deal.id,
        type=f"deal.{what}",
        market_at=now,
        actor=actor if isinstance(actor, str) else actor.ref,
        public=source | dict(public or {}),
        restricted=parties | dict(restricted or {}),
        audience=frozenset(parties.values()),
    )
