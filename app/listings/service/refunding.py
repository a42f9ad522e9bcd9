"""Give deposits back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Depositor, refund_entry_id
from app.listings.repository import registrations
from app.platform.access import Actor
from app.shared.ids import HoldId, PartyId


async def return_deposits(
    session: AsyncSession,
    listing: Listing,
    *,
    keep: PartyId | None,
    at: datetime,
    actor: Actor | str,
) -> None:
    """Pay the deposits of a listing back by the route they came, at once and without interest.

    Args:
        keep: The winner, whose deposit becomes a part of the price; ``None`` when nobody won.

    Source: rules.md D5; README, LS16.
    """
    depositors = dict(await registrations.find_depositors(session, listing.id, None))
    # Only what is held is locked: who comes after a deal finds nothing and waits for nobody.
    losers = [
        depositor
        for party, depositor in depositors.items()
        if party != keep and await _is_held(session, depositor)
    ]
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


async def _is_held(session: AsyncSession, depositor: Depositor) -> bool:
    hold = await ledger.get_hold(session, HoldId(depositor.id))
    return hold.state is ledger.HoldState.HELD


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
        return  # given back before, e.g. on a withdrawal
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
