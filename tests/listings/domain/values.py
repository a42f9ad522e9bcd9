"""Domain values for the tests of rules."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.listings.domain.content import (
    AchievementContent,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
    Secrecy,
)
from app.listings.domain.listing import (
    Listing,
    ListingStatus,
    ListingTerms,
    PricingMode,
)
from app.markets.public import PolicyTerms
from app.shared.calendar import DayUnit, Duration
from app.shared.ids import AchievementId, AuctionId, ListingId, MarketId, PartyId, PolicyId, new_id
from app.shared.money import Money

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
ENDS = datetime(2026, 3, 17, 16, tzinfo=UTC)
OPENS = datetime(2026, 3, 18, 1, tzinfo=UTC)
MARKET = MarketId(new_id())
SELLER = PartyId(new_id())
BUYER = PartyId(new_id())

CONTENT = AchievementContent(
    title="金属表面缺陷检测方法",
    abstract="事件相机采集亮度变化。",
    technology_field="electronic_information",
    kind="applied",
    ip_kind="invention_patent",
    ip_assets=(
        IpAsset("invention_patent", "201710601862.3", "检测方法", IpStatus.GRANTED),
        IpAsset("software_copyright", "2024SR0318842", "检测软件", IpStatus.REGISTERED),
        IpAsset("technical_secret", None, "标定规程", IpStatus.KEPT_SECRET),
    ),
    readiness=Readiness("trl_9", 7),
    evidence="连续运行4个月。",
    state_of_the_art="线阵CCD方案最小可检缺陷约0.25毫米。",
    completers=(Completer("许澜清", 6000), Completer("郭一舟", 4000)),
    service_result=True,
    empowerment=Empowerment.OWNERSHIP_SHARE,
    plan_source="provincial_plan",
    conversion_modes=("transfer", "licence_exclusive"),
    price_idea=Money(65_000_000),
    confidentiality=Confidentiality.PUBLIC,
    keywords=("事件相机",),
    secrecy=Secrecy.CLEARED,
)
ACHIEVEMENT = Achievement(
    id=AchievementId(new_id()),
    market_id=MARKET,
    party_id=SELLER,
    status=AchievementStatus.ACCEPTED,
    content=CONTENT,
    version=1,
    collected_at=NOW,
    submitted_at=NOW,
    reviewed_at=NOW,
)
_DAYS = Duration(3, DayUnit.WORKING_DAY)
POLICY = PolicyTerms(
    disclosure=Duration(15, DayUnit.CALENDAR_DAY),
    extension=_DAYS,
    extensions_max=3,
    deposit_cap_bp=3000,
    signing=_DAYS,
    deposit_refund=_DAYS,
    payment_due=_DAYS,
    result_notice=_DAYS,
    base_price_required=True,
)
TERMS = ListingTerms(
    pricing_mode=PricingMode.BIDDING,
    conversion_mode="transfer",
    floor=Money(60_000_000),
    deposit=Money(12_000_000),
    base_price=Money(60_000_000),
    contract_terms="专利权转让合同。",
    payment_terms="一次付清。",
    buyer_conditions="企业法人。",
    forfeiture_terms="撤回、串通、不签约的,保证金不予退还。",
    session_id=None,
)
DRAFT = Listing(
    id=ListingId(new_id()),
    number="ZP-2026-000123",
    market_id=MARKET,
    seller_id=SELLER,
    achievement_id=ACHIEVEMENT.id,
    title=CONTENT.title,
    status=ListingStatus.DRAFT,
    pricing_mode=TERMS.pricing_mode,
    conversion_mode=TERMS.conversion_mode,
    floor=TERMS.floor,
    deposit=TERMS.deposit,
    base_price=TERMS.base_price,
    contract_terms=TERMS.contract_terms,
    payment_terms=TERMS.payment_terms,
    buyer_conditions=TERMS.buyer_conditions,
    forfeiture_terms=TERMS.forfeiture_terms,
    session_id=None,
    drafted_at=NOW,
    auction_id=AuctionId(new_id()),
    opens_at=OPENS,
    bidding={"step": Money(2_000_000).as_json()},
)
DISCLOSING = replace(
    DRAFT,
    status=ListingStatus.DISCLOSING,
    policy_id=PolicyId(new_id()),
    policy=POLICY,
    published_at=NOW,
    disclosure_ends_at=ENDS,
)


def content(**changes: Any) -> AchievementContent:
    return replace(CONTENT, **changes)


def terms(**changes: Any) -> ListingTerms:
    return replace(TERMS, **changes)
