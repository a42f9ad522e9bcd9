"""The movements that are booked many at a time, as entries: see the README's table."""

from datetime import datetime
from uuid import UUID, uuid5

from app.ledger.domain.accounts import (
    bank_account,
    escrow_account,
    funds_account,
    suspense_account,
)
from app.ledger.domain.entries import Entry, EntryKind, transfer
from app.shared.ids import DealId, EntryId, MarketId, PartyId
from app.shared.money import Money


def receipt(
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
) -> Entry:
    """Return the arrival of a party's money: bank → its funds.

    Raises:
        AmountNotPositive: Zero or below.
    """
    legs = transfer(
        debit=bank_account(market_id, amount.currency),
        credit=funds_account(market_id, party_id, amount.currency),
        amount=amount,
    )
    return Entry(
        id=entry_id, market_id=market_id, kind=EntryKind.RECEIPT, legs=legs, reference=reference
    )


def arrival_entry_id(arrival_id: UUID) -> EntryId:
    """Return the id of the entry that takes an arrival in: one an arrival."""
    return EntryId(uuid5(arrival_id, "unidentified"))


def unidentified(
    *, arrival_id: UUID, market_id: MarketId, amount: Money, reference: str, at: datetime
) -> Entry:
    """Return money that the bank received, from whomever: bank → suspense of the arrival.

    Args:
        at: The bank's moment.

    Raises:
        AmountNotPositive: Zero or below.
    """
    legs = transfer(
        debit=bank_account(market_id, amount.currency),
        credit=suspense_account(market_id, arrival_id, amount.currency),
        amount=amount,
    )
    return Entry(
        id=arrival_entry_id(arrival_id),
        market_id=market_id,
        kind=EntryKind.UNIDENTIFIED,
        legs=legs,
        reference=reference,
        subject_id=arrival_id,
        at=at,
    )


def identification(
    *,
    entry_id: EntryId,
    arrival_id: UUID,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
) -> Entry:
    """Return what of an arrival belongs to a party: suspense of the arrival → its funds.

    Raises:
        AmountNotPositive: Zero or below.
    """
    legs = transfer(
        debit=suspense_account(market_id, arrival_id, amount.currency),
        credit=funds_account(market_id, party_id, amount.currency),
        amount=amount,
    )
    return Entry(
        id=entry_id,
        market_id=market_id,
        kind=EntryKind.IDENTIFICATION,
        legs=legs,
        reference=reference,
        subject_id=arrival_id,
    )


def escrow_payment(
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    deal_id: DealId,
    amount: Money,
) -> Entry:
    """Return a payment to a deal: the party's funds → the deal's escrow.

    Raises:
        AmountNotPositive: Zero or below.
    """
    legs = transfer(
        debit=funds_account(market_id, party_id, amount.currency),
        credit=escrow_account(market_id, deal_id, amount.currency),
        amount=amount,
    )
    return Entry(
        id=entry_id,
        market_id=market_id,
        kind=EntryKind.ESCROW_PAYMENT,
        legs=legs,
        subject_id=deal_id,
    )


def settlement(
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    seller_id: PartyId,
    amount: Money,
) -> Entry:
    """Return what a deal's seller gets: the deal's escrow → the seller's funds.

    Raises:
        AmountNotPositive: Zero or below.
    """
    legs = transfer(
        debit=escrow_account(market_id, deal_id, amount.currency),
        credit=funds_account(market_id, seller_id, amount.currency),
        amount=amount,
    )
    return Entry(
        id=entry_id, market_id=market_id, kind=EntryKind.SETTLEMENT, legs=legs, subject_id=deal_id
    )
