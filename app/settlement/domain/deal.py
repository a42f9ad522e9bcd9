"""Deals 成交: from the confirmed price to the money in the seller's hands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import (
    DealId,
    DemandId,
    EngagementId,
    ListingId,
    MarketId,
    PartyId,
    RegistrationId,
)
from app.shared.money import Money, premium_rate
from app.shared.transitions import advance


class DealStatus(StrEnum):
    """Where a deal stands."""

    OPENED = "opened"  # the contract exists; the buyer owes the rest of the price
    PAID = "paid"  # the whole price came in
    SETTLED = "settled"  # the seller has it; of a demand's deal what it earned
    DEFAULTED = "defaulted"  # the buyer did not keep its word; the deposit is lost


class Side(StrEnum):
    """A side of a deal."""

    BUYER = "buyer"
    SELLER = "seller"


class DealTrigger(StrEnum):
    """What moves a deal."""

    RECEIVE = "receive"
    RECEIVE_BEYOND = "receive_beyond"
    COMPLETE = "complete"
    SETTLE = "settle"
    SIGN = "sign"
    DEFAULT = "default"
    CLOSE = "close"


TRANSITIONS: Final[Mapping[tuple[DealStatus, DealTrigger], DealStatus]] = {
    (DealStatus.OPENED, DealTrigger.RECEIVE): DealStatus.OPENED,
    (DealStatus.OPENED, DealTrigger.COMPLETE): DealStatus.PAID,
    (DealStatus.PAID, DealTrigger.SETTLE): DealStatus.SETTLED,
    # Signing and paying wait for each other in no order.
    (DealStatus.OPENED, DealTrigger.SIGN): DealStatus.OPENED,
    (DealStatus.SETTLED, DealTrigger.SIGN): DealStatus.SETTLED,
    (DealStatus.OPENED, DealTrigger.DEFAULT): DealStatus.DEFAULTED,
    # Royalties and interest come on top of the price, also when that is long paid.
    (DealStatus.OPENED, DealTrigger.RECEIVE_BEYOND): DealStatus.OPENED,
    (DealStatus.PAID, DealTrigger.RECEIVE_BEYOND): DealStatus.PAID,
    (DealStatus.SETTLED, DealTrigger.RECEIVE_BEYOND): DealStatus.SETTLED,
    # A demand's deal stays paid while its milestones are worked on, and ends with them.
    (DealStatus.PAID, DealTrigger.SIGN): DealStatus.PAID,
    (DealStatus.PAID, DealTrigger.DEFAULT): DealStatus.DEFAULTED,
    (DealStatus.OPENED, DealTrigger.CLOSE): DealStatus.SETTLED,
    (DealStatus.PAID, DealTrigger.CLOSE): DealStatus.SETTLED,
}


class DefaultReason(StrEnum):
    """Which duty was broken."""

    NOT_SIGNED = "not_signed"
    NOT_PAID = "not_paid"
    REFUSED = "refused"  # its own written refusal
    FALSE_MATERIAL = "false_material"
    COLLUSION = "collusion"
    CONDITION_FAILED = "condition_failed"  # nobody's fault: the contract cannot take effect


class DealExists(Conflict):
    """A listing has one living deal (ST1)."""

    code = "deal_exists"
    title_zh = "该项目已经成交"
    title_en = "The listing has its deal already"


class ListingNotForSale(Conflict):
    """The listing's disclosure runs, or it has its outcome."""

    code = "listing_not_for_sale"
    title_zh = "该项目当前不能成交"
    title_en = "The listing cannot be sold now"


class BuyerWithoutDeposit(Conflict):
    """The buyer's registration for this listing holds no deposit."""

    code = "buyer_without_deposit"
    title_zh = "受让方未缴纳本项目保证金"
    title_en = "The buyer has no deposit for this listing"


class PriceBelowFloor(RuleBroken):
    """No deal below the announced floor."""

    code = "price_below_floor"
    title_zh = "成交价低于挂牌底价"
    title_en = "The price is below the floor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A sale of a listing, or the work for a demand: one of the two.

    Attributes:
        number: Human number, ``ZP-D-2026-000001``.
        listing_id, registration_id: What is sold, and the buyer's registration for it.
        demand_id, engagement_id: What is worked for, by which winner's contract.
        start: The listing's floor; of a demand its budget's upper end, else the price.
        released: What went on to the seller, before fees.
        returned: What went back to the buyer.
        paid: What came in for the price, the captured deposit with it: it lies in escrow, went
            to the seller, or after a default was forfeited (the deposit) and given back (the
            rest).
        beyond_minor: What came in beyond the price: royalties, interest.
        shares_registered_at: When shares were registered that stand for the price.
        terms_version: 0 before price terms are fixed, then rises by one.
        final_total: What the seller gets in all, once unknown amounts were reconciled.
        deposit: What the winner's deposit contributed.
        source, source_id: What found the price, e.g. ``auction`` and its id.
        confirmed_at: The moment at which the contract exists.
        sign_by_at, pay_by_at: From them on the operator may declare default; aware UTC.
        signed_at: When both parties had signed.
        signed_text_hash: SHA-256 of the text they signed, if it was told.
        effective_at: When the contract took effect: signed, and no condition open.
        default_reason, default_ground: Which duty was broken, and the operator's own words.
        default_side: Who broke it.
        shortfall: What the re-run brought less than ``price``, once it was sold: owed by the
            buyer in default (D4).
        contract_version: 0 before the contract's data are fixed, then rises by one.

    Source: 民法典合同编通则解释 4 for ``confirmed_at``.
    """

    id: DealId
    number: str
    market_id: MarketId
    listing_id: ListingId | None
    seller_id: PartyId
    buyer_id: PartyId
    registration_id: RegistrationId | None
    status: DealStatus
    start: Money
    price: Money
    deposit: Money
    paid: Money
    source: str
    source_id: UUID
    confirmed_at: datetime
    sign_by_at: datetime
    pay_by_at: datetime
    released: Money
    returned: Money
    demand_id: DemandId | None = None
    engagement_id: EngagementId | None = None
    signed_at: datetime | None = None
    signed_text_hash: str | None = None
    effective_at: datetime | None = None
    settled_at: datetime | None = None
    defaulted_at: datetime | None = None
    default_reason: DefaultReason | None = None
    default_side: Side | None = None
    default_ground: str | None = None
    shortfall: Money | None = None
    contract_version: int = 0
    beyond_minor: int = 0
    shares_registered_at: datetime | None = None
    terms_version: int = 0
    final_total: Money | None = None

    @property
    def outstanding(self) -> Money:
        """What the buyer still owes of the price; nothing once the deal is over."""
        if self.shares_registered_at is not None or self.status in _OVER:
            return Money(0, self.price.currency)
        return self.price - self.paid

    @property
    def beyond(self) -> Money:
        """What came in beyond the price."""
        return Money(self.beyond_minor, self.price.currency)

    @property
    def forfeitable(self) -> Money:
        """What of the deposit a default would cost: the seller got the first money first."""
        return max(self.deposit - self.released, Money(0, self.price.currency))

    @property
    def premium_rate(self) -> Decimal:
        """(price − start) / start, four decimals."""
        return premium_rate(start=self.start, deal=self.price)


_OVER: Final = frozenset({DealStatus.DEFAULTED, DealStatus.SETTLED})


def check_price(*, price: Money, floor: Money) -> None:
    """Refuse a price below the floor or in another currency.

    Raises:
        PriceBelowFloor: Names the floor.
    """
    if price.currency != floor.currency or price < floor:
        raise PriceBelowFloor("The floor was announced.", field="price", minimum=floor)


def take_shares(deal: Deal, *, registered_at: datetime, now: datetime) -> Deal:
    """Return the deal whose price the registered shares stand for; money goes back (ST72)."""
    paid = advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.COMPLETE)
    taken = replace(
        deal,
        status=paid,
        shares_registered_at=registered_at,
        returned=deal.paid + deal.beyond - deal.released,
    )
    return settle(taken, now=now)


def hand_over(deal: Deal, amount: Money) -> Deal:
    """Return the deal of whose escrow an amount went to the seller and its charges (ST22)."""
    return replace(deal, released=deal.released + amount)


def settle(deal: Deal, *, now: datetime) -> Deal:
    """Return the deal whose price has gone to the seller (ST5)."""
    status = advance(TRANSITIONS, state=deal.status, trigger=DealTrigger.SETTLE)
    return replace(deal, status=status, settled_at=now)


def follow(deal: Deal, *, released: Money, returned: Money, finished: bool, now: datetime) -> Deal:
    """Return a demand's deal with what left its escrow; closed when nothing more is to come.

    A payment that came in while the work ended may go back behind the close.

    Args:
        released, returned: What went to the seller and back to the buyer just now.

    Invariants: ST22, ST23.
    """
    moved = replace(deal, released=deal.released + released, returned=deal.returned + returned)
    if not finished or moved.status is DealStatus.SETTLED:
        return moved
    status = advance(TRANSITIONS, state=moved.status, trigger=DealTrigger.CLOSE)
    return replace(moved, status=status, settled_at=now)
