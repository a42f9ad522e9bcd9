"""Bind the winner's deposit to its deal, as price or as bond, and end that again (D5)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.deposit import DepositTrigger, DepositUse
from app.listings.domain.listing import Listing
from app.listings.repository import deposits, registrations
from app.listings.service.deposit_states import move_deposit
from app.listings.service.refunding import order_back, release_deposit
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import DealId, HoldId, RegistrationId
from app.shared.money import Money


async def bind_deposit(
    session: AsyncSession,
    listing: Listing,
    registration_id: RegistrationId,
    deal_id: DealId,
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Make a held deposit what the notice announced: a part of the price, or a bond.

    As price it goes into the deal's escrow; as bond it stays held until the deal is over. The
    caller has locked the party's accounts.

    Raises:
        ObjectUnknown: There is no such registration.

    Source: rules.md D5; README, LS25.
    """
    registration = await registrations.find(session, registration_id)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    hold = await ledger.get_hold(session, HoldId(registration_id))
    becomes = listing.deposit_becomes
    trigger = DepositTrigger.BECOME_BOND
    if becomes is DepositUse.PRICE:
        trigger = DepositTrigger.BECOME_PRICE
        await ledger.capture(session, hold_id=hold.id, deal_id=deal_id, at=at, actor=actor)
    await move_deposit(session, registration_id, trigger, deal_id=deal_id)
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=registration_id,
        type="registration.deposit_bound",
        market_at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted={
            "listing_id": listing.id,
            "deal_id": deal_id,
            "amount": hold.amount,
            "becomes": becomes,
        },
        audience=frozenset({registration.party_id}),
    )
    await journal.append(session, event)


async def return_price(
    session: AsyncSession,
    listing: Listing,
    registration_id: RegistrationId,
    amount: Money,
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Order back the deposit that had become price, of a deal whose seller broke its word.

    The caller has moved it from the deal's escrow to the buyer's funds.

    Raises:
        ObjectUnknown: There is no such depositor.

    Source: README, LS29.
    """
    registration = await registrations.find(session, registration_id)
    found = None
    if registration is not None:
        known = await registrations.find_depositors(session, listing.id, {registration.party_id})
        found = known.get(registration.party_id)
    if found is None:
        raise ObjectUnknown("There is no such deposit.")
    await order_back(session, listing, found, amount, at=at, actor=actor)


async def return_bond(
    session: AsyncSession, deal_id: DealId, *, at: datetime, actor: Actor | str
) -> None:
    """Give the bond of a deal back that is over, by the route it came; repeating does nothing.

    Source: rules.md D5; README, LS25.
    """
    bond = await deposits.find_bond(session, deal_id)
    if bond is not None:
        await release_deposit(session, bond.registration_id, at=at, actor=actor)
