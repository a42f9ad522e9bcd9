"""Entries: a movement of money as legs that sum to zero."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.ledger.domain.accounts import AccountKey
from app.shared.canonical import digest
from app.shared.errors import Conflict, NotFound, RuleBroken
from app.shared.ids import EntryId, MarketId
from app.shared.money import Money


class EntryKind(StrEnum):
    """What moved."""

    RECEIPT = "receipt"  # bank → funds
    HOLD = "hold"  # funds → held
    RELEASE = "release"  # held → funds
    CAPTURE = "capture"  # held → escrow
    ESCROW_PAYMENT = "escrow_payment"  # funds → escrow
    SETTLEMENT = "settlement"  # escrow → funds of the seller
    FORFEITURE = "forfeiture"  # held → forfeited
    ESCROW_FORFEITURE = "escrow_forfeiture"  # escrow → forfeited
    ESCROW_REFUND = "escrow_refund"  # escrow → funds of the buyer
    UNIDENTIFIED = "unidentified"  # bank → suspense
    IDENTIFICATION = "identification"  # suspense → funds
    RETURN_ORDER = "return_order"  # suspense → outgoing
    PAYMENT_ORDER = "payment_order"  # funds → outgoing
    EXECUTION = "execution"  # outgoing → bank
    FEE = "fee"  # funds → fees
    FEE_WITHHELD = "fee_withheld"  # escrow → fees
    FEE_REFUND = "fee_refund"  # fees → funds
    COMMISSION = "commission"  # escrow or funds → funds of the broker
    VOUCHER_PAYMENT = "voucher_payment"  # vouchers → escrow or fees
    VOUCHER_REDEMPTION = "voucher_redemption"  # bank → vouchers
    REVERSAL = "reversal"  # an entry, the other way round


REVERSIBLE: Final = frozenset(
    {
        EntryKind.RECEIPT,
        EntryKind.ESCROW_PAYMENT,
        EntryKind.SETTLEMENT,
        EntryKind.UNIDENTIFIED,
        EntryKind.RETURN_ORDER,
        EntryKind.PAYMENT_ORDER,
    }
)


class AmountNotPositive(RuleBroken):
    """Every movement has a direction of its own; its amount is above zero."""

    code = "amount_not_positive"
    title_zh = "金额必须大于零"
    title_en = "The amount must be above zero"


class EntryDiffers(Conflict):
    """The id was used for another movement (G4)."""

    code = "entry_differs"
    title_zh = "该记账编号已用于另一笔分录"
    title_en = "The entry id belongs to another movement"


class EntryUnknown(NotFound):
    """No entry has this id."""

    code = "entry_unknown"
    title_zh = "分录不存在"
    title_en = "There is no such entry"


class NotReversible(RuleBroken):
    """A hold is undone by its own acts, a default and a reversal by a new entry (G7)."""

    code = "entry_not_reversible"
    title_zh = "此类分录不能冲销"
    title_en = "This kind of entry cannot be reversed"


class AlreadyReversed(Conflict):
    """An entry is reversed at most once (G7)."""

    code = "entry_already_reversed"
    title_zh = "该分录已被冲销"
    title_en = "The entry has been reversed already"


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a movement: an account and signed minor units, debit positive."""

    account: AccountKey
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A movement to be booked or booked.

    Attributes:
        id: Given by the caller; repeating it repeats nothing (G4).
        legs: Sum to zero per currency, one an account (G1).
        reference: Bank reference or reason, as the parties know it.
        subject_id: The hold or the deal it belongs to.
        reverses_id: The entry that a reversal corrects.
        at: Its own market moment; ``None``: that of the booking of all.
    """

    id: EntryId
    market_id: MarketId
    kind: EntryKind
    legs: tuple[Leg, ...]
    reference: str | None = None
    subject_id: UUID | None = None
    reverses_id: EntryId | None = None
    at: datetime | None = None

    @property
    def content(self) -> str:
        """The digest by which a repeated id is told from a reused one (G4).

        Neither the moment nor the actor is in it: a retry comes later, perhaps from another.
        """
        legs: list[list[Any]] = [
            [
                str(leg.account.purpose),
                str(leg.account.party_id),
                str(leg.account.subject_id),
                leg.account.currency,
                str(leg.amount_minor),  # a JSON number is exact to 2^53 only
            ]
            for leg in self.legs
        ]
        return digest(
            {
                "market_id": str(self.market_id),
                "kind": str(self.kind),
                "legs": sorted(legs),
                "reference": self.reference,
                "subject_id": str(self.subject_id),
                "reverses_id": str(self.reverses_id),
            }
        )


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A posting as the account's holder reads it.

    Attributes:
        change, balance: On the account's normal side; ``balance`` includes this posting.
    """

    seq: int
    entry_id: EntryId
    kind: EntryKind
    at: datetime
    reference: str | None
    subject_id: UUID | None
    change: Money
    balance: Money


def transfer(*, debit: AccountKey, credit: AccountKey, amount: Money) -> tuple[Leg, ...]:
    """Return the two legs of a movement (G1).

    Raises:
        AmountNotPositive: The amount is zero or below.
    """
    if amount.amount_minor <= 0:
        raise AmountNotPositive("Book a positive amount.", field="amount", amount=amount)
    return (Leg(debit, amount.amount_minor), Leg(credit, -amount.amount_minor))


def reversal(entry: Entry, *, reversal_id: EntryId, reason: str) -> Entry:
    """Return the entry that undoes another one leg by leg (G7).

    Raises:
        NotReversible: Names the kinds that can be reversed.
    """
    if entry.kind not in REVERSIBLE:
        raise NotReversible(
            f"An entry of kind '{entry.kind}' is not reversed.",
            kind=str(entry.kind),
            accepted=sorted(REVERSIBLE),
        )
    return Entry(
        id=reversal_id,
        market_id=entry.market_id,
        kind=EntryKind.REVERSAL,
        legs=tuple(Leg(leg.account, -leg.amount_minor) for leg in entry.legs),
        reference=reason,
        subject_id=entry.subject_id,
        reverses_id=entry.id,
    )
