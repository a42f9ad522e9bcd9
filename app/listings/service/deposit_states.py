"""Keep where a deposit stands, in the transaction that moves its money."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.deposit import Deposit, DepositState, DepositTrigger, move
from app.listings.domain.listing import Listing
from app.listings.domain.registration import Registration
from app.listings.repository import deposits
from app.platform.journal import JournalEvent
from app.shared.ids import RegistrationId


async def owe(session: AsyncSession, listing: Listing, registration: Registration) -> None:
    """Note that a qualified buyer owes its deposit, until its deadline or the auction's opening.

    The caller holds the registration's lock.
    """
    if not listing.deposit.amount_minor:
        return
    due_at = registration.deposit_due_at or listing.opens_at
    known = await deposits.find_deposit(session, registration.id, lock=True)
    if known is not None:
        owed = move(known, DepositTrigger.OWE, due_at=due_at, amount=listing.deposit)
        await deposits.save_deposit(session, owed)
        return
    new = Deposit(
        registration_id=registration.id,
        listing_id=listing.id,
        market_id=listing.market_id,
        party_id=registration.party_id,
        amount=listing.deposit,
        state=DepositState.DUE,
        due_at=due_at,
    )
    await deposits.insert_deposit(session, new)


async def move_deposit(
    session: AsyncSession, registration_id: RegistrationId, trigger: DepositTrigger, **changes: Any
) -> None:
    """Move a deposit; of a registration without one there is nothing to move.

    Raises:
        TransitionRefused: The deposit cannot move so.
    """
    known = await deposits.find_deposit(session, registration_id, lock=True)
    if known is not None:
        await deposits.save_deposit(session, move(known, trigger, **changes))


async def drop_due(session: AsyncSession, registration_id: RegistrationId) -> None:
    """Note that a deposit will not come, if it is still due.

    The caller holds the registration's lock. One that was paid is not locked here: its row comes
    behind its party's accounts.
    """
    known = await deposits.find_deposit(session, registration_id)
    if known is not None and known.state is DepositState.DUE:
        await deposits.save_deposit(session, move(known, DepositTrigger.DROP))


async def follow_order(session: AsyncSession, event: JournalEvent) -> None:
    """Note what the bank did with the order that gives a deposit back (a reaction).

    Source: rules.md D5; README, LS26.
    """
    told = event.restricted
    if told["kind"] != "refund":
        return
    registration_id = RegistrationId(UUID(told["about_id"]))
    known = await deposits.find_deposit(session, registration_id, lock=True)
    if known is None or known.state is not DepositState.RETURNING:
        return
    if event.type == "payment_order.executed":
        refunded_at = datetime.fromisoformat(told["executed_at"])
        after = move(known, DepositTrigger.EXECUTE, refunded_at=refunded_at)
    else:
        after = move(known, DepositTrigger.FAIL)
    await deposits.save_deposit(session, after)
