"""Settle a deal whose price is paid, and journal what happens to deals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor, NotYours, Role
from app.platform.journal import NewEvent
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus, settle, settlement_entry_id


def require_seller(actor: Actor, deal: Deal) -> None:
    """Refuse the staff of a deal's buyer what is the seller's to do.

    A deal belongs to both sides, and a party that buys here may sell elsewhere (ST11).

    Raises:
        NotYours: The actor sells for another party.
    """
    if actor.role is Role.SELLER_STAFF and actor.party_id != deal.seller_id:
        raise NotYours("The deal's seller does this.")


async def settle_if_paid(
    session: AsyncSession, deal: Deal, *, now: datetime, actor: Actor | str
) -> Deal:
    """Hand a paid deal's escrow to the seller (ST5); leave any other deal as it is.

    A demand's is paid for milestone by milestone, as they are accepted (ST21).
    """
    if deal.status is not DealStatus.PAID:
        return deal
    if deal.engagement_id is not None:
        await journal_deal(session, deal, "paid", actor, now)
        return deal
    settled = settle(deal, now=now)
    await ledger.settle_escrow(
        session,
        entry_id=settlement_entry_id(deal.id),
        market_id=deal.market_id,
        deal_id=deal.id,
        seller_id=deal.seller_id,
        amount=deal.price,
        at=now,
        actor=actor,
    )
    await repository.save_deal(session, settled)
    await journal_deal(session, settled, "paid", actor, now)
    await journal_deal(session, settled, "settled", actor, now)
    return settled


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
    parties = {"seller_id": deal.seller_id, "buyer_id": deal.buyer_id}
    source: dict[str, Any] = {"listing_id": deal.listing_id}
    if deal.engagement_id is not None:
        source = {"demand_id": deal.demand_id, "engagement_id": deal.engagement_id}
    await journal.append(
        session,
        NewEvent(
            market_id=deal.market_id,
            subject="deal",
            subject_id=deal.id,
            type=f"deal.{what}",
            market_at=now,
            actor=actor if isinstance(actor, str) else actor.ref,
            public=source | dict(public or {}),
            restricted=parties | dict(restricted or {}),
            audience=frozenset(parties.values()),
        ),
    )
