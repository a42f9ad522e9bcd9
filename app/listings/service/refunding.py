"""Give deposits back, or let them wait for a buyer's signature."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Depositor, refund_entry_id
from app.listings.repository import listings, registrations
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.journal import NewEvent
from app.shared.ids import HoldId, PartyId, RegistrationId


async def return_deposits(
    session: AsyncSession,
    listing: Listing,
    *,
    keep: Collection[PartyId] = (),
    at: datetime,
    actor: Actor | str,
) -> None:
    """Pay the deposits of a listing back by the route they came, at once and without interest.

    A deposit that is not held any more (posted to a deal, given back, forfeited) is left alone.

    Args:
        keep: Parties whose deposits stay held.

    Source: rules.md D5; README, LS16.
    """
    depositors = dict(await registrations.find_depositors(session, listing.id, None))
    losers = [depositor for party, depositor in depositors.items() if party not in keep]
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
    await ledger.pay_out(
        session,
        entry_id=refund_entry_id(loser.id),
        market_id=listing.market_id,
        party_id=loser.party_id,
        amount=hold.amount,
        reference=f"{listing.number} 保证金原路退还 / deposit returned: {loser.bank_reference}",
        at=at,
        actor=actor,
    )
