"""Open a deal: the winner's deposit captured, standby bidders' kept, the others' paid back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings import public as listings
from app.listings.public import DepositUse, Listing, ListingStatus
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
from app.settlement.domain.schedule import initial
from app.settlement.service import dunning, releasing
from app.settlement.service.charging import charge_deal
from app.settlement.service.keeping import note_shortfalls
from app.settlement.service.settling import journal_deal
from app.shared.calendar import mainland_china, period_end
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
    actor: Actor | str,
    standby: frozenset[PartyId],
) -> DealId:
    """Open a listing's deal, take the winner's deposit, give the others' back (ST1, ST8).

    Under the listing's lock: beside a termination either the deal is opened or the listing ends.
    """
    listing = await listings.get_listing(session, listing_id, lock=True)
    await _check_for_sale(session, listing, confirmed_at)
    check_price(price=price, floor=listing.floor)
    deposit = await _deposit_of(session, listing, buyer_id, registration_id)
    if listing.deposit_becomes is DepositUse.PERFORMANCE_BOND:
        deposit = Money(0, price.currency)  # a bond pays nothing
    sign_by_at, pay_by_at = _deadlines(listing, confirmed_at)
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
        sign_by_at=sign_by_at,
        pay_by_at=pay_by_at,
        released=Money(0, price.currency),
        returned=Money(0, price.currency),
    )
    if not await repository.insert_deal(session, deal):
        raise DealExists("A listing is sold once.", listing_id=listing_id)
    await _move_deposits(session, deal, listing, standby - {buyer_id}, actor)
    await journal_deal(session, deal, "opened", actor, confirmed_at, public=_terms(deal))
    await charge_deal(session, deal, actor=actor)
    await note_shortfalls(session, listing, deal, actor=actor)
    first = initial(deal.price, paid=deal.paid, pay_by_at=pay_by_at)
    await dunning.plan(session, deal, [first])
    if deal.status is DealStatus.PAID:
        await journal_deal(session, deal, "paid", actor, confirmed_at)
        await releasing.release_what_waits(session, deal, confirmed_at, actor)
    return deal.id


async def _deposit_of(
    session: AsyncSession, listing: Listing, buyer_id: PartyId, registration_id: RegistrationId
) -> Money:
    winner = (await listings.depositors(session, listing.id, {buyer_id})).get(buyer_id)
    if winner is None and listing.status is ListingStatus.AWARDED:
        # The listing itself awarded it, to a buyer from whom its notice asks no deposit.
        registration = await listings.get_registration(session, registration_id)
        if (registration.listing_id, registration.party_id) == (listing.id, buyer_id):
            return Money(0, listing.floor.currency)
    if winner is None or winner.id != registration_id or buyer_id == listing.seller_id:
        raise BuyerWithoutDeposit("The deposit decides who may buy.", buyer_id=buyer_id)
    return (await ledger.get_hold(session, HoldId(registration_id))).amount


def _deadlines(listing: Listing, confirmed_at: datetime) -> tuple[datetime, datetime]:
    """Return until when the buyer signs and pays, as the notice's policy says."""
    assert listing.policy is not None  # it was published
    calendar = mainland_china()
    signing, paying = (
        period_end(start=confirmed_at, duration=duration, calendar=calendar)
        for duration in (listing.policy.signing, listing.policy.payment_due)
    )
    return signing, paying


async def _move_deposits(
    session: AsyncSession,
    deal: Deal,
    listing: Listing,
    standby: frozenset[PartyId],
    actor: Actor | str,
) -> None:
    at = deal.confirmed_at
    await listings.keep_standby(session, listing, standby, at=at, actor=actor)
    everyone = await listings.depositors(session, listing.id, None)
    await ledger.lock_parties(
        session,
        market_id=deal.market_id,
        party_ids={deal.buyer_id, deal.seller_id, *everyone},
        currency=deal.price.currency,
    )
    assert deal.registration_id is not None  # a listing's
    if deal.buyer_id not in everyone:  # an agreement takes no deposit
        await listings.return_deposits(session, listing, keep=standby, at=at, actor=actor)
        return
    held = await ledger.get_hold(session, HoldId(deal.registration_id))
    if held.state is not ledger.HoldState.HELD:
        raise BuyerWithoutDeposit("The deposit was given back.", buyer_id=deal.buyer_id)
    await listings.bind_deposit(session, listing, deal.registration_id, deal.id, at=at, actor=actor)
    await listings.return_deposits(session, listing, keep=standby, at=at, actor=actor)


async def _check_for_sale(session: AsyncSession, listing: Listing, confirmed_at: datetime) -> None:
    ends_at = listing.disclosure_ends_at
    running = listing.status is ListingStatus.DISCLOSING
    # The stored deadline decides, not whether the worker has come to close the disclosure; and
    # a deal's default, not whether it has come to take the listing back.
    over = running and ends_at is not None and ends_at <= confirmed_at
    if listing.status is ListingStatus.SOLD:
        earlier = await repository.deals_of(session, listing.id)
        over = any(deal.status is DealStatus.DEFAULTED for deal in earlier)
    if listing.status not in {ListingStatus.CLOSED, ListingStatus.AWARDED} and not over:
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
