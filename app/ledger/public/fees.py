"""The exchange's commission, brokers' and vouchers: earned, withheld, given back, claimed.

What a deal earns lies in its own ``fees`` account, what a voucher's issuer owes in the voucher's
own ``vouchers`` account; neither goes below zero.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import service
from app.ledger.domain.accounts import (
    bank_account,
    escrow_account,
    fees_account,
    funds_account,
    voucher_account,
)
from app.ledger.domain.entries import EntryKind
from app.ledger.service import ActorRef
from app.shared.ids import DealId, EntryId, MarketId, PartyId, VoucherId
from app.shared.money import Money


async def pay_fee(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Take a party's money for the exchange's fee: funds → fees of the deal.

    Raises:
        InsufficientFunds: The party's funds are less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.FEE,
        entry_id=entry_id,
        debit=funds_account(market_id, party_id, amount.currency),
        credit=fees_account(market_id, deal_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def withhold_fee(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Keep the exchange's fee back of what goes to a seller: escrow → fees of the deal.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.FEE_WITHHELD,
        entry_id=entry_id,
        debit=escrow_account(market_id, deal_id, amount.currency),
        credit=fees_account(market_id, deal_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def refund_fee(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Give a fee back to who paid it: fees of the deal → funds.

    Raises:
        InsufficientFunds: The deal earned less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.FEE_REFUND,
        entry_id=entry_id,
        debit=fees_account(market_id, deal_id, amount.currency),
        credit=funds_account(market_id, party_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def pay_commission(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    payer_id: PartyId | None,
    broker_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Pay a broker: from a party's funds, or out of the deal's escrow → funds of the broker.

    Args:
        payer_id: Whose funds; ``None`` for the escrow.

    Raises:
        InsufficientFunds: Less is there.
        EntryDiffers: The id was used for another movement.
    """
    if payer_id is None:
        source = escrow_account(market_id, deal_id, amount.currency)
    else:
        source = funds_account(market_id, payer_id, amount.currency)
    await service.move(
        session,
        EntryKind.COMMISSION,
        entry_id=entry_id,
        debit=source,
        credit=funds_account(market_id, broker_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def pay_by_voucher(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    voucher_id: VoucherId,
    deal_id: DealId,
    price: bool,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Let a voucher pay, its issuer owes it then: vouchers → escrow or fees of the deal.

    Args:
        price: A part of the price, instead of a fee.

    Raises:
        EntryDiffers: The id was used for another movement.
    """
    target = escrow_account if price else fees_account
    await service.move(
        session,
        EntryKind.VOUCHER_PAYMENT,
        entry_id=entry_id,
        debit=voucher_account(market_id, voucher_id, amount.currency),
        credit=target(market_id, deal_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def undo_voucher(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    voucher_id: VoucherId,
    deal_id: DealId,
    price: bool,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Take back what a voucher paid for a deal that fell: escrow or fees of the deal → vouchers.

    Raises:
        InsufficientFunds: The issuer has paid for it, or the deal's account holds less.
        EntryDiffers: The id was used for another movement.
    """
    source = escrow_account if price else fees_account
    await service.move(
        session,
        EntryKind.FEE_REFUND,
        entry_id=entry_id,
        debit=source(market_id, deal_id, amount.currency),
        credit=voucher_account(market_id, voucher_id, amount.currency),
        amount=amount,
        subject_id=deal_id,
        reference=reference,
        at=at,
        actor=actor,
    )


async def settle_voucher(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    voucher_id: VoucherId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book that a voucher's issuer has paid: bank → vouchers.

    Raises:
        InsufficientFunds: It owes less.
        EntryDiffers: The id was used for another movement.
    """
    await service.move(
        session,
        EntryKind.VOUCHER_REDEMPTION,
        entry_id=entry_id,
        debit=bank_account(market_id, amount.currency),
        credit=voucher_account(market_id, voucher_id, amount.currency),
        amount=amount,
        subject_id=voucher_id,
        reference=reference,
        at=at,
        actor=actor,
    )
