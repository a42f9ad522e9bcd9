"""Bodies and views of listings."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.identity.public import Ground
from app.listings.domain.achievement import (
    Achievement,
    AchievementContent,
    AchievementStatus,
    Completer,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Readiness,
)
from app.listings.domain.listing import (
    Listing,
    ListingStatus,
    ListingTerms,
    PricingMode,
)
from app.listings.domain.notice import (
    Notice,
)
from app.listings.domain.registration import BankReceipt, RegistrationStatus
from app.listings.domain.relation import Relation
from app.platform.schema import (
    Body,
    Instant,
    Line,
    MoneyJson,
    Paragraph,
    PositiveMoney,
    Reason,
    UtcView,
    View,
)
from app.shared.ids import SessionId

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="A name of /v1/codes")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class IpAssetJson(Body, View):
    """One right; patent numbers are checked and kept in their normal form."""

    kind: Code
    number: Line | None = None
    title: Line
    status: IpStatus


class ReadinessJson(Body, View):
    """Maturity on a scale of the code table ``readiness_scale``."""

    scale: Code
    level: int = Field(ge=1, le=100)


class CompleterJson(Body, View):
    """成果完成人 with a share in basis points."""

    name: Line
    share_bp: int = Field(ge=1, le=10_000)


class NewAchievement(Body):
    """A result as its owner states it."""

    title: Line
    abstract: Paragraph
    technology_field: Code
    kind: Code
    ip_kind: Code
    ip_assets: list[IpAssetJson] = Field(max_length=100)
    readiness: ReadinessJson
    evidence: Paragraph
    state_of_the_art: Paragraph
    completers: list[CompleterJson] = Field(min_length=1, max_length=100)
    service_result: bool = Field(description="职务成果")
    empowerment: Empowerment
    plan_source: Code
    conversion_modes: list[Code] = Field(min_length=1, max_length=20)
    price_idea: PositiveMoney | None = None
    confidentiality: Confidentiality
    keywords: list[Line] = Field(default=[], max_length=30)

    def content(self) -> AchievementContent:
        """Return the domain's value."""
        return AchievementContent(
            title=self.title,
            abstract=self.abstract,
            technology_field=self.technology_field,
            kind=self.kind,
            ip_kind=self.ip_kind,
            ip_assets=tuple(
                IpAsset(item.kind, item.number, item.title, item.status) for item in self.ip_assets
            ),
            readiness=Readiness(self.readiness.scale, self.readiness.level),
            evidence=self.evidence,
            state_of_the_art=self.state_of_the_art,
            completers=tuple(Completer(item.name, item.share_bp) for item in self.completers),
            service_result=self.service_result,
            empowerment=self.empowerment,
            plan_source=self.plan_source,
            conversion_modes=tuple(self.conversion_modes),
            price_idea=self.price_idea,
            confidentiality=self.confidentiality,
            keywords=tuple(self.keywords),
        )


class AchievementReview(Body):
    """The exchange's decision; a refusal states its reason."""

    accepted: bool
    reason: Reason | None = None


class _ContentSummary(View):
    title: str
    technology_field: str
    kind: str
    ip_kind: str
    readiness: ReadinessJson
    conversion_modes: list[str]
    price_idea: MoneyJson | None
    confidentiality: Confidentiality
    keywords: list[str]


class _ContentView(_ContentSummary):
    abstract: str
    ip_assets: list[IpAssetJson]
    evidence: str
    state_of_the_art: str
    completers: list[CompleterJson]
    service_result: bool
    empowerment: Empowerment
    plan_source: str


class AchievementSummary(_ContentSummary):
    """An achievement in a list."""

    id: UUID
    market_id: UUID
    party_id: UUID = Field(description="The owner")
    status: AchievementStatus
    submitted_at: UtcView

    @classmethod
    def of(cls, achievement: Achievement) -> Self:
        """Return the view of an achievement."""
        return cls.model_validate(_flat(achievement, cls))


class AchievementView(_ContentView):
    """A whole achievement."""

    id: UUID
    market_id: UUID
    party_id: UUID = Field(description="The owner")
    status: AchievementStatus
    submitted_at: UtcView
    reviewed_at: UtcView | None
    refusal_reason: str | None

    @classmethod
    def of(cls, achievement: Achievement) -> Self:
        """Return the view of an achievement."""
        return cls.model_validate(_flat(achievement, cls))


def _flat(achievement: Achievement, view: type[View]) -> dict[str, Any]:
    content = achievement.content
    return {
        name: getattr(content if hasattr(content, name) else achievement, name)
        for name in view.model_fields
    }


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


class NewRegistration(Body):
    """The acceptance of a notice's terms, by its content hash."""

    accepted_terms_hash: Sha256 = Field(description="content_hash of the notice that was shown")
    relation: Relation = Field(
        default=Relation.NONE,
        description="To the seller: a completer of the result in person, related, or none",
    )


class Qualification(Body):
    """The exchange's decision; a refusal states its reason."""

    qualified: bool
    reason: Reason | None = None


class DepositReceipt(Body):
    """A deposit as the bank statement shows it; the bank's moment decides."""

    amount: PositiveMoney
    payer_name: Line
    bank_reference: Line
    received_at: Instant

    def receipt(self) -> BankReceipt:
        """Return the domain's value."""
        return BankReceipt(
            amount=self.amount,
            payer_name=self.payer_name,
            bank_reference=self.bank_reference,
            received_at=self.received_at,
        )


class RegistrationView(View):
    """A registration, for its buyer and the market's operator and auditor."""

    id: UUID
    listing_id: UUID
    market_id: UUID
    party_id: UUID
    status: RegistrationStatus
    relation: Relation = Field(description="To the seller, as declared")
    bidder_code: str | None
    accepted_terms_hash: str
    accepted_by: str
    registered_at: UtcView
    decided_at: UtcView | None
    reason: str | None
    bank_reference: str | None
    received_at: UtcView | None
    standby_at: UtcView | None = Field(description="The deposit waits for the buyer's signature")
    forfeited_at: UtcView | None


class FlagView(View):
    """Two buyers of a listing that one hand may move: a question for the operator, no refusal."""

    party_ids: tuple[UUID, UUID]
    registration_ids: tuple[UUID, UUID]
    grounds: list[Ground] = Field(description="What the two share")
