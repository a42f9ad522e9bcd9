"""The money of a deal: into its escrow, to its seller, back to its buyer, lost."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import service
from app.ledger.domain.accounts import escrow_account, forfeited_account, funds_account
from app.ledger.domain.entries import EntryKind
from app.ledger.domain.movements import escrow_payment, settlement
from app.ledger.service import ActorRef
from app.shared.ids import DealId, EntryId, MarketId, PartyId
from app.shared.money import Money


async def pay_into_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    deal_id: DealId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Move a party's money to a deal: funds → the deal's escrow.

    Raises:
        InsufficientFunds: The party's funds are less.
        EntryDiffers: The id was used for another movement.
    """
    entry = escrow_payment(
        entry_id=entry_id,
        market_id=market_id,
        party_id=party_id,
        deal_id=deal_id,
        amount=amount,
    )
    await service.book(session, entry, at=at, actor=actor)


async def settle_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    seller_id: PartyId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Hand a deal's money to its seller: the deal's escrow → the seller's funds.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    entry = settlement(
        entry_id=entry_id,
        market_id=market_id,
        deal_id=deal_id,
        seller_id=seller_id,
        amount=amount,
    )
    await service.book(session, entry, at=at, actor=actor)


async def forfeit_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
    ground: str,
) -> None:
    """Take a captured deposit from a buyer in default: the deal's escrow → forfeited.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.ESCROW_FORFEITURE,
        entry_id=entry_id,
        debit=escrow_account(market_id, deal_id, amount.currency),
        credit=forfeited_account(market_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=ground,
        at=at,
        actor=actor,
    )


async def refund_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    party_id: PartyId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Give a buyer back what it paid to a deal that ended: the deal's escrow → its funds.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.ESCROW_REFUND,
        entry_id=entry_id,
        debit=escrow_account(market_id, deal_id, amount.currency),
        credit=funds_account(market_id, party_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=None,
        at=at,
        actor=actor,
    )
