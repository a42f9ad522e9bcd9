"""Listings 交易项目: what one is, its states, who sees it, when it can be published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import Secrecy
from app.listings.domain.relation import Relation
from app.shared.access import Viewer
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import (
    AchievementId,
    AuctionId,
    DealId,
    ListingId,
    MarketId,
    PartyId,
    PolicyId,
    SessionId,
)
from app.shared.money import Money

if TYPE_CHECKING:  # only its type: the domain stays free of the module behind it
    from app.markets.public import PolicyTerms


class ListingStatus(StrEnum):
    """Where a listing stands, in every pricing mode."""

    DRAFT = "draft"
    DISCLOSING = "disclosing"
    CLOSED = "closed"
    SOLD = "sold"
    FAILED = "failed"


class ListingTrigger(StrEnum):
    """What moves a listing."""

    ATTACH_BIDDING = "attach_bidding"
    PUBLISH = "publish"
    CLOSE_DISCLOSURE = "close_disclosure"
    SELL = "sell"
    REOPEN = "reopen"
    FAIL = "fail"
    CANCEL = "cancel"  # its auction was cancelled or its result annulled


LISTING_TRANSITIONS: Final[Mapping[tuple[ListingStatus, ListingTrigger], ListingStatus]] = {
    (ListingStatus.DRAFT, ListingTrigger.ATTACH_BIDDING): ListingStatus.DRAFT,
    (ListingStatus.DRAFT, ListingTrigger.PUBLISH): ListingStatus.DISCLOSING,
    (ListingStatus.DISCLOSING, ListingTrigger.CLOSE_DISCLOSURE): ListingStatus.CLOSED,
    (ListingStatus.DISCLOSING, ListingTrigger.CANCEL): ListingStatus.FAILED,
    (ListingStatus.CLOSED, ListingTrigger.SELL): ListingStatus.SOLD,
    (ListingStatus.CLOSED, ListingTrigger.FAIL): ListingStatus.FAILED,
    (ListingStatus.CLOSED, ListingTrigger.CANCEL): ListingStatus.FAILED,
    (ListingStatus.SOLD, ListingTrigger.REOPEN): ListingStatus.CLOSED,
}


class PricingMode(StrEnum):
    """How the price is found; see ``OFFERED``."""

    AGREEMENT = "agreement"
    POSTED = "posted"
    BIDDING = "bidding"


OFFERED: Final = (PricingMode.BIDDING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTerms:
    """What the seller offers.

    Attributes:
        conversion_mode: One of the achievement's.
        floor: Lowest price, positive.
        deposit: Positive, at most the policy's share of the floor, same currency.
        base_price: 基准价格, where the policy requires one; at most the floor.
        forfeiture_terms: When the deposit is lost, in full: shown, never only linked (L11).
        related_buyers: Relations to the seller that may buy; the notice discloses them (A3).
    """

    pricing_mode: PricingMode
    conversion_mode: str
    floor: Money
    deposit: Money
    base_price: Money | None
    contract_terms: str
    payment_terms: str
    buyer_conditions: str
    forfeiture_terms: str
    session_id: SessionId | None
    related_buyers: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An achievement on offer.

    Attributes:
        number: Human number, ``ZP-2026-000123``.
        seller_id: The achievement's owner.
        policy_id, policy: Chosen when the notice was published and frozen with it.
        disclosure_ends_at: Aware UTC; registration is open before it.
        auction_id, opens_at, bidding: Attached by the auctions while a draft.
        deal_id: Its living deal, while sold.
        reopened_at: When its last deal ended in default, if one did.
    """

    id: ListingId
    number: str
    market_id: MarketId
    seller_id: PartyId
    achievement_id: AchievementId
    title: str
    status: ListingStatus
    pricing_mode: PricingMode
    conversion_mode: str
    floor: Money
    deposit: Money
    base_price: Money | None
    contract_terms: str
    payment_terms: str
    buyer_conditions: str
    forfeiture_terms: str
    session_id: SessionId | None
    drafted_at: datetime
    policy_id: PolicyId | None = None
    policy: "PolicyTerms | None" = None
    published_at: datetime | None = None
    disclosure_ends_at: datetime | None = None
    auction_id: AuctionId | None = None
    opens_at: datetime | None = None
    bidding: Mapping[str, Any] | None = None
    deal_id: DealId | None = None
    reopened_at: datetime | None = None
    related_buyers: tuple[Relation, ...] = ()


class AchievementNotListable(Conflict):
    """The achievement is not accepted, or its content may not be published."""

    code = "achievement_not_listable"
    title_zh = "该成果尚不能挂牌"
    title_en = "The achievement cannot be listed"


class AchievementOnOffer(Conflict):
    """The achievement is on offer elsewhere, or has been sold outright."""

    code = "achievement_on_offer"
    title_zh = "该成果已在挂牌或已转让"
    title_en = "The achievement is on offer or sold already"


class SellerClassMissing(Conflict):
    """Without the seller's class nobody knows which rules apply."""

    code = "seller_class_missing"
    title_zh = "出让方未登记单位类别"
    title_en = "The seller's class is not on record"


class BiddingAlreadyAttached(Conflict):
    """A listing has one auction."""

    code = "bidding_already_attached"
    title_zh = "该项目已关联竞价"
    title_en = "The listing has its auction already"


class BiddingNotAttached(Conflict):
    """A listing by bidding is published with its auction's terms."""

    code = "bidding_not_attached"
    title_zh = "尚未设置竞价方案"
    title_en = "The auction's terms are missing"


class AuctionOpensTooEarly(RuleBroken):
    """The auction would open before the disclosure is over."""

    code = "auction_opens_too_early"
    title_zh = "竞价开始时间早于公告期届满"
    title_en = "The auction opens before the disclosure ends"


def may_see_listing(viewer: Viewer, listing: Listing) -> bool:
    """Tell whether the viewer may know this listing: published ones are everybody's.

    Invariant: LS4.
    """
    if listing.status is not ListingStatus.DRAFT:
        return True
    return viewer.staff_of == listing.market_id or viewer.party_id == listing.seller_id


def check_listable(achievement: Achievement) -> None:
    """Refuse to list what is not on the shelf or not cleared of state secrets.

    Raises:
        AchievementNotListable: Names status and secrecy.

    Source: rules.md A8.
    """
    if (
        achievement.status is not AchievementStatus.ACCEPTED
        or achievement.content.secrecy is not Secrecy.CLEARED
    ):
        raise AchievementNotListable(
            "Only an accepted achievement that was cleared of state secrets can be listed.",
            field="achievement_id",
            state=str(achievement.status),
            secrecy=str(achievement.content.secrecy),
            accepted={"state": "accepted", "secrecy": "cleared"},
        )


def terms_of(listing: Listing) -> ListingTerms:
    """Return the seller's part of a listing, to be checked anew."""
    return ListingTerms(
        pricing_mode=listing.pricing_mode,
        conversion_mode=listing.conversion_mode,
        floor=listing.floor,
        deposit=listing.deposit,
        base_price=listing.base_price,
        contract_terms=listing.contract_terms,
        payment_terms=listing.payment_terms,
        buyer_conditions=listing.buyer_conditions,
        forfeiture_terms=listing.forfeiture_terms,
        session_id=listing.session_id,
        related_buyers=listing.related_buyers,
    )


def require_opening_after(*, opens_at: datetime, disclosure_ends_at: datetime) -> None:
    """Refuse an auction that opens while buyers may still register.

    Raises:
        AuctionOpensTooEarly: Names the earliest opening.

    Invariant: LS6.
    """
    if opens_at < disclosure_ends_at:
        raise AuctionOpensTooEarly(
            "Draft a new listing whose auction opens at or after this moment.",
            field="opens_at",
            earliest=disclosure_ends_at,
        )
