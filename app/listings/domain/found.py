"""What a search shows of an entry that it found."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.listings.domain.content import Readiness
from app.listings.domain.listing import ListingStatus, PricingMode
from app.shared.ids import AchievementId, ListingId, MarketId, PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAchievement:
    """An achievement on the shelf, as everybody may read it.

    Attributes:
        abstract: Of a restricted one its public summary.
        shelved_at: When it was last accepted.
        on_offer: Whether a listing of it is open for registration.
    """

    id: AchievementId
    market_id: MarketId
    party_id: PartyId
    owner_name: str
    region: str | None
    title: str
    keywords: tuple[str, ...]
    abstract: str
    technology_field: str
    kind: str
    ip_kind: str
    conversion_modes: tuple[str, ...]
    readiness: Readiness
    price_idea: Money | None
    version: int
    shelved_at: datetime
    on_offer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundListing:
    """A published listing; ``abstract`` and ``keywords`` as its notice had them."""

    id: ListingId
    number: str
    market_id: MarketId
    seller_id: PartyId
    achievement_id: AchievementId
    auction_id: UUID | None
    owner_name: str
    title: str
    keywords: tuple[str, ...]
    abstract: str
    technology_field: str
    status: ListingStatus
    pricing_mode: PricingMode
    conversion_mode: str
    floor: Money
    deposit: Money
    published_at: datetime
    disclosure_ends_at: datetime
    opens_at: datetime | None
