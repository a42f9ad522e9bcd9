"""Money that arrives, is kept as a deposit, and goes back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import service
from app.ledger.domain.holds import Hold
from app.ledger.domain.movements import receipt
from app.ledger.service import ActorRef
from app.shared.ids import DealId, EntryId, HoldId, MarketId, PartyId
from app.shared.money import Money


async def receive(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book money that the bank received from a party: bank → its funds.

    Raises:
        AmountNotPositive: Zero or below.
        EntryDiffers: The id was used for another movement.
    """
    entry = receipt(
        entry_id=entry_id,
        market_id=market_id,
        party_id=party_id,
        amount=amount,
        reference=reference,
    )
    await service.book(session, entry, at=at, actor=actor)


async def hold(
    session: AsyncSession,
    *,
    hold_id: HoldId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    subject_id: UUID,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Keep a part of a party's funds as a deposit: funds → held.

    Args:
        subject_id: What the deposit is for, e.g. the listing.

    Raises:
        InsufficientFunds: The party's funds are less; says what is there.
        HoldDiffers: The id was used for another hold.
    """
    asked = Hold(
        id=hold_id,
        market_id=market_id,
        party_id=party_id,
        subject_id=subject_id,
        amount=amount,
    )
    await service.hold(session, asked, at=at, actor=actor)


async def release(session: AsyncSession, *, hold_id: HoldId, at: datetime, actor: ActorRef) -> None:
    """Give a deposit back: held → funds. Repeating it does nothing.

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or forfeited.
    """
    await service.release(session, hold_id, at=at, actor=actor)


async def capture(
    session: AsyncSession, *, hold_id: HoldId, deal_id: DealId, at: datetime, actor: ActorRef
) -> None:
    """Post a deposit to a deal: held → the deal's escrow. Repeating it does nothing.

    Raises:
        HoldUnknown: No such hold.
        HoldDiffers: It was posted to another deal.
        TransitionRefused: It was given back or forfeited.
    """
    await service.capture(session, hold_id, deal_id, at=at, actor=actor)


async def forfeit(
    session: AsyncSession, *, hold_id: HoldId, at: datetime, actor: ActorRef, ground: str
) -> None:
    """Take a deposit from its party for good: held → forfeited. Repeating it does nothing.

    Args:
        ground: Why, as the party will read it on its statement.

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or given back.
        EntryDiffers: It was forfeited on another ground.
    """
    await service.forfeit(session, hold_id, at=at, actor=actor, ground=ground)
