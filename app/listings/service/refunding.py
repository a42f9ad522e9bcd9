"""Give deposits back, or let them wait for a buyer's signature."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.deposit import DepositTrigger
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Depositor, refund_order_id
from app.listings.repository import deposits, listings, registrations
from app.listings.service.deposit_states import move_deposit
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import HoldId, PartyId, RegistrationId
from app.shared.money import Money


async def return_deposits(
    session: AsyncSession,
    listing: Listing,
    *,
    keep: Collection[PartyId] = (),
    at: datetime,
    actor: Actor | str,
) -> None:
    """Order the deposits of a listing back by the route they came, without interest.

    The order is given at once and due by the listing's frozen policy; the bank executes it.

    A deposit that is not held any more (posted to a deal, given back, forfeited) is left alone,
    and so is a bond: its deal ends it by `release_deposit`.

    Args:
        keep: Parties whose deposits stay held.

    Source: rules.md D5; README, LS16.
    """
    depositors = dict(await registrations.find_depositors(session, listing.id, None))
    kept = {*keep, *await deposits.bound_parties(session, listing.id, depositors)}
    losers = [depositor for party, depositor in depositors.items() if party not in kept]
    await _pay_all_back(session, listing, losers, at=at, actor=actor)


async def release_deposit(
    session: AsyncSession, registration_id: RegistrationId, *, at: datetime, actor: Actor | str
) -> None:
    """Pay one deposit back, as `return_deposits` does; repeating it does nothing.

    Raises:
        ObjectUnknown: There is no such registration.
    """
    registration = await registrations.find(session, registration_id)
    if registration is None:
        raise ObjectUnknown("There is no such registration.")
    listing = await listings.find(session, registration.listing_id)
    assert listing is not None
    party_id = registration.party_id
    found = await registrations.find_depositors(session, listing.id, {party_id})
    await _pay_all_back(session, listing, found.values(), at=at, actor=actor)


async def keep_standby(
    session: AsyncSession,
    listing: Listing,
    parties: Collection[PartyId],
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Let these bidders' deposits stay held until the buyer has signed, and tell each of them.

    Call it before any ledger account is locked: registrations come first.

    Invariant: LS22.
    """
    for registration in await registrations.lock_of_parties(session, listing.id, parties):
        if registration.deposit_entry_id is None:
            continue
        await registrations.save_fate(session, replace(registration, standby_at=at))
        event = NewEvent(
            market_id=listing.market_id,
            subject="registration",
            subject_id=registration.id,
            type="registration.put_on_standby",
            market_at=at,
            actor=actor if isinstance(actor, str) else actor.ref,
            restricted={"listing_id": listing.id, "amount": listing.deposit},
            audience=frozenset({registration.party_id}),
        )
        await journal.append(session, event)


async def _is_held(session: AsyncSession, depositor: Depositor) -> bool:
    hold = await ledger.get_hold(session, HoldId(depositor.id))
    return hold.state is ledger.HoldState.HELD


async def _pay_all_back(
    session: AsyncSession,
    listing: Listing,
    depositors: Iterable[Depositor],
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    # Only what is held is locked: who comes after a deal finds nothing and waits for nobody.
    losers = [depositor for depositor in depositors if await _is_held(session, depositor)]
    if not losers:
        return
    await ledger.lock_parties(
        session,
        market_id=listing.market_id,
        party_ids={loser.party_id for loser in losers},
        currency=listing.deposit.currency,
    )
    for loser in sorted(losers, key=lambda registration: registration.id):
        await _pay_back(session, listing, loser, at=at, actor=actor)


async def _pay_back(
    session: AsyncSession,
    listing: Listing,
    loser: Depositor,
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    hold = await ledger.get_hold(session, HoldId(loser.id))
    if hold.state is not ledger.HoldState.HELD:
        return  # somebody else ended it while this waited for the lock
    await ledger.release(session, hold_id=hold.id, at=at, actor=actor)
    await order_back(session, listing, loser, hold.amount, at=at, actor=actor)


async def order_back(
    session: AsyncSession,
    listing: Listing,
    loser: Depositor,
    amount: Money,
    *,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Order a deposit that lies in its party's funds back by the route it came (D5)."""
    order_id = refund_order_id(loser.id)
    due_at = _due(listing, at)
    await move_deposit(session, loser.id, DepositTrigger.RETURN, refund_due_at=due_at)
    reference = f"{listing.number} 保证金原路退还 / deposit returned: {loser.bank_reference}"
    await ledger.order_payment(
        session,
        order_id=order_id,
        market_id=listing.market_id,
        party_id=loser.party_id,
        amount=amount,
        reference=reference,
        at=at,
        actor=actor,
    )
    event = NewEvent(
        market_id=listing.market_id,
        subject="registration",
        subject_id=loser.id,
        type="registration.refund_ordered",
        market_at=at,
        actor=actor if isinstance(actor, str) else actor.ref,
        restricted={
            "listing_id": listing.id,
            "order_id": order_id,
            "amount": amount,
            "reference": reference,
            "due_at": due_at,
        },
        audience=frozenset({loser.party_id}),
    )
    await journal.append(session, event)


def _due(listing: Listing, at: datetime) -> datetime:
    """Return until when the bank must have paid a deposit back (D5).

    Where the working days are not known yet it is due at once: nobody waits for a calendar.
    """
    if listing.policy is None:
        return at
    try:
        return period_end(
            start=at, duration=listing.policy.deposit_refund, calendar=mainland_china()
        )
    except CalendarHorizonExceeded:
        return at
