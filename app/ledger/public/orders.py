"""Money whose owner is not known yet, and money that is on its way out through the bank.

An arrival's money lies in ``suspense`` under the arrival's id, an order's in ``outgoing`` under
the order's, so each is seen apart and neither can be used twice (G11, G12).
"""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import service
from app.ledger.domain.accounts import (
    bank_account,
    funds_account,
    outgoing_account,
    suspense_account,
)
from app.ledger.domain.entries import EntryKind
from app.ledger.domain.movements import arrival_entry_id, identification
from app.ledger.service import ActorRef
from app.shared.ids import EntryId, MarketId, PartyId
from app.shared.money import Money

_REASON_MAX: Final = 2000


def order_entry_id(order_id: UUID) -> EntryId:
    """Return the id of the entry that sets an order's money aside: one an order."""
    return EntryId(uuid5(order_id, "order"))


async def identify(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    arrival_id: UUID,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Give money of an arrival to whom it belongs: suspense → funds of the party.

    Raises:
        InsufficientFunds: Less of the arrival is left; says what.
        EntryDiffers: The id was used for another movement.
    """
    entry = identification(
        entry_id=entry_id,
        arrival_id=arrival_id,
        market_id=market_id,
        party_id=party_id,
        amount=amount,
        reference=reference,
    )
    await service.book(session, entry, at=at, actor=actor)


async def order_return(
    session: AsyncSession,
    *,
    order_id: UUID,
    arrival_id: UUID,
    market_id: MarketId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Set money of an arrival aside to go back where it came from: suspense → outgoing.

    Raises:
        InsufficientFunds: Less of the arrival is left; says what.
        EntryDiffers: The order was booked with another content.
    """
    await service.move(
        session,
        EntryKind.RETURN_ORDER,
        entry_id=order_entry_id(order_id),
        debit=suspense_account(market_id, arrival_id, amount.currency),
        credit=outgoing_account(market_id, order_id, amount.currency),
        amount=amount,
        subject_id=order_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def order_payment(
    session: AsyncSession,
    *,
    order_id: UUID,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Set a party's money aside to be paid to it by the bank: funds → outgoing.

    Raises:
        InsufficientFunds: The party's funds are less.
        EntryDiffers: The order was booked with another content.
    """
    await service.move(
        session,
        EntryKind.PAYMENT_ORDER,
        entry_id=order_entry_id(order_id),
        debit=funds_account(market_id, party_id, amount.currency),
        credit=outgoing_account(market_id, order_id, amount.currency),
        amount=amount,
        subject_id=order_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def execute(
    session: AsyncSession,
    *,
    order_id: UUID,
    market_id: MarketId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book that the bank has paid an order: outgoing → bank, once an order.

    Args:
        at: The bank's moment.

    Raises:
        InsufficientFunds: Nothing was ordered under this id, or it was called off.
        EntryDiffers: It was executed with another amount or reference.
    """
    await service.move(
        session,
        EntryKind.EXECUTION,
        entry_id=EntryId(uuid5(order_id, "execution")),
        debit=outgoing_account(market_id, order_id, amount.currency),
        credit=bank_account(market_id, amount.currency),
        amount=amount,
        subject_id=order_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def call_off(
    session: AsyncSession, *, order_id: UUID, at: datetime, actor: ActorRef, reason: str
) -> None:
    """Undo an order that the bank does not pay: its money goes back where it was taken from.

    Repeating it does nothing.

    Raises:
        EntryUnknown: Nothing was ordered under this id.
        InsufficientFunds: The bank has paid it.
    """
    await service.reverse(
        session,
        entry_id=order_entry_id(order_id),
        reversal_id=EntryId(uuid5(order_id, "called off")),
        at=at,
        actor=actor,
        reason=reason[:_REASON_MAX],
    )


async def strike_arrival(
    session: AsyncSession, *, arrival_id: UUID, at: datetime, actor: ActorRef, reason: str
) -> None:
    """Undo an arrival that was none: suspense → bank, all of it. Repeating it does nothing.

    Raises:
        EntryUnknown: There is no such arrival.
        InsufficientFunds: A part of it was given to somebody.
    """
    await service.reverse(
        session,
        entry_id=arrival_entry_id(arrival_id),
        reversal_id=EntryId(uuid5(arrival_id, "struck")),
        at=at,
        actor=actor,
        reason=reason[:_REASON_MAX],
    )
