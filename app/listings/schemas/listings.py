"""Bodies and views of listings and notices."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.agreement import agreed_hash
from app.listings.domain.deposit import DepositUse
from app.listings.domain.listing import (
    Approval,
    Listing,
    ListingStatus,
    ListingTerms,
    PricingMode,
    UnitNotice,
)
from app.listings.domain.notice import Notice, NoticeKind, NoticeStatus
from app.listings.domain.relation import Relation
from app.listings.schemas.achievements import Code
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
from app.shared.ids import FileId, PartyId, SessionId
from app.shared.money import Money

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class UnitNoticeJson(Body, View):
    """本单位公示: where and since when the seller's unit publishes an agreement."""

    place: Line
    published_on: date = Field(description="Day in Asia/Shanghai")

    def plain(self) -> UnitNotice:
        """Return the domain's value."""
        return UnitNotice(self.place, self.published_on)


class ApprovalJson(Body, View):
    """The document of whoever approves a lower price or a change."""

    reference: Line
    approved_by: Line
    approved_on: date
    file_id: UUID | None = None


class TermsBody(Body):
    """The seller's terms; the onerous ones are written out in full."""

    pricing_mode: PricingMode
    conversion_mode: Code = Field(description="One of the achievement's conversion modes")
    floor: PositiveMoney
    deposit: PositiveMoney | None = Field(
        default=None, description="Only an agreement goes without one"
    )
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
    buyer_id: UUID | None = Field(default=None, description="With whom an agreement is made")
    unit_notice: UnitNoticeJson | None = Field(
        default=None, description="Of an agreement of a public seller, before its notice"
    )
    extensions: int = Field(
        default=0, ge=0, le=100, description="Most extensions of a posted listing without a buyer"
    )
    reductions: list[PositiveMoney] = Field(
        default=[], max_length=100, description="Floors after the first, second … extension"
    )
    joint_purchase: bool = False
    deposit_becomes: DepositUse = Field(
        default=DepositUse.PRICE,
        description="The winner's deposit: a part of the price, or a bond 履约保证金",
    )
    approval: ApprovalJson | None = Field(
        default=None, description="For a price below what may be asked freely"
    )

    def terms(self) -> ListingTerms:
        """Return the domain's value."""
        return ListingTerms(
            pricing_mode=self.pricing_mode,
            conversion_mode=self.conversion_mode,
            floor=self.floor,
            deposit=self.deposit or Money(0, self.floor.currency),
            base_price=self.base_price,
            contract_terms=self.contract_terms,
            payment_terms=self.payment_terms,
            buyer_conditions=self.buyer_conditions,
            forfeiture_terms=self.forfeiture_terms,
            session_id=None if self.session_id is None else SessionId(self.session_id),
            related_buyers=tuple(sorted(set(self.related_buyers))),
            buyer_id=None if self.buyer_id is None else PartyId(self.buyer_id),
            unit_notice=None if self.unit_notice is None else self.unit_notice.plain(),
            extensions=self.extensions,
            reductions=tuple(self.reductions),
            joint_purchase=self.joint_purchase,
            approval=None if self.approval is None else _approval(self.approval),
            deposit_becomes=self.deposit_becomes,
        )


def _approval(body: ApprovalJson) -> Approval:
    return Approval(
        body.reference,
        body.approved_by,
        body.approved_on,
        None if body.file_id is None else FileId(body.file_id),
    )


class NewListing(TermsBody):
    """A listing of an achievement."""

    achievement_id: UUID


class ListingChange(TermsBody):
    """All terms anew, and the document that a change of a published notice needs."""

    approval: ApprovalJson


class Suspension(Body):
    """Why a disclosure stands still, and until when at most."""

    reason: Reason
    until: Instant


class Resumption(Body):
    """Why a disclosure goes on."""

    reason: Reason


class Termination(Body):
    """Why a listing cannot be carried through."""

    reason: Reason


class Withdrawal(Body):
    """Why a seller takes its listing back."""

    reason: Reason
    costs: PositiveMoney | None = Field(
        default=None, description="What the seller owes for it; for the two alone"
    )


class NoticeView(View):
    """A notice as published; ``content_hash`` is SHA-256 over ``content`` in RFC 8785 form."""

    id: UUID
    number: str
    kind: NoticeKind
    status: NoticeStatus
    content: dict[str, Any]
    content_hash: str
    published_at: UtcView
    closes_at: UtcView | None


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
    suspended_until: UtcView | None


class ListingView(ListingSummary):
    """A whole listing, with its notice once published."""

    base_price: MoneyJson | None
    contract_terms: str
    payment_terms: str
    buyer_conditions: str
    forfeiture_terms: str
    drafted_at: UtcView
    related_buyers: list[Relation]
    buyer_id: UUID | None = Field(description="With whom an agreement is made")
    room_id: UUID | None
    unit_notice: UnitNoticeJson | None
    extensions: int
    extensions_done: int
    reductions: list[MoneyJson]
    joint_purchase: bool
    deposit_becomes: DepositUse
    approval: ApprovalJson | None
    bidding: dict[str, Any] | None
    policy_id: UUID | None
    policy: dict[str, Any] | None = Field(description="Frozen with the notice")
    agreed_terms_hash: Sha256 | None = Field(
        description="Of an agreement: what its buyer consents to"
    )
    earliest_opening: UtcView | None = Field(
        description="Of a draft: when its auction could open if it were published now"
    )
    notice: NoticeView | None = Field(description="The one whose terms hold")

    @classmethod
    def of(cls, listing: Listing, notice: Notice | None, *, earliest_opening: Any = None) -> Self:
        """Return the view of a listing."""
        told: dict[str, Any] = {
            name: getattr(listing, name) for name in cls.model_fields if hasattr(listing, name)
        }
        told["policy"] = None if listing.policy is None else listing.policy.as_json()
        told |= {
            "notice": notice,
            "earliest_opening": earliest_opening,
            "agreed_terms_hash": agreed_hash(listing),
        }
        return cls.model_validate(told)
