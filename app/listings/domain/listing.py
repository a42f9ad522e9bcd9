"""Listings 交易项目: what one is, its states, who sees it, when it can be published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import Secrecy
from app.listings.domain.deposit import DepositUse
from app.listings.domain.relation import Relation
from app.shared.access import Viewer
from app.shared.errors import Conflict, RuleBroken
from app.shared.ids import (
    AchievementId,
    AuctionId,
    DealId,
    FileId,
    ListingId,
    MarketId,
    PartyId,
    PolicyId,
    RoomId,
    SessionId,
)
from app.shared.money import Money

if TYPE_CHECKING:  # only its type: the domain stays free of the module behind it
    from app.markets.public import PolicyTerms


class ListingStatus(StrEnum):
    """Where a listing stands, in every pricing mode."""

    DRAFT = "draft"
    DISCLOSING = "disclosing"
    SUSPENDED = "suspended"  # 中止
    CLOSED = "closed"  # the disclosure is over, the outcome not yet there
    AWARDED = "awarded"  # the exchange has confirmed the sale; its deal is being opened
    SOLD = "sold"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"  # 撤回: by its seller
    TERMINATED = "terminated"  # 终结: an obstacle that cannot be removed


class ListingTrigger(StrEnum):
    """What moves a listing."""

    ATTACH_BIDDING = "attach_bidding"
    PUBLISH = "publish"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    CLOSE_DISCLOSURE = "close_disclosure"
    EXTEND = "extend"
    HAND_OVER = "hand_over"  # to the auctions, with two buyers or more
    AWARD = "award"  # without an auction: an agreement, a single buyer
    SELL = "sell"
    REOPEN = "reopen"
    FAIL = "fail"
    CANCEL = "cancel"  # its auction was cancelled or its result annulled
    WITHDRAW = "withdraw"
    TERMINATE = "terminate"


_S = ListingStatus
_T = ListingTrigger

LISTING_TRANSITIONS: Final[Mapping[tuple[ListingStatus, ListingTrigger], ListingStatus]] = {
    (_S.DRAFT, _T.ATTACH_BIDDING): _S.DRAFT,
    (_S.DRAFT, _T.PUBLISH): _S.DISCLOSING,
    (_S.DRAFT, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.DISCLOSING, _T.CHANGE): _S.DISCLOSING,
    (_S.DISCLOSING, _T.SUSPEND): _S.SUSPENDED,
    (_S.DISCLOSING, _T.CLOSE_DISCLOSURE): _S.CLOSED,
    (_S.DISCLOSING, _T.CANCEL): _S.FAILED,
    (_S.DISCLOSING, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.DISCLOSING, _T.TERMINATE): _S.TERMINATED,
    (_S.SUSPENDED, _T.RESUME): _S.DISCLOSING,
    (_S.SUSPENDED, _T.CANCEL): _S.FAILED,
    (_S.SUSPENDED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.SUSPENDED, _T.TERMINATE): _S.TERMINATED,
    (_S.CLOSED, _T.EXTEND): _S.DISCLOSING,
    (_S.CLOSED, _T.HAND_OVER): _S.CLOSED,
    (_S.CLOSED, _T.AWARD): _S.AWARDED,
    (_S.CLOSED, _T.SELL): _S.SOLD,
    (_S.CLOSED, _T.FAIL): _S.FAILED,
    (_S.CLOSED, _T.CANCEL): _S.FAILED,
    (_S.CLOSED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.CLOSED, _T.TERMINATE): _S.TERMINATED,
    (_S.AWARDED, _T.SELL): _S.SOLD,
    (_S.SOLD, _T.REOPEN): _S.CLOSED,
}


class PricingMode(StrEnum):
    """How the price is found."""

    AGREEMENT = "agreement"  # 协议定价并公示
    POSTED = "posted"  # 挂牌
    BIDDING = "bidding"  # 竞价


@dataclass(frozen=True, slots=True)
class UnitNotice:
    """The publication of an agreement in the seller's own unit 本单位公示.

    Attributes:
        place: Where: a web address or a notice board.
        published_on: Day in Asia/Shanghai.
    """

    place: str
    published_on: date


@dataclass(frozen=True, slots=True)
class Approval:
    """The document of whoever may approve a lower price or a change.

    Attributes:
        reference: Its number.
        approved_on: Day in Asia/Shanghai.
        file_id: The document itself, if it was handed in.
    """

    reference: str
    approved_by: str
    approved_on: date
    file_id: FileId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTerms:
    """What the seller offers.

    Attributes:
        conversion_mode: One of the achievement's.
        floor: Lowest price, of an agreement the price; positive.
        deposit: At most the policy's share of the floor, same currency; zero only in an agreement.
        base_price: 基准价格, where the policy requires one.
        forfeiture_terms: When the deposit is lost, in full: shown, never only linked (L11).
        deposit_becomes: What the winner's deposit becomes (D5).
        related_buyers: Relations to the seller that may buy; the notice discloses them (A3).
        buyer_id: With whom an agreement is made.
        unit_notice: Of an agreement; may come later, but before the notice.
        extensions: How often a posted listing without a buyer is extended at most (L3).
        reductions: Its floors after the first, the second … extension, falling (L6).
        joint_purchase: Whether buyers may register as a consortium.
        approval: For a price below what may be asked freely (L4).
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
    buyer_id: PartyId | None = None
    unit_notice: UnitNotice | None = None
    extensions: int = 0
    reductions: tuple[Money, ...] = ()
    joint_purchase: bool = False
    approval: Approval | None = None
    deposit_becomes: DepositUse = DepositUse.PRICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An achievement on offer.

    Attributes:
        number: Human number, ``ZP-2026-000123``: one through all modes.
        seller_id: The achievement's owner.
        policy_id, policy: Chosen when the notice was published and frozen with it.
        disclosure_ends_at: Aware UTC; registration is open before it.
        auction_id, opens_at: Its auction's, once it has one.
        bidding: How bids are taken: announced, of a posted listing for two buyers or more.
        deal_id: Its living deal, while sold.
        reopened_at: When its last deal ended in default, if one did.
        room_id: The deal room in which an agreement was found.
        notice_count: Notices published so far.
        terms_number, terms_hash: Of the notice whose terms hold, and that buyers accept.
        extensions_done: Extensions so far.
        suspended_at, suspended_until: While suspended; ``until`` is the announced latest end.
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
    buyer_id: PartyId | None = None
    room_id: RoomId | None = None
    unit_notice: UnitNotice | None = None
    extensions: int = 0
    reductions: tuple[Money, ...] = ()
    joint_purchase: bool = False
    approval: Approval | None = None
    deposit_becomes: DepositUse = DepositUse.PRICE
    notice_count: int = 0
    terms_number: str | None = None
    terms_hash: str | None = None
    extensions_done: int = 0
    suspended_at: datetime | None = None
    suspended_until: datetime | None = None


class AchievementNotListable(Conflict):
    """The achievement is not on the shelf, or not cleared of state secrets."""

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
    """A listing by bidding, and a posted one, is published with the terms of its bidding."""

    code = "bidding_not_attached"
    title_zh = "尚未设置竞价方案"
    title_en = "The terms of the bidding are missing"


class AuctionOpensTooEarly(RuleBroken):
    """The auction would open before the disclosure is over."""

    code = "auction_opens_too_early"
    title_zh = "竞价开始时间早于公告期届满"
    title_en = "The auction opens before the disclosure ends"


def may_see_listing(viewer: Viewer, listing: Listing) -> bool:
    """Tell whether the viewer may know this listing: published ones are everybody's.

    The buyer of an agreement knows it as a draft, too.

    Invariant: LS4.
    """
    if listing.published_at is not None or viewer.staff_of == listing.market_id:
        return True
    return viewer.party_id is not None and viewer.party_id in {listing.seller_id, listing.buyer_id}


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


_TERMS: Final = tuple(ListingTerms.__dataclass_fields__)


def terms_of(listing: Listing) -> ListingTerms:
    """Return the seller's part of a listing, to be checked anew."""
    return ListingTerms(**{name: getattr(listing, name) for name in _TERMS})


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
