"""Open a deal: one deal a listing, the winner's deposit captured, the others' paid back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings import public as listings
from app.listings.public import Listing, ListingStatus
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.deal import (
    BuyerWithoutDeposit,
    Deal,
    DealExists,
    DealStatus,
    ListingNotForSale,
    check_price,
)
from app.settlement.service.settling import journal_deal, settle_if_paid
from app.shared.ids import DealId, HoldId, ListingId, PartyId, RegistrationId, new_id
from app.shared.money import Money


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
    """Open a listing's deal, take the winner's deposit, give the others' back (ST1, ST8)."""
    listing = await listings.get_listing(session, listing_id)
    _check_for_sale(listing, confirmed_at)
    check_price(price=price, floor=listing.floor)
    winner = (await listings.depositors(session, listing_id, {buyer_id})).get(buyer_id)
    if winner is None or winner.id != registration_id or buyer_id == listing.seller_id:
        raise BuyerWithoutDeposit("The deposit decides who may buy.", buyer_id=buyer_id)
    deposit = (await ledger.get_hold(session, HoldId(registration_id))).amount
    deal = Deal(
        id=DealId(new_id()),
        number=await repository.next_number(session, confirmed_at=confirmed_at),
        market_id=listing.market_id,
        listing_id=listing_id,
        seller_id=listing.seller_id,
        buyer_id=buyer_id,
        registration_id=registration_id,
        status=DealStatus.PAID if deposit == price else DealStatus.OPENED,
        start=listing.floor,
        price=price,
        deposit=deposit,
        paid=deposit,
        source=source,
        source_id=source_id,
        confirmed_at=confirmed_at,
    )
    if not await repository.insert_deal(session, deal):
        raise DealExists("A listing is sold once.", listing_id=listing_id)
    everyone = await listings.depositors(session, listing_id, None)
    await ledger.lock_parties(
        session,
        market_id=deal.market_id,
        party_ids={buyer_id, deal.seller_id, *everyone},
        currency=price.currency,
    )
    await ledger.capture(
        session, hold_id=HoldId(registration_id), deal_id=deal.id, at=confirmed_at, actor=actor
    )
    await listings.return_deposits(session, listing, keep=buyer_id, at=confirmed_at, actor=actor)
    await journal_deal(session, deal, "opened", actor, confirmed_at, public=_terms(deal))
    await settle_if_paid(session, deal, now=confirmed_at, actor=actor)
    return deal.id


def _check_for_sale(listing: Listing, confirmed_at: datetime) -> None:
    ends_at = listing.disclosure_ends_at
    running = listing.status is ListingStatus.DISCLOSING
    # The stored deadline decides, not whether the worker has come to close the disclosure.
    if listing.status is not ListingStatus.CLOSED and not (
        running and ends_at is not None and ends_at <= confirmed_at
    ):
        raise ListingNotForSale(
            "A listing is sold after its disclosure, once.",
            state=str(listing.status),
            disclosure_ends_at=ends_at,
        )


def _terms(deal: Deal) -> dict[str, Any]:
    return {
        "number": deal.number,
        "listing_id": deal.listing_id,
        "price": deal.price,
        "start": deal.start,
        "premium_rate": deal.premium_rate,
        "source": deal.source,
        "source_id": deal.source_id,
    }
