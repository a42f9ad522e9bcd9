"""Bodies and views of listings and notices."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.listing import Listing, ListingStatus, ListingTerms, PricingMode
from app.listings.domain.notice import Notice
from app.listings.domain.relation import Relation
from app.listings.schemas.achievements import Code
from app.platform.schema import Body, MoneyJson, Paragraph, PositiveMoney, UtcView, View
from app.shared.ids import SessionId


class NewListing(Body):
    """The seller's terms; the onerous ones are written out in full."""

    achievement_id: UUID
    pricing_mode: PricingMode
    conversion_mode: Code = Field(description="One of the achievement's conversion modes")
    floor: PositiveMoney
    deposit: PositiveMoney
    base_price: PositiveMoney | None = Field(
        default=None, description="基准价格; the policies of public sellers require it"
    )
    contract_terms: Paragraph
    payment_terms: Paragraph
    buyer_conditions: Paragraph
    forfeiture_terms: Paragraph = Field(description="When the deposit is lost, in full")
    session_id: UUID | None = None
    related_buyers: list[Literal[Relation.COMPLETER, Relation.RELATED]] = Field(
        default=[],
        max_length=2,
        description="Relations to the seller that may buy; the notice discloses them",
    )

    def terms(self) -> ListingTerms:
        """Return the domain's value."""
        return ListingTerms(
            pricing_mode=self.pricing_mode,
            conversion_mode=self.conversion_mode,
            floor=self.floor,
            deposit=self.deposit,
            base_price=self.base_price,
            contract_terms=self.contract_terms,
            payment_terms=self.payment_terms,
            buyer_conditions=self.buyer_conditions,
            forfeiture_terms=self.forfeiture_terms,
            session_id=None if self.session_id is None else SessionId(self.session_id),
            related_buyers=tuple(sorted(set(self.related_buyers))),
        )


class NoticeView(View):
    """The notice as published; ``content_hash`` is SHA-256 over ``content`` in RFC 8785 form."""

    number: str
    content: dict[str, Any]
    content_hash: str
    published_at: UtcView


class ListingSummary(View):
    """A listing in a list."""

    id: UUID
    number: str
    market_id: UUID
    seller_id: UUID
    achievement_id: UUID
    session_id: UUID | None
    auction_id: UUID | None
    title: str
    status: ListingStatus
    pricing_mode: PricingMode
    conversion_mode: str
    floor: MoneyJson
    deposit: MoneyJson
    published_at: UtcView | None
    disclosure_ends_at: UtcView | None
    opens_at: UtcView | None


class ListingView(ListingSummary):
    """A whole listing, with its notice once published."""

    base_price: MoneyJson | None
    contract_terms: str
    payment_terms: str
    buyer_conditions: str
    forfeiture_terms: str
    drafted_at: UtcView
    related_buyers: list[Relation]
    bidding: dict[str, Any] | None
    policy_id: UUID | None
    policy: dict[str, Any] | None = Field(description="Frozen with the notice")
    earliest_opening: UtcView | None = Field(
        description="Of a draft: when its auction could open if it were published now"
    )
    notice: NoticeView | None

    @classmethod
    def of(cls, listing: Listing, notice: Notice | None, *, earliest_opening: Any = None) -> Self:
        """Return the view of a listing."""
        told: dict[str, Any] = {
            name: getattr(listing, name) for name in cls.model_fields if hasattr(listing, name)
        }
        told["policy"] = None if listing.policy is None else listing.policy.as_json()
        told |= {"notice": notice, "earliest_opening": earliest_opening}
        return cls.model_validate(told)
