"""Accounts: whose money lies where, and which side of the books it grows on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.shared.errors import Conflict
from app.shared.ids import AccountId, DealId, MarketId, PartyId
from app.shared.money import Money


class Purpose(StrEnum):
    """What an account is for."""

    BANK = "bank"  # money at the exchange's bank: its asset
    FUNDS = "funds"  # what the exchange owes a party, free to use
    HELD = "held"  # what it owes a party but keeps as a deposit
    ESCROW = "escrow"  # what it keeps for one deal
    FORFEITED = "forfeited"  # deposits that parties lost, until somebody is found to be owed them
    SUSPENSE = "suspense"  # an arrival of which nobody knows yet whose it is
    OUTGOING = "outgoing"  # ordered at the bank, not yet executed there
    FEES = "fees"  # what the exchange earned with one deal
    VOUCHERS = "vouchers"  # what a voucher's issuer owes the exchange: its asset


class Side(StrEnum):
    """The side on which an account's balance grows."""

    DEBIT = "debit"
    CREDIT = "credit"


NORMAL_SIDE: Final[Mapping[Purpose, Side]] = {
    Purpose.BANK: Side.DEBIT,
    Purpose.FUNDS: Side.CREDIT,
    Purpose.HELD: Side.CREDIT,
    Purpose.ESCROW: Side.CREDIT,
    Purpose.FORFEITED: Side.CREDIT,
    Purpose.SUSPENSE: Side.CREDIT,
    Purpose.OUTGOING: Side.CREDIT,
    Purpose.FEES: Side.CREDIT,
    Purpose.VOUCHERS: Side.DEBIT,
}

# The bank needs no limit of its own: it equals what is owed, and none of that goes below zero.
# So no two payments ever wait for each other on one bank account.
LIMITED: Final = frozenset(Purpose) - {Purpose.BANK}


class InsufficientFunds(Conflict):
    """A limited account would fall below zero (G3)."""

    code = "insufficient_funds"
    title_zh = "账户余额不足"
    title_en = "The account does not hold enough"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """What makes an account the only one of its kind (G5).

    Attributes:
        party_id: The party it belongs to; ``None`` for the exchange's own and for escrow.
        subject_id: The deal of an escrow or fees account, the arrival in suspense, the order that
            is on its way, the voucher; else ``None``.
    """

    market_id: MarketId
    purpose: Purpose
    currency: str
    party_id: PartyId | None = None
    subject_id: UUID | None = None

    @property
    def limited(self) -> bool:
        """Whether the balance may never be negative."""
        return self.purpose in LIMITED

    @property
    def side(self) -> Side:
        """The side on which the balance grows."""
        return NORMAL_SIDE[self.purpose]

    def shown(self, debit_minor: int) -> Money:
        """Return a sum of postings (debit positive) as read on the normal side."""
        return Money(debit_minor if self.side is Side.DEBIT else -debit_minor, self.currency)


def bank_account(market_id: MarketId, currency: str) -> AccountKey:
    """Return the exchange's bank account."""
    return AccountKey(market_id, Purpose.BANK, currency)


def funds_account(market_id: MarketId, party_id: PartyId, currency: str) -> AccountKey:
    """Return what a party is free to use."""
    return AccountKey(market_id, Purpose.FUNDS, currency, party_id=party_id)


def escrow_account(market_id: MarketId, deal_id: DealId, currency: str) -> AccountKey:
    """Return what is kept for a deal."""
    return AccountKey(market_id, Purpose.ESCROW, currency, subject_id=deal_id)


def forfeited_account(market_id: MarketId, currency: str) -> AccountKey:
    """Return what a market's parties have lost."""
    return AccountKey(market_id, Purpose.FORFEITED, currency)


def suspense_account(market_id: MarketId, arrival_id: UUID, currency: str) -> AccountKey:
    """Return what came in with an arrival and is nobody's yet."""
    return AccountKey(market_id, Purpose.SUSPENSE, currency, subject_id=arrival_id)


def outgoing_account(market_id: MarketId, order_id: UUID, currency: str) -> AccountKey:
    """Return what a payment order sends and the bank has not paid yet."""
    return AccountKey(market_id, Purpose.OUTGOING, currency, subject_id=order_id)


def fees_account(market_id: MarketId, deal_id: DealId, currency: str) -> AccountKey:
    """Return what the exchange earned with one deal."""
    return AccountKey(market_id, Purpose.FEES, currency, subject_id=deal_id)


def voucher_account(market_id: MarketId, voucher_id: UUID, currency: str) -> AccountKey:
    """Return what a voucher's issuer owes the exchange for it."""
    return AccountKey(market_id, Purpose.VOUCHERS, currency, subject_id=voucher_id)


@dataclass(frozen=True, slots=True)
class Account:
    """An opened account."""

    id: AccountId
    key: AccountKey


def check_limit(account: AccountKey, *, available: Money, change: Money) -> None:
    """Refuse a change that would take a limited account below zero (G3).

    Args:
        available: The balance before, on the account's normal side.
        change: What the entry adds, on the normal side; negative when it takes.

    Raises:
        InsufficientFunds: Says what is there and what was needed.
    """
    if account.limited and change.amount_minor < 0 and (available + change).amount_minor < 0:
        raise InsufficientFunds(
            f"The {account.purpose} account holds less than the entry takes.",
            purpose=str(account.purpose),
            available=available,
            needed=-change,
        )
