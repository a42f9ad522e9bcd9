"""Bodies and views of deal rooms."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.listings.domain.offers import OfferStatus, OfferTerms, RoomOffer, is_waiting
from app.listings.domain.room import Room, RoomStatus
from app.listings.domain.service_clock import Clock, Reading, Summary, read_clocks
from app.listings.schemas.achievements import Code
from app.listings.service.rooms import NewRoom
from app.platform.schema import (
    Body,
    Instant,
    Line,
    MoneyJson,
    Page,
    Paragraph,
    PositiveMoney,
    Reason,
    UtcView,
    View,
)
from app.shared.ids import AchievementId, PartyId, RoadshowId

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=1, lt=2**31)]


class RoomRequest(Body):
    """A wish to talk; a broker or operator names the buyer."""

    achievement_id: UUID
    buyer_id: UUID | None = None
    roadshow_id: UUID | None = Field(
        default=None, description="Where the buyer's interest was noted"
    )
    request: Paragraph = Field(description="What the buyer wants it for")

    def new(self) -> NewRoom:
        """Return the use case's value."""
        return NewRoom(
            achievement_id=AchievementId(self.achievement_id),
            buyer_id=None if self.buyer_id is None else PartyId(self.buyer_id),
            roadshow_id=None if self.roadshow_id is None else RoadshowId(self.roadshow_id),
            request=self.request,
        )


class RoomAnswer(Body):
    """The owner's answer: talk, under its own text or the exchange's, or decline with a reason."""

    declined: Reason | None = Field(default=None, description="The reason; null to talk")
    nda_text: Paragraph | None = Field(
        default=None, description="保密条款; null takes the exchange's text"
    )


class NdaBody(Body):
    """The acceptance of exactly the room's text."""

    nda_hash: Sha256


class RoomReason(Body):
    """Why."""

    reason: Reason


class ReadingView(View):
    """A clock of one room."""

    clock: Clock
    took_s: int | None = Field(description="Whole seconds; null while the moment has not come")
    due_at: UtcView | None
    overdue: bool

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """Return the view of a clock."""
        return cls.model_validate(reading)


class RoomView(View):
    """A deal room; what is said in it is null for staff until a side asks for mediation."""

    id: UUID
    market_id: UUID
    achievement_id: UUID
    owner_id: UUID
    buyer_id: UUID
    roadshow_id: UUID | None
    status: RoomStatus
    requested_at: UtcView
    answer_due_at: UtcView
    answered_at: UtcView | None
    opened_at: UtcView | None
    agreed_at: UtcView | None
    listing_id: UUID | None = Field(description="The agreement that was drafted")
    ended_at: UtcView | None
    mediation_at: UtcView | None
    clocks: list[ReadingView]
    request: str | None
    nda_text: str | None
    nda_hash: str | None
    owner_accepted_at: UtcView | None
    buyer_accepted_at: UtcView | None
    agreed_offer: int | None
    reason: str | None
    mediation_reason: str | None

    @classmethod
    def of(cls, room: Room, now: UtcView, *, readable: bool) -> Self:
        """Return what a viewer may read of a room that it may know of."""
        owner, buyer = room.owner_acceptance, room.buyer_acceptance
        told = {name: getattr(room, name, None) for name in cls.model_fields}
        told |= {
            "clocks": [ReadingView.of(reading) for reading in read_clocks(room, now)],
            "owner_accepted_at": None if owner is None else owner.at,
            "buyer_accepted_at": None if buyer is None else buyer.at,
        }
        if not readable:
            told |= dict.fromkeys(_SAID)
        return cls.model_validate(told)


_SAID = (
    "request",
    "nda_text",
    "nda_hash",
    "owner_accepted_at",
    "buyer_accepted_at",
    "agreed_offer",
    "reason",
    "mediation_reason",
)


class MessageBody(Body):
    """What one side says."""

    text: Paragraph


class MessageView(View):
    """A message; ``content_hash`` is journaled, the words are not."""

    number: int
    party_id: UUID
    sent_at: UtcView
    text: str
    salt: str
    content_hash: str


class DocumentBody(Body):
    """A file of the caller's party; the other side may read it then."""

    file_id: UUID
    title: Line


class DocumentView(View):
    """A document."""

    number: int
    party_id: UUID
    added_at: UtcView
    file_id: UUID
    title: str
    sha256: str


class MeetingBody(Body):
    """A meeting that was held."""

    held_at: Instant
    minutes: int = Field(ge=1, le=1440)
    participants: list[Line] = Field(min_length=1, max_length=100)


class MeetingView(View):
    """A meeting."""

    number: int
    party_id: UUID
    recorded_at: UtcView
    held_at: UtcView
    minutes: int
    participants: list[str]


class OfferBody(Body):
    """An offer or counter-offer."""

    seen_number: int = Field(
        ge=0, lt=2**31, description="Number of the latest offer seen, 0 for none"
    )
    price: PositiveMoney
    conversion_mode: Code
    payment_terms: Paragraph
    contract_terms: Paragraph
    use_scope: Paragraph = Field(description="使用范围: where and for what it may be used")
    valid_until: Instant

    def terms(self) -> OfferTerms:
        """Return the domain's value."""
        return OfferTerms(
            price=self.price,
            conversion_mode=self.conversion_mode,
            payment_terms=self.payment_terms,
            contract_terms=self.contract_terms,
            use_scope=self.use_scope,
            valid_until=self.valid_until,
        )


class OfferRefusal(Body):
    """A refusal of the latest offer."""

    number: Number
    reason: Reason | None = None


class OfferNumber(Body):
    """Which offer is withdrawn."""

    number: Number


class OfferAcceptance(Body):
    """The acceptance of exactly the latest offer, by its hash."""

    number: Number
    offer_hash: Sha256


class RoomOfferView(View):
    """An offer; its hash covers room, number, side, terms and salt."""

    number: int
    party_id: UUID
    made_at: UtcView
    answers: int | None
    price: MoneyJson
    conversion_mode: str
    payment_terms: str
    contract_terms: str
    use_scope: str
    valid_until: UtcView
    salt: str
    offer_hash: str
    status: OfferStatus
    waits: bool = Field(description="Whether the other side can answer it now")
    answered_at: UtcView | None
    reason: str | None

    @classmethod
    def of(cls, offer: RoomOffer, now: UtcView) -> Self:
        """Return the view of an offer."""
        told = {
            name: getattr(offer.terms if hasattr(offer.terms, name) else offer, name, None)
            for name in cls.model_fields
        }
        return cls.model_validate(told | {"waits": is_waiting(offer, now)})


class SummaryView(View):
    """A clock over many rooms."""

    clock: Clock
    count: int
    median_s: int | None = Field(description="Whole seconds, rounded down")
    overdue: int

    @classmethod
    def of(cls, summary: Summary) -> Self:
        """Return the view of a summary."""
        return cls.model_validate(summary)


class OwnerClocks(View):
    """The clocks of one owner."""

    owner_id: UUID
    clocks: list[SummaryView]


class ServiceClocksPage(Page[OwnerClocks]):
    """The market's clocks, and one page of its owners'."""

    market: list[SummaryView]
