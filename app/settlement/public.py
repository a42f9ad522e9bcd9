"""What other modules may use of settlement."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, Owner
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus
from app.settlement.service import opening
from app.shared.ids import DealId, ListingId, PartyId, RegistrationId
from app.shared.money import Money

__all__ = ["Deal", "DealStatus", "get_deal", "open_deal", "owner_of_deal"]


async def open_deal(
    session: AsyncSession,
    *,
    listing_id: ListingId,
    buyer_id: PartyId,
    registration_id: RegistrationId,
    price: Money,
    source: str,
    source_id: UUID,
    confirmed_at: datetime,
    actor: Actor,
) -> DealId:
    """Open the deal of a listing: the winner's deposit becomes a part of the price.

    The others' deposits are paid back at once, by the route they came and without interest.
    Journals ``deal.opened``, public with listing, price, start and premium rate; the listing
    learns of its sale from that event.

    Args:
        registration_id: The buyer's registration, whose id is also its deposit's hold.
        price: At least the listing's floor.
        source, source_id: What found the price, e.g. ``auction`` and its id.
        confirmed_at: The market moment at which the contract exists.

    Raises:
        DealExists: The listing has its deal.
        ListingNotForSale: Its disclosure runs, or it has its outcome.
        BuyerWithoutDeposit: The buyer's registration holds no deposit here.
        PriceBelowFloor: Names the floor.

    Invariants: ST1, ST8. Source: rules.md D5; 民法典合同编通则解释 4.
    """
    return await opening.open_deal(
        session,
        listing_id=listing_id,
        buyer_id=buyer_id,
        registration_id=registration_id,
        price=price,
        source=source,
        source_id=source_id,
        confirmed_at=confirmed_at,
        actor=actor,
    )


async def get_deal(session: AsyncSession, deal_id: DealId) -> Deal:
    """Return a deal.

    Raises:
        ObjectUnknown: There is none.
    """
    return await repository.get_deal(session, deal_id)


async def owner_of_deal(session: AsyncSession, deal_id: UUID) -> Owner | None:
    """Return a deal's market, with its seller and buyer."""
    return await repository.owner_of_deal(session, deal_id)
