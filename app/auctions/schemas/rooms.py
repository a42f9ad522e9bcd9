"""The live room and a bidder's own part of it on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.auctions.domain.model import AuctionStatus, Origin
from app.auctions.schemas.terms import TermsView
from app.auctions.service.bidders import Bidder
from app.auctions.service.mine import Mine, OwnBid
from app.auctions.service.rooms import Look
from app.platform.schema import MoneyJson, UtcView, View

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class PausedRoom(View):
    """What a paused room goes back to."""

    status: AuctionStatus
    time_left_s: int
    resumes_at: Moment | None


class RoomFacts(View):
    """The public live facts; an event's `room` holds those that it has changed."""

    status: AuctionStatus
    deadline_at: Moment
    running_since: Moment | None
    leader_code: str | None
    leading: MoneyJson | None
    bid_count: int
    judged_count: int
    contested: bool
    extensions: int
    round_no: int
    eliminated: list[str]
    pause: PausedRoom | None


class BidderView(View):
    """Who is behind a bidder code; for the market's staff."""

    bidder_code: str
    party_id: UUID


class RoomView(View):
    """A room at one version; the events above it lead on from here."""

    auction_id: UUID
    version: Annotated[int, Field(description="Pass it to the stream as `after`")]
    now: Moment
    time_left_s: Annotated[int | None, Field(description="Null: no deadline runs")]
    deadline_at: Moment
    minimum_next: MoneyJson | None
    maximum_next: MoneyJson | None
    room: RoomFacts
    title: str
    listing_id: Annotated[UUID | None, Field(description="Null: it is a demand's")]
    demand_id: Annotated[UUID | None, Field(description="Null: it is a listing's")]
    opens_at: UtcView
    announced_at: UtcView | None
    terms: TermsView
    bidders: Annotated[list[BidderView] | None, Field(description="For the market's staff only")]

    @classmethod
    def of(cls, look: Look, bidders: Sequence[Bidder] | None) -> Self:
        """Return the view of a look.

        Args:
            bidders: ``None`` for everybody but the market's staff.
        """
        auction = look.auction
        moment: dict[str, Any] = look.moment(look.now)
        return cls(
            auction_id=auction.id,
            version=look.version,
            room=RoomFacts.model_validate(look.room()),
            title=auction.title,
            listing_id=auction.listing_id,
            demand_id=auction.demand_id,
            opens_at=auction.opens_at,
            announced_at=auction.announced_at,
            terms=TermsView.model_validate(auction.state.terms),
            bidders=None
            if bidders is None
            else [BidderView.model_validate(bidder) for bidder in bidders],
            **moment,
        )


class OwnBidView(View):
    """One of the caller's own bids or standing maxima."""

    sequence: int
    bid_id: UUID
    kind: Annotated[str, Field(description="`bid` or `limit`")]
    origin: Origin
    amount: Annotated[MoneyJson | None, Field(description="Null: only share holders can open it")]
    refusal: Annotated[str | None, Field(description="Null: it stands")]
    phase: AuctionStatus
    round_no: int
    judged_at: UtcView

    @classmethod
    def of(cls, own: OwnBid) -> Self:
        """Return the view of a bid with the amount that its owner may read."""
        bid = own.bid
        return cls(
            sequence=bid.sequence,
            bid_id=bid.id,
            kind=bid.kind,
            origin=Origin(bid.origin),
            amount=own.amount,
            refusal=bid.refusal,
            phase=AuctionStatus(bid.phase),
            round_no=bid.round_no,
            judged_at=bid.judged_at,
        )


class MineView(View):
    """What a bidder alone sees of an auction: its code, its limit, its bids."""

    version: int
    bidder_code: Annotated[str | None, Field(description="Null: not qualified, or no deposit")]
    leads: bool
    limit: Annotated[MoneyJson | None, Field(description="Own standing maximum 委托报价")]
    priority_rank: Annotated[int | None, Field(description="Own priority right; 1 is the best")]
    waived_at: UtcView | None
    bids: Annotated[list[OwnBidView], Field(description="Newest first, at most 200")]

    @classmethod
    def of(cls, mine: Mine) -> Self:
        """Return the view of a bidder's part."""
        return cls(
            version=mine.version,
            bidder_code=mine.bidder_code,
            leads=mine.leads,
            limit=mine.limit,
            priority_rank=None if mine.holder is None else mine.holder.rank,
            waived_at=None if mine.holder is None else mine.holder.waived_at,
            bids=[OwnBidView.of(own) for own in mine.bids],
        )
